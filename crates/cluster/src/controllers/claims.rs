//! PersistentVolumeClaims: volumes of the embedded default storage class, made when the first Pod needs them.

mod volumes;

use std::time::Duration;

use serde_json::{Value, json};

use super::{Controller, World, deletion, name_of, pods, write};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{at, child, has, items, put, text},
    store::{Change, Event, Key},
};

const RESOURCE: &str = "persistentvolumeclaims";
const VOLUMES: &str = "persistentvolumes";
pub(crate) const CLASSES: &str = "storageclasses.storage.k8s.io";
const PROTECTION: &str = "kubernetes.io/pvc-protection";
/// The provisioner of kind's own default class, whose part this controller plays.
const PROVISIONER: &str = "rancher.io/local-path";

pub(super) struct Claims {
    binder: Recorder,
    provisioner: Recorder,
}

impl Claims {
    pub(super) fn new(world: &World) -> Self {
        let recorder = |name| Recorder::controller(world.store.clone(), world.clock.clone(), name);
        add_default_class(world);
        Self { binder: recorder("persistentvolume-controller"), provisioner: recorder(PROVISIONER) }
    }

    fn bind(&self, world: &World, key: &Key, claim: &Value) {
        let about = Subject::of(claim);
        let class = text(&claim["spec"], "storageClassName");
        let found = world.get(&Key::new(CLASSES, "", class));
        let waits = found.as_deref().is_some_and(waits_for_pod) && users(world, key).is_empty();
        let (_, all) = world.store.list(VOLUMES, None);
        if let Some(volume) = volumes::choose(claim, &all).filter(|_| !waits) {
            return bind_to(world, key, claim, volume);
        }
        if !text(&claim["spec"], "volumeName").is_empty() {
            // It names a volume, which is not there yet.
            return;
        }
        if class.is_empty() {
            let message = "no persistent volumes available for this claim and no storage class is set";
            return self.binder.event(&about, Severity::Normal, "FailedBinding", "", message);
        }
        let Some(found) = found else {
            let message = format!("storageclass.storage.k8s.io {class:?} not found");
            return self.binder.event(&about, Severity::Warning, "ProvisioningFailed", "", &message);
        };
        if text(&found, "provisioner") != PROVISIONER {
            let message = format!(
                "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system \
                 administrator. If volume creation is delayed, please verify that the provisioner is running and \
                 correctly registered.",
                text(&found, "provisioner")
            );
            return self.binder.event(&about, Severity::Normal, "ExternalProvisioning", "", &message);
        }
        if waits {
            let message = "waiting for first consumer to be created before binding";
            return self.binder.event(&about, Severity::Normal, "WaitForFirstConsumer", "", message);
        }
        self.provision(world, key, claim, &found);
    }

    fn provision(&self, world: &World, key: &Key, claim: &Value, class: &Value) {
        let volume = volume_for(key, claim, class);
        let name = name_of(&volume).to_owned();
        let resource = crate::registry::find_kind("v1", VOLUME).expect("the core group has volumes");
        if let Err(write::CreateError::Refused(error)) = write::create(world, resource, "", volume) {
            return self.provisioner.event(&Subject::of(claim), Severity::Warning, "ProvisioningFailed", "", &error);
        }
        let bound = json!({"phase": "Bound"});
        write::put_status(world, &Key::new(VOLUMES, "", name.as_str()), bound);
        write::update(world, key, |claim| {
            put(child(claim, "spec"), "volumeName", name.as_str());
            let annotations = child(child(claim, "metadata"), "annotations");
            put(annotations, "pv.kubernetes.io/bind-completed", "yes");
            put(annotations, "pv.kubernetes.io/bound-by-controller", "yes");
            put(annotations, "volume.kubernetes.io/storage-provisioner", PROVISIONER);
            let status = json!({
                "phase": "Bound",
                "accessModes": claim["spec"]["accessModes"],
                "capacity": claim["spec"]["resources"]["requests"],
            });
            put(claim, "status", status);
        });
        let message = format!("Successfully provisioned volume {name}");
        self.provisioner.event(&Subject::of(claim), Severity::Normal, "ProvisioningSucceeded", "", &message);
    }
}

const VOLUME: &str = "PersistentVolume";

/// Whether the volumes of a class are made only when a Pod needs them.
pub(crate) fn waits_for_pod(class: &Value) -> bool {
    text(class, "volumeBindingMode") == "WaitForFirstConsumer"
}

/// Gives a claim a volume that is there.
fn bind_to(world: &World, key: &Key, claim: &Value, volume: &Value) {
    let volume_key = Key::new(VOLUMES, "", name_of(volume));
    let metadata = &claim["metadata"];
    write::update(world, &volume_key, |volume| {
        let was_kept = has(&volume["spec"], "claimRef");
        let reference = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": key.name, "namespace": key.namespace,
            "resourceVersion": metadata["resourceVersion"], "uid": metadata["uid"],
        });
        put(child(volume, "spec"), "claimRef", reference);
        if !was_kept {
            put(child(child(volume, "metadata"), "annotations"), BOUND_BY_CONTROLLER, "yes");
        }
        set_phase(world, volume, "Bound");
    });
    write::update(world, key, |claim| {
        let named = !text(&claim["spec"], "volumeName").is_empty();
        put(child(claim, "spec"), "volumeName", name_of(volume));
        let annotations = child(child(claim, "metadata"), "annotations");
        put(annotations, "pv.kubernetes.io/bind-completed", "yes");
        if !named {
            put(annotations, BOUND_BY_CONTROLLER, "yes");
        }
        let status = json!({
            "phase": "Bound",
            "accessModes": volume["spec"]["accessModes"],
            "capacity": volume["spec"]["capacity"],
        });
        put(claim, "status", status);
    });
}

