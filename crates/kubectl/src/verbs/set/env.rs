//! `set env`.

use serde_json::{Value, json};

use super::{Call, NO_OBJECTS, Spec, one_choice, pod_spec, reference, unsuitable};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    selection::{Object, Request},
    session::Session,
    verbs::template,
};

/// Runs `set env`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    one_choice(matches)?;
    let (names, changes) = split(&matches.args)?;
    let mut call = Call::new(session, matches).await?;
    call.check()?;
    check(matches, &names)?;
    let variables = variables(&call, &changes).await?;
    let local = matches.on("local");
    let names = if local { Vec::new() } else { names };
    let objects = call.objects_of(Request { local, ..Request::of(matches, &names) }).await?;
    let mut failures = Vec::new();
    for object in &objects {
        if matches.on("list") {
            failures.extend(list(&call, object, &variables).await.err());
        } else {
            failures.extend(change(&mut call, object, &variables).await.err());
        }
    }
    // A list that is not whole is none the less shown, and kubectl is content with it.
    if matches.on("list") {
        return Ok(());
    }
    Failure::of(failures)
}

/// Variables to set and names to remove.
#[derive(Debug, Default)]
struct Variables {
    set: Vec<Value>,
    removed: Vec<String>,
}

/// Objects stand before changes.
fn split(args: &[String]) -> Outcome<(Vec<String>, Vec<String>)> {
    let first = args.iter().position(|arg| is_change(arg)).unwrap_or(args.len());
    let (names, changes) = args.split_at(first);
    if !changes.iter().all(|arg| is_change(arg)) {
        return Err(Failure::Said(format!(
            "all resources must be specified before environment changes: {}",
            args.join(" ")
        )));
    }
    Ok((names.to_vec(), changes.to_vec()))
}

fn is_change(arg: &str) -> bool {
    arg.split_once('=').is_some_and(|(name, _)| !name.is_empty()) || arg.ends_with('-')
}

fn check(matches: &Matches, names: &[String]) -> Outcome {
    if names.is_empty() && !matches.reads_files() {
        return Err(Failure::said(NO_OBJECTS));
    }
    if matches.on("list") && matches.some("output").is_some() {
        return Err(Failure::said("--list and --output may not be specified together"));
    }
    if !matches.list("keys").is_empty() && matches.some("from").is_none() {
        return Err(Failure::said("when specifying --keys, a configmap or secret must be provided with --from"));
    }
    Ok(())
}

async fn variables(call: &Call<'_>, changes: &[String]) -> Outcome<Variables> {
    let mut all = call.matches.list("env");
    all.extend_from_slice(changes);
    let mut variables = Variables::default();
    for change in &all {
        match (change.as_str(), change.split_once('='), change.strip_suffix('-')) {
            ("-", ..) => variables.set.extend(of_lines(&call.session.read_stdin().await?)),
            (_, Some((name, _)), _) if !is_name(name) => {
                return Err(Failure::Said(format!("{name:?} is not a valid key name: {NOT_A_NAME}")));
            }
            (_, Some((name, value)), _) => variables.set.push(json!({"name": name, "value": value})),
            (_, None, Some(name)) => variables.removed.push(name.to_owned()),
            (_, None, None) => return Err(Failure::Said(format!("unknown environment variable: {change}"))),
        }
    }
    if variables.removed.iter().any(|name| variables.set.iter().any(|known| known["name"] == name.as_str())) {
        return Err(Failure::said("can not both modify and remove the same environment variable in the same command"));
    }
    if let Some(from) = call.matches.some("from") {
        variables.set.extend(source(call, from).await?);
    }
    if let Some(prefix) = call.matches.some("prefix") {
        for variable in &mut variables.set {
            variable["name"] = format!("{prefix}{}", text_at(variable, "/name")).into();
        }
    }
    Ok(variables)
}

/// `NAME=value` lines of standard input; comments go.
fn of_lines(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.filter_map(|line| line.split_once('=')).map(|(name, value)| json!({"name": name, "value": value})).collect()
}

const NOT_A_NAME: &str =
    "a valid environment variable name must consist only of printable ASCII characters other than '='";

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=')
}

