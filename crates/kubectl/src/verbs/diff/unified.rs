//! Differences of two texts in the unified form, with three lines around each.

const CONTEXT: usize = 3;
/// Texts of more lines than this, multiplied, are compared as a whole.
const MOST: usize = 16_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Same,
    Removed,
    Added,
}

/// The hunks; empty when the texts are equal.
pub fn diff(from: &str, to: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    let ops = script(&a, &b);
    let changed: Vec<usize> = ops.iter().enumerate().filter(|(_, (op, _))| *op != Op::Same).map(|(at, _)| at).collect();
    let mut out = String::new();
    let mut rest = changed.as_slice();
    while let Some(&first) = rest.first() {
        // Changes closer than twice the context share a hunk.
        let end = rest.windows(2).position(|pair| pair[1] - pair[0] > 2 * CONTEXT).map_or(rest.len(), |at| at + 1);
        let last = rest[end - 1];
        out.push_str(&hunk(&ops, first.saturating_sub(CONTEXT), (last + CONTEXT + 1).min(ops.len())));
        rest = &rest[end..];
    }
    out
}

fn hunk(ops: &[(Op, &str)], start: usize, end: usize) -> String {
    let count = |range: &[(Op, &str)], skip: Op| range.iter().filter(|(op, _)| *op != skip).count();
    let (before_a, before_b) = (count(&ops[..start], Op::Added), count(&ops[..start], Op::Removed));
    let (in_a, in_b) = (count(&ops[start..end], Op::Added), count(&ops[start..end], Op::Removed));
    let mut text = format!("@@ -{} +{} @@\n", range(before_a, in_a), range(before_b, in_b));
    for (op, line) in &ops[start..end] {
        text.push(match op {
            Op::Same => ' ',
            Op::Removed => '-',
            Op::Added => '+',
        });
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Lines are counted from 1; an empty range stands behind the line before it.
fn range(before: usize, count: usize) -> String {
    match count {
        0 => format!("{before},0"),
        1 => (before + 1).to_string(),
        _ => format!("{},{count}", before + 1),
    }
}

/// The longest common lines stay; in each place removals come before additions.
fn script<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<(Op, &'a str)> {
    let whole = || a.iter().map(|line| (Op::Removed, *line)).chain(b.iter().map(|line| (Op::Added, *line))).collect();
    if a.len().saturating_mul(b.len()) > MOST {
        return if a == b { Vec::new() } else { whole() };
    }
    let width = b.len() + 1;
    let mut common = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut ops) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            ops.push((Op::Same, a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1] {
            ops.push((Op::Removed, a[i]));
            i += 1;
        } else {
            ops.push((Op::Added, b[j]));
            j += 1;
        }
    }
    ops
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::diff;

    #[test]
    fn hunks() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
        assert_snapshot!(diff("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\n"), @r"
        @@ -1,6 +1,6 @@
         a
         b
         c
        -d
        +X
         e
         f
        ");
        assert_snapshot!(diff("", "a\nb\n"), @r"
        @@ -0,0 +1,2 @@
        +a
        +b
        ");
    }
}
