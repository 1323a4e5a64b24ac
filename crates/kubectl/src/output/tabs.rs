//! Elastic tab stops, as Go's `text/tabwriter` has them: a column is as wide as the widest cell of the lines that stand
//! directly below each other in it.

/// Aligns a text whose cells end with tabs; `padding` blanks follow the widest cell.
pub fn align(text: &str, min_width: usize, padding: usize) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut writer = Writer { lines: &lines, widths: Vec::new(), out: String::new(), min_width, padding };
    writer.format(0, lines.len());
    // The text behind the last newline is no line of its own.
    writer.out.pop();
    writer.out
}

struct Writer<'a> {
    lines: &'a [Vec<&'a str>],
    widths: Vec<usize>,
    out: String,
    min_width: usize,
    padding: usize,
}

impl Writer<'_> {
    /// Lays out a block of lines; the widths of the columns to the left are known.
    fn format(&mut self, mut start: usize, end: usize) {
        let column = self.widths.len();
        let mut at = start;
        while at < end {
            if column + 1 >= self.lines[at].len() {
                at += 1;
                continue;
            }
            self.write(start, at);
            start = at;
            let mut width = self.min_width;
            while at < end && column + 1 < self.lines[at].len() {
                width = width.max(self.lines[at][column].chars().count() + self.padding);
                at += 1;
            }
            self.widths.push(width);
            self.format(start, at);
            self.widths.pop();
            start = at;
        }
        self.write(start, end);
    }

    fn write(&mut self, start: usize, end: usize) {
        for line in &self.lines[start..end] {
            for (at, cell) in line.iter().enumerate() {
                self.out.push_str(cell);
                if let Some(width) = self.widths.get(at).filter(|_| at + 1 < line.len()) {
                    self.out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
                }
            }
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::align;

    proptest! {
        #[test]
        fn only_blanks_are_put_between_cells(lines in prop::collection::vec(prop::collection::vec("[a-zé:]{1,9}", 1..5), 1..9)) {
            let text: String = lines.iter().map(|cells| cells.join("\t") + "\n").collect();
            let aligned = align(&text, 0, 2);
            for (line, cells) in aligned.lines().zip(&lines) {
                prop_assert_eq!(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), cells);
            }
            // Lines below each other with as many cells have them at the same places.
            for (pair, cells) in aligned.lines().collect::<Vec<_>>().windows(2).zip(lines.windows(2)) {
                if cells[0].len() > 1 && cells[1].len() > 1 {
                    let second = |line: &str, first: &str| {
                        let rest = line.chars().skip(first.chars().count());
                        first.chars().count() + rest.take_while(|c| *c == ' ').count()
                    };
                    prop_assert_eq!(second(pair[0], &cells[0][0]), second(pair[1], &cells[1][0]));
                }
            }
        }
    }

    #[test]
    fn blocks_have_their_own_widths() {
        let text = "Name:\tx\nService Account:\ty\nList:\n  a:\tb\tc\n  long name:\td\te\nEnd:\tf\n";
        assert_snapshot!(align(text, 0, 2), @r"
        Name:             x
        Service Account:  y
        List:
          a:          b  c
          long name:  d  e
        End:          f
        ");
    }
}
