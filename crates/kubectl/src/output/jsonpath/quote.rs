//! Texts in quotes with Go's escapes: `"\n"`, `'\u00e9'`, `"\x41"`.

/// What stands between the quotes; `None` for an escape that there is not.
pub fn unquote(quoted: &str) -> Option<String> {
    let quote = quoted.chars().next()?;
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    let mut bytes = Vec::new();
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => rest = escape(rest, quote, &mut bytes)?,
            c if c == quote => return None,
            c => push(&mut bytes, c),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Reads what follows a backslash and gives what follows that.
fn escape<'a>(rest: &'a str, quote: char, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let c = rest.chars().next()?;
    let after = &rest[c.len_utf8()..];
    let single = match c {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        '\'' | '"' if c == quote => c as u8,
        'x' => {
            bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
            return after.get(2..);
        }
        'u' | 'U' => {
            let length = if c == 'u' { 4 } else { 8 };
            let code = u32::from_str_radix(after.get(..length)?, 16).ok()?;
            push(bytes, char::from_u32(code)?);
            return after.get(length..);
        }
        '0'..='7' => {
            bytes.push(u8::from_str_radix(rest.get(..3)?, 8).ok()?);
            return rest.get(3..);
        }
        _ => return None,
    };
    bytes.push(single);
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_gos() {
        assert_eq!(unquote(r#""a\n\u00e9\x41\101\"'""#).as_deref(), Some("a\né\u{41}A\"'"));
        assert_eq!(unquote(r"'\''").as_deref(), Some("'"));
        for wrong in [r#""\q""#, r#""\u00""#, r#""\'""#, r#""\x4""#, r#""\400""#] {
            assert_eq!(unquote(wrong), None, "{wrong}");
        }
    }
}
