//! `api-resources`, `api-versions` and `cluster-info`: what the server has.

use serde_json::{Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    output::{printer::Printer, table::Grid},
    resolve::Resource,
    server::{JSON, query},
    session::Session,
};

/// What `api-resources -o` takes.
const FORMATS: &str = "json,kyaml,name,wide,yaml";

/// Runs `api-versions`.
pub async fn versions(session: &Session, matches: &Matches) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::usage(
            "kubectl api-versions",
            format!("unexpected arguments: [{}]", matches.args.join(" ")),
        ));
    }
    let found = session.discovery().await;
    let mut versions = found.map_err(unversioned)?.versions.to_vec();
    versions.sort();
    session.out(&versions.iter().map(|version| format!("{version}\n")).collect::<String>()).await
}

/// Words around an absent server.
fn unversioned(failure: Failure) -> Failure {
    match failure {
        Failure::Refused { .. } => failure.prefixed("couldn't get available api versions from server: "),
        other => other,
    }
}

/// Runs `api-resources`.
pub async fn resources(session: &Session, matches: &Matches) -> Outcome {
    let output = matches.text("output");
    if !matches.args.is_empty() {
        return Err(Failure::usage(
            "kubectl api-resources",
            format!("unexpected arguments: [{}]", matches.args.join(" ")),
        ));
    }
    let printer = Printer::of(session, matches, FORMATS).await?.filter(|printer| !printer.names_only());
    let sort = matches.text("sort-by");
    if !matches!(sort, "" | "name" | "kind") {
        return Err(Failure::Said("--sort-by accepts only name or kind".to_owned()));
    }
    let discovery = session.discovery().await?;
    let preferred = |resource: &&Resource| discovery.preferred(&resource.group, &resource.plural) == Some(*resource);
    let mut shown: Vec<&Resource> =
        discovery.resources.iter().filter(|resource| wanted(resource, matches)).filter(preferred).collect();
    shown.sort_by_key(|resource| match sort {
        "name" => (String::new(), resource.plural.clone()),
        "kind" => (String::new(), resource.kind.clone()),
        _ => (resource.group.clone(), resource.plural.clone()),
    });
    if let Some(printer) = printer {
        let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "", "resources": shown.iter().map(|resource| described(resource)).collect::<Vec<_>>()});
        return session.out(&printer.ordered_by(RESOURCE_FIELDS).print(&list)?).await;
    }
    if output == "name" {
        return session
            .out(&shown.iter().map(|resource| format!("{}\n", resource.full_plural())).collect::<String>())
            .await;
    }
    let wide = output == "wide";
    let mut grid = Grid::default();
    if !matches.on("no-headers") {
        let head = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
        grid.row(head.into_iter().chain(["VERBS", "CATEGORIES"].into_iter().filter(|_| wide)));
    }
    for resource in shown {
        let cells = [
            resource.plural.clone(),
            resource.short.join(","),
            resource.api_version(),
            resource.namespaced.to_string(),
            resource.kind.clone(),
        ];
        grid.row(
            cells
                .into_iter()
                .chain([resource.verbs.join(","), resource.categories.join(",")].into_iter().filter(|_| wide)),
        );
    }
    session.out(&grid.text()).await
}

/// The fields of an `APIResourceList` as Go declares them.
const RESOURCE_FIELDS: &str = "kind apiVersion groupVersion resources; name singularName namespaced group version kind verbs shortNames categories";

/// A resource as discovery has it. Its kind comes after its version there.
fn described(resource: &Resource) -> Value {
    let mut value = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "version": resource.version, "kind": resource.kind, "verbs": resource.verbs,
    });
    if !resource.group.is_empty() {
        value["group"] = resource.group.clone().into();
    }
    if !resource.short.is_empty() {
        value["shortNames"] = resource.short.clone().into();
    }
    if !resource.categories.is_empty() {
        value["categories"] = resource.categories.clone().into();
    }
    value
}

fn wanted(resource: &Resource, matches: &Matches) -> bool {
    let verbs = matches.list("verbs");
    let categories = matches.list("categories");
    !resource.verbs.is_empty()
        && (!matches.given("api-group") || resource.group == matches.text("api-group"))
        && (!matches.given("namespaced") || resource.namespaced == matches.on("namespaced"))
        && verbs.iter().all(|verb| resource.can(verb))
        && categories.iter().all(|category| resource.categories.contains(category))
}

/// The Services that say of themselves that they belong to the cluster: name and path of a proxy to each.
async fn add_ons(session: &Session) -> Outcome<Vec<(String, String)>> {
    let pairs = [("labelSelector", "kubernetes.io/cluster-service=true".to_owned())];
    session.reachable().await?;
    let list = session.server.get(&format!("/api/v1/namespaces/kube-system/services{}", query(&pairs)), JSON).await?;
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(items.iter().map(add_on).collect())
}

fn add_on(service: &Value) -> (String, String) {
    let (name, label) = (text_at(service, "/metadata/name"), text_at(service, "/metadata/labels/kubernetes.io~1name"));
    let port = service.pointer("/spec/ports/0").unwrap_or(&Value::Null);
    let secure = port["port"] == 443 || text_at(port, "/name").contains("https");
    let scheme = if secure { "https:" } else { "" };
    let port = text_at(port, "/name");
    let shown = if label.is_empty() { name } else { label };
    (shown.to_owned(), format!("/api/v1/namespaces/kube-system/services/{scheme}{name}:{port}/proxy"))
}

/// Runs `cluster-info`.
pub async fn cluster(session: &Session) -> Outcome {
    let address = session.kubeconfig.server();
    let paint = |colour: u8, text: &str| match session.terminal {
        Some(_) => format!("\u{1b}[0;{colour}m{text}\u{1b}[0m"),
        None => text.to_owned(),
    };
    let found = add_ons(session).await;
    if let Ok(add_ons) = &found {
        let own = ("Kubernetes control plane".to_owned(), String::new());
        for (name, path) in [&[own], add_ons.as_slice()].concat() {
            let place = format!("{address}{path}");
            session.line(format!("{} is running at {}", paint(32, &name), paint(33, &place))).await?;
        }
    }
    session.line("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.").await?;
    found.map(drop)
}