/// Variables for the keys of a ConfigMap or Secret: `--from=configmap/x`.
async fn source(call: &Call<'_>, from: &str) -> Outcome<Vec<Value>> {
    let request = Request { args: vec![from.to_owned()], ..Request::default() };
    let objects = request.select(call.session).await?.all(call.session).await?;
    let keys = call.matches.list("keys");
    let mut variables = Vec::new();
    for object in &objects {
        let reference = match object.target.resource.kind.as_str() {
            "ConfigMap" => "configMapKeyRef",
            "Secret" => "secretKeyRef",
            _ => return Err(Failure::said("unsupported resource specified in --from")),
        };
        let data = object.value.get("data").and_then(Value::as_object).into_iter().flat_map(|data| data.keys());
        for key in data.filter(|key| keys.is_empty() || keys.contains(key)) {
            let name: String = key.to_uppercase().chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            if name != *key {
                call.session.err(&format!("Warning: key {key} transferred to {name}\n")).await?;
            }
            variables.push(json!({"name": name, "valueFrom": {reference: {"name": object.target.name, "key": key}}}));
        }
    }
    Ok(variables)
}

/// Changes the chosen containers of a Pod; whether there were any.
fn apply(spec: &mut Spec, matches: &Matches, variables: &Variables) -> Outcome<bool> {
    let pattern = matches.text("containers");
    let mut found = false;
    for container in template::containers_mut(spec) {
        if template::fits(pattern, template::name(container)) {
            found = true;
            if !matches.on("overwrite") {
                variables.check_new(container)?;
            }
            variables.store(container);
        }
    }
    Ok(found)
}

impl Variables {
    /// The first value that was given for a name.
    fn newest(&self, name: &Value) -> Option<&Value> {
        self.set.iter().find(|variable| variable["name"] == *name)
    }

    fn check_new(&self, container: &Spec) -> Outcome {
        for variable in &self.set {
            let known = env(container)
                .iter()
                .find(|known| known["name"] == variable["name"] && known["value"] != variable["value"]);
            if let Some(known) = known {
                let (name, value) = (text_at(known, "/name"), text_at(known, "/value"));
                return Err(Failure::Said(format!("'{name}' already has a value ({value}), and --overwrite is false")));
            }
        }
        Ok(())
    }

    /// A new value stands where the old one stood; what is removed goes, even if it is set as well.
    fn store(&self, container: &mut Spec) {
        let mut covered: Vec<Value> = self.removed.iter().map(|name| name.as_str().into()).collect();
        let mut after = Vec::new();
        for known in env(container).iter().chain(&self.set) {
            let name = &known["name"];
            if covered.contains(name) {
                continue;
            }
            let newer = self.newest(name);
            if newer.is_some() {
                covered.push(name.clone());
            }
            after.push(newer.unwrap_or(known).clone());
        }
        if after.is_empty() {
            container.remove("env");
        } else {
            container.insert("env".to_owned(), after.into());
        }
    }
}

fn env(container: &Spec) -> &[Value] {
    container.get("env").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Shows the variables as they would be, those of the command included.
async fn list(call: &Call<'_>, object: &Object, variables: &Variables) -> Outcome {
    let mut changed = object.value.clone();
    let whole = changed.clone();
    let spec = pod_spec(object, &mut changed)?;
    if !apply(spec, call.matches, variables)? {
        return warn(call, object).await;
    }
    let pattern = call.matches.text("containers");
    for container in template::containers_mut(spec) {
        if !template::fits(pattern, template::name(container)) {
            continue;
        }
        let (kind, name) = (&object.target.resource.kind, &object.target.name);
        call.session.line(format!("# {kind} {name}, container {}", template::name(container))).await?;
        let mut missing = reference::Missing::default();
        for variable in env(container) {
            let line = match variable.get("valueFrom") {
                None => format!("{}={}", text_at(variable, "/name"), text_at(variable, "/value")),
                Some(from) if call.matches.on("resolve") => {
                    missing.line(call.session, variable, from, &whole, container).await
                }
                Some(from) => reference::line(variable, from),
            };
            call.session.line(line).await?;
        }
        call.session.err(&missing.text()).await?;
    }
    Ok(())
}

async fn warn(call: &Call<'_>, object: &Object) -> Outcome {
    let (kind, name) = (&object.target.resource.kind, &object.target.name);
    let pattern = call.matches.text("containers");
    call.session.err(&format!("Warning: {kind}/{name} does not have any containers matching {pattern:?}\n")).await
}

async fn change(call: &mut Call<'_>, object: &Object, variables: &Variables) -> Outcome {
    let mut changed = object.value.clone();
    let found = pod_spec(object, &mut changed).and_then(|spec| {
        apply(spec, call.matches, variables).map_err(|failure| unsuitable(object, failure.message()))
    })?;
    if !found {
        return warn(call, object).await;
    }
    call.store_changed(object, &changed, "env updated", "failed to patch env update to pod template: ").await
}
