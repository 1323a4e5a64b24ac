//! Pod Security: the levels `baseline` and `restricted` that a namespace's labels demand ("Pod Security Standards").

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Context, Forbidden};
use crate::{
    json::{at, flag, has, int, items, text},
    registry::Resource,
    store::Key,
};

/// Refuses Pods that break what the namespace enforces; warns of what it asks to be warned of. Templates are only
/// warned of: their Pods are what is refused.
pub(super) fn check(resource: &Resource, object: &Value, context: &Context<'_>) -> Result<Vec<String>, Forbidden> {
    let Some(spec) = pod_spec(resource, object) else { return Ok(Vec::new()) };
    let key = Key::new("namespaces", "", text(&object["metadata"], "namespace"));
    let Some(namespace) = context.store.get(&key) else { return Ok(Vec::new()) };
    let wish = |mode: &str| {
        let labels = at(&namespace, &["metadata", "labels"]);
        let level = text(labels, &format!("pod-security.kubernetes.io/{mode}")).to_owned();
        let version = text(labels, &format!("pod-security.kubernetes.io/{mode}-version"));
        (level, if version.is_empty() { "latest".to_owned() } else { version.to_owned() })
    };
    let (enforced, version) = wish("enforce");
    let is_pod = resource.group.is_empty() && resource.kind == "Pod";
    if is_pod && let Some(broken) = broken(spec, &enforced) {
        return Err(Forbidden(format!("violates PodSecurity \"{enforced}:{version}\": {broken}")));
    }
    let (warned, warned_version) = wish("warn");
    let mut warnings: Vec<(String, String)> = vec![(warned, warned_version)];
    if !is_pod {
        warnings.push((enforced, version));
    }
    warnings.dedup();
    let said = warnings.into_iter().filter_map(|(level, version)| {
        Some(format!("would violate PodSecurity \"{level}:{version}\": {}", broken(spec, &level)?))
    });
    Ok(said.take(1).collect())
}

/// The same for a change: of a namespace's labels, of a template, of a Pod's ephemeral containers.
pub(super) fn check_update(
    resource: &Resource,
    old: &Value,
    new: &Value,
    subresource: &str,
    context: &Context<'_>,
) -> Result<Vec<String>, Forbidden> {
    let is_pod = resource.group.is_empty() && resource.kind == "Pod";
    match (resource.group, resource.kind) {
        ("", "Namespace") => Ok(broken_by_those_there(old, new, context)),
        // What else may change of a Pod makes it no less safe.
        _ if is_pod && subresource != "ephemeralcontainers" => Ok(Vec::new()),
        _ => check(resource, new, context),
    }
}

/// Pods that are there already stay, but who asks for a level is told which of them break it.
fn broken_by_those_there(old: &Value, new: &Value, context: &Context<'_>) -> Vec<String> {
    const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
    let wish = |namespace: &Value| {
        let labels = at(namespace, &["metadata", "labels"]);
        let version = text(labels, &format!("{ENFORCE}-version")).to_owned();
        (text(labels, ENFORCE).to_owned(), if version.is_empty() { "latest".to_owned() } else { version })
    };
    let (level, version) = wish(new);
    if (&level, &version) == (&wish(old).0, &wish(old).1) {
        return Vec::new();
    }
    let name = text(&new["metadata"], "name");
    let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
    for pod in context.store.list("pods", Some(name)).1 {
        let reasons: Vec<&str> = found(&pod["spec"], &level).into_iter().map(|(what, _)| what).collect();
        if reasons.is_empty() {
            continue;
        }
        let (reason, pod) = (reasons.join(", "), text(&pod["metadata"], "name").to_owned());
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, pods)) => pods.push(pod),
            None => by_reason.push((reason, vec![pod])),
        }
    }
    if by_reason.is_empty() {
        return Vec::new();
    }
    let head =
        format!("existing pods in namespace {name:?} violate the new PodSecurity enforce level \"{level}:{version}\"");
    let lines = by_reason.into_iter().map(|(reason, pods)| match pods.as_slice() {
        [pod] => format!("{pod}: {reason}"),
        [pod, _] => format!("{pod} (and 1 other pod): {reason}"),
        pods => format!("{} (and {} other pods): {reason}", pods[0], pods.len() - 1),
    });
    std::iter::once(head).chain(lines).collect()
}

fn pod_spec<'a>(resource: &Resource, object: &'a Value) -> Option<&'a Value> {
    let path: &[&str] = match (resource.group, resource.kind) {
        ("", "Pod") => &["spec"],
        ("", "PodTemplate") => &["template", "spec"],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
        | ("batch", "Job") => &["spec", "template", "spec"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    };
    Some(at(object, path))
}

