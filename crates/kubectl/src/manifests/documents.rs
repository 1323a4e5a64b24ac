//! The documents of a file: YAML between `---` lines, or JSON values one after the other.

use serde_json::Value;

use super::MAX_DOCUMENTS;
use crate::yaml;

/// Reads the documents of a text; the first that cannot be read is the last. Too many are refused before the first is
/// read, so that nothing is half applied.
pub fn split(text: &str) -> Vec<Result<Value, String>> {
    if text.trim_start().starts_with('{') {
        return json(text);
    }
    let documents = yaml_documents(text);
    if documents.len() > MAX_DOCUMENTS {
        let count = documents.len();
        return vec![Err(format!("{count} documents in one file; {MAX_DOCUMENTS} are the most"))];
    }
    let mut read = Vec::new();
    for document in documents {
        let value = yaml::read(&document).map_err(|why| format!("error converting YAML to JSON: {why}"));
        let stop = value.is_err();
        read.push(value);
        if stop {
            break;
        }
    }
    read
}

fn yaml_documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("---") {
            Some(rest) if rest.trim().is_empty() || rest.trim_start().starts_with('#') => documents.push(String::new()),
            _ => {
                if let Some(last) = documents.last_mut() {
                    last.push_str(line);
                }
            }
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

fn json(text: &str) -> Vec<Result<Value, String>> {
    let mut read = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match value {
            Ok(value) => read.push(Ok(value)),
            Err(error) if error.is_eof() => {
                read.push(Err("unexpected EOF".to_owned()));
                break;
            }
            // YAML's flow style begins with a brace as well.
            Err(_) if read.is_empty() => {
                return vec![yaml::read(text).map_err(|why| format!("error converting YAML to JSON: {why}"))];
            }
            Err(error) => {
                read.push(Err(format!("json: line {}: {error}", error.line())));
                break;
            }
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_apart() {
        assert_eq!(split("---\na: 1\n--- # two\nb: yes\n---\n"), [Ok(json!({"a": 1})), Ok(json!({"b": true}))]);
        assert_eq!(split("{\"a\": 1}{\"b\": 2}"), [Ok(json!({"a": 1})), Ok(json!({"b": 2}))]);
        assert_eq!(split("{\"a\": 1,"), [Err("unexpected EOF".into())]);
        assert_eq!(split("{a: 1}"), [Ok(json!({"a": 1}))]);
    }

    #[test]
    fn many_documents_are_refused() {
        let read = split(&"a: 1\n---\n".repeat(10_000));
        assert_eq!(read, [Err("10000 documents in one file; 1000 are the most".to_owned())]);
    }
}
