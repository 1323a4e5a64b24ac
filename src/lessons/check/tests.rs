use serde_json::{Value, json};

use super::*;

fn check(yaml: &str) -> Check {
    let (mut checks, misread) = read(yaml, 1, Tongue::English);
    assert_eq!(misread, []);
    checks.remove(0)
}

fn misread(yaml: &str) -> String {
    let (_, misread) = read(yaml, 1, Tongue::English);
    misread.iter().map(|m| format!("{}:{}: {}", m.line, m.column, m.message)).collect::<Vec<_>>().join("\n")
}

fn pod(name: &str, state: Value) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default", "uid": name, "labels": {"app": "shop"}},
        "spec": {"containers": [{"name": "app", "image": "nginx:1.27"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": if state["running"].is_object() { "True" } else { "False" }}],
            "containerStatuses": [{"name": "app", "restartCount": 2, "ready": true, "state": state}],
        },
    })
}

fn running(name: &str) -> Value {
    pod(name, json!({"running": {}}))
}

fn observed(pods: Vec<Value>) -> Observed {
    let mut observed = Observed { namespace: "default".into(), ..Observed::default() };
    observed.objects.insert(Kind::pod(), pods);
    observed
}

fn said(yaml: &str, observed: &Observed) -> String {
    let verdict = evaluate(&check(yaml), observed);
    if verdict.holds { "holds".into() } else { verdict.because }
}

#[test]
fn a_check_says_what_it_wants() {
    let text = |yaml: &str| check(yaml).text;
    insta::assert_snapshot!(text("{pod: web, phase: Running, ready: true}"), @"Pod web phase: Running, is ready");
    insta::assert_snapshot!(text("{pod: web, exists: false}"), @"Pod web is gone");
    insta::assert_snapshot!(text("{kind: Deployment, name: web, .spec.replicas: 3}"), @"Deployment web spec.replicas: 3");
    insta::assert_snapshot!(text("{pod: web, text: It runs}"), @"It runs");
    insta::assert_snapshot!(text("{kind: Pod, labels: app=web, count: 3, ready: true}"), @"3 × Pod with app=web is ready");
    let german = read("{pod: web, ready: true}", 1, Tongue::of("de-AT")).0.remove(0).text;
    insta::assert_snapshot!(german, @"Pod web ist bereit");
}

#[test]
fn several_checks_stand_in_one_block() {
    assert_eq!(read("- pod: a\n- pod: b\n  ready: true\n", 10, Tongue::English).0.len(), 2);
    assert_eq!(read("pod: a\n---\npod: b\n", 10, Tongue::English).0.len(), 2);
    let lines: Vec<usize> = read("- pod: a\n- pod: b\n", 10, Tongue::English).0.iter().map(|c| c.line).collect();
    assert_eq!(lines, [10, 11]);
}

#[test]
fn what_is_misspelt_is_found_at_its_place() {
    insta::assert_snapshot!(misread("pod: web\nphse: Running\n"), @"2:1: `phse` means nothing in a check; did you mean `phase`?");
    insta::assert_snapshot!(misread("pood: web\n"), @"1:1: `pood` is no kind; did you mean `pod`?");
    insta::assert_snapshot!(misread("phase: Running\n"), @"1:1: this check names no object: `pod: web`, or `kind:` and `name:`");
    insta::assert_snapshot!(misread("- pod: a\n- pod: b\n  http: {path: /}\n"), @"3:3: http: needs a port, such as `http: {port: 80, contains: Welcome}`");
    insta::assert_snapshot!(misread("kind: Widget\nname: x\n"), @"1:1: the kind Widget needs an `apiVersion:` beside it");
    insta::assert_snapshot!(misread("pod: web\n.spec[: x\n"), @"2:1: `.spec[` is no JSONPath: unterminated array");
    assert!(misread("pod: [").contains("no YAML"));
    assert!(misread("").contains("this check is empty"));
}

