//! `--sandbox kubernetes` on an embedded cluster, with the rights that `deploy/` gives and no others.

use std::{fs, path::PathBuf, process::Command};

use super::{
    learner::Learner,
    server::{Setup, until},
};
use crate::{
    program::{TestCluster, real_kubectl},
    storage::postgres,
};

/// A cluster that the server has been let into as `deploy/base/rbac.yaml` says.
pub struct Host {
    cluster: TestCluster,
    kubeconfig: PathBuf,
}

impl Host {
    pub fn new() -> Self {
        let cluster = TestCluster::start();
        let base = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/base");
        let kubectl = |args: &[&str]| {
            let output = cluster.command(&real_kubectl()).args(args).output().unwrap();
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        kubectl(&["apply", "-f", &format!("{base}/namespace.yaml"), "-f", &format!("{base}/rbac.yaml")]);
        let token = kubectl(&["create", "token", "podyard", "-n", "podyard", "--duration=10h"]);
        let admin = fs::read_to_string(cluster.home.path().join("config")).unwrap();
        let kubeconfig = cluster.home.path().join("podyard");
        fs::write(&kubeconfig, admin.replace("user: {}", &format!("user:\n    token: {token}"))).unwrap();
        Self { cluster, kubeconfig }
    }

    pub fn setup(&self, flags: &[&str]) -> Setup {
        let config = self.kubeconfig.to_str().unwrap();
        let own = ["--sandbox", "kubernetes", "--kubernetes-config", config, "--keeper-role", "podyard-keeper"];
        Setup::new(&own).and(flags)
    }

    /// kubectl with all rights.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let output = self.cluster.command(&real_kubectl()).args(args).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// The namespaces of all sessions.
    pub fn namespaces(&self) -> Vec<String> {
        let found = self.kubectl(&["get", "namespaces", "-l", "app.kubernetes.io/managed-by=podyard", "-o", "name"]);
        found.lines().filter(|line| line.starts_with("namespace/")).map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cluster_forbids_is_forbidden_and_the_bounds_hold() {
    let host = Host::new();
    let server = host.setup(&[]).start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    let namespace = host.namespaces()[0].trim_start_matches("namespace/").to_owned();
    let said = learner.does("kubectl get pods").await;
    assert_eq!(said, format!("No resources found in {namespace} namespace.\n"));
    let user = format!("system:serviceaccount:{namespace}:learner");
    for (line, words) in [
        ("kubectl get nodes", "nodes is forbidden"),
        ("kubectl get secrets -n kube-system", "secrets is forbidden"),
        ("kubectl create namespace mine", "namespaces is forbidden"),
        ("kubectl delete resourcequota session", "resourcequotas \"session\" is forbidden"),
        (
            "kubectl create rolebinding mine --clusterrole=admin --user=me",
            "rolebindings.rbac.authorization.k8s.io is forbidden",
        ),
    ] {
        let (code, said) = learner.run(line).await;
        assert!(code == 1 && said.contains(words) && said.contains(&user), "{line}: {said}");
    }
    let pod = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: wrong\nspec:\n  containers:\n  - name: a\n    image: busybox\n    {spec}\n"
        )
    };
    for (spec, words) in [
        ("securityContext: {privileged: true}", "violates PodSecurity \"baseline:latest\": privileged"),
        ("resources: {limits: {cpu: '5', memory: 64Mi}}", "exceeded quota: session"),
    ] {
        let (code, said) = learner.apply(&pod(spec)).await;
        assert!(code == 1 && said.contains(words), "{said}");
    }
    let policy =
        host.kubectl(&["get", "networkpolicy", "-n", &namespace, "-o", "jsonpath={.items[0].spec.policyTypes}"]);
    assert_eq!(policy, r#"["Ingress","Egress"]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_replica_takes_a_session_over_with_all_that_is_in_it() {
    let host = Host::new();
    let setup = host.setup(&[]);
    let server = setup.start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    learner.does("kubectl create configmap mine --from-literal=a=1").await;
    let before = host.namespaces();
    // Sessions are stored twice a second; that this one is can be seen from outside only when it is needed.
    learner.does("kubectl get configmap mine").await;
    let stored = setup.data.path().join("podyard.db");
    until("there is a database", || stored.is_file());
    server.stop();
    assert_eq!(host.namespaces(), before, "it is left for another replica");
    let next = setup.start();
    let mut learner = Learner::connect(&next, Some(&learner.cookie)).await;
    learner.sandbox("ready").await;
    learner.does("kubectl get configmap mine").await;
    assert_eq!(host.namespaces(), before);
}

/// Two replicas on one PostgreSQL, each with a data directory of its own and the same secret, as in `deploy/`.
#[tokio::test(flavor = "multi_thread")]
async fn any_replica_serves_any_session_and_the_death_of_one_costs_a_reconnect() {
    let host = Host::new();
    let url = postgres::new_database();
    let setups = [(); 2].map(|()| host.setup(&["--database", &url]));
    setups.iter().for_each(|setup| fs::write(setup.data.path().join("secret"), [7; 32]).unwrap());
    let [one, other] = [setups[0].start(), setups[1].start()];
    let (mut ada, mut bob) = (Learner::arrive(&one).await, Learner::arrive(&other).await);
    for learner in [&mut ada, &mut bob] {
        learner.sandbox("ready").await;
        learner.does("kubectl create configmap mine").await;
    }
    let before = host.namespaces();
    let address = |text: &str| text.split("/kube/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let kubeconfig = address(&one.get("/kubeconfig", &ada.cookie));

    one.crash();
    let mut ada = Learner::connect(&other, Some(&ada.cookie)).await;
    ada.sandbox("ready").await;
    ada.does("kubectl get configmap mine").await;
    assert_eq!(address(&other.get("/kubeconfig", &ada.cookie)), kubeconfig, "her own kubectl goes on");
    bob.does("kubectl get configmap mine").await;

    // Also while the replica that serves a session lives: a balancer may lead a page elsewhere at any time.
    let again = setups[0].start();
    let mut elsewhere = Learner::connect(&again, Some(&bob.cookie)).await;
    elsewhere.sandbox("ready").await;
    elsewhere.does("kubectl get configmap mine").await;
    assert!(other.stop().success());
    elsewhere.does("kubectl create configmap another").await;
    let mut ada = Learner::connect(&again, Some(&ada.cookie)).await;
    ada.sandbox("ready").await;
    ada.does("kubectl get configmap mine").await;
    assert_eq!(host.namespaces(), before, "nobody got a second namespace");
}

/// What an earlier replica left of a session that nobody knows any more goes long before it expires; what another server
/// made, or somebody with a similar name, stays.
#[test]
fn a_start_removes_the_namespaces_of_sessions_that_are_over_and_no_others() {
    let host = Host::new();
    let labelled = |name: &str, instance: &str, session: &str| {
        host.kubectl(&["create", "namespace", name]);
        let labels = ["app.kubernetes.io/managed-by=podyard".to_owned(), format!("podyard.dev/instance={instance}")];
        let more = [format!("podyard.dev/session={session}"), "podyard.dev/expires=4000000000".to_owned()];
        let labels: Vec<&str> = labels.iter().chain(&more).map(String::as_str).collect();
        host.kubectl(&[&["label", "namespace", name], labels.as_slice()].concat());
    };
    labelled("podyard-gone-1", "podyard", "gone");
    labelled("theirs-gone-1", "theirs", "gone");
    host.kubectl(&["create", "namespace", "podyard-mine-1"]);
    // Whoever serves a namespace renews it four times in this time.
    let _server = host.setup(&["--session-idle", "8s"]).start();
    until("what is left of the session is gone", || {
        !host.namespaces().contains(&"namespace/podyard-gone-1".to_owned())
    });
    let there = host.kubectl(&["get", "namespaces", "-o", "name"]);
    for stays in ["namespace/theirs-gone-1\n", "namespace/podyard-mine-1\n"] {
        assert!(there.contains(stays), "{there}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_deleted_by_somebody_else_is_told() {
    let host = Host::new();
    let server = host.setup(&["--session-idle", "8s"]).start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    let namespace = host.namespaces().pop().unwrap();
    host.kubectl(&["delete", &namespace, "--wait=false"]);
    let said = learner.sandbox("failed").await;
    assert!(said.contains("its namespace has been deleted"), "{said}");
}

#[test]
fn a_cluster_that_does_not_answer_is_said_at_the_start() {
    let said = Setup::new(&["--sandbox", "kubernetes", "--kubernetes-config", "/no/such/config"]).refusal();
    assert!(said.contains("--kubernetes-config"), "{said}");
}

/// What `deploy/` holds is what an API server takes, all of it.
#[test]
fn the_manifests_of_deploy_are_taken_by_an_api_server() {
    // Our own cluster says so of the example's Ingress; a real one waits in silence.
    const UNSERVED: &str = "Warning: no controller in this sandbox serves Ingress objects";
    let cluster = TestCluster::start();
    let root = env!("CARGO_MANIFEST_DIR");
    let run = |args: &[&str]| {
        let output = cluster.command(&real_kubectl()).args(args).current_dir(root).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    // A dry run makes no namespace for what is to lie in it.
    assert!(run(&["apply", "-f", "deploy/base/namespace.yaml"]).0);
    for what in [["-k", "deploy/base"], ["-f", "deploy/examples"]] {
        let (done, said) = run(&[&["apply", "--dry-run=server"], what.as_slice()].concat());
        let mut lines = said.lines();
        let expected = |line: &str| line.contains("(server dry run)") || line.starts_with(UNSERVED);
        assert!(done && lines.all(expected), "{what:?}: {said}");
    }
    let rendered = Command::new(real_kubectl()).args(["kustomize", "deploy/base"]).current_dir(root).output().unwrap();
    let rendered = String::from_utf8(rendered.stdout).unwrap();
    assert!(rendered.contains("replicas: 2") && rendered.contains("minAvailable: 1"));
}
