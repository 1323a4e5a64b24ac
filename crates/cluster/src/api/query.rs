//! The query of a request.

use std::collections::BTreeMap;

use super::failure::Failure;

/// The parameters of a request; of a repeated one the first counts, as in the API server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    values: BTreeMap<String, Vec<String>>,
}

impl Query {
    /// Reads the part of a URL after the question mark.
    pub fn parse(text: &str) -> Self {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in form_pairs(text) {
            values.entry(key).or_default().push(value);
        }
        Self { values }
    }

    /// A parameter's text; empty when it is missing.
    pub fn text(&self, key: &str) -> &str {
        self.values.get(key).and_then(|all| all.first()).map_or("", String::as_str)
    }

    /// All values of a parameter that may be repeated (`command`).
    pub fn all(&self, key: &str) -> &[String] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether the parameter is there at all.
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// A flag: there and neither `false` nor `0` (the API server's own reading).
    pub fn flag(&self, key: &str) -> bool {
        self.has(key) && !matches!(self.text(key).to_ascii_lowercase().as_str(), "false" | "0")
    }

    /// A whole number, if there is one.
    ///
    /// # Errors
    /// 400 in the words of the number parser.
    pub fn number(&self, key: &str) -> Result<Option<i64>, Failure> {
        match self.text(key) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Failure::bad_request(format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))),
        }
    }

    /// Whether nothing is to be stored.
    pub fn dry_run(&self) -> bool {
        self.has("dryRun") && !self.text("dryRun").is_empty()
    }
}

fn form_pairs(text: &str) -> Vec<(String, String)> {
    let part = |text: &str| super::path::decode(&text.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (part(key), part(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_repeats_kept() {
        let query = Query::parse("command=sh&command=-c&labelSelector=a%20in+b&watch&stdin=false&limit=2");
        assert_eq!(query.all("command"), ["sh", "-c"]);
        assert_eq!(query.text("labelSelector"), "a in b");
        assert!(query.flag("watch") && !query.flag("stdin") && !query.flag("tty"));
        assert_eq!(query.number("limit"), Ok(Some(2)));
        assert!(query.number("command").is_err());
    }
}
