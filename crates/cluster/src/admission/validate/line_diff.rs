//! What changed between two lists of lines, as `diff -u` shows it: by the longest blocks that both have, as Python's
//! difflib and its Go namesake find them.

use std::{collections::HashMap, ops::Range};

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

/// Of lists that are longer than this, lines that come too often do not begin a block.
const POPULAR_FROM: usize = 200;

/// A run of lines, of the old ones and the new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    same: bool,
    old: Range<usize>,
    new: Range<usize>,
}

/// The changed lines with three lines around them.
pub(super) fn unified(old: &[String], new: &[String]) -> String {
    let mut text = String::new();
    for hunk in hunks(runs(old, new)) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let (before, after) = (first.old.start..last.old.end, first.new.start..last.new.end);
        text.push_str(&format!("@@ -{} +{} @@\n", place(&before), place(&after)));
        for run in &hunk {
            let mut write = |mark: char, lines: &[String]| {
                lines.iter().for_each(|line| text.push_str(&format!("{mark}{line}\n")));
            };
            if run.same {
                write(' ', &old[run.old.clone()]);
            } else {
                write('-', &old[run.old.clone()]);
                write('+', &new[run.new.clone()]);
            }
        }
    }
    text
}

/// Where lines are: the first one's number, and how many there are if it is not one.
fn place(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// What is shown together: long runs of unchanged lines part it.
fn hunks(mut runs: Vec<Run>) -> Vec<Vec<Run>> {
    if let Some(first) = runs.first_mut().filter(|run| run.same) {
        *first = tail(first);
    }
    if let Some(last) = runs.last_mut().filter(|run| run.same) {
        *last = head(last);
    }
    let mut hunks = vec![Vec::new()];
    for run in runs {
        let open = hunks.last_mut().expect("there is one from the beginning");
        if run.same && run.old.len() > 2 * CONTEXT {
            open.push(head(&run));
            hunks.push(vec![tail(&run)]);
        } else {
            open.push(run);
        }
    }
    hunks.retain(|hunk| hunk.iter().any(|run| !run.same));
    hunks
}

fn head(run: &Run) -> Run {
    let kept = run.old.len().min(CONTEXT);
    Run { same: true, old: run.old.start..run.old.start + kept, new: run.new.start..run.new.start + kept }
}

fn tail(run: &Run) -> Run {
    let kept = run.old.len().min(CONTEXT);
    Run { same: true, old: run.old.end - kept..run.old.end, new: run.new.end - kept..run.new.end }
}

/// A block that both have: where it begins in the old lines, in the new ones, and its length.
type Block = (usize, usize, usize);

/// Unchanged and changed lines by turns.
fn runs(old: &[String], new: &[String]) -> Vec<Run> {
    let mut blocks = Vec::new();
    Matcher { old, new, places: places(new) }.blocks(0..old.len(), 0..new.len(), &mut blocks);
    blocks.push((old.len(), new.len(), 0));
    let (mut runs, mut from_old, mut from_new) = (Vec::<Run>::new(), 0, 0);
    for (at_old, at_new, size) in blocks {
        let changed = from_old < at_old || from_new < at_new;
        if changed {
            runs.push(Run { same: false, old: from_old..at_old, new: from_new..at_new });
        }
        (from_old, from_new) = (at_old + size, at_new + size);
        match runs.last_mut().filter(|_| !changed) {
            // Blocks that touch are one.
            Some(before) => (before.old.end, before.new.end) = (from_old, from_new),
            None if size > 0 => runs.push(Run { same: true, old: at_old..from_old, new: at_new..from_new }),
            None => {}
        }
    }
    runs
}

/// Where each line is among the new ones, without those that come too often to mean something.
fn places(new: &[String]) -> HashMap<&str, Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in new.iter().enumerate() {
        places.entry(line).or_default().push(at);
    }
    if new.len() >= POPULAR_FROM {
        let most = new.len() / 100 + 1;
        places.retain(|_, places| places.len() <= most);
    }
    places
}

struct Matcher<'a> {
    old: &'a [String],
    new: &'a [String],
    places: HashMap<&'a str, Vec<usize>>,
}

impl Matcher<'_> {
    /// The longest block that both ranges have, and the same before and behind it.
    fn blocks(&self, in_old: Range<usize>, in_new: Range<usize>, found: &mut Vec<Block>) {
        let block @ (at_old, at_new, size) = self.longest(&in_old, &in_new);
        if size == 0 {
            return;
        }
        self.blocks(in_old.start..at_old, in_new.start..at_new, found);
        found.push(block);
        self.blocks(at_old + size..in_old.end, at_new + size..in_new.end, found);
    }

    /// The longest block; of several the first. Lines that come too often only lengthen one.
    fn longest(&self, in_old: &Range<usize>, in_new: &Range<usize>) -> Block {
        let mut best = (in_old.start, in_new.start, 0);
        let mut ending: HashMap<usize, usize> = HashMap::new();
        for at_old in in_old.clone() {
            let mut next = HashMap::new();
            let candidates = self.places.get(self.old[at_old].as_str()).map_or(&[][..], Vec::as_slice);
            for at_new in candidates.iter().copied().filter(|at| in_new.contains(at)) {
                let size = at_new.checked_sub(1).and_then(|before| ending.get(&before)).copied().unwrap_or(0) + 1;
                next.insert(at_new, size);
                if size > best.2 {
                    best = (at_old + 1 - size, at_new + 1 - size, size);
                }
            }
            ending = next;
        }
        self.lengthened(best, in_old, in_new)
    }

    fn lengthened(&self, (mut old, mut new, mut size): Block, in_old: &Range<usize>, in_new: &Range<usize>) -> Block {
        while old > in_old.start && new > in_new.start && self.old[old - 1] == self.new[new - 1] {
            (old, new, size) = (old - 1, new - 1, size + 1);
        }
        while old + size < in_old.end && new + size < in_new.end && self.old[old + size] == self.new[new + size] {
            size += 1;
        }
        (old, new, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn changes_far_from_each_other_are_shown_apart() {
        let old = lines("a b c d e f g h i j k l");
        let mut new = old.clone();
        new[1] = "B".to_owned();
        new.insert(11, "K".to_owned());
        insta::assert_snapshot!(unified(&old, &new), @r"
        @@ -1,5 +1,5 @@
         a
        -b
        +B
         c
         d
         e
        @@ -9,4 +9,5 @@
         i
         j
         k
        +K
         l
        ");
    }

    #[test]
    fn changes_near_each_other_are_shown_together() {
        let (old, new) = (lines("a b c d e"), lines("a B c D e"));
        insta::assert_snapshot!(unified(&old, &new), @r"
        @@ -1,5 +1,5 @@
         a
        -b
        +B
         c
        -d
        +D
         e
        ");
        assert_eq!(unified(&old, &old), "");
    }
}
