//! ConfigMaps and Secrets: keys from literals, files, folders and env files.

use serde_json::{Map, Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    manifests::plain,
    output::json,
    session::Session,
};

/// A key and its content.
type Entry = (String, Vec<u8>);

/// What stands between a ConfigMap and a Secret in the messages.
struct Words {
    kind: &'static str,
    name: String,
}

impl Words {
    fn twice(&self, key: &str) -> Failure {
        Failure::Said(match self.kind {
            "ConfigMap" => format!(
                "cannot add key {key:?}, another key by that name already exists in Data for ConfigMap {:?}",
                self.name
            ),
            _ => format!("cannot add key {key}, another key by that name already exists"),
        })
    }

    fn invalid(&self, key: &str) -> Failure {
        const RULE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        Failure::Said(match self.kind {
            "ConfigMap" => format!("{key:?} is not a valid key name for a ConfigMap: {RULE}"),
            _ => format!("{key:?} is not valid key name for a Secret {RULE}"),
        })
    }
}

/// `create configmap`.
pub async fn config_map(session: &Session, matches: &Matches, name: &str) -> Outcome<Value> {
    let entries = entries(session, matches, &Words { kind: "ConfigMap", name: name.to_owned() }).await?;
    let (mut data, mut binary) = (Map::new(), Map::new());
    for (key, content) in entries {
        match String::from_utf8(content) {
            Ok(text) => _ = data.insert(key, text.into()),
            Err(error) => _ = binary.insert(key, base64(error.as_bytes()).into()),
        }
    }
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap"});
    for (field, map) in [("data", data), ("binaryData", binary)] {
        if !map.is_empty() {
            object[field] = map.into();
        }
    }
    Ok(object)
}

/// `create secret generic`.
pub async fn secret(session: &Session, matches: &Matches, name: &str) -> Outcome<Value> {
    let entries = entries(session, matches, &Words { kind: "Secret", name: name.to_owned() }).await?;
    let data: Map<String, Value> = entries.into_iter().map(|(key, content)| (key, base64(&content).into())).collect();
    let mut object = json!({"apiVersion": "v1", "kind": "Secret"});
    if !data.is_empty() {
        object["data"] = data.into();
    }
    if let Some(kind) = matches.some("type") {
        object["type"] = kind.into();
    }
    Ok(object)
}

/// `create secret tls`.
pub async fn tls(session: &Session, matches: &Matches) -> Outcome<Value> {
    let (Some(cert), Some(key)) = (matches.some("cert"), matches.some("key")) else {
        return Err(Failure::said("key and cert must be specified"));
    };
    let read = async |path: &str| {
        session
            .files
            .read(path)
            .await
            .map_err(|error| Failure::Said(format!("Cannot read file {path}, open {path}: {}", plain(&error))))
    };
    let (cert, key) = (read(cert).await?, read(key).await?);
    if !String::from_utf8_lossy(&cert).contains("-----BEGIN ") {
        return Err(Failure::said("tls: failed to find any PEM data in certificate input"));
    }
    if !String::from_utf8_lossy(&key).contains("-----BEGIN ") {
        return Err(Failure::said("tls: failed to find any PEM data in key input"));
    }
    let data = json!({"tls.crt": base64(&cert), "tls.key": base64(&key)});
    Ok(json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": data}))
}

/// The fields of a login as Go declares them.
const LOGIN: &str = "auths; username password email auth";

/// `create secret docker-registry`.
pub async fn docker(session: &Session, matches: &Matches, name: &str) -> Outcome<Value> {
    let mut data = Map::new();
    if !matches.list("from-file").is_empty() {
        for (key, content) in entries(session, matches, &Words { kind: "Secret", name: name.to_owned() }).await? {
            data.insert(key, base64(&content).into());
        }
    } else {
        let (user, password, server) =
            (matches.text("docker-username"), matches.text("docker-password"), matches.text("docker-server"));
        if user.is_empty() || password.is_empty() || server.is_empty() {
            return Err(Failure::said(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
            ));
        }
        let mut login =
            json!({"username": user, "password": password, "auth": base64(format!("{user}:{password}").as_bytes())});
        if let Some(email) = matches.some("docker-email") {
            login["email"] = email.into();
        }
        data.insert(
            ".dockerconfigjson".to_owned(),
            base64(json::ordered_by(&json!({"auths": {server: login}}), None, LOGIN).as_bytes()).into(),
        );
    }
    Ok(json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "data": data}))
}

