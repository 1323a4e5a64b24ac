//! An operator as people write them with kube-rs, on an embedded cluster that knows nothing of it: the kind is installed
//! from a derived schema, a controller owns what it makes, tells a status, and tidies up behind a finalizer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::StreamExt;
use k8s_openapi::{
    api::{apps::v1::Deployment, core::v1::ConfigMap},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config, CustomResource, CustomResourceExt, KubeSchema, Resource, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::{
        Controller,
        controller::Action,
        finalizer::{Event, finalizer},
        wait::{Condition, await_condition, conditions},
        watcher,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::program::{PATIENCE, TestCluster};

const MANAGER: &str = "website-operator";
const FINALIZER: &str = "websites.podyard.test/farewell";

/// A page, and how many Pods serve it.
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, Serialize)]
#[kube(
    group = "podyard.test",
    version = "v1",
    kind = "Website",
    namespaced,
    status = "WebsiteStatus",
    shortname = "site",
    validation = kube::core::Rule::new("self.metadata.name != 'forbidden'").message("choose another name"),
    scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.ready"),
    printcolumn(name = "Ready", type_ = "integer", json_path = ".status.ready")
)]
pub struct WebsiteSpec {
    /// What the page says.
    #[x_kube(validation = kube::core::Rule::new("self != ''").message("a page says something"))]
    page: String,
    /// How many Pods there are.
    #[serde(default = "one")]
    replicas: i32,
}

const fn one() -> i32 {
    1
}

/// How it goes.
#[derive(Clone, Debug, Default, Deserialize, Serialize, schemars::JsonSchema)]
pub struct WebsiteStatus {
    ready: i32,
}

/// What the operator makes for a website.
fn children(site: &Website) -> (ConfigMap, Deployment) {
    let name = site.name_any();
    let metadata = json!({"name": name, "ownerReferences": [site.controller_owner_ref(&()).unwrap()]});
    let labels = json!({"site": name});
    let container = json!({"name": "web", "image": "busybox", "command": ["sleep", "3600"],
        "volumeMounts": [{"name": "page", "mountPath": "/page"}]});
    let pod = json!({"terminationGracePeriodSeconds": 0, "containers": [container],
        "volumes": [{"name": "page", "configMap": {"name": name}}]});
    let page =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"index.html": site.spec.page}});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
        "replicas": site.spec.replicas, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod}}});
    (serde_json::from_value(page).unwrap(), serde_json::from_value(deployment).unwrap())
}

async fn apply<K>(api: &Api<K>, object: &K) -> kube::Result<K>
where
    K: Resource + Clone + Serialize + DeserializeOwned + std::fmt::Debug,
{
    api.patch(&object.name_any(), &PatchParams::apply(MANAGER).force(), &Patch::Apply(object)).await
}

async fn reconcile(
    site: Arc<Website>,
    client: Arc<Client>,
) -> Result<Action, kube::runtime::finalizer::Error<kube::Error>> {
    let client = Client::clone(&client);
    let sites: Api<Website> = Api::namespaced(client.clone(), "default");
    finalizer(&sites, FINALIZER, site, |event| async move {
        match event {
            Event::Apply(site) => keep(&site, client).await,
            Event::Cleanup(site) => bid_farewell(&site, client).await,
        }
    })
    .await
}

/// Makes what is missing, and says how many Pods are ready.
async fn keep(site: &Website, client: Client) -> Result<Action, kube::Error> {
    let (page, deployment) = children(site);
    apply(&Api::namespaced(client.clone(), "default"), &page).await?;
    let made: Deployment = apply(&Api::namespaced(client.clone(), "default"), &deployment).await?;
    let ready = made.status.and_then(|status| status.ready_replicas).unwrap_or(0);
    let sites: Api<Website> = Api::namespaced(client, "default");
    let status = json!({"apiVersion": "podyard.test/v1", "kind": "Website", "status": {"ready": ready}});
    sites.patch_status(&site.name_any(), &PatchParams::apply(MANAGER).force(), &Patch::Apply(&status)).await?;
    Ok(Action::await_change())
}

