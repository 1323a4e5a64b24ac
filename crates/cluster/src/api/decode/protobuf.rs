//! Kubernetes' protobuf bodies: an envelope that names the kind, around a message that is read along the schemas into the
//! JSON it stands for (k8s.io/apimachinery, `runtime.Unknown`; protobuf.dev, "Encoding").

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    api::encoding,
    clock::{api_time, micro_time},
    openapi::{Field, Form, Numbered, Schemas, message},
};

/// How such a body begins.
const MAGIC: &[u8] = b"k8s\0";

/// Why a body can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtobufError {
    /// It does not begin as such bodies do.
    #[error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    Magic,
    /// It ends in the middle of something.
    #[error("unexpected EOF")]
    Truncated,
    /// A wire type that is none.
    #[error("proto: illegal wireType {0}")]
    WireType(u8),
    /// A kind that has no message.
    #[error(
        "no kind \"{kind}\" is registered for version \"{api_version}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
    )]
    Kind {
        /// As the envelope names it.
        kind: String,
        /// As the envelope names it.
        api_version: String,
    },
}

/// Reads a body.
pub(super) fn parse(schemas: &Schemas, body: &[u8]) -> Result<Value, ProtobufError> {
    let envelope = body.strip_prefix(MAGIC).ok_or(ProtobufError::Magic)?;
    let (mut kind, mut api_version, mut raw) = (String::new(), String::new(), &[][..]);
    for entry in Wire(envelope) {
        match entry? {
            (1, Scalar::Bytes(type_meta)) => {
                for entry in Wire(type_meta) {
                    match entry? {
                        (1, Scalar::Bytes(text)) => api_version = utf8(text),
                        (2, Scalar::Bytes(text)) => kind = utf8(text),
                        _ => {}
                    }
                }
            }
            (2, Scalar::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let Some(name) = schemas.name_of(&api_version, &kind) else {
        return Err(ProtobufError::Kind { kind, api_version });
    };
    let mut fields = Map::new();
    Reader { schemas }.message(name, name, raw, &mut fields)?;
    fields.insert("kind".into(), kind.into());
    fields.insert("apiVersion".into(), api_version.into());
    Ok(fields.into())
}

struct Reader<'a> {
    schemas: &'a Schemas,
}

impl Reader<'_> {
    /// Reads a message's fields into the object of a structure; of an inline message, into the outer one's.
    fn message(
        &self,
        structure: &str,
        numbers: &str,
        bytes: &[u8],
        object: &mut Map<String, Value>,
    ) -> Result<(), ProtobufError> {
        let (Some(known), Some(numbers)) = (self.schemas.named(structure), message(numbers)) else { return Ok(()) };
        for entry in Wire(bytes) {
            let (number, scalar) = entry?;
            match (numbers.get(&number), scalar) {
                (Some(Numbered::Inline(inner)), Scalar::Bytes(bytes)) => {
                    self.message(structure, inner, bytes, object)?;
                }
                (Some(Numbered::Field(key)), scalar) => {
                    if let Some(field) = known.fields.get(*key) {
                        self.entry(field, key, scalar, object)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn entry(
        &self,
        field: &Field,
        key: &str,
        scalar: Scalar<'_>,
        object: &mut Map<String, Value>,
    ) -> Result<(), ProtobufError> {
        match (&field.form, scalar) {
            (Form::List(item), Scalar::Bytes(packed)) if matches!(item.form, Form::Integer(_)) => {
                let list = list_in(object, key);
                let mut rest = packed;
                while !rest.is_empty() {
                    list.push(signed(varint(&mut rest)?));
                }
            }
            (Form::List(item), scalar) => {
                let value = self.value(&item.form, scalar)?;
                list_in(object, key).push(value);
            }
            (Form::Map(inner), Scalar::Bytes(pair)) => {
                let (name, value) = self.pair(inner, pair)?;
                let map = object.entry(key).or_insert_with(|| Map::new().into());
                if let Some(map) = map.as_object_mut() {
                    map.insert(name, value);
                }
            }
            (form, scalar) => {
                let value = self.value(form, scalar)?;
                object.insert(key.to_owned(), value);
            }
        }
        Ok(())
    }

    fn pair(&self, inner: &Field, pair: &[u8]) -> Result<(String, Value), ProtobufError> {
        let (mut name, mut value) = (String::new(), self.value(&inner.form, Scalar::Bytes(&[]))?);
        for entry in Wire(pair) {
            match entry? {
                (1, Scalar::Bytes(text)) => name = utf8(text),
                (2, scalar) => value = self.value(&inner.form, scalar)?,
                _ => {}
            }
        }
        Ok((name, value))
    }

    fn value(&self, form: &Form, scalar: Scalar<'_>) -> Result<Value, ProtobufError> {
        Ok(match (form, scalar) {
            (Form::Struct(name), Scalar::Bytes(bytes)) => {
                let mut object = Map::new();
                self.message(name, name, bytes, &mut object)?;
                object.into()
            }
            (Form::Text, Scalar::Bytes(bytes)) => utf8(bytes).into(),
            (Form::Flag, Scalar::Number(number)) => (number != 0).into(),
            (Form::Integer(_), Scalar::Number(number)) => signed(number),
            (Form::Number, Scalar::Fixed(bits)) => f64::from_bits(bits).into(),
            (Form::Bytes, Scalar::Bytes(bytes)) => encoding::to_base64(bytes).into(),
            (Form::Quantity, Scalar::Bytes(bytes)) => first_text(bytes)?.into(),
            (Form::IntOrString, Scalar::Bytes(bytes)) => int_or_string(bytes)?,
            (Form::Time, Scalar::Bytes(bytes)) => time(bytes)?.map_or(Value::Null, |at| api_time(at).into()),
            (Form::MicroTime, Scalar::Bytes(bytes)) => time(bytes)?.map_or(Value::Null, |at| micro_time(at).into()),
            // Raw JSON in a message of its own (`FieldsV1`, `RawExtension`).
            (Form::Any, Scalar::Bytes(bytes)) => serde_json::from_str(&first_text(bytes)?).unwrap_or(Value::Null),
            _ => Value::Null,
        })
    }
}

fn list_in<'m>(object: &'m mut Map<String, Value>, key: &str) -> &'m mut Vec<Value> {
    let slot = object.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    slot.as_array_mut().expect("it was made a list just now")
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Numbers are written as two's complement in 64 bits.
fn signed(number: u64) -> Value {
    number.cast_signed().into()
}

fn first_text(bytes: &[u8]) -> Result<String, ProtobufError> {
    for entry in Wire(bytes) {
        if let (1, Scalar::Bytes(text)) = entry? {
            return Ok(utf8(text));
        }
    }
    Ok(String::new())
}

fn int_or_string(bytes: &[u8]) -> Result<Value, ProtobufError> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for entry in Wire(bytes) {
        match entry? {
            (1, Scalar::Number(kind)) => is_text = kind == 1,
            (2, Scalar::Number(value)) => number = value,
            (3, Scalar::Bytes(value)) => text = utf8(value),
            _ => {}
        }
    }
    Ok(if is_text { text.into() } else { signed(number) })
}

/// Seconds and nanoseconds since 1970; an empty message is no time.
fn time(bytes: &[u8]) -> Result<Option<Timestamp>, ProtobufError> {
    let (mut seconds, mut nanos) = (None, 0);
    for entry in Wire(bytes) {
        match entry? {
            (1, Scalar::Number(value)) => seconds = Some(value.cast_signed()),
            (2, Scalar::Number(value)) => nanos = i32::try_from(value).unwrap_or(0),
            _ => {}
        }
    }
    Ok(seconds.and_then(|seconds| Timestamp::new(seconds, nanos).ok()))
}

/// A field's value as it is on the wire.
#[derive(Debug, Clone, Copy)]
enum Scalar<'a> {
    Number(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, one after the other.
struct Wire<'a>(&'a [u8]);

impl<'a> Iterator for Wire<'a> {
    type Item = Result<(u32, Scalar<'a>), ProtobufError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = field(&mut self.0);
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<(u32, Scalar<'a>), ProtobufError> {
    let tag = varint(rest)?;
    let number = u32::try_from(tag >> 3).unwrap_or(0);
    let scalar = match (tag & 7) as u8 {
        0 => Scalar::Number(varint(rest)?),
        1 => Scalar::Fixed(fixed(take(rest, 8)?)),
        2 => {
            let length = usize::try_from(varint(rest)?).unwrap_or(usize::MAX);
            Scalar::Bytes(take(rest, length)?)
        }
        5 => Scalar::Fixed(fixed(take(rest, 4)?)),
        other => return Err(ProtobufError::WireType(other)),
    };
    Ok((number, scalar))
}

fn fixed(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], ProtobufError> {
    let (head, tail) = rest.split_at_checked(count).ok_or(ProtobufError::Truncated)?;
    *rest = tail;
    Ok(head)
}

fn varint(rest: &mut &[u8]) -> Result<u64, ProtobufError> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(ProtobufError::Truncated)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::openapi::schemas;

    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn envelope(kind: &str, raw: &[u8]) -> Vec<u8> {
        let type_meta = [bytes(1, b"v1"), bytes(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), bytes(1, &type_meta), bytes(2, raw)].concat()
    }

    #[test]
    fn a_config_map_is_read() {
        let pair = [bytes(1, b"color"), bytes(2, b"blue")].concat();
        let raw = [bytes(1, &bytes(1, b"settings")), bytes(2, &pair), vec![4 << 3, 1]].concat();
        let expected = json!({
            "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "settings"}, "data": {"color": "blue"},
            "immutable": true});
        assert_eq!(parse(schemas(), &envelope("ConfigMap", &raw)), Ok(expected));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let whole = envelope("ConfigMap", &bytes(1, &bytes(1, b"settings")));
        assert_eq!(parse(schemas(), &whole[..whole.len() - 1]), Err(ProtobufError::Truncated));
        assert_eq!(parse(schemas(), b"{}"), Err(ProtobufError::Magic));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(raw in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut body = [MAGIC.to_vec(), bytes(1, &[bytes(1, b"v1"), bytes(2, b"Pod")].concat())].concat();
            body.extend(bytes(2, &raw));
            let _ = parse(schemas(), &body);
        }
    }
}
