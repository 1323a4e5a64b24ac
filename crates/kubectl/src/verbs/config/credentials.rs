//! What `set-credentials` and `set-cluster` know beyond plain fields: programs that sign in, providers, and
//! certificates that are written into the kubeconfig itself.

use serde_json::{Map, Value, json};

use crate::{
    args::{self, Matches},
    failure::{Failure, Outcome},
    manifests,
    session::Session,
    verbs::create::generate::base64,
};

/// What must hold of the flags before anything is changed.
pub async fn check(session: &Session, matches: &Matches) -> Outcome {
    if matches.command.name() == "set-credentials" {
        for flag in ["exec-env", "auth-provider-arg"] {
            if let Some(wrong) = matches.list(flag).iter().find(|pair| !is_pair(pair)) {
                session.out(&args::help::of(matches.command.path)).await?;
                return Err(Failure::Said(format!("invalid {flag} format: {wrong}")));
            }
        }
        if matches.some("token").is_some() && (matches.some("username").is_some() || matches.some("password").is_some())
        {
            return Err(Failure::said(
                "you cannot specify more than one authentication method at the same time: --token, --username/--password",
            ));
        }
    } else if matches.some("certificate-authority").is_some() && matches.on("insecure-skip-tls-verify") {
        return Err(Failure::said("you cannot specify a certificate authority and insecure mode at the same time"));
    }
    if !matches.on("embed-certs") {
        return Ok(());
    }
    let named: Vec<(&str, &str)> =
        files(matches).iter().filter_map(|&flag| Some((flag, matches.some(flag)?))).collect();
    if named.is_empty() {
        let flags: Vec<String> = files(matches).iter().map(|flag| format!("--{flag}")).collect();
        return Err(Failure::Said(format!("you must specify a {} to embed", flags.join(" or "))));
    }
    for (flag, path) in named {
        if let Err(error) = session.files.read(path).await {
            let why = manifests::plain(&error);
            return Err(Failure::Said(format!("could not stat {flag} file {path}: stat {path}: {why}")));
        }
    }
    Ok(())
}

/// The flags that name files which may be written into the kubeconfig.
pub fn files(matches: &Matches) -> &'static [&'static str] {
    let of_user = matches.command.name() == "set-credentials";
    if of_user { &["client-certificate", "client-key"] } else { &["certificate-authority"] }
}

/// Puts a file's path into an entry, or what is in it.
pub async fn file(session: &Session, matches: &Matches, flag: &str, fields: &mut Map<String, Value>) -> Outcome {
    let (path, data) = (matches.text(flag), format!("{flag}-data"));
    fields.remove(flag);
    if matches.on("embed-certs") && !path.is_empty() {
        let bytes = session.files.read(path).await?;
        fields.insert(data, base64(&bytes).into());
        return Ok(());
    }
    if !path.is_empty() {
        fields.remove(&data);
        fields.insert(flag.to_owned(), path.into());
    }
    Ok(())
}

/// Takes away what does not go with what was given: a user has one way to sign in, and a cluster is trusted by its
/// authority or not at all.
pub fn clear_others(matches: &Matches, fields: &mut Map<String, Value>) {
    let set = |flag: &str| matches.some(flag).is_some();
    let (token, basic) = (set("token"), set("username") || set("password"));
    let mut gone: Vec<&str> = Vec::new();
    match (token, basic) {
        (true, false) => gone.extend(["username", "password"]),
        (false, true) => gone.push("token"),
        _ => {}
    }
    if set("certificate-authority") {
        gone.push("insecure-skip-tls-verify");
    } else if matches.on("insecure-skip-tls-verify") {
        gone.extend(["certificate-authority", "certificate-authority-data"]);
    }
    gone.into_iter().for_each(|field| _ = fields.remove(field));
}

/// What `--exec-…` and `--auth-provider…` make of a user.
pub fn programs(matches: &Matches, fields: &mut Map<String, Value>) {
    if let Some(name) = matches.some("auth-provider") {
        if fields.get("auth-provider").is_none_or(|known| known["name"] != name) {
            fields.insert("auth-provider".to_owned(), json!({"name": name, "config": {}}));
        }
    } else if matches.given("auth-provider") {
        fields.remove("auth-provider");
    }
    if let Some(config) = fields.get_mut("auth-provider").and_then(|provider| provider["config"].as_object_mut()) {
        for pair in matches.list("auth-provider-arg") {
            match pair.split_once('=') {
                Some((key, value)) => _ = config.insert(key.to_owned(), value.into()),
                None => _ = config.remove(pair.trim_end_matches('-')),
            }
        }
    }
    if let Some(command) = matches.some("exec-command") {
        let held = fields.entry("exec").or_insert_with(|| json!({"env": null, "provideClusterInfo": false}));
        held["command"] = command.into();
        // Another call of a program has arguments of its own.
        held["args"] = Value::Null;
    } else if matches.given("exec-command") {
        fields.remove("exec");
    }
    if let Some(exec) = fields.get_mut("exec") {
        program(matches, exec);
    }
}

fn program(matches: &Matches, exec: &mut Value) {
    for (flag, field) in [("exec-api-version", "apiVersion"), ("exec-interactive-mode", "interactiveMode")] {
        if let Some(text) = matches.some(flag) {
            exec[field] = text.into();
        }
    }
    if matches.given("exec-provide-cluster-info") {
        exec["provideClusterInfo"] = matches.on("exec-provide-cluster-info").into();
    }
    if matches.given("exec-arg") {
        exec["args"] = matches.list("exec-arg").into();
    }
    for pair in matches.list("exec-env") {
        let mut all = exec["env"].as_array().cloned().unwrap_or_default();
        match pair.split_once('=') {
            Some((name, value)) => match all.iter_mut().find(|known| known["name"] == name) {
                Some(known) => known["value"] = value.into(),
                None => all.push(json!({"name": name, "value": value})),
            },
            None => all.retain(|known| known["name"] != pair.trim_end_matches('-')),
        }
        exec["env"] = all.into();
    }
}

/// `key=value`, or `key-` for what is to go.
fn is_pair(text: &str) -> bool {
    text.ends_with('-') || text.split('=').count() == 2
}
