//! Base64 (RFC 4648) as tokens and digests need it.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// With padding (section 4).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let mut text = write(bytes, STANDARD);
    text.extend(std::iter::repeat_n('=', (4 - text.len() % 4) % 4));
    text
}

/// For URLs, without padding (section 5).
pub(crate) fn to_base64_url(bytes: &[u8]) -> String {
    write(bytes, URL)
}

/// Reads either alphabet, with or without padding; `None` for anything else.
pub(crate) fn from_base64_url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut word, mut bits) = (0u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let digit =
            URL.iter().position(|digit| *digit == c).or_else(|| STANDARD.iter().position(|digit| *digit == c))?;
        word = word << 6 | digit as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    Some(bytes)
}

/// Checks padded base64 of the standard alphabet as Go's decoder does.
///
/// # Errors
/// The index of the first byte that has no place there.
pub(crate) fn check_base64(text: &str) -> Result<(), usize> {
    let bytes: Vec<(usize, u8)> = text.bytes().enumerate().filter(|(_, c)| !matches!(c, b'\r' | b'\n')).collect();
    for chunk in bytes.chunks(4) {
        let filled = chunk.iter().take_while(|(_, c)| STANDARD.contains(c)).count();
        let padded = chunk.iter().skip(filled).filter(|(_, c)| *c == b'=').count();
        let last = chunk.last().is_some_and(|end| bytes.last() == Some(end));
        let complete = chunk.len() == 4 && (filled == 4 || (last && filled >= 2 && filled + padded == 4));
        if !complete {
            // A rest that is too short is told where it begins.
            let at = if filled == chunk.len() { 0 } else { filled };
            return Err(chunk.get(at).map_or(text.len(), |(index, _)| *index));
        }
    }
    Ok(())
}

/// Whether a text is padded base64 of the standard alphabet.
pub(crate) fn is_base64(text: &str) -> bool {
    check_base64(text).is_ok()
}

fn write(bytes: &[u8], digits: &[u8; 64]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|place| digits[(word >> (18 - 6 * place)) as usize & 63] as char));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn broken_base64_is_told_where_go_tells_it() {
        assert_eq!(check_base64("Zm9v"), Ok(()));
        assert_eq!(check_base64("secret"), Err(4));
        assert_eq!(check_base64("abc!"), Err(3));
        assert_eq!(check_base64("b c"), Err(1));
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, coded) in pairs {
            assert_eq!(to_base64(plain.as_bytes()), coded);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(from_base64_url(&to_base64(&bytes)), Some(bytes.clone()));
            prop_assert_eq!(from_base64_url(&to_base64_url(&bytes)), Some(bytes));
        }
    }
}
