//! What a certificate request asks for (PKCS #10, RFC 2986), as far as `describe` shows it.

use core::net::{Ipv4Addr, Ipv6Addr};

const SEQUENCE: u8 = 0x30;
const ATTRIBUTES: u8 = 0xa0;
/// The attribute that carries extensions: 1.2.840.113549.1.9.14.
const EXTENSIONS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];
/// The extension for other names: 2.5.29.17.
const OTHER_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// What all attributes of a subject begin with: 2.5.4.
const OF_SUBJECT: [u8; 2] = [0x55, 0x04];

/// The last number of a common name's identifier.
pub const COMMON_NAME: u8 = 3;
/// That of a serial number.
pub const SERIAL_NUMBER: u8 = 5;
/// The other attributes of a subject, in the order in which they are shown.
pub const NAMES: [(&str, u8); 7] = [
    ("Organization", 10),
    ("Organizational Unit", 11),
    ("Country", 6),
    ("Locality", 7),
    ("Province", 8),
    ("StreetAddress", 9),
    ("PostalCode", 17),
];

/// What a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    subject: Vec<(u8, String)>,
    /// Names of hosts.
    pub dns: Vec<String>,
    /// Addresses for mail.
    pub emails: Vec<String>,
    /// URIs.
    pub uris: Vec<String>,
    /// IP addresses.
    pub addresses: Vec<String>,
}

impl Asked {
    /// The values of an attribute of the subject.
    pub fn subject(&self, attribute: u8) -> Vec<String> {
        self.subject.iter().filter(|(found, _)| *found == attribute).map(|(_, value)| value.clone()).collect()
    }
}

/// Elements of DER: a tag and its content, one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first.checked_sub(0x80) {
            None => (usize::from(first), rest),
            Some(count) => {
                let (bytes, rest) = rest.split_at_checked(usize::from(count))?;
                // Longer lengths than these do not fit into a request.
                let length = (bytes.len() <= 4).then_some(bytes)?;
                (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

/// Reads a request; nothing when it is none.
pub fn read(bytes: &[u8]) -> Option<Asked> {
    let (_, request) = Elements(bytes).next().filter(|(tag, _)| *tag == SEQUENCE)?;
    let (_, info) = Elements(request).next().filter(|(tag, _)| *tag == SEQUENCE)?;
    let mut asked = Asked::default();
    let (_, subject) = Elements(info).nth(1)?;
    for (_, set) in Elements(subject) {
        asked.subject.extend(Elements(set).filter_map(|(_, pair)| attribute(pair)));
    }
    let attributes = Elements(info).filter(|(tag, _)| *tag == ATTRIBUTES).flat_map(|(_, all)| Elements(all));
    for (_, values) in attributes.filter_map(|(_, attribute)| valued(attribute, EXTENSIONS)) {
        let extensions = Elements(values).flat_map(|(_, list)| Elements(list));
        for (_, names) in extensions.filter_map(|(_, extension)| valued(extension, OTHER_NAMES)) {
            Elements(names).flat_map(|(_, list)| Elements(list)).for_each(|(tag, name)| asked.name(tag, name));
        }
    }
    Some(asked)
}

/// The last element behind an identifier, if it is that one.
fn valued<'a>(pair: &'a [u8], identifier: &[u8]) -> Option<(u8, &'a [u8])> {
    let mut parts = Elements(pair);
    parts.next().filter(|(_, found)| *found == identifier)?;
    parts.last()
}

fn attribute(pair: &[u8]) -> Option<(u8, String)> {
    let mut parts = Elements(pair);
    let (_, identifier) = parts.next()?;
    let number = identifier.strip_prefix(&OF_SUBJECT).and_then(|rest| rest.first())?;
    Some((*number, text(parts.next()?.1)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Asked {
    /// Takes up another name, by the tag that says of which sort it is (RFC 5280, section 4.2.1.6).
    fn name(&mut self, tag: u8, name: &[u8]) {
        match tag & 0x1f {
            1 => self.emails.push(text(name)),
            2 => self.dns.push(text(name)),
            6 => self.uris.push(text(name)),
            7 => self.addresses.extend(address(name)),
            _ => {}
        }
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_is_none() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x85, 1], &[0x30, 2, 0x02, 0], &[0x02, 1, 1]] {
            assert_eq!(read(bytes), None);
        }
    }

    #[test]
    fn names_by_their_tags() {
        let mut asked = Asked::default();
        asked.name(0x82, b"a.example");
        asked.name(0x87, &[10, 0, 0, 1]);
        asked.name(0x87, &[0; 3]);
        assert_eq!((asked.dns, asked.addresses), (vec!["a.example".to_owned()], vec!["10.0.0.1".to_owned()]));
    }
}
