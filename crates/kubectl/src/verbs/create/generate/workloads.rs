//! Deployments, Jobs and CronJobs.

use serde_json::{Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    selection::Request,
    session::Session,
};

/// `create deployment`.
pub fn deployment(matches: &Matches, name: &str) -> Outcome<Value> {
    let (images, command) = (matches.list("image"), matches.after_dash());
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::said("cannot specify multiple --image options and command"));
    }
    let containers: Vec<Value> = images.iter().map(|image| container(matches, image, command)).collect();
    let labels = json!({"app": name});
    Ok(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"labels": labels},
        "spec": {
            "replicas": matches.int("replicas"), "selector": {"matchLabels": labels}, "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
        "status": {},
    }))
}

fn container(matches: &Matches, image: &str, command: &[String]) -> Value {
    let mut container = json!({"name": container_name(image), "image": image, "resources": {}});
    if !command.is_empty() {
        container["command"] = command.to_vec().into();
    }
    if matches.int("port") >= 0 {
        container["ports"] = json!([{"containerPort": matches.int("port")}]);
    }
    container
}

/// The last part of the image's name, without tag and digest.
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' })
        .collect::<String>()
        .trim_matches('-')
        .to_owned()
}

fn job_spec(name: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut container = json!({"name": name, "image": image, "resources": {}});
    if !command.is_empty() {
        container["command"] = command.to_vec().into();
    }
    json!({"template": {"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}}})
}

/// `create job`, with an image or from a CronJob.
pub async fn job(session: &Session, matches: &Matches, name: &str) -> Outcome<Value> {
    let (image, from, command) = (matches.text("image"), matches.text("from"), matches.after_dash());
    if image.is_empty() == from.is_empty() {
        return Err(Failure::said("either --image or --from must be specified"));
    }
    if !from.is_empty() && !command.is_empty() {
        return Err(Failure::said("cannot specify --from and command"));
    }
    if from.is_empty() {
        return Ok(
            json!({"apiVersion": "batch/v1", "kind": "Job", "spec": job_spec(name, image, command, "Never"), "status": {}}),
        );
    }
    let mut found =
        Request { args: vec![from.to_owned()], ..Request::default() }.select(session).await?.all(session).await?;
    let Some(cron) = found.pop() else { return Err(Failure::said("from must be an existing cronjob")) };
    let resource = &cron.target.resource;
    if resource.kind != "CronJob" {
        return Err(Failure::Said(format!("unknown object type *{}.{}", resource.version, resource.kind)));
    }
    let template = &cron.value["spec"]["jobTemplate"];
    let mut annotations = template.pointer("/metadata/annotations").cloned().unwrap_or_else(|| json!({}));
    annotations["cronjob.kubernetes.io/instantiate"] = "manual".into();
    let owner = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "name": cron.target.name, "uid": text_at(&cron.value, "/metadata/uid"), "controller": true,
    });
    let mut metadata = json!({"annotations": annotations, "ownerReferences": [owner]});
    if let Some(labels) = template.pointer("/metadata/labels") {
        metadata["labels"] = labels.clone();
    }
    Ok(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"], "status": {}}))
}

/// `create cronjob`.
pub fn cron_job(matches: &Matches, name: &str) -> Outcome<Value> {
    let restart = matches.some("restart").unwrap_or("OnFailure");
    if !matches!(restart, "OnFailure" | "Never" | "Always") {
        return Err(Failure::Said(format!("invalid restart policy: {restart}")));
    }
    let spec = job_spec(name, matches.text("image"), matches.after_dash(), restart);
    Ok(json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "spec": {"jobTemplate": {"metadata": {"name": name}, "spec": spec}, "schedule": matches.text("schedule")},
        "status": {},
    }))
}

#[cfg(test)]
mod tests {
    use super::container_name;

    #[test]
    fn names_of_images() {
        for (image, name) in
            [("nginx", "nginx"), ("docker.io/library/nginx:1.27", "nginx"), ("x/My_App@sha256:0", "my-app")]
        {
            assert_eq!(container_name(image), name);
        }
    }
}
