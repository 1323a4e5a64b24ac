//! What holds for every provider: what a learner does in a sandbox, that two of them never meet, and that nothing is
//! left, however a sandbox ends.

use serde_json::json;

use super::{
    kubernetes::Host,
    learner::Learner,
    server::{Server, Setup, until},
    standin::Standin,
};
use crate::program::real_kubectl;

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: busybox
    imagePullPolicy: IfNotPresent
    command: [sh, -c, 'echo started; mkdir /www; echo hello from $HOSTNAME > /www/index.html; exec httpd -f -p 8000 -h /www']
";

/// A provider under test.
struct Place<'a> {
    setup: Setup,
    /// What is there of sandboxes now.
    sandboxes: &'a dyn Fn() -> Vec<String>,
    /// How long a session may lie idle where that is tried.
    idle: &'a str,
    /// Whether sandboxes are left for another replica when the server ends in order.
    kept: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_provider_holds_the_contract() {
    let setup = Setup::new(&["--sandbox", "embedded"]);
    let run = setup.data.path().join("run");
    let sandboxes = || {
        let servers = std::fs::read_dir(&run).into_iter().flatten().flatten();
        let inside = servers.flat_map(|server| std::fs::read_dir(server.path()).into_iter().flatten().flatten());
        let folders = inside.filter(|entry| entry.path().is_dir());
        folders.map(|entry| entry.path().display().to_string()).collect()
    };
    Place { setup, sandboxes: &sandboxes, idle: "2s", kept: false }.holds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kind_provider_holds_the_contract_on_the_stand_in() {
    let standin = Standin::new();
    Place { setup: standin.setup(&[]), sandboxes: &|| standin.clusters(), idle: "10s", kept: false }.holds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kubernetes_provider_holds_the_contract_on_an_embedded_cluster() {
    let host = Host::new();
    Place { setup: host.setup(&[]), sandboxes: &|| host.namespaces(), idle: "10s", kept: true }.holds().await;
}

/// A real kind: `PODYARD_TEST_KIND=1`, and the node image in `PODYARD_KIND_IMAGE` where it is not kind's own.
#[tokio::test(flavor = "multi_thread")]
async fn the_kind_provider_holds_the_contract_on_a_real_kind() {
    if std::env::var_os("PODYARD_TEST_KIND").is_none() {
        println!("skipped: the contract on a real kind; PODYARD_TEST_KIND=1 asks for it");
        return;
    }
    let sandboxes = || {
        let found = std::process::Command::new("kind").args(["get", "clusters"]).output().unwrap();
        let names = String::from_utf8(found.stdout).unwrap();
        names.lines().filter(|name| name.starts_with("podyard-")).map(str::to_owned).collect()
    };
    let setup = Setup::new(&["--sandbox", "kind"]);
    Place { setup, sandboxes: &sandboxes, idle: "90s", kept: false }.holds().await;
}

/// A real cluster: `PODYARD_TEST_KUBECONFIG` names the kubeconfig of one in which namespaces may be made.
#[tokio::test(flavor = "multi_thread")]
async fn the_kubernetes_provider_holds_the_contract_on_a_real_cluster() {
    let Some(config) = std::env::var_os("PODYARD_TEST_KUBECONFIG") else {
        println!("skipped: the contract on a real cluster; PODYARD_TEST_KUBECONFIG=FILE asks for it");
        return;
    };
    let config = config.into_string().unwrap();
    let sandboxes = || {
        let mut list = std::process::Command::new(real_kubectl());
        list.args(["--kubeconfig", &config, "get", "namespaces", "-o", "name"]);
        let found = list.args(["-l", "podyard.dev/instance=podyard-contract"]).output().unwrap();
        String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
    };
    let flags = ["--sandbox", "kubernetes", "--kubernetes-config", &config, "--instance", "podyard-contract"];
    Place { setup: Setup::new(&flags), sandboxes: &sandboxes, idle: "30s", kept: true }.holds().await;
}

impl Place<'_> {
    /// A server on which nobody's session ends while they work, and where what is left for another replica soon expires.
    fn working(&self) -> Server {
        self.setup.and(if self.kept { &["--session-idle", "40s"] } else { &[] }).start()
    }

    async fn holds(&self) {
        self.a_learner_works_and_resets().await;
        self.two_learners_never_meet().await;
        self.nothing_is_left_when_a_session_lies_idle().await;
        self.nothing_is_left_of_a_crash().await;
    }

    /// Create, apply, get, logs, exec, port-forward, the learner's own kubectl, reset, and the end in order.
    async fn a_learner_works_and_resets(&self) {
        let server = self.working();
        let mut learner = Learner::arrive(&server).await;
        learner.sandbox("ready").await;
        let (code, said) = learner.apply(POD).await;
        assert_eq!((code, said.as_str()), (0, "pod/web created\n"));
        learner.does("kubectl wait pod/web --for=condition=Ready --timeout=150s").await;
        let table = learner.does("kubectl get pods").await;
        assert!(table.starts_with("NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0 "), "{table}");
        assert_eq!(learner.does("kubectl logs web").await, "started\n");
        assert_eq!(learner.does("kubectl exec web -- hostname").await, "web\n");
        let (code, said) = learner.run("kubectl exec web -- sh -c 'exit 3'").await;
        assert_eq!((code, said.trim()), (3, "command terminated with exit code 3"));
        self.forwards(&mut learner).await;
        own_kubectl(&server, &learner);

        learner.say(json!({"op": "reset"})).await;
        learner.sandbox("starting").await;
        learner.sandbox("ready").await;
        let said = learner.does("kubectl get pods").await;
        assert!(said.starts_with("No resources found in ") && said.ends_with(" namespace.\n"), "{said}");
        self.ends(server);
    }

    /// An orderly end leaves nothing; or what it leaves for another replica, that removes when nobody comes.
    fn ends(&self, server: Server) {
        assert!(server.stop().success());
        if self.kept {
            let _next = self.setup.and(&["--session-idle", self.idle]).start();
            until("nobody has come", || (self.sandboxes)().is_empty());
        }
        until("nothing is left", || (self.sandboxes)().is_empty());
    }

    async fn forwards(&self, learner: &mut Learner) {
        let forward = learner.begin("kubectl port-forward pod/web 8000:8000").await;
        learner.hear(|m| m["op"] == "output" && m["id"] == forward.as_str()).await;
        let said = learner.does("curl -s http://localhost:8000/").await;
        assert_eq!(said, "hello from web\n");
        learner.say(json!({"op": "cancel", "id": forward})).await;
        learner.hear(|m| m["op"] == "exit" && m["id"] == forward.as_str()).await;
    }

    async fn two_learners_never_meet(&self) {
        let server = self.working();
        let (mut ada, mut bob) = (Learner::arrive(&server).await, Learner::arrive(&server).await);
        ada.sandbox("ready").await;
        bob.sandbox("ready").await;
        ada.does("kubectl create configmap mine --from-literal=secret=1").await;
        let (code, said) = bob.run("kubectl get configmap mine").await;
        assert_eq!((code, said.as_str()), (1, "Error from server (NotFound): configmaps \"mine\" not found\n"));
        let configs = [server.get("/kubeconfig", &ada.cookie), server.get("/kubeconfig", &bob.cookie)];
        assert_ne!(configs[0], configs[1]);
        let stranger = server.get("/kubeconfig", "podyard=00000000000000000000000000000000");
        assert!(!stranger.contains("apiVersion"), "{stranger}");
        self.ends(server);
    }

    async fn nothing_is_left_when_a_session_lies_idle(&self) {
        let server = self.setup.and(&["--session-idle", self.idle]).start();
        let mut learner = Learner::arrive(&server).await;
        learner.sandbox("ready").await;
        learner.is_told("This session has ended").await;
        until("the sandbox has ended", || (self.sandboxes)().is_empty());
    }

    /// What a `kill -9` leaves is gone soon after the next start.
    async fn nothing_is_left_of_a_crash(&self) {
        let server = self.setup.and(&["--session-idle", "15s"]).start();
        let mut learner = Learner::arrive(&server).await;
        learner.sandbox("ready").await;
        learner.does("kubectl run sleeper --image=busybox --image-pull-policy=IfNotPresent -- sleep 1000").await;
        let left = (self.sandboxes)();
        server.crash();
        let _next = self.setup.and(&["--session-idle", self.idle]).start();
        until("what the crash left is gone", || !(self.sandboxes)().iter().any(|sandbox| left.contains(sandbox)));
    }
}

/// The real kubectl on the learner's own kubeconfig: a table, a watch, exec, and what is not there.
fn own_kubectl(server: &Server, learner: &Learner) {
    let home = tempfile::tempdir().unwrap();
    let config = server.kubeconfig(&learner.cookie, home.path());
    let kubectl = |args: &[&str]| {
        let mut command = std::process::Command::new(real_kubectl());
        let output = command.args(args).env("KUBECONFIG", &config).env("HOME", home.path()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = kubectl(&["get", "pods", "-o", "name"]);
    assert_eq!((code, said.as_str()), (Some(0), "pod/web\n"));
    let (code, said) = kubectl(&["exec", "web", "--", "hostname"]);
    assert_eq!((code, said.as_str()), (Some(0), "web\n"));
    let (code, said) = kubectl(&["wait", "pod/web", "--for=condition=Ready", "--timeout=60s"]);
    assert_eq!((code, said.as_str()), (Some(0), "pod/web condition met\n"));
}