async fn entries(session: &Session, matches: &Matches, words: &Words) -> Outcome<Vec<Entry>> {
    let (files, literals, env_files) =
        (matches.list("from-file"), matches.list("from-literal"), matches.list("from-env-file"));
    let mixed = !files.is_empty() || !literals.is_empty();
    if mixed && !env_files.is_empty() {
        return Err(Failure::said("from-env-file cannot be combined with from-file or from-literal"));
    }
    let mut all = Vec::new();
    for source in &files {
        all.extend(file(session, source).await?);
    }
    for literal in &literals {
        all.push(literal_entry(literal)?);
    }
    for path in &env_files {
        all.extend(env_file(session, path).await?);
    }
    for (at, (key, _)) in all.iter().enumerate() {
        let fine = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !fine {
            return Err(words.invalid(key));
        }
        if all[..at].iter().any(|(other, _)| other == key) {
            return Err(words.twice(key));
        }
    }
    Ok(all)
}

fn literal_entry(text: &str) -> Outcome<Entry> {
    match text.split_once('=') {
        None | Some(("", _)) => Err(Failure::Said(format!("invalid literal source {text}, expected key=value"))),
        Some((key, value)) => {
            let bare = [('"', '"'), ('\'', '\'')]
                .iter()
                .find_map(|(open, close)| value.strip_prefix(*open)?.strip_suffix(*close));
            Ok((key.to_owned(), bare.unwrap_or(value).as_bytes().to_vec()))
        }
    }
}

async fn file(session: &Session, source: &str) -> Outcome<Vec<Entry>> {
    let (key, path) = match source.split_once('=') {
        Some(("", _)) => {
            return Err(Failure::Said(format!("key name for file path {} missing", source.trim_start_matches('='))));
        }
        Some((_, "")) => {
            return Err(Failure::Said(format!("file path for key name {} missing", source.trim_end_matches('='))));
        }
        Some((_, path)) if path.contains('=') => {
            return Err(Failure::said("key names or file paths cannot contain '='"));
        }
        Some((key, path)) => (Some(key), path),
        None => (None, source),
    };
    let unread = |error: &std::io::Error| Failure::Said(format!("error reading {path}: {}", plain(error)));
    if let Ok(names) = session.files.list(path).await {
        if key.is_some() {
            return Err(Failure::said("cannot give a key name for a directory path"));
        }
        let mut all = Vec::new();
        for name in names {
            // Folders below are left out, as are names that can't be keys.
            let inner = format!("{}/{name}", path.trim_end_matches('/'));
            if let Ok(content) = session.files.read(&inner).await {
                all.push((name, content));
            }
        }
        return Ok(all);
    }
    let content = session.files.read(path).await.map_err(|error| unread(&error))?;
    let name = key.unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path));
    Ok(vec![(name.to_owned(), content)])
}

async fn env_file(session: &Session, path: &str) -> Outcome<Vec<Entry>> {
    let content = session
        .files
        .read(path)
        .await
        .map_err(|error| Failure::Said(format!("error reading {path}: {}", plain(&error))))?;
    let text = String::from_utf8_lossy(&content).into_owned();
    let mut all = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        all.push((key.to_owned(), value.as_bytes().to_vec()));
    }
    Ok(all)
}

/// Standard base64 with padding (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes.chunks(3).fold(String::new(), |mut out, chunk| {
        let group = chunk.iter().enumerate().fold(0_u32, |group, (at, byte)| group | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters() {
        for (text, wanted) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("p@ss", "cEBzcw==")] {
            assert_eq!(base64(text.as_bytes()), wanted);
        }
    }

    #[test]
    fn literals() {
        assert_eq!(literal_entry("a='x y'"), Ok(("a".into(), b"x y".to_vec())));
        assert_eq!(literal_entry("a").unwrap_err().text(), "error: invalid literal source a, expected key=value");
    }
}
