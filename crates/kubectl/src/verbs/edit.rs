//! `edit`: objects as YAML, changed by a person; with `apply edit-last-applied`, what was applied to them.

mod draft;
mod save;

use serde_json::{Value, json};

use self::{
    draft::Draft,
    save::{Applied, Save, Stored},
};
use super::{apply, result::Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    selection::{Object, Request, Target},
    session::Session,
};

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

const APPLIED_HEAD: &str = "# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
";

const NO_EDITOR: &str = "there is no editor here: change the file and run \"kubectl apply -f\" instead";

/// Runs `edit`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let objects = Request::listing(matches, &matches.args).select(session).await?.all(session).await?;
    let output = matches.text("output");
    if !matches!(output, "" | "json" | "kyaml" | "yaml") {
        return Err(Failure::Said(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats are: json,kyaml,yaml"
        )));
    }
    if objects.is_empty() {
        return Err(Failure::said("edit cancelled, no objects found"));
    }
    let shown: Vec<Value> = objects.iter().map(without_managed_fields).collect();
    let reporter = Reporter::of(session, matches).await?;
    let text = whole(shown.clone());
    let draft = Draft { head: HEAD, name: file_name(&objects[0].target) };
    let mut stored = Stored { session, matches, reporter, objects: &objects, shown };
    draft.edit(session, &text, &mut Save::Objects(&mut stored)).await
}

/// Runs `apply edit-last-applied`.
pub async fn last_applied(session: &Session, matches: &Matches) -> Outcome {
    let objects = Request::listing(matches, &matches.args).select(session).await?.all(session).await?;
    let mut manifests = Vec::new();
    for object in &objects {
        let Some(text) = apply::last_applied(&object.value) else { continue };
        let manifest: Value = serde_json::from_str(text).map_err(|error| Failure::Said(error.to_string()))?;
        manifests.push((&object.target, manifest));
    }
    let Some((first, _)) = manifests.first() else {
        return Err(Failure::said(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
        ));
    };
    let draft = Draft { head: APPLIED_HEAD, name: file_name(first) };
    let reporter = Reporter::of(session, matches).await?;
    let text = whole(manifests.iter().map(|(_, manifest)| manifest.clone()).collect());
    let mut applied = Applied { session, matches, reporter, manifests };
    draft.edit(session, &text, &mut Save::Applied(&mut applied)).await
}

/// What a person makes of an object that is not created yet (`create --edit`); `None` when it is given up.
pub async fn fresh(session: &Session, target: &Target, object: &Value) -> Outcome<Option<Value>> {
    let draft = Draft { head: HEAD, name: file_name(target) };
    let mut made = None;
    draft.edit(session, object, &mut Save::Fresh(&mut made)).await?;
    Ok(made)
}

fn file_name(target: &Target) -> String {
    format!("{}-{}.yaml", target.resource.plural, target.name)
}

fn without_managed_fields(object: &Object) -> Value {
    let mut shown = object.value.clone();
    if let Some(metadata) = shown.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    shown
}

/// One object, or a list of several.
fn whole(mut objects: Vec<Value>) -> Value {
    if objects.len() == 1 {
        return objects.remove(0);
    }
    json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": objects})
}
