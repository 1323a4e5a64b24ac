//! The cluster's API from inside of a Pod, as "Accessing the Kubernetes API from a Pod" does it.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
};

use podyard_cluster::node::runtime::{Runtime, SandboxId, SandboxSpec};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::cluster::{TestCluster, ready};

const SERVICE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 1), 443);
const CREDENTIALS: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

const CLIENT: &str = "
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: c, image: busybox, command: [sleep, '10000']}]}
";

/// Who only looks at pods of this namespace.
const READER: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
";

/// A place in the Pods' network, and whom it trusts.
struct Inside<'a> {
    test: &'a TestCluster,
    pod: SandboxId,
    trusted: ClientConfig,
}

impl<'a> Inside<'a> {
    async fn of(test: &'a TestCluster) -> Self {
        let authority = test.exec("client", &format!("cat {CREDENTIALS}/ca.crt")).await;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trusted = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let pod = SandboxId("beside".to_owned());
        let spec = SandboxSpec::plain(pod.clone(), "beside", [10, 244, 0, 250]);
        test.runtime.create_sandbox(spec).await.unwrap();
        Self { test, pod, trusted: trusted.with_root_certificates(roots).with_no_client_auth() }
    }

    /// What a GET brings: status and document.
    async fn get(&self, at: SocketAddrV4, host: &'static str, path: &str, token: Option<&str>) -> (u16, Value) {
        let connection = self.test.runtime.connect(self.pod.clone(), at).await.unwrap();
        let connector = TlsConnector::from(Arc::new(self.trusted.clone()));
        let mut stream = connector.connect(ServerName::try_from(host).unwrap(), connection).await.unwrap();
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n{token}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }
}

#[tokio::test]
async fn a_pod_asks_the_api_with_its_token_and_is_nobody_without() {
    let test = TestCluster::start().await;
    test.create(CLIENT).await;
    test.pod_when("client", ready).await;
    let inside = Inside::of(&test).await;
    let token = test.exec("client", &format!("cat {CREDENTIALS}/token")).await;
    let pods = "/api/v1/namespaces/default/pods";

    let (status, versions) = inside.get(SERVICE, "kubernetes.default.svc", "/api", Some(&token)).await;
    assert_eq!((status, &versions["kind"]), (200, &Value::from("APIVersions")));
    let (status, refusal) = inside.get(SERVICE, "kubernetes.default.svc", pods, Some(&token)).await;
    assert_eq!(status, 403);
    assert_eq!(
        refusal["message"],
        "pods is forbidden: User \"system:serviceaccount:default:default\" cannot list resource \"pods\" in API group \
         \"\" in the namespace \"default\""
    );
    test.create(READER).await;
    let (status, list) = inside.get(SERVICE, "10.96.0.1", pods, Some(&token)).await;
    assert_eq!((status, &list["items"][0]["metadata"]["name"]), (200, &Value::from("client")));

    // Where the Service's endpoints say that it is, too.
    let node = SocketAddrV4::new(Ipv4Addr::new(172, 18, 0, 2), 6443);
    let (status, nobody) = inside.get(node, "172.18.0.2", pods, None).await;
    let said = nobody["message"].as_str().unwrap();
    assert_eq!((status, said.contains("User \"system:anonymous\" cannot list")), (403, true), "{said}");
    assert_eq!(inside.get(node, "172.18.0.2", "/version", None).await.0, 200);
    let (status, _) = inside.get(node, "172.18.0.2", "/version", Some("not.a.token")).await;
    assert_eq!(status, 401);
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_so() {
    let test = TestCluster::start().await;
    test.create(CLIENT).await;
    test.pod_when("client", ready).await;
    let plain = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc kubernetes.default.svc $KUBERNETES_SERVICE_PORT | tail -1";
    assert_eq!(test.exec("client", plain).await, "Client sent an HTTP request to an HTTPS server.\n");
    test.cluster.shutdown().await;
}
