//! `api-resources`, `api-versions` and `cluster-info`: what the server has.

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    output::table::Grid,
    resolve::Resource,
    session::Session,
};

/// Runs `api-versions`.
pub async fn versions(session: &Session, matches: &Matches) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::usage(
            "kubectl api-versions",
            format!("unexpected arguments: [{}]", matches.args.join(" ")),
        ));
    }
    let mut versions = session.discovery().await?.versions.clone();
    versions.sort();
    session.out(&versions.iter().map(|version| format!("{version}\n")).collect::<String>()).await
}

/// Runs `api-resources`.
pub async fn resources(session: &Session, matches: &Matches) -> Outcome {
    let output = matches.text("output");
    if !matches!(output, "" | "wide" | "name") {
        return Err(Failure::Said(format!("--output {output} is not available")));
    }
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

fn wanted(resource: &Resource, matches: &Matches) -> bool {
    let verbs = matches.list("verbs");
    let categories = matches.list("categories");
    !resource.verbs.is_empty()
        && (!matches.given("api-group") || resource.group == matches.text("api-group"))
        && (!matches.given("namespaced") || resource.namespaced == matches.on("namespaced"))
        && verbs.iter().all(|verb| resource.can(verb))
        && categories.iter().all(|category| resource.categories.contains(category))
}

/// Runs `cluster-info`.
pub async fn cluster(session: &Session, matches: &Matches) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::Said(format!(
            "unknown command {:?}\nSee 'kubectl cluster-info -h' for help and examples",
            matches.args.join(" ")
        )));
    }
    session.server.text("/readyz").await?;
    let address = "https://kubernetes";
    session
        .out(&format!(
            "\u{1b}[0;32mKubernetes control plane\u{1b}[0m is running at \u{1b}[0;33m{address}\u{1b}[0m\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n"
        ))
        .await
}