const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

fn set_phase(world: &World, volume: &mut Value, phase: &str) {
    if text(&volume["status"], "phase") != phase {
        let now = api_time(world.clock.now());
        put(volume, "status", json!({"phase": phase, "lastPhaseTransitionTime": now}));
    }
}

impl Controller for Claims {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        match event.key.resource.as_str() {
            RESOURCE => mark(event.key.clone()),
            "pods" => {
                for claim in claims_of(&event.object) {
                    mark(Key::new(RESOURCE, event.key.namespace.as_str(), claim));
                }
            }
            VOLUMES if event.change != Change::Deleted => {
                mark(event.key.clone());
                // Whoever waits for a volume may get this one.
                let (_, claims) = world.store.list(RESOURCE, None);
                for claim in claims.iter().filter(|claim| text(&claim["status"], "phase") == "Pending") {
                    mark(Key::new(RESOURCE, text(&claim["metadata"], "namespace"), name_of(claim)));
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        if key.resource == VOLUMES {
            look_at_volume(world, key);
            return None;
        }
        let Some(claim) = world.get(key) else {
            reclaim(world, key);
            return None;
        };
        if has(&claim["metadata"], "deletionTimestamp") {
            if users(world, key).is_empty() {
                deletion::release(world, key, PROTECTION);
            }
        } else if text(&claim["status"], "phase") != "Bound" {
            self.bind(world, key, &claim);
        }
        None
    }
}

/// `standard`, as in kind.
fn add_default_class(world: &World) {
    let class = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "uid": world.clock.uid(),
            "creationTimestamp": api_time(world.clock.now()),
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    // One that is there already is somebody's own.
    let _ = world.store.insert(Key::new(CLASSES, "", "standard"), class);
}

/// The names of the claims that a Pod mounts.
fn claims_of(pod: &Value) -> Vec<String> {
    let own = text(&pod["metadata"], "name");
    let named = |volume: &Value| {
        let claim = at(volume, &["persistentVolumeClaim", "claimName"]).as_str().map(str::to_owned);
        claim.or_else(|| has(volume, "ephemeral").then(|| format!("{own}-{}", text(volume, "name"))))
    };
    items(&pod["spec"], "volumes").iter().filter_map(named).collect()
}

/// The Pods that mount a claim and have not ended.
fn users(world: &World, claim: &Key) -> Vec<String> {
    let (_, all) = world.store.list("pods", Some(&claim.namespace));
    let uses = |pod: &&crate::store::Object| !pods::has_ended(pod) && claims_of(pod).contains(&claim.name);
    all.iter().filter(uses).map(|pod| name_of(pod).to_owned()).collect()
}

fn volume_for(key: &Key, claim: &Value, class: &Value) -> Value {
    let uid = text(&claim["metadata"], "uid");
    json!({
        "apiVersion": "v1",
        "kind": VOLUME,
        "metadata": {"name": format!("pvc-{uid}"), "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": at(claim, &["spec", "resources", "requests", "storage"])},
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": key.name, "namespace": key.namespace,
                "resourceVersion": claim["metadata"]["resourceVersion"], "uid": uid,
            },
            "hostPath": {
                "path": format!("/var/local-path-provisioner/pvc-{uid}_{}_{}", key.namespace, key.name),
                "type": "DirectoryOrCreate",
            },
            "persistentVolumeReclaimPolicy": text(class, "reclaimPolicy"),
            "storageClassName": name_of(class),
            "volumeMode": text(&claim["spec"], "volumeMode"),
        },
    })
}

/// Volumes of a claim that is gone: deleted, or kept as released.
fn reclaim(world: &World, claim: &Key) {
    for volume in world.store.list(VOLUMES, None).1 {
        let reference = &volume["spec"]["claimRef"];
        if text(reference, "name") != claim.name || text(reference, "namespace") != claim.namespace {
            continue;
        }
        let key = Key::new(VOLUMES, "", name_of(&volume));
        if text(&volume["spec"], "persistentVolumeReclaimPolicy") == "Delete" {
            deletion::release(world, &key, "kubernetes.io/pv-protection");
            deletion::delete(world, &key);
        } else {
            write::update(world, &key, |volume| set_phase(world, volume, "Released"));
        }
    }
}

/// A new volume can be had; a deleted one goes when no claim has it.
fn look_at_volume(world: &World, key: &Key) {
    let Some(volume) = world.get(key) else { return };
    if !has(&volume["metadata"], "deletionTimestamp") {
        if text(&volume["status"], "phase") == "Pending" && !has(&volume["spec"], "claimRef") {
            write::update(world, key, |volume| set_phase(world, volume, "Available"));
        }
        return;
    }
    let reference = &volume["spec"]["claimRef"];
    let claim = Key::new(RESOURCE, text(reference, "namespace"), text(reference, "name"));
    if world.get(&claim).is_none() {
        deletion::release(world, key, "kubernetes.io/pv-protection");
    }
}
