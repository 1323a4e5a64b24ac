//! What is said of the outcome of a strategic patch: Go turns a map into an object then, not a document.

/// What the converter says where the decoder of documents says `json: cannot unmarshal FORM … of type TYPE`.
pub(super) fn words(decoder: &str) -> String {
    let told = decoder.strip_prefix("json: cannot unmarshal ").and_then(|rest| rest.split_once(' '));
    let Some((form, wanted)) = told.and_then(|(form, rest)| Some((form, rest.rsplit_once("of type ")?.1))) else {
        return decoder.to_owned();
    };
    let kind = match form {
        "number" => "int64",
        "array" => "slice",
        "object" => "map",
        other => other,
    };
    match wanted {
        wanted if wanted.starts_with("[]") => format!("cannot restore slice from {kind}"),
        wanted if wanted.starts_with("map[") => format!("cannot restore map from {kind}"),
        // In Go, numbers can be converted to strings, which here nobody means.
        "string" if form == "number" => "cannot convert int64 to string".to_owned(),
        "string" | "bool" | "int32" | "int64" | "float64" => format!("unrecognized type: {wanted}"),
        _ => format!("cannot restore struct from: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_do_not_fit_have_the_converters_words() {
        let table = [
            ("string", "int32", "unrecognized type: int32"),
            ("number", "string", "cannot convert int64 to string"),
            ("object", "string", "unrecognized type: string"),
            ("string", "[]v1.Container", "cannot restore slice from string"),
            ("array", "map[string]string", "cannot restore map from slice"),
            ("number", "v1.PodSpec", "cannot restore struct from: int64"),
        ];
        for (form, wanted, expected) in table {
            let decoder = format!("json: cannot unmarshal {form} into Go struct field PodSpec.spec.x of type {wanted}");
            assert_eq!(words(&decoder), expected);
        }
        assert_eq!(words("strict decoding error"), "strict decoding error");
    }
}