/// What is owned goes by itself; that it went is written down.
async fn bid_farewell(site: &Website, client: Client) -> Result<Action, kube::Error> {
    let name = format!("farewell-{}", site.name_any());
    let farewell: ConfigMap =
        serde_json::from_value(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})).unwrap();
    apply(&Api::namespaced(client, "default"), &farewell).await?;
    Ok(Action::await_change())
}

/// The operator's main loop.
async fn operate(client: Client) {
    let all = watcher::Config::default();
    Controller::new(Api::<Website>::namespaced(client.clone(), "default"), all.clone())
        .owns(Api::<Deployment>::namespaced(client.clone(), "default"), all.clone())
        .owns(Api::<ConfigMap>::namespaced(client.clone(), "default"), all)
        .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(1)), Arc::new(client))
        .for_each(|_| std::future::ready(()))
        .await;
}

async fn client(cluster: &TestCluster) -> Client {
    let kubeconfig = Kubeconfig::read_from(cluster.home.path().join("config")).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

async fn until<K>(api: &Api<K>, name: &str, what: &str, condition: impl Condition<K>) -> Option<K>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let waiting = await_condition(api.clone(), name, condition);
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{name}: {what}")).unwrap()
}

fn ready(count: i32) -> impl Condition<Website> {
    move |site: Option<&Website>| site.is_some_and(|site| site.status.as_ref().is_some_and(|s| s.ready == count))
}

fn is_gone<K>(object: Option<&K>) -> bool {
    object.is_none()
}

fn website(name: &str, spec: Value) -> Website {
    let object = json!({"apiVersion": "podyard.test/v1", "kind": "Website", "metadata": {"name": name}, "spec": spec});
    serde_json::from_value(object).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_written_with_kube_runs_unchanged() {
    let cluster = TestCluster::start();
    let client = client(&cluster).await;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    apply(&definitions, &Website::crd()).await.unwrap();
    until(&definitions, Website::crd_name(), "established", conditions::is_crd_established()).await;
    let operator = tokio::spawn(operate(client.clone()));

    let sites: Api<Website> = Api::namespaced(client.clone(), "default");
    refuses_what_its_rules_forbid(&sites).await;
    let site = sites.create(&PostParams::default(), &website("home", json!({"page": "hello"}))).await.unwrap();
    assert_eq!(site.spec.replicas, 1, "the schema's default");
    until(&sites, "home", "one Pod", ready(1)).await;

    let mut scale = sites.get_scale("home").await.unwrap();
    scale.spec.as_mut().unwrap().replicas = Some(2);
    sites.replace_scale("home", &PostParams::default(), &scale).await.unwrap();
    until(&sites, "home", "two Pods", ready(2)).await;

    let pages: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    let lost = pages.get("home").await.unwrap();
    pages.delete("home", &DeleteParams::default()).await.unwrap();
    let another = move |page: Option<&ConfigMap>| page.is_some_and(|page| page.uid() != lost.uid());
    let page = until(&pages, "home", "made again", another).await.unwrap();
    assert_eq!(page.data, Some(BTreeMap::from([("index.html".to_owned(), "hello".to_owned())])));

    sites.delete("home", &DeleteParams::default()).await.unwrap();
    until(&sites, "home", "let go by its finalizer", is_gone::<Website>).await;
    pages.get("farewell-home").await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(client, "default");
    until(&deployments, "home", "gone with its owner", is_gone::<Deployment>).await;
    operator.abort();
}

async fn refuses_what_its_rules_forbid(sites: &Api<Website>) {
    for (name, spec, why) in [
        ("forbidden", json!({"page": "x"}), "choose another name"),
        ("empty", json!({"page": ""}), "a page says something"),
    ] {
        let refused = sites.create(&PostParams::default(), &website(name, spec)).await.unwrap_err();
        let kube::Error::Api(status) = refused else { panic!("{refused}") };
        assert!(status.code == 422 && status.message.contains(why), "{}", status.message);
    }
}
