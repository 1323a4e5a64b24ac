//! `-o custom-columns=NAME:.metadata.name,…`.

use serde_json::Value;

use super::{
    jsonpath::{NO_PATH, Template, text_of},
    table::Grid,
};

/// Columns by path.
#[derive(Debug, Clone)]
pub struct Columns {
    /// What is wrong with a path is told below the head.
    columns: Vec<(String, Result<Template, String>)>,
}

impl Columns {
    /// Reads `HEADER:path,HEADER:path`.
    pub fn parse(spec: &str) -> Result<Self, String> {
        if spec.is_empty() {
            return Err("custom-columns format specified but no custom columns given".to_owned());
        }
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let (header, path) = part
                .split_once(':')
                .ok_or_else(|| format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"))?;
            columns.push((header.to_owned(), path_of(path)?));
        }
        Ok(Self { columns })
    }

    /// Reads a file of two lines: headers, paths.
    pub fn parse_file(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let (Some(headers), Some(paths)) = (lines.next(), lines.next()) else {
            return Err("invalid template, missing spec line. Expected format is one line of space separated headers, one line of space separated column specs.".to_owned());
        };
        let (headers, paths): (Vec<_>, Vec<_>) =
            (headers.split_whitespace().collect(), paths.split_whitespace().collect());
        if headers.len() != paths.len() {
            return Err(format!(
                "number of headers ({}) and field specifications ({}) don't match",
                headers.len(),
                paths.len()
            ));
        }
        let columns = headers.into_iter().zip(paths).map(|(header, path)| Ok((header.to_owned(), path_of(path)?)));
        Ok(Self { columns: columns.collect::<Result<_, String>>()? })
    }

    /// Puts the head into a grid.
    pub fn head(&self, grid: &mut Grid) {
        grid.row(self.columns.iter().map(|(header, _)| header.clone()));
    }

    /// Puts one object into a grid.
    pub fn row(&self, value: &Value, grid: &mut Grid) -> Result<(), String> {
        let cells: Result<Vec<String>, String> = self.columns.iter().map(|(_, path)| cell(path, value)).collect();
        grid.row(cells?);
        Ok(())
    }
}

/// A path; one that is not even in the form of a path is refused at once.
fn path_of(text: &str) -> Result<Result<Template, String>, String> {
    match Template::relaxed(text) {
        Err(why) if why == NO_PATH => Err(why),
        read => Ok(read),
    }
}

fn cell(path: &Result<Template, String>, value: &Value) -> Result<String, String> {
    let found = path.as_ref().map_err(String::clone)?.results(value, true)?;
    if found.is_empty() {
        return Ok("<none>".to_owned());
    }
    Ok(found.iter().map(go_text).collect::<Vec<_>>().join(","))
}

/// As Go's `%v` prints it: `map[a:1 b:2]`, `[x y]`.
pub fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Array(list) => format!("[{}]", list.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => format!(
            "map[{}]",
            map.iter().map(|(key, value)| format!("{key}:{}", go_text(value))).collect::<Vec<_>>().join(" ")
        ),
        other => text_of(other),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    #[test]
    fn columns() {
        let columns =
            Columns::parse("NAME:.metadata.name,IMAGES:.spec.containers[*].image,TIER:.metadata.labels.tier").unwrap();
        let mut grid = Grid::default();
        columns.head(&mut grid);
        columns
            .row(
                &json!({"metadata": {"name": "beta"}, "spec": {"containers": [{"image": "a"}, {"image": "b"}]}}),
                &mut grid,
            )
            .unwrap();
        assert_snapshot!(grid.text(), @r"
        NAME   IMAGES   TIER
        beta   a,b      <none>
        ");
        assert_eq!(
            Columns::parse("NAME").unwrap_err(),
            "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"
        );
    }
}
