//! Short hashes of templates, which name their versions.

use serde_json::Value;

use crate::clock::SUFFIX_ALPHABET;

/// FNV-1a of the template's JSON, in the alphabet of generated names. `collisions` makes another one of the same.
pub(super) fn hash(template: &Value, collisions: i64) -> String {
    let mut sum = 0x811c_9dc5_u32;
    let mut add = |bytes: &[u8]| bytes.iter().for_each(|byte| sum = (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    add(template.to_string().as_bytes());
    if collisions > 0 {
        add(&collisions.to_le_bytes());
    }
    let letter = |digit: u8| SUFFIX_ALPHABET[usize::from(digit) % SUFFIX_ALPHABET.len()] as char;
    sum.to_string().bytes().map(letter).collect()
}
