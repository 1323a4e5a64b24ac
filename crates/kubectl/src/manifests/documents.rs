//! The documents of a file: YAML between `---` lines, or JSON values one after the other.

use serde_json::Value;

use super::MAX_DOCUMENTS;
use crate::yaml;

/// Reads the documents of a text; the first that cannot be read is the last.
pub fn split(text: &str) -> Vec<Result<Value, String>> {
    if text.trim_start().starts_with('{') {
        return json(text);
    }
    let mut read = Vec::new();
    for document in yaml_documents(text) {
        if read.len() >= MAX_DOCUMENTS {
            read.push(Err(format!("more than {MAX_DOCUMENTS} documents in one file")));
            return read;
        }
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
        assert_eq!(read.len(), MAX_DOCUMENTS + 1);
        assert!(read.last().is_some_and(Result::is_err));
    }
}
