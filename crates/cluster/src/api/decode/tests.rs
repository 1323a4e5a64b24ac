use serde_json::json;

use super::*;
use crate::registry;

fn read(plural: &str, object: Value) -> Result<Decoded, String> {
    let resource = registry::find("", "v1", plural).unwrap();
    finish(resource, object, Vec::new(), FieldValidation::Strict).map_err(|error| error.to_string())
}

fn pod(container: Value) -> Result<Decoded, String> {
    let mut whole = json!({"name": "a", "image": "busybox"});
    whole.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
    read("pods", json!({"metadata": {"name": "a"}, "spec": {"containers": [whole]}}))
}

/// The messages of errors/wrong-types.yaml, quantities.yaml and config/immutable.yaml.
#[test]
fn wrong_types_are_told_in_the_recorded_words() {
    let told = |result: Result<Decoded, String>| result.unwrap_err();
    let field = |what: &str, rest: &str| format!("json: cannot unmarshal {what} into Go struct field {rest}");
    let cases = [
        (
            pod(json!({"ports": [{"containerPort": "80"}]})),
            field("string", "ContainerPort.spec.containers.ports.containerPort of type int32"),
        ),
        (
            pod(json!({"env": [{"name": "COUNT", "value": 5}]})),
            field("number", "EnvVar.spec.containers.env.value of type string"),
        ),
        (pod(json!({"command": "echo"})), field("string", "Container.spec.containers.command of type []string")),
        (pod(json!({"args": ["sleep", 1]})), field("number", "Container.spec.containers.args of type string")),
        (
            read("pods", json!({"spec": {"containers": {"name": "a"}}})),
            field("object", "PodSpec.spec.containers of type []v1.Container"),
        ),
        (
            read("pods", json!({"spec": {"hostNetwork": "yes"}})),
            field("string", "PodSpec.spec.hostNetwork of type bool"),
        ),
        (read("configmaps", json!({"data": {"a": 1}})), field("number", "ConfigMap.data of type string")),
        (
            pod(json!({"livenessProbe": {"exec": {"command": "cat"}}})),
            field("string", "ExecAction.spec.containers.livenessProbe.ProbeHandler.exec.command of type []string"),
        ),
        (
            read("pods", json!({"spec": {"volumes": [{"name": "v", "configMap": "web"}]}})),
            field("string", "Volume.spec.volumes.VolumeSource.configMap of type v1.ConfigMapVolumeSource"),
        ),
        (
            read("pods", json!({"spec": {"volumes": [{"name": "v", "configMap": {"name": 3}}]}})),
            field(
                "number",
                "ConfigMapVolumeSource.spec.volumes.VolumeSource.configMap.LocalObjectReference.name of type string",
            ),
        ),
        (
            read("services", json!({"spec": {"ports": [{"targetPort": true}]}})),
            field("bool", "ServicePort.spec.ports.targetPort of type int32"),
        ),
        (read("secrets", json!({"data": {"a": "secret"}})), "illegal base64 data at input byte 4".into()),
        (read("secrets", json!({"data": {"a": "abc!"}})), "illegal base64 data at input byte 3".into()),
        (
            pod(json!({"resources": {"limits": {"memory": "64MB"}}})),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".into(),
        ),
    ];
    for (result, expected) in cases {
        assert_eq!(told(result), expected);
    }
}

#[test]
fn unknown_fields_are_told_together() {
    let object = json!({"metadata": {"name": "a", "lables": {}}, "spec": {"containers": [
        {"name": "a", "imagePullpolicy": "Never", "ports": [{"containerport": 80}]}], "restartpolicy": "Never"}});
    let expected = "strict decoding error: unknown field \"metadata.lables\", unknown field \
        \"spec.containers[0].imagePullpolicy\", unknown field \"spec.containers[0].ports[0].containerport\", unknown \
        field \"spec.restartpolicy\"";
    assert_eq!(read("pods", object).unwrap_err(), expected);
}

#[test]
fn repeated_fields_are_noticed() {
    let (value, repeated) = duplicates::parse(br#"{"a": [{"b": 1, "b": 2}], "a": 3}"#).unwrap();
    assert_eq!((value, repeated), (json!({"a": 3}), vec!["a[0].b".to_owned(), "a".to_owned()]));
}

#[test]
fn empty_values_are_written_as_go_writes_them() {
    let decoded = pod(json!({"stdin": false, "env": [], "securityContext": {"privileged": false}, "workingDir": ""}));
    let container = &decoded.unwrap().object["spec"]["containers"][0];
    let expected = json!({"name": "a", "image": "busybox", "resources": {}, "securityContext": {"privileged": false}});
    assert_eq!(*container, expected);
}

/// What a protobuf decoder must survive: bytes from anywhere, and messages with something amiss.
#[test]
fn no_bytes_break_the_decoder() {
    use proptest::prelude::*;
    let pod =
        b"k8s\0\n\x09\n\x02v1\x12\x03Pod\x12\x14\n\x05\n\x03web\x12\x0b\x12\x09\n\x01c\x12\x04busy\x1a\0\"\0".to_vec();
    let any = prop::collection::vec(any::<u8>(), 0..64);
    let marked = any.clone().prop_map(|bytes| [b"k8s\0".to_vec(), bytes].concat());
    let bytes = prop_oneof![any, marked, crate::fuzz::damaged(vec![pod])];
    crate::fuzz::explore(bytes, |bytes| {
        // Whether it can be read does not matter here, only that somebody says so.
        let _ = protobuf::parse(schemas(), &bytes);
        let _ = duplicates::parse(&bytes);
        Ok(())
    });
}

/// An entry of a map or an item of a list that is null has its type's empty value.
#[test]
fn null_in_a_map_or_a_list_is_an_empty_value() {
    let map = read("configmaps", json!({"data": {"a": null}})).unwrap();
    assert_eq!(map.object["data"], json!({"a": ""}));
    let limits = pod(json!({"resources": {"limits": {"cpu": null}}, "command": [null]})).unwrap();
    let container = &limits.object["spec"]["containers"][0];
    assert_eq!((&container["resources"]["limits"], &container["command"]), (&json!({"cpu": "0"}), &json!([""])));
}
