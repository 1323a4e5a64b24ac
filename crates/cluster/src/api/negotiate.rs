//! Which form of an answer a client asked for.

use http::{HeaderMap, header};

use super::failure::Failure;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// One line, or indented for people.
    Json {
        /// Indented by two.
        pretty: bool,
    },
    /// YAML.
    Yaml,
}

/// What an answer is made into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The object itself.
    Plain,
    /// Rows and columns; the version of `meta.k8s.io` asked for.
    Table(&'static str),
    /// Metadata alone; the version of `meta.k8s.io` asked for.
    Metadata(&'static str),
}

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accept {
    /// How it is written.
    pub encoding: Encoding,
    /// What it is made into.
    pub shape: Shape,
}

impl Accept {
    /// The first form in `Accept` that there is.
    ///
    /// # Errors
    /// 406 when there is none.
    pub fn negotiate(headers: &HeaderMap, pretty: &str) -> Result<Self, Failure> {
        let pretty = wants_indent(headers, pretty);
        let ranges: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|range| !range.is_empty())
            .collect();
        if ranges.is_empty() {
            return Ok(Self { encoding: Encoding::Json { pretty }, shape: Shape::Plain });
        }
        ranges.into_iter().find_map(|range| read(range, pretty)).ok_or_else(Failure::not_acceptable)
    }

    /// `Content-Type` of the answer.
    pub fn content_type(&self) -> &'static str {
        match self.encoding {
            Encoding::Json { .. } => "application/json",
            Encoding::Yaml => "application/yaml",
        }
    }
}

/// `curl`, `wget` and browsers get indented JSON unless they say otherwise, and so does who asks for it.
fn wants_indent(headers: &HeaderMap, pretty: &str) -> bool {
    match pretty {
        "" => {
            let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            ["curl", "Wget", "Mozilla/5.0"].iter().any(|start| agent.starts_with(start))
        }
        "0" | "false" => false,
        _ => true,
    }
}

fn read(range: &str, pretty: bool) -> Option<Accept> {
    let mut parts = range.split(';').map(str::trim);
    let encoding = match parts.next()? {
        "application/json" | "*/*" | "application/*" => Encoding::Json { pretty },
        "application/yaml" => Encoding::Yaml,
        _ => return None,
    };
    let (mut shape, mut group, mut version) = ("", "", "");
    for part in parts {
        match part.split_once('=')? {
            ("as", value) => shape = value,
            ("g", value) => group = value,
            ("v", value) => version = value,
            _ => {}
        }
    }
    let version = match version {
        "v1" => "v1",
        "v1beta1" => "v1beta1",
        _ => "",
    };
    let shape = match shape {
        "" => Shape::Plain,
        _ if group != "meta.k8s.io" || version.is_empty() => return None,
        "Table" => Shape::Table(version),
        "PartialObjectMetadata" | "PartialObjectMetadataList" => Shape::Metadata(version),
        _ => return None,
    };
    Some(Accept { encoding, shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Accept = Accept { encoding: Encoding::Json { pretty: false }, shape: Shape::Plain };

    fn accept(value: &'static str) -> Option<Accept> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, http::HeaderValue::from_static(value));
        Accept::negotiate(&headers, "").ok()
    }

    #[test]
    fn the_first_form_there_is_wins() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        assert_eq!(accept(table).unwrap().shape, Shape::Table("v1"));
        assert_eq!(accept("application/vnd.kubernetes.protobuf,application/json"), Some(JSON));
        assert_eq!(
            accept("application/json;as=Nothing;v=v1;g=meta.k8s.io, application/yaml").unwrap().encoding,
            Encoding::Yaml
        );
        assert_eq!(accept("text/html"), None);
        assert_eq!(accept("text/html, */*;q=0.8"), Some(JSON));
    }
}
