//! JSON as Go writes it: sorted keys, `<`, `>` and `&` escaped.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

/// On one line.
pub fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None, 0);
    out
}

/// Indented by `indent`, without a newline at the end.
pub fn pretty(value: &Value, indent: &str) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(indent), 0);
    out
}

/// Like [`pretty`], with the fields in the order of the API's Go types, as kubectl prints what it has made itself.
pub fn ordered(value: &Value, indent: &str) -> String {
    ordered_by(value, Some(indent), ORDER)
}

/// The same in an order that is named: words for the fields, types separated by semicolons. An object is of the first
/// type that has all of its fields.
pub fn ordered_by(value: &Value, indent: Option<&str>, order: &str) -> String {
    let mut out = String::new();
    write_ordered(&mut out, value, (indent, order), 0);
    out
}

/// The fields of an object in the order of its type.
pub fn in_order<'a>(map: &'a Map<String, Value>, order: &str) -> Vec<(&'a String, &'a Value)> {
    let types: Vec<Vec<&str>> = order.split(';').map(|one| one.split_ascii_whitespace().collect()).collect();
    let fits = |one: &&Vec<&str>| map.keys().all(|key| one.contains(&key.as_str()));
    let known = types.iter().find(fits).or(types.first());
    let rank = |key: &str| known.and_then(|one| one.iter().position(|field| *field == key)).unwrap_or(usize::MAX);
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| rank(key));
    entries
}

/// The fields of the types that kubectl makes, in the order in which they are declared.
pub const ORDER: &str = "kind apiVersion clientVersion kustomizeVersion serverVersion major minor emulationMajor emulationMinor \
    minCompatibilityMajor minCompatibilityMinor gitVersion gitCommit gitTreeState buildDate goVersion compiler \
    metadata name generateName namespace uid resourceVersion generation creationTimestamp deletionTimestamp \
    labels annotations ownerReferences finalizers volumes initContainers containers image command args workingDir ports \
    hostPort containerPort protocol appProtocol port targetPort nodePort hostIP envFrom env \
    resources volumeMounts livenessProbe readinessProbe startupProbe terminationMessagePath terminationMessagePolicy imagePullPolicy \
    securityContext stdin stdinOnce tty restartPolicy terminationGracePeriodSeconds dnsPolicy nodeSelector serviceAccountName \
    serviceAccount nodeName schedulerName tolerations value valueFrom replicas selector template strategy schedule concurrencyPolicy \
    jobTemplate immutable data binaryData stringData type spec status";

/// The fields of what the server has, type by type, for commands that read it into Go's types and print it again.
pub const API: &str = "kind apiVersion metadata spec status data items; \
    kind apiVersion metadata involvedObject reason message source firstTimestamp lastTimestamp count type eventTime series action related \
    reportingComponent reportingInstance; \
    name generateName namespace uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels \
    annotations ownerReferences finalizers managedFields; \
    manager operation apiVersion time fieldsType fieldsV1 subresource; \
    apiVersion kind name uid controller blockOwnerDeletion; \
    kind namespace name uid apiVersion resourceVersion fieldPath; component host; count lastObservedTime; \
    replicas selector template strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds; \
    replicas minReadySeconds selector template; \
    selector template updateStrategy minReadySeconds revisionHistoryLimit; \
    replicas selector template volumeClaimTemplates serviceName podManagementPolicy updateStrategy revisionHistoryLimit \
    minReadySeconds persistentVolumeClaimRetentionPolicy ordinals; \
    replicas fullyLabeledReplicas readyReplicas availableReplicas terminatingReplicas observedGeneration conditions; \
    currentNumberScheduled numberMisscheduled desiredNumberScheduled numberReady observedGeneration updatedNumberScheduled \
    numberAvailable numberUnavailable collisionCount conditions; \
    observedGeneration replicas readyReplicas currentReplicas updatedReplicas currentRevision updateRevision collisionCount conditions \
    availableReplicas; \
    type status lastUpdateTime lastTransitionTime reason message; \
    volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy \
    nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC \
    shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases \
    priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead \
    topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources; \
    name image command args workingDir ports envFrom env resources resizePolicy restartPolicy volumeMounts volumeDevices livenessProbe \
    readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin \
    stdinOnce tty targetContainerName; \
    name hostPort containerPort protocol hostIP; name value valueFrom; name key optional; apiVersion fieldPath; \
    containerName resource divisor; name readOnly recursiveReadOnly mountPath subPath mountPropagation subPathExpr; \
    exec httpGet tcpSocket grpc initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold \
    terminationGracePeriodSeconds; path port host scheme httpHeaders; key operator value effect tolerationSeconds; limits requests; \
    type rollingUpdate; maxUnavailable maxSurge partition; accessModes selector resources volumeName storageClassName volumeMode";