#[test]
fn a_pod_is_as_it_should_be_or_the_reason_is_told() {
    let seen = observed(vec![running("web")]);
    for yaml in [
        "{pod: web}",
        "{pod: web, phase: Running, ready: true, restarts: '>=1'}",
        "{pod: web, image: 'nginx:*', running: true}",
        "{pod: web, '.spec.containers[0].name': app}",
        "{pod: w*b}",
        "{pod: other, exists: false}",
        "{kind: Pod, labels: {app: shop}, count: 1}",
    ] {
        assert_eq!(said(yaml, &seen), "holds", "{yaml}");
    }
    insta::assert_snapshot!(said("{pod: web, restarts: 0}", &seen), @"restarts is 2, not 0");
    insta::assert_snapshot!(said("{pod: wob}", &seen), @"there is no Pod wob; there is: web");
    insta::assert_snapshot!(said("{pod: web, exists: false}", &seen), @"web is still there");
    insta::assert_snapshot!(said("{pod: web, .spec.nodeName: a}", &seen), @"spec.nodeName is nothing, not a");
    insta::assert_snapshot!(said("{kind: Pod, labels: app=shop, count: 3}", &seen), @"");
    let verdict = evaluate(&check("{kind: Pod, labels: app=shop, count: 3}"), &seen);
    assert_eq!((verdict.is.as_str(), verdict.wanted.as_str()), ("1", "3"));
}

#[test]
fn the_evidence_comes_from_the_object_itself() {
    let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"ngin\""}});
    let seen = observed(vec![pod("web", waiting)]);
    insta::assert_snapshot!(said("{pod: web, ready: true}", &seen), @r#"it is not ready (app: ImagePullBackOff: Back-off pulling image "ngin")"#);
    assert_eq!(said("{pod: web, waiting.reason: ImagePullBackOff}", &seen), "holds");
    let ended = observed(vec![pod("web", json!({"terminated": {"reason": "Error", "exitCode": 3}}))]);
    insta::assert_snapshot!(said("{pod: web, running: true}", &ended), @"running is false, not true (app: Error, exit code 3)");
    assert_eq!(said("{pod: web, container: app, terminated.exitCode: 3}", &ended), "holds");
}

#[test]
fn logs_events_and_answers_are_looked_at() {
    let mut seen = observed(vec![running("web")]);
    insta::assert_snapshot!(said("{pod: web, logs: Hello}", &seen), @"the log does not say it; its end: nothing");
    insta::assert_snapshot!(said("{pod: web, event: Killing}", &seen), @"no event Killing; seen: nothing");
    insta::assert_snapshot!(said("{pod: web, http: 80}", &seen), @"the port says: not asked yet");
    let wants = check("{pod: web, logs: Hello, http: {port: 80, contains: Welcome}}");
    let (log, question) = (seen.logs_for(&wants).remove(0), seen.asks_for(&wants).remove(0));
    seen.logs.insert(log, "Hello World\n".into());
    seen.answers.insert(question, Answer::Http { status: 200, body: "Welcome in".into() });
    seen.events.push(json!({"reason": "Killing", "message": "Stopping", "involvedObject": {"uid": "web"}}));
    assert!(evaluate(&wants, &seen).holds);
    assert_eq!(said("{pod: web, event: {reason: Killing, message: Stop}}", &seen), "holds");
    insta::assert_snapshot!(said("{pod: web, event: BackOff}", &seen), @"no event BackOff; seen: Killing");
    insta::assert_snapshot!(said("{pod: web, http: {port: 80, contains: Bye}}", &seen), @"the port says: 200 Welcome in");
}

#[test]
fn what_has_not_been_listed_yet_does_not_hold_and_is_not_called_missing() {
    let verdict = evaluate(&check("{pod: web, exists: false}"), &Observed::default());
    assert_eq!((verdict.holds, verdict.is.as_str()), (false, "not looked at yet"));
}
