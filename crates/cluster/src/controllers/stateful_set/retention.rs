//! What becomes of a StatefulSet's claims: `spec.persistentVolumeClaimRetentionPolicy`
//! (kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention). A claim that goes
//! with the set, or with a Pod that is one too many, is owned by it, and garbage collection does the rest.

use serde_json::Value;

use super::{identity, steps::wanted};
use crate::{
    controllers::{World, name_of, owned, write},
    json::{child, items, put, take, text},
    store::{Key, Object},
};

/// Whose a Pod's claims are.
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    Nobody,
    Set,
    Pod,
}

fn owner(set: &Value, ordinal: i64) -> Owner {
    let deletes = |when: &str| text(&set["spec"]["persistentVolumeClaimRetentionPolicy"], when) == "Delete";
    if deletes("whenScaled") && !wanted(set).contains(&ordinal) {
        Owner::Pod
    } else if deletes("whenDeleted") {
        Owner::Set
    } else {
        Owner::Nobody
    }
}

/// Writes down whose the claims of these Pods are.
pub(super) fn apply(world: &World, set: &Value, pods: &[Object]) {
    for pod in pods {
        let Some(ordinal) = identity::ordinal(set, pod) else { continue };
        let reference = match owner(set, ordinal) {
            Owner::Nobody => None,
            Owner::Set => Some(owned::reference(set)),
            Owner::Pod => Some(owned::reference(pod)),
        };
        for claim in identity::claims(set, ordinal) {
            let key = Key::new("persistentvolumeclaims", text(&set["metadata"], "namespace"), name_of(&claim));
            write::update(world, &key, |claim| give(claim, [set, pod], reference.clone()));
        }
    }
}

/// Makes a claim one owner's, of those two.
fn give(claim: &mut Value, either: [&Value; 2], owner: Option<Value>) {
    let mut owners = items(&claim["metadata"], "ownerReferences").to_vec();
    owners.retain(|known| !either.iter().any(|object| known["uid"] == object["metadata"]["uid"]));
    owners.extend(owner);
    let metadata = child(claim, "metadata");
    if owners.is_empty() {
        take(metadata, "ownerReferences");
    } else {
        put(metadata, "ownerReferences", owners);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_go_with_the_set_or_with_what_is_one_too_many() {
        let owner_of = |deleted: &str, scaled: &str, ordinal| {
            let policy = json!({"whenDeleted": deleted, "whenScaled": scaled});
            owner(&json!({"spec": {"replicas": 2, "persistentVolumeClaimRetentionPolicy": policy}}), ordinal)
        };
        assert_eq!([0, 2].map(|ordinal| owner_of("Retain", "Retain", ordinal)), [Owner::Nobody, Owner::Nobody]);
        assert_eq!([0, 2].map(|ordinal| owner_of("Delete", "Retain", ordinal)), [Owner::Set, Owner::Set]);
        assert_eq!([0, 2].map(|ordinal| owner_of("Retain", "Delete", ordinal)), [Owner::Nobody, Owner::Pod]);
        assert_eq!([0, 2].map(|ordinal| owner_of("Delete", "Delete", ordinal)), [Owner::Set, Owner::Pod]);
    }
}
