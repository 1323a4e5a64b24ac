//! `set env`.

use serde_json::{Value, json};

use super::{Spec, change};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    selection::Request,
    session::Session,
    verbs::template,
};

/// Runs `set env`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let (names, pairs): (Vec<String>, Vec<String>) = matches.args.iter().cloned().partition(|arg| !is_change(arg));
    if names.is_empty() && !matches.reads_files() {
        return Err(Failure::said("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    let mut changes = pairs;
    changes.extend(matches.list("env"));
    let mut variables = read(&changes)?;
    if let Some(from) = matches.some("from") {
        variables.set.extend(source(session, matches, from).await?);
    }
    if matches.on("list") {
        return list(session, matches, &names).await;
    }
    if variables.set.is_empty() && variables.removed.is_empty() {
        return Err(Failure::said("at least one environment variable must be provided"));
    }
    let (pattern, overwrite) = (matches.text("containers").to_owned(), matches.on("overwrite"));
    change(session, matches, &names, "env updated", &|spec| {
        let mut found = false;
        for container in template::containers_mut(spec)
            .into_iter()
            .filter(|container| template::fits(&pattern, template::name(container)))
        {
            found = true;
            apply(container, &variables, overwrite)?;
        }
        if found { Ok(()) } else { Err(Failure::Said(format!("unable to find container named {pattern:?}"))) }
    })
    .await
}

/// Variables to set and names to remove.
#[derive(Debug, Default)]
struct Variables {
    set: Vec<Value>,
    removed: Vec<String>,
}

fn is_change(arg: &str) -> bool {
    arg.contains('=') || arg.ends_with('-') && arg.len() > 1
}

fn read(changes: &[String]) -> Outcome<Variables> {
    let mut variables = Variables::default();
    for change in changes {
        match (change.split_once('='), change.strip_suffix('-')) {
            (Some((name, value)), _) => variables.set.push(json!({"name": name, "value": value})),
            (None, Some(name)) => variables.removed.push(name.to_owned()),
            (None, None) => return Err(Failure::Said(format!("unknown environment variable: {change}"))),
        }
    }
    Ok(variables)
}

/// Variables for the keys of a ConfigMap or Secret: `--from=configmap/x`.
async fn source(session: &Session, matches: &Matches, from: &str) -> Outcome<Vec<Value>> {
    let objects =
        Request { args: vec![from.to_owned()], ..Request::default() }.select(session).await?.all(session).await?;
    let (prefix, keys) = (matches.text("prefix"), matches.list("keys"));
    let mut variables = Vec::new();
    for object in &objects {
        let reference = match object.target.resource.kind.as_str() {
            "ConfigMap" => "configMapKeyRef",
            "Secret" => "secretKeyRef",
            _ => return Err(Failure::said("unsupported resource specified in --from")),
        };
        for key in object.value.get("data").and_then(Value::as_object).into_iter().flat_map(|data| data.keys()) {
            if !keys.is_empty() && !keys.contains(key) {
                continue;
            }
            let name = format!("{prefix}{}", key.to_uppercase().replace(['-', '.'], "_"));
            variables.push(json!({"name": name, "valueFrom": {reference: {"name": object.target.name, "key": key}}}));
        }
    }
    Ok(variables)
}

fn apply(container: &mut Spec, variables: &Variables, overwrite: bool) -> Outcome {
    let env = container.entry("env").or_insert_with(|| json!([]));
    let Some(list) = env.as_array_mut() else { return Ok(()) };
    for variable in &variables.set {
        match list.iter_mut().find(|known| known["name"] == variable["name"]) {
            Some(known) if !overwrite && known != variable => {
                return Err(Failure::Said(format!(
                    "'{}' already has a value ({}), and --overwrite is false",
                    text_at(known, "/name"),
                    text_at(known, "/value")
                )));
            }
            Some(known) => *known = variable.clone(),
            None => list.push(variable.clone()),
        }
    }
    list.retain(|known| !variables.removed.iter().any(|name| known["name"] == name.as_str()));
    if list.is_empty() {
        container.remove("env");
    }
    Ok(())
}

async fn list(session: &Session, matches: &Matches, names: &[String]) -> Outcome {
    let selection = Request::of(matches, names).select(session).await?;
    for mut object in selection.all(session).await? {
        let Some(spec) = template::spec_mut(&mut object.value) else { continue };
        let resource = &object.target.resource;
        for container in template::containers_mut(spec) {
            session
                .line(format!("# {} {}, container {}", resource.kind, object.target.name, template::name(container)))
                .await?;
            let variables = container.get("env").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for variable in variables {
                session.line(shown(variable)).await?;
            }
        }
    }
    Ok(())
}

fn shown(variable: &Value) -> String {
    let name = text_at(variable, "/name");
    let from = &variable["valueFrom"];
    let reference = |kind: &str, word: &str| {
        from[kind].is_object().then(|| {
            format!("# {name} from {word} {}, key {}", text_at(&from[kind], "/name"), text_at(&from[kind], "/key"))
        })
    };
    reference("configMapKeyRef", "configmap")
        .or_else(|| reference("secretKeyRef", "secret"))
        .or_else(|| {
            from["fieldRef"]
                .is_object()
                .then(|| format!("# {name} from field path {}", text_at(from, "/fieldRef/fieldPath")))
        })
        .or_else(|| {
            from["resourceFieldRef"]
                .is_object()
                .then(|| format!("# {name} from resource field {}", text_at(from, "/resourceFieldRef/resource")))
        })
        .unwrap_or_else(|| format!("{name}={}", text_at(variable, "/value")))
}
