//! `debug`: a container more in a running Pod, a copy of a Pod, or a Pod that sees a node's inside.

mod copy;
mod ephemeral;
mod node;
mod profile;
mod session;

use serde_json::Value;

use self::profile::{Keep, Profile};
use super::run;
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    manifests, merge,
    selection::{self, Object, Request},
    session::Session,
    yaml,
};

/// The letters of a generated name: none that spell words or look like another.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// What a profile of one's own may not say.
const CUSTOM_FIELDS: [&str; 5] = ["name", "command", "image", "lifecycle", "volumeDevices"];

/// The fields of a container; a profile's other fields are not looked at.
const CONTAINER: &str = "name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules \
    volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy \
    imagePullPolicy securityContext stdin stdinOnce tty";

const ROOT_NEEDED: &str = "Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \"securityContext.runAsUser: 0\".\n";

const LEGACY: &str = "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".\n";

/// What the flags want of the container that looks around.
struct Wish<'a> {
    matches: &'a Matches,
    profile: Profile,
    keep: Keep,
    custom: Option<Value>,
}

/// Runs `debug`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let profile = Profile::named(matches.text("profile"))?;
    let custom = custom(session, matches).await?;
    check(session, matches).await?;
    if custom.as_ref().is_some_and(|custom| CUSTOM_FIELDS.iter().any(|field| is_set(&custom[*field]))) {
        return Err(Failure::said(
            "name, command, image, lifecycle and volume devices are not modifiable via custom profile",
        ));
    }
    if profile == Profile::Legacy {
        session.err(LEGACY).await?;
    }
    let wish = Wish { matches, profile, keep: Keep::of(matches), custom };
    let names = matches.before_dash().iter();
    let args = names.map(|word| selection::named("pods", word)).collect::<Outcome<_>>()?;
    let request = Request { args, files: matches.list("filename"), ..Request::default() };
    let (objects, mut failures) = request.select(session).await?.objects(session).await;
    if !failures.is_empty() {
        return Err(failures.remove(0));
    }
    for object in &objects {
        one(session, &wish, object).await?;
    }
    Ok(())
}

async fn one(session: &Session, wish: &Wish<'_>, object: &Object) -> Outcome {
    let (pod, container) = match text_at(&object.value, "/kind") {
        "Pod" if wish.matches.some("copy-to").is_some() => copy::create(session, wish, &object.value).await?,
        "Pod" => ephemeral::add(session, wish, &object.value).await?,
        "Node" => node::create(session, wish, &object.value).await?,
        kind => {
            let resource = &object.target.resource;
            let version = format!("{}/{}", resource.group, resource.version);
            return Err(Failure::Said(format!("\"{version}, Kind={kind}\" not supported by debug")));
        }
    };
    if run::attaches(wish.matches) && !container.is_empty() {
        session::join(session, wish.matches, &pod, &container).await?;
    }
    Ok(())
}

/// The part of a container that `--custom` names a file of.
async fn custom(session: &Session, matches: &Matches) -> Outcome<Option<Value>> {
    let Some(path) = matches.some("custom") else { return Ok(None) };
    let bytes = session.files.read(path).await.map_err(|error| {
        let why = manifests::plain(&error);
        Failure::Said(format!("must pass a container spec json file for custom profile: open {path}: {why}"))
    })?;
    match yaml::read(&String::from_utf8_lossy(&bytes)) {
        Ok(Value::Object(mut container)) => {
            container.retain(|field, _| CONTAINER.split_ascii_whitespace().any(|known| known == field));
            Ok(Some(Value::Object(container)))
        }
        Ok(Value::Null) => Ok(None),
        Ok(other) => Err(Failure::Said(format!(
            "{path} does not contain a valid container spec: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type v1.Container",
            json_kind(&other)
        ))),
        Err(why) => Err(Failure::Said(format!(
            "{path} does not contain a valid container spec: error converting YAML to JSON: {why}"
        ))),
    }
}

/// What Go's JSON reader calls a value.
fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Null | Value::Object(_) => "object",
    }
}

/// Whether a field of Go's type would have a value.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

async fn check(session: &Session, matches: &Matches) -> Outcome {
    let (image, args) = (matches.text("image"), matches.after_dash());
    if matches.given("attach") && matches.on("attach") && image.is_empty() && matches.text("container").is_empty() {
        return Err(Failure::said(
            "you must specify --container or create a new container using --image in order to attach.",
        ));
    }
    let images = matches.pairs("set-image");
    if matches.some("copy-to").is_some() {
        if image.is_empty() && images.is_empty() && args.is_empty() {
            return Err(Failure::said("you must specify --image, --set-image or command arguments."));
        }
        if !args.is_empty() && matches.text("container").is_empty() && image.is_empty() {
            return Err(Failure::said("you must specify an existing container or a new image when specifying args."));
        }
    } else {
        only_with_a_copy(matches, !images.is_empty())?;
    }
    if !image.is_empty() && !run::is_reference(image) {
        return Err(Failure::Said(format!("invalid image name {image:?}: invalid reference format")));
    }
    if matches.before_dash().is_empty() && !matches.reads_files() {
        return Err(Failure::said("NAME or filename is required for debug"));
    }
    let policy = matches.text("image-pull-policy");
    if !matches!(policy, "" | "Always" | "IfNotPresent" | "Never") {
        return Err(Failure::Said(format!("invalid image pull policy: {policy}")));
    }
    if let Some((name, image)) = images.iter().find(|(_, image)| !run::is_reference(image)) {
        return Err(Failure::Said(format!(
            "invalid image name {image:?} for container {name:?}: invalid reference format"
        )));
    }
    check_target(session, matches).await?;
    if matches.on("tty") && !matches.on("stdin") {
        return Err(Failure::said("-i/--stdin is required for containers with -t/--tty=true"));
    }
    Ok(())
}

