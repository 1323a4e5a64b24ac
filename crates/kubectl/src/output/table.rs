//! Columns of text, three blanks apart, and the server's tables in them.

mod server;

pub use server::{Look, Table};

/// Lines of cells, padded so that columns stand below each other; cells may be several columns by tabs.
#[derive(Debug, Default)]
pub struct Grid {
    rows: Vec<Vec<String>>,
}

/// Columns are at least this wide with their gap, as in kubectl's tab writer.
const MIN_WIDTH: usize = 6;
const GAP: usize = 3;

impl Grid {
    /// Adds a line.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text, all columns as wide as needed.
    pub fn text(&self) -> String {
        self.text_with(&mut Vec::new())
    }

    /// The text with columns at least as wide as `widths`, which are widened: so further lines fit below these.
    pub fn text_with(&self, widths: &mut Vec<usize>) -> String {
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate().take(row.len().saturating_sub(1)) {
                if widths.len() <= at {
                    widths.resize(at + 1, 0);
                }
                widths[at] = widths[at].max((width(cell) + GAP).max(MIN_WIDTH));
            }
        }
        self.rows.iter().fold(String::new(), |mut out, row| {
            for (at, cell) in row.iter().enumerate() {
                out.push_str(cell);
                if at + 1 < row.len() {
                    let padded = widths.get(at).copied().unwrap_or(0).saturating_sub(width(cell));
                    out.extend(std::iter::repeat_n(' ', padded));
                }
            }
            out.push('\n');
            out
        })
    }
}

/// kubectl counts characters, not the columns of a terminal.
fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_cell_begins_where_its_column_does(
            rows in prop::collection::vec(prop::collection::vec("[a-zé<>/.-]{0,12}", 3), 1..8)
        ) {
            let mut grid = Grid::default();
            rows.iter().for_each(|row| grid.row(row.iter().map(String::as_str)));
            let mut widths = Vec::new();
            let text = grid.text_with(&mut widths);
            for (line, row) in text.lines().zip(&rows) {
                let line: Vec<char> = line.chars().collect();
                for (at, cell) in row.iter().enumerate() {
                    let start: usize = widths[..at].iter().sum();
                    prop_assert_eq!(line[start..].iter().take(width(cell)).collect::<String>(), cell.as_str());
                }
            }
            for (at, column) in widths.iter().enumerate() {
                let widest = rows.iter().map(|row| width(&row[at])).max().unwrap_or(0);
                prop_assert_eq!(*column, (widest + GAP).max(MIN_WIDTH));
            }
            prop_assert_eq!(grid.text_with(&mut widths), text, "laid out once more it is the same");
        }
    }

    #[test]
    fn columns_stand_below_each_other() {
        let mut grid = Grid::default();
        grid.row(["NAME", "AGE"]);
        grid.row(["a-long-name", "5s"]);
        let mut widths = Vec::new();
        assert_snapshot!(grid.text_with(&mut widths), @r"
        NAME          AGE
        a-long-name   5s
        ");
        let mut more = Grid::default();
        more.row(["b", "6s"]);
        assert_snapshot!(more.text_with(&mut widths), @"b             6s");
    }
}
