//! Pods whose images are in a registry that wants to know who asks: a token service, and pull secrets.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use k8s_openapi::api::core::v1::Pod;
use podyard_cluster::node::images::{BUSYBOX, ImageStore, Registries};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cluster::{TestCluster, ended, waiting};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// `ann:secret`, as a header and a pull secret have it.
const ANN: &str = "YW5uOnNlY3JldA==";

type Blobs = Arc<HashMap<String, (&'static str, Vec<u8>)>>;

fn digest(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// An image with the machine's busybox, at `team/app:1`.
fn blobs() -> HashMap<String, (&'static str, Vec<u8>)> {
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_path_with_name(BUSYBOX, "bin/busybox").unwrap();
    let layer = tar.into_inner().unwrap();
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let config = json!({"os": "linux", "architecture": architecture, "config": {"Cmd": ["/bin/busybox", "echo", "pulled"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]}});
    let config = config.to_string().into_bytes();
    let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": part(CONFIG, &config),
        "layers": [part(LAYER, &layer)]});
    let manifest = manifest.to_string().into_bytes();
    let at = |kind: &str, name: &str| format!("/v2/team/app/{kind}/{name}");
    HashMap::from([
        (at("blobs", &digest(&layer)), (LAYER, layer)),
        (at("blobs", &digest(&config)), (CONFIG, config)),
        (at("manifests", &digest(&manifest)), (MANIFEST, manifest.clone())),
        (at("manifests", "1"), (MANIFEST, manifest)),
    ])
}

async fn answer(State(blobs): State<Blobs>, uri: Uri, headers: HeaderMap) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    if uri.path() == "/token" {
        return match text(header::AUTHORIZATION).strip_prefix("Basic ") {
            Some(ANN) => r#"{"token": "ann's"}"#.into_response(),
            Some(_) => StatusCode::UNAUTHORIZED.into_response(),
            None => r#"{"token": "nobody's"}"#.into_response(),
        };
    }
    if text(header::AUTHORIZATION) != "Bearer ann's" {
        let challenge = format!(r#"Bearer realm="http://{}/token",service="team""#, text(header::HOST));
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response();
    }
    match blobs.get(uri.path()) {
        Some((kind, bytes)) => {
            let digest = digest(bytes);
            ([(header::CONTENT_TYPE.as_str(), *kind), ("docker-content-digest", &digest)], bytes.clone())
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn registry() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = Router::new().fallback(answer).with_state(Arc::new(blobs()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn pull_secret(name: &str, place: &str, auth: &str) -> String {
    let config = json!({"auths": {place: {"auth": auth}}}).to_string();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": name}, "stringData": {".dockerconfigjson": config}});
    secret.to_string()
}

fn pod(image: &str, policy: &str, secrets: &[&str]) -> Value {
    let secrets: Vec<Value> = secrets.iter().map(|name| json!({"name": name})).collect();
    json!({"restartPolicy": "Never", "imagePullSecrets": secrets,
        "containers": [{"name": "c", "image": image, "imagePullPolicy": policy}]})
}

#[tokio::test]
async fn a_pod_shows_its_pull_secrets_and_gets_what_they_open() {
    let address = registry().await;
    let directory = tempfile::tempdir().unwrap();
    let store = ImageStore::open(directory.path()).unwrap();
    let test = TestCluster::with_images(Arc::new(store.asking(Registries::with(vec![], vec![address.clone()])))).await;
    let image = format!("{address}/team/app:1");
    let refusal = async |secrets: &[&str]| {
        let name = test.start_pod(pod(&image, "IfNotPresent", secrets)).await.metadata.name.unwrap();
        let refused = |pod: Option<&Pod>| pod.and_then(waiting).is_some_and(|why| why.0 == "ErrImagePull");
        waiting(&test.pod_when(&name, refused).await).unwrap().1
    };
    let denied = refusal(&[]).await;
    assert!(denied.contains("pull access denied, repository does not exist or may require authorization"), "{denied}");
    test.create(&pull_secret("wrong", &address, "YW5uOm9sZA==")).await;
    let wrong = refusal(&["wrong"]).await;
    assert!(wrong.contains("failed to authorize: failed to fetch oauth token"), "{wrong}");
    test.create(&pull_secret("other", &format!("{address}/elsewhere"), ANN)).await;
    assert_eq!(refusal(&["other"]).await, denied, "it is for another part of the registry");
    test.create(&pull_secret("right", &format!("http://{address}/team"), ANN)).await;
    let (pulled, log) = test.run(pod(&image, "IfNotPresent", &["wrong", "right"])).await;
    assert_eq!(log, "pulled\n", "{pulled:#?}");
    // It is on the node now, for whoever shows the same.
    let (_, log) = test.run(pod(&image, "Never", &["right"])).await;
    assert_eq!(log, "pulled\n");
    let name = test.start_pod(pod(&image, "Never", &[])).await.metadata.name.unwrap();
    let hidden = |pod: Option<&Pod>| pod.and_then(waiting).is_some_and(|why| why.0 == "ErrImageNeverPull");
    test.pod_when(&name, hidden).await;
    assert!(!ended(Some(&test.pods.get(&name).await.unwrap())));
    test.cluster.shutdown().await;
}