/// What a Pod spec breaks of a level, each thing with who does it; nothing when it holds.
fn broken(spec: &Value, level: &str) -> Option<String> {
    let found: Vec<String> = found(spec, level).into_iter().map(|(what, who)| format!("{what} ({who})")).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

/// What a Pod spec breaks of a level, in the order of the checks' names.
fn found(spec: &Value, level: &str) -> Vec<(&'static str, String)> {
    const BASELINE: [Check; 8] =
        [capabilities, host_namespaces, host_path_volumes, host_ports, privileged, proc_mount, seccomp, sysctls];
    const RESTRICTED: [Check; 11] = [
        privilege_escalation,
        restricted_capabilities,
        host_namespaces,
        host_ports,
        privileged,
        proc_mount,
        restricted_volumes,
        run_as_non_root,
        run_as_user,
        restricted_seccomp,
        sysctls,
    ];
    let checks: &[Check] = match level {
        "baseline" => &BASELINE,
        "restricted" => &RESTRICTED,
        _ => return Vec::new(),
    };
    checks.iter().filter_map(|check| check(spec)).collect()
}

/// What is broken, and by whom.
type Check = fn(&Value) -> Option<(&'static str, String)>;

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|list| items(spec, list))
}

/// The names of the containers that do something, as `container "a"` or `containers "a", "b"`.
fn who(spec: &Value, does: impl Fn(&Value) -> bool) -> Option<String> {
    let names: Vec<&str> = containers(spec).filter(|container| does(container)).map(|c| text(c, "name")).collect();
    (!names.is_empty()).then(|| plural("container", &names))
}

fn plural(thing: &str, names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("{thing}{} {}", if names.len() == 1 { "" } else { "s" }, quoted.join(", "))
}

fn context(container: &Value) -> &Value {
    at(container, &["securityContext"])
}

fn added(container: &Value) -> BTreeSet<&str> {
    items(at(container, &["securityContext", "capabilities"]), "add").iter().filter_map(Value::as_str).collect()
}

fn privilege_escalation(spec: &Value) -> Option<(&'static str, String)> {
    let who = who(spec, |c| context(c).get("allowPrivilegeEscalation") != Some(&Value::Bool(false)))?;
    Some((
        "allowPrivilegeEscalation != false",
        format!("{who} must set securityContext.allowPrivilegeEscalation=false"),
    ))
}

fn proc_mount(spec: &Value) -> Option<(&'static str, String)> {
    let who = who(spec, |c| !matches!(text(context(c), "procMount"), "" | "Default"))?;
    Some(("procMount", format!("{who} must not set securityContext.procMount to \"Unmasked\"")))
}

/// Kernel settings that are the Pod's own and harm nobody.
const SAFE_SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
];

fn sysctls(spec: &Value) -> Option<(&'static str, String)> {
    let wished = items(at(spec, &["securityContext"]), "sysctls").iter().map(|sysctl| text(sysctl, "name"));
    let forbidden: Vec<&str> = wished.filter(|name| !SAFE_SYSCTLS.contains(name)).collect();
    (!forbidden.is_empty()).then(|| ("forbidden sysctls", forbidden.join(", ")))
}

const DEFAULT_CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Who adds capabilities beyond those allowed, and which.
fn adds_beyond(spec: &Value, allowed: &[&str]) -> Option<String> {
    let beyond = |c: &str| !allowed.contains(&c);
    let who = who(spec, |container| added(container).iter().any(|c| beyond(c)))?;
    let all: BTreeSet<&str> = containers(spec).flat_map(added).filter(|c| beyond(c)).collect();
    let quoted: Vec<String> = all.iter().map(|capability| format!("{capability:?}")).collect();
    Some(format!("{who} must not include {} in securityContext.capabilities.add", quoted.join(", ")))
}

fn capabilities(spec: &Value) -> Option<(&'static str, String)> {
    Some(("non-default capabilities", adds_beyond(spec, &DEFAULT_CAPABILITIES)?))
}

