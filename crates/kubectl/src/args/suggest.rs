//! Commands that somebody may have meant.

use super::command::children;

/// Names close to `typed`: at most two edits away, or beginning with it.
pub fn suggestions(path: &str, typed: &str) -> Vec<&'static str> {
    let typed = typed.to_lowercase();
    let close = |name: &str| distance(&typed, &name.to_lowercase()) <= 2 || name.to_lowercase().starts_with(&typed);
    children(path).map(|command| command.name()).filter(|name| close(name)).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_order_of_the_list() {
        assert_eq!(suggestions("", "gett"), ["set", "get"]);
        assert_eq!(suggestions("", "log"), ["top", "logs"]);
        assert!(suggestions("", "frobnicate").is_empty());
    }
}
