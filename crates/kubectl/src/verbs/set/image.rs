//! `set image`.

use std::collections::BTreeMap;

use super::{Call, NO_OBJECTS, Spec, one_choice, pod_spec};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    session::Session,
    verbs::{metadata, template},
};

/// Runs `set image`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let mut call = Call::new(session, matches).await?;
    let (names, pairs) = metadata::split(&matches.args, "image")?;
    let images = images(&pairs)?;
    let objects = call.objects(&names).await?;
    call.check()?;
    check(matches, &names, &images)?;
    let mut failures = Vec::new();
    for object in &objects {
        let mut changed = object.value.clone();
        match pod_spec(object, &mut changed) {
            Ok(spec) => failures.extend(apply(spec, &images)),
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        }
        let failing = "failed to patch image update to pod template: ";
        failures.extend(call.store_changed(object, &changed, "image updated", failing).await.err());
    }
    Failure::of(failures)
}

type Images<'a> = BTreeMap<&'a str, &'a str>;

fn images(pairs: &[String]) -> Outcome<Images<'_>> {
    let wrong: Vec<&str> = pairs.iter().filter(|pair| !pair.contains('=')).map(String::as_str).collect();
    if !wrong.is_empty() {
        return Err(Failure::Said(format!("invalid image pairs: {}", wrong.join(", "))));
    }
    Ok(pairs.iter().filter_map(|pair| pair.split_once('=')).collect())
}

fn check(matches: &Matches, names: &[String], images: &Images<'_>) -> Outcome {
    let mut wrong: Vec<Failure> = one_choice(matches).err().into_iter().collect();
    if names.is_empty() && !matches.reads_files() {
        wrong.push(Failure::said(NO_OBJECTS));
    }
    if images.is_empty() {
        wrong.push(Failure::said("at least one image update is required"));
    } else if images.len() > 1 && images.contains_key("*") {
        wrong.push(Failure::said(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        ));
    }
    Failure::of(wrong)
}

/// Gives each container its image; names that no container has are mistakes.
fn apply(spec: &mut Spec, images: &Images<'_>) -> Vec<Failure> {
    let mut containers = template::containers_mut(spec);
    let mut missing = Vec::new();
    for (name, image) in images {
        let meant = containers.iter_mut().filter(|container| *name == "*" || template::name(container) == *name);
        let found = meant.map(|container| container.insert("image".to_owned(), (*image).into())).count();
        if found == 0 {
            missing.push(Failure::Said(format!("error: unable to find container named {name:?}")));
        }
    }
    missing
}