fn only_with_a_copy(matches: &Matches, sets_images: bool) -> Outcome {
    for (flag, given) in
        [("replace", matches.on("replace")), ("same-node", matches.on("same-node")), ("set-image", sets_images)]
    {
        if given {
            return Err(Failure::Said(format!("--{flag} may only be used with --copy-to.")));
        }
    }
    if matches.text("image").is_empty() {
        return Err(Failure::said("you must specify --image when not using --copy-to."));
    }
    Ok(())
}

async fn check_target(session: &Session, matches: &Matches) -> Outcome {
    let target = matches.text("target");
    if target.is_empty() {
        return Ok(());
    }
    if matches.some("copy-to").is_some() {
        return Err(Failure::said("--target is incompatible with --copy-to. Use --share-processes instead."));
    }
    if matches.on("quiet") {
        return Ok(());
    }
    session
        .out(&format!("Targeting container {target:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n"))
        .await
}

impl Wish<'_> {
    /// The fields of a new container that flags set.
    fn container(&self, name: &str) -> Value {
        let mut container = serde_json::json!({
            "name": name, "image": self.matches.text("image"), "resources": {}, "terminationMessagePolicy": "File",
        });
        if let Some(policy) = self.matches.some("image-pull-policy") {
            container["imagePullPolicy"] = policy.into();
        }
        for flag in ["stdin", "tty"] {
            if self.matches.on(flag) {
                container[flag] = true.into();
            }
        }
        let env = self.env();
        if !env.is_empty() {
            container["env"] = env.into();
        }
        let words = self.matches.after_dash();
        if !words.is_empty() {
            container[self.words_field()] = words.to_vec().into();
        }
        container
    }

    /// Where the words behind `--` go.
    fn words_field(&self) -> &'static str {
        if self.matches.on("arguments-only") { "args" } else { "command" }
    }

    fn env(&self) -> Vec<Value> {
        let pairs = self.matches.pairs("env");
        pairs.iter().map(|(name, value)| serde_json::json!({"name": name, "value": value})).collect()
    }

    /// Changes a container as the file of `--custom` says.
    fn customize(&self, container: &mut Value) {
        if let Some(custom) = &self.custom {
            merge::strategic_merge(container, custom, merge::Type::Container, "Pod");
        }
    }

    /// The name of the new container: the one asked for, else one that the Pod does not have.
    async fn name(&self, session: &Session, pod: &Value) -> Outcome<String> {
        if let Some(name) = self.matches.some("container") {
            return Ok(name.to_owned());
        }
        let mut seed = session.now().as_nanosecond().unsigned_abs();
        let mut name = format!("debugger-{}", suffix(seed));
        while profile::container_in(pod, &name).is_some() {
            seed += 1;
            name = format!("debugger-{}", suffix(seed));
        }
        self.tell(session, &format!("Defaulting debug container name to {name}.\n")).await?;
        Ok(name)
    }

    async fn tell(&self, session: &Session, text: &str) -> Outcome {
        if self.matches.on("quiet") { Ok(()) } else { session.out(text).await }
    }
}

/// Says when a container gets capabilities that a user other than root cannot use.
async fn warn_without_root(session: &Session, pod: &Value, container: &Value) -> Outcome {
    if needs_root(pod, container) { session.err(ROOT_NEEDED).await } else { Ok(()) }
}

fn needs_root(pod: &Value, container: &Value) -> bool {
    let user = |value: Option<&Value>| value.and_then(Value::as_i64);
    let context = &container["securityContext"];
    let added = context.pointer("/capabilities/add").and_then(Value::as_array).is_some_and(|add| !add.is_empty());
    user(pod.pointer("/spec/securityContext/runAsUser")).is_some_and(|user| user != 0)
        && user(context.get("runAsUser")) != Some(0)
        && (context["privileged"] == true || added)
}

/// Five letters that follow from a number.
fn suffix(mut seed: u128) -> String {
    let count = LETTERS.len() as u128;
    let letter = |seed: u128| usize::try_from(seed % count).map_or('x', |at| char::from(LETTERS[at]));
    std::iter::repeat_with(|| {
        let next = letter(seed);
        seed /= count;
        next
    })
    .take(5)
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{needs_root, suffix};

    #[test]
    fn a_name_ends_in_five_letters_that_differ_with_the_seed() {
        assert_eq!(suffix(0), "bbbbb");
        assert_eq!(suffix(28), "ccbbb");
    }

    #[test]
    fn capabilities_are_of_use_to_root_alone() {
        let pod = json!({"spec": {"securityContext": {"runAsUser": 1000}}});
        let tracing = json!({"securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}});
        assert!(needs_root(&pod, &tracing));
        assert!(!needs_root(&json!({"spec": {"securityContext": {}}}), &tracing));
        assert!(!needs_root(&pod, &json!({})));
        assert!(!needs_root(&pod, &json!({"securityContext": {"privileged": true, "runAsUser": 0}})));
    }
}
