//! The code that learners join a workshop with: said aloud, written on a wall, typed on a phone.

use rand::RngExt as _;

/// No letter that looks or sounds like a digit or another one: no I, L, O, U, 0, 1.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 30^9 is over 10^13: at ten wrong tries a minute nobody meets one of a hundred codes in a thousand years.
const LENGTH: usize = 9;
/// Written in groups of three: `KX4-7PM-QRT`.
const GROUP: usize = 3;

/// A new code, as it is stored and shown.
pub fn random(random: &mut impl rand::Rng) -> String {
    let letters: Vec<u8> = (0..LENGTH).map(|_| ALPHABET[random.random_range(0..ALPHABET.len())]).collect();
    grouped(&letters)
}

/// The code that somebody means: small letters, blanks and missing hyphens are forgiven. `None` for what can't be one.
pub fn parse(typed: &str) -> Option<String> {
    let bare = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    let letters: Vec<u8> = bare.map(|letter| u8::try_from(letter.to_ascii_uppercase()).unwrap_or(0)).collect();
    (letters.len() == LENGTH && letters.iter().all(|letter| ALPHABET.contains(letter))).then(|| grouped(&letters))
}

fn grouped(letters: &[u8]) -> String {
    let groups: Vec<&str> =
        letters.chunks(GROUP).map(|group| std::str::from_utf8(group).expect("the alphabet is ASCII")).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let code = random(&mut StdRng::seed_from_u64(1));
        assert_eq!(code.len(), LENGTH + 2);
        assert_eq!(parse(&code), Some(code.clone()));
        assert_eq!(parse(&format!(" {} ", code.to_lowercase().replace('-', " "))), Some(code.clone()));
        assert_eq!(parse(&code.replace('-', "")), Some(code));
    }

    #[test]
    fn what_no_code_can_be_is_none() {
        for wrong in ["", "KX4-7PM", "KX4-7PM-QRTX", "KX4-7PM-QR0", "KX4-7PM-QRÖ", "<script>"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_codes_differ() {
        let mut chance = StdRng::seed_from_u64(2);
        assert_ne!(random(&mut chance), random(&mut chance));
    }
}