fn write_ordered(out: &mut String, value: &Value, (indent, order): (Option<&str>, &str), depth: usize) {
    match value {
        Value::Array(list) if !list.is_empty() => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                separate(out, at, indent, depth + 1);
                write_ordered(out, item, (indent, order), depth + 1);
            }
            close(out, ']', indent, depth);
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (at, (key, item)) in in_order(map, order).into_iter().enumerate() {
                separate(out, at, indent, depth + 1);
                string(out, key);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write_ordered(out, item, (indent, order), depth + 1);
            }
            close(out, '}', indent, depth);
        }
        other => write(out, other, indent, depth),
    }
}

fn write(out: &mut String, value: &Value, indent: Option<&str>, depth: usize) {
    match value {
        Value::String(text) => string(out, text),
        Value::Number(value) => out.push_str(&number(value)),
        Value::Array(list) if list.is_empty() => out.push_str("[]"),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(list) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                separate(out, at, indent, depth + 1);
                write(out, item, indent, depth + 1);
            }
            close(out, ']', indent, depth);
        }
        Value::Object(map) => {
            out.push('{');
            for (at, (key, item)) in map.iter().enumerate() {
                separate(out, at, indent, depth + 1);
                string(out, key);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(out, item, indent, depth + 1);
            }
            close(out, '}', indent, depth);
        }
        other => out.push_str(&other.to_string()),
    }
}

fn separate(out: &mut String, at: usize, indent: Option<&str>, depth: usize) {
    if at > 0 {
        out.push(',');
    }
    if let Some(indent) = indent {
        out.push('\n');
        out.push_str(&indent.repeat(depth));
    }
}

fn close(out: &mut String, bracket: char, indent: Option<&str>, depth: usize) {
    if let Some(indent) = indent {
        out.push('\n');
        out.push_str(&indent.repeat(depth));
    }
    out.push(bracket);
}

/// A quoted string.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// A number: floats in the shortest form, with an exponent when they are very small or large.
pub fn number(value: &Number) -> String {
    match value.as_f64() {
        Some(float) if value.is_f64() => go_float(float, 1e21),
        _ => value.to_string(),
    }
}

/// A float in the shortest form that reads back the same; with an exponent below 1e-6 and from `large` on.
pub fn go_float(float: f64, large: f64) -> String {
    let size = float.abs();
    if size != 0.0 && (size < 1e-6 || size >= large) {
        let text = format!("{float:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{float}")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    #[test]
    fn as_go_writes_it() {
        assert_snapshot!(compact(&json!({"b": [1, 2.5, null], "a": "<x>&\n\u{1}é"})), @r#"{"a":"\u003cx\u003e\u0026\n\u0001é","b":[1,2.5,null]}"#);
        assert_snapshot!(pretty(&json!({"a": {}, "b": [1, {"c": true}]}), "    "), @r#"
        {
            "a": {},
            "b": [
                1,
                {
                    "c": true
                }
            ]
        }
        "#);
    }
}
