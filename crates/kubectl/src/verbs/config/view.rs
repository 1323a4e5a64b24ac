//! `config view`.

use serde_json::{Map, Value};

use super::Kind;
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    output::printer::{Printer, RESULT_FORMATS},
    session::Session,
};

/// The fields of a kubeconfig as Go declares them.
const FIELDS: &str = "kind apiVersion preferences clusters users contexts current-context extensions; \
    name cluster; name user; name context; \
    server tls-server-name insecure-skip-tls-verify certificate-authority certificate-authority-data proxy-url disable-compression; \
    client-certificate client-certificate-data client-key client-key-data token tokenFile as as-uid as-groups username password auth-provider exec; \
    cluster user namespace";

/// Shows the whole, or what the current context needs; secrets only with `--raw`.
pub async fn run(session: &Session, matches: &Matches, mut config: Value) -> Outcome {
    if matches.on("minify") {
        config = minified(config, matches.some("context"))?;
    }
    // Nobody has preferences any more; an empty place for them is not shown.
    if config["preferences"].as_object().is_some_and(Map::is_empty)
        && let Some(fields) = config.as_object_mut()
    {
        fields.remove("preferences");
    }
    if !matches.on("raw") {
        hide(&mut config);
    }
    let printer = Printer::of(session, matches, RESULT_FORMATS).await?;
    let Some(printer) = printer else { return Ok(()) };
    session.out(&printer.ordered_by(FIELDS).print(&config)?).await
}

fn minified(mut config: Value, context: Option<&str>) -> Outcome<Value> {
    let wanted = context.unwrap_or(text_at(&config, "/current-context")).to_owned();
    if wanted.is_empty() {
        return Err(Failure::said("current-context must exist in order to minify"));
    }
    let find = |kind: Kind, name: &str| {
        let all = config[kind.list()].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().find(|entry| entry["name"] == name).cloned()
    };
    let Some(context) = find(Kind::Context, &wanted) else {
        return Err(Failure::Said(format!("cannot locate context {wanted}")));
    };
    let cluster = find(Kind::Cluster, text_at(&context, "/context/cluster"));
    let user = find(Kind::User, text_at(&context, "/context/user"));
    for (kind, kept) in [(Kind::Cluster, cluster), (Kind::User, user), (Kind::Context, Some(context))] {
        config[kind.list()] = kept.map_or(Value::Null, |kept| Value::from(vec![kept]));
    }
    config["current-context"] = wanted.into();
    Ok(config)
}

/// Certificates and secrets are said to be there, not shown.
fn hide(config: &mut Value) {
    let words = [
        ("certificate-authority-data", "DATA+OMITTED"),
        ("client-certificate-data", "DATA+OMITTED"),
        ("client-key-data", "DATA+OMITTED"),
        ("token", "REDACTED"),
        ("password", "REDACTED"),
    ];
    for kind in [Kind::Cluster, Kind::User] {
        for entry in config[kind.list()].as_array_mut().into_iter().flatten() {
            let Some(fields) = entry.get_mut(kind.one()).and_then(Value::as_object_mut) else { continue };
            for (name, word) in words {
                replace(fields, name, word);
            }
        }
    }
}

fn replace(fields: &mut Map<String, Value>, name: &str, word: &str) {
    if let Some(value) = fields.get_mut(name) {
        *value = word.into();
    }
}
