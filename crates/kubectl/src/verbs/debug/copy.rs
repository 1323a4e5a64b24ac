//! A copy of a Pod, changed.

use serde_json::{Value, json};

use super::{
    Wish,
    profile::{Way, container_in, container_of},
    warn_without_root,
};
use crate::{
    failure::{Failure, Outcome, text_at},
    session::Session,
    verbs::run::pod_path,
};

/// Makes the copy; gives it, and the container to attach to: none when only images were changed.
pub(super) async fn create(session: &Session, wish: &Wish<'_>, pod: &Value) -> Outcome<(Value, String)> {
    let mut copy = bare(wish, pod);
    let name = match change(session, wish, &mut copy).await? {
        Some(name) => {
            wish.profile.apply(&mut copy, &name, Way::Copy, wish.keep);
            customize(wish, &mut copy, &name)?;
            name
        }
        None => String::new(),
    };
    if let Some(container) = copy["spec"]["containers"].as_array().into_iter().flatten().find(|c| c["name"] == name) {
        warn_without_root(session, &copy, container).await?;
    }
    let place = format!("/api/v1/namespaces/{}/pods", text_at(pod, "/metadata/namespace"));
    let created = session.server.post(&place, &copy).await?;
    if wish.matches.on("replace") {
        let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0});
        session.server.delete(&pod_path(pod), &options).await?;
    }
    Ok((created, name))
}

/// The Pod under its new name, with other images where `--set-image` has them.
fn bare(wish: &Wish<'_>, pod: &Value) -> Value {
    let mut metadata = json!({"name": wish.matches.text("copy-to"), "namespace": pod["metadata"]["namespace"]});
    for field in ["labels", "annotations"] {
        if let Some(kept) = pod["metadata"].get(field) {
            metadata[field] = kept.clone();
        }
    }
    let mut spec = pod["spec"].as_object().cloned().unwrap_or_default();
    spec.remove("ephemeralContainers");
    if !wish.matches.on("same-node") {
        spec.remove("nodeName");
    }
    if wish.matches.given("share-processes") {
        spec.insert("shareProcessNamespace".to_owned(), wish.matches.on("share-processes").into());
    }
    let images = wish.matches.pairs("set-image");
    let image = |name: &str| images.iter().rev().find(|(container, _)| container == name).map(|(_, image)| image);
    for container in spec.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = container["name"].as_str().unwrap_or_default();
        if let Some(image) = image(name).or_else(|| image("*")).cloned() {
            container["image"] = image.into();
        }
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

/// Adds a container or changes the one that is named; gives its name, if there is one to look through.
async fn change(session: &Session, wish: &Wish<'_>, copy: &mut Value) -> Outcome<Option<String>> {
    let asked = wish.matches.text("container").to_owned();
    if container_in(copy, &asked).is_some() {
        if let Some(container) = container_of(copy, &asked) {
            overwrite(wish, container);
        }
        return Ok(Some(asked));
    }
    if wish.matches.text("image").is_empty() {
        return if wish.matches.pairs("set-image").is_empty() {
            Err(Failure::said("you must specify image when creating new container"))
        } else {
            Ok(None)
        };
    }
    let name = wish.name(session, copy).await?;
    if let Some(containers) = copy["spec"]["containers"].as_array_mut() {
        containers.push(wish.container(&name));
    }
    Ok(Some(name))
}

fn overwrite(wish: &Wish<'_>, container: &mut Value) {
    let words = wish.matches.after_dash();
    if !words.is_empty() {
        if let Some(fields) = container.as_object_mut() {
            fields.remove("args");
        }
        container[wish.words_field()] = words.to_vec().into();
    }
    let env = wish.env();
    if !env.is_empty() {
        container["env"] = env.into();
    }
    for (flag, field) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
        if let Some(text) = wish.matches.some(flag) {
            container[field] = text.into();
        }
    }
    for flag in ["stdin", "tty"] {
        container[flag] = wish.matches.on(flag).into();
    }
}

fn customize(wish: &Wish<'_>, copy: &mut Value, name: &str) -> Outcome {
    if wish.custom.is_none() {
        return Ok(());
    }
    let pod = text_at(copy, "/metadata/name").to_owned();
    let mut containers = copy["spec"]["containers"].as_array_mut().into_iter().flatten();
    let Some(container) = containers.find(|container| container["name"] == name) else {
        return Err(Failure::Said(format!("unable to find the {name} container in the pod {pod}")));
    };
    wish.customize(container);
    Ok(())
}
