//! The word that was probably meant.

/// The known word that is closest: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &'a str| (edits(word, candidate), candidate);
    let (distance, best) = known.map(near).min()?;
    (distance <= word.chars().count().div_ceil(3)).then_some(best)
}

/// The end of a message about a word that nobody knows: `; did you mean …?`, or nothing.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// Letters to add, drop or change to make one word the other.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, candidate) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *candidate);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_seen_and_another_word_is_not() {
        assert_eq!(nearest("phse", ["phase", "ready"].into_iter()), Some("phase"));
        assert_eq!(did_you_mean("time", ["tempo"].into_iter()), "");
    }
}