fn restricted_capabilities(spec: &Value) -> Option<(&'static str, String)> {
    let drops_all =
        |c: &Value| items(at(c, &["securityContext", "capabilities"]), "drop").iter().any(|drop| drop == "ALL");
    let missing = who(spec, |container| !drops_all(container))
        .map(|who| format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
    let details: Vec<String> = missing.into_iter().chain(adds_beyond(spec, &["NET_BIND_SERVICE"])).collect();
    (!details.is_empty()).then(|| ("unrestricted capabilities", details.join("; ")))
}

fn host_namespaces(spec: &Value) -> Option<(&'static str, String)> {
    let used: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .filter(|field| flag(spec, field))
        .map(|f| format!("{f}=true"))
        .collect();
    (!used.is_empty()).then(|| ("host namespaces", used.join(", ")))
}

fn host_path_volumes(spec: &Value) -> Option<(&'static str, String)> {
    let names: Vec<&str> =
        items(spec, "volumes").iter().filter(|volume| has(volume, "hostPath")).map(|v| text(v, "name")).collect();
    (!names.is_empty()).then(|| ("hostPath volumes", plural("volume", &names)))
}

fn host_ports(spec: &Value) -> Option<(&'static str, String)> {
    let used = |c: &Value| {
        items(c, "ports").iter().filter_map(|port| int(port, "hostPort")).filter(|p| *p != 0).collect::<Vec<_>>()
    };
    let who = who(spec, |container| !used(container).is_empty())?;
    let ports: BTreeSet<String> = containers(spec).flat_map(used).map(|port| port.to_string()).collect();
    let verb = if who.starts_with("containers") { "use" } else { "uses" };
    let noun = if ports.len() == 1 { "hostPort" } else { "hostPorts" };
    Some(("hostPort", format!("{who} {verb} {noun} {}", Vec::from_iter(ports).join(", "))))
}

fn privileged(spec: &Value) -> Option<(&'static str, String)> {
    let who = who(spec, |container| flag(context(container), "privileged"))?;
    Some(("privileged", format!("{who} must not set securityContext.privileged=true")))
}

fn restricted_volumes(spec: &Value) -> Option<(&'static str, String)> {
    const ALLOWED: [&str; 9] = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let kind = |volume: &Value| -> Option<String> { volume.as_object()?.keys().find(|key| *key != "name").cloned() };
    let bad: Vec<&Value> = items(spec, "volumes")
        .iter()
        .filter(|volume| kind(volume).is_none_or(|kind| !ALLOWED.contains(&kind.as_str())))
        .collect();
    if bad.is_empty() {
        return None;
    }
    let names: Vec<&str> = bad.iter().map(|volume| text(volume, "name")).collect();
    let kinds: BTreeSet<String> = bad.iter().filter_map(|volume| kind(volume)).collect();
    let quoted: Vec<String> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
    let verb = if names.len() == 1 { "uses" } else { "use" };
    let noun = if kinds.len() == 1 { "type" } else { "types" };
    let detail = format!("{} {verb} restricted volume {noun} {}", plural("volume", &names), quoted.join(", "));
    Some(("restricted volume types", detail))
}

fn run_as_non_root(spec: &Value) -> Option<(&'static str, String)> {
    const WHAT: &str = "runAsNonRoot != true";
    let wish = |context: &Value| context.get("runAsNonRoot").and_then(Value::as_bool);
    let pod = wish(at(spec, &["securityContext"]));
    let explicit = who(spec, |container| wish(context(container)) == Some(false));
    let bad: Vec<String> = (pod == Some(false)).then(|| "pod".to_owned()).into_iter().chain(explicit).collect();
    if !bad.is_empty() {
        return Some((WHAT, format!("{} must not set securityContext.runAsNonRoot=false", bad.join(" and "))));
    }
    if pod == Some(true) {
        return None;
    }
    let who = who(spec, |container| wish(context(container)).is_none())?;
    Some((WHAT, format!("pod or {who} must set securityContext.runAsNonRoot=true")))
}

fn run_as_user(spec: &Value) -> Option<(&'static str, String)> {
    let root = |context: &Value| int(context, "runAsUser") == Some(0);
    let pod = root(at(spec, &["securityContext"])).then(|| "pod".to_owned());
    let bad: Vec<String> = pod.into_iter().chain(who(spec, |container| root(context(container)))).collect();
    (!bad.is_empty()).then(|| ("runAsUser=0", format!("{} must not set runAsUser=0", bad.join(" and "))))
}

fn profile(holder: &Value) -> Option<&str> {
    at(holder, &["securityContext", "seccompProfile", "type"]).as_str()
}

fn seccomp(spec: &Value) -> Option<(&'static str, String)> {
    let open = |holder: &Value| profile(holder) == Some("Unconfined");
    let pod = open(spec).then(|| "pod".to_owned());
    let bad: Vec<String> = pod.into_iter().chain(who(spec, open)).collect();
    let detail = "must not set securityContext.seccompProfile.type to \"Unconfined\"";
    (!bad.is_empty()).then(|| ("seccompProfile", format!("{} {detail}", bad.join(" and "))))
}

fn restricted_seccomp(spec: &Value) -> Option<(&'static str, String)> {
    if let Some(found) = seccomp(spec) {
        return Some(found);
    }
    if profile(spec).is_some() {
        return None;
    }
    let who = who(spec, |container| profile(container).is_none())?;
    let detail = "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"";
    Some(("seccompProfile", format!("pod or {who} {detail}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plain_pod_is_baseline_but_not_restricted() {
        let spec = json!({"containers": [{"name": "a"}]});
        assert_eq!(broken(&spec, "baseline"), None);
        assert_eq!(broken(&spec, "privileged"), None);
        insta::assert_snapshot!(broken(&spec, "restricted").unwrap(), @r#"allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#);
    }

    #[test]
    fn a_careful_pod_is_restricted() {
        let context = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
        let spec = json!({"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "a", "securityContext": context}]});
        assert_eq!(broken(&spec, "restricted"), None);
    }

    #[test]
    fn what_baseline_forbids() {
        let spec = json!({"hostNetwork": true, "volumes": [{"name": "v", "hostPath": {"path": "/"}}], "containers": [
            {"name": "a", "ports": [{"hostPort": 80}], "securityContext": {"privileged": true}},
            {"name": "b", "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}]});
        insta::assert_snapshot!(broken(&spec, "baseline").unwrap(), @r#"non-default capabilities (container "b" must not include "NET_ADMIN" in securityContext.capabilities.add), host namespaces (hostNetwork=true), hostPath volumes (volume "v"), hostPort (container "a" uses hostPort 80), privileged (container "a" must not set securityContext.privileged=true)"#);
    }
}
