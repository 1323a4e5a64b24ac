//! Bytes to text, in pieces, without ever splitting a character.

/// Holds back the first bytes of a character until the rest has come.
#[derive(Debug, Default)]
pub struct Decoder {
    held: Vec<u8>,
}

impl Decoder {
    /// What can be shown now. Bytes that are no UTF-8 become U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let whole = whole_characters(&self.held);
        let rest = self.held.split_off(whole);
        let text = String::from_utf8_lossy(&self.held).into_owned();
        self.held = rest;
        text
    }

    /// What is left at the end of the stream.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }
}

/// How many bytes to show: all but a character that has begun and may still be completed.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for (n, byte) in bytes.iter().enumerate().skip(tail).rev() {
        let length = match byte {
            0b1100_0000..=0b1101_1111 => 2,
            0b1110_0000..=0b1110_1111 => 3,
            0b1111_0000..=0b1111_0111 => 4,
            0b1000_0000..=0b1011_1111 => continue,
            _ => return bytes.len(),
        };
        return if n + length > bytes.len() { n } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_cut_in_two_comes_out_whole() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.push(b"gr\xc3"), "gr");
        assert_eq!(decoder.push(b"\xbc\xc3\x9fe \xf0\x9f"), "üße ");
        assert_eq!(decoder.push(b"\x90\xb3"), "🐳");
        assert_eq!(decoder.push(b"\xff!"), "\u{fffd}!");
        assert_eq!(decoder.push(b"\xe2\x82"), "");
        assert_eq!(decoder.finish(), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn any_cut_of_any_text_gives_the_text(text in "\\PC{0,40}", cut in 0usize..8) {
            let mut decoder = Decoder::default();
            let shown: String = text.as_bytes().chunks(cut + 1).map(|c| decoder.push(c)).collect();
            prop_assert_eq!(format!("{shown}{}", decoder.finish()), text);
        }
    }
}
