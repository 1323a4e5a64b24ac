//! Priority: the number behind a Pod's priority class.

use serde_json::Value;

use super::{Context, Forbidden};
use crate::{
    json::{child, fill, flag, int, put, text},
    store::Key,
};

/// The classes that every cluster has, with their values.
const BUILT_IN: [(&str, i64); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

pub(super) fn admit(pod: &mut Value, context: &Context<'_>) -> Result<(), Forbidden> {
    let spec = child(pod, "spec");
    let (class, value, preemption) = if text(spec, "priorityClassName").is_empty() {
        global_default(context)
    } else {
        named(text(spec, "priorityClassName"), context)?
    };
    if let Some(given) = int(spec, "priority")
        && given != value
    {
        return Err(Forbidden(format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller \
             computed {value} from the given PriorityClass name"
        )));
    }
    let asked = text(spec, "preemptionPolicy");
    if !asked.is_empty() && asked != preemption {
        return Err(Forbidden(format!(
            "the string value of PreemptionPolicy ({asked}) must not be provided in pod spec; priority admission \
             controller computed {preemption} from the given PriorityClass name"
        )));
    }
    if !class.is_empty() {
        put(spec, "priorityClassName", class);
    }
    put(spec, "priority", value);
    fill(spec, "preemptionPolicy", preemption);
    Ok(())
}

type Class = (String, i64, String);

fn named(name: &str, context: &Context<'_>) -> Result<Class, Forbidden> {
    if let Some(class) = context.store.get(&Key::new("priorityclasses.scheduling.k8s.io", "", name)) {
        return Ok(read(&class));
    }
    let built_in = BUILT_IN.iter().find(|(class, _)| *class == name);
    let class = built_in.map(|(class, value)| ((*class).to_owned(), *value, "PreemptLowerPriority".to_owned()));
    class.ok_or_else(|| Forbidden(format!("no PriorityClass with name {name} was found")))
}

fn global_default(context: &Context<'_>) -> Class {
    let (_, classes) = context.store.list("priorityclasses.scheduling.k8s.io", None);
    let default = classes.iter().filter(|class| flag(class, "globalDefault")).min_by_key(|class| int(class, "value"));
    default.map_or((String::new(), 0, "PreemptLowerPriority".to_owned()), |class| read(class))
}

fn read(class: &Value) -> Class {
    let policy = text(class, "preemptionPolicy");
    let policy = if policy.is_empty() { "PreemptLowerPriority" } else { policy };
    (text(&class["metadata"], "name").to_owned(), int(class, "value").unwrap_or(0), policy.to_owned())
}
