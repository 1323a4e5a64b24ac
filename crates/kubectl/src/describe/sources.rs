//! What volumes are made of, as Pods and PersistentVolumes name it: one row per kind of source.

use serde_json::Value;

use super::page::{Page, at, entries, list, on, plain};

/// Attributes longer than this are cut.
const LONG: usize = 140;

/// Who names the source: some have more fields in a PersistentVolume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A Pod or a template.
    Pod,
    /// A PersistentVolume.
    Cluster,
}

/// How a field is shown.
#[derive(Debug, Clone, Copy)]
enum How {
    /// As it is; empty when it is missing.
    Text,
    /// `0` when it is missing.
    Number,
    /// `false` when it is missing.
    Flag,
    /// `<none>` when it is missing.
    OrNone,
    /// `<unset>` when it is missing or nothing.
    Size,
    /// `[a b]`.
    Words,
    /// `a, b`.
    Listed,
    /// A reference to a Secret, as Go prints one.
    Secret,
    /// `map[a:b]`.
    Map,
}

use How::{Flag, Listed, Map, Number, OrNone, Secret, Size, Text, Words};

/// Field of the volume, its title, and its rows: title, field, how it is shown.
type Source = (&'static str, &'static str, &'static [(&'static str, &'static str, How)]);

const SOURCES: &[Source] = &[
    (
        "hostPath",
        "HostPath (bare host directory volume)",
        &[("Path:", "path", Text), ("HostPathType:", "type", OrNone)],
    ),
    (
        "emptyDir",
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        &[("Medium:", "medium", Text), ("SizeLimit:", "sizeLimit", Size)],
    ),
    (
        "gcePersistentDisk",
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[
            ("PDName:", "pdName", Text),
            ("FSType:", "fsType", Text),
            ("Partition:", "partition", Number),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
    (
        "awsElasticBlockStore",
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        &[
            ("VolumeID:", "volumeID", Text),
            ("FSType:", "fsType", Text),
            ("Partition:", "partition", Number),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
    (
        "gitRepo",
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[("Repository:", "repository", Text), ("Revision:", "revision", Text)],
    ),
    (
        "secret",
        "Secret (a volume populated by a Secret)",
        &[("SecretName:", "secretName", Text), ("Optional:", "optional", Flag)],
    ),
    (
        "configMap",
        "ConfigMap (a volume populated by a ConfigMap)",
        &[("Name:", "name", Text), ("Optional:", "optional", Flag)],
    ),
    (
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server:", "server", Text), ("Path:", "path", Text), ("ReadOnly:", "readOnly", Flag)],
    ),
    (
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        &[
            ("TargetPortal:", "targetPortal", Text),
            ("IQN:", "iqn", Text),
            ("Lun:", "lun", Number),
            // kubectl has no colon here.
            ("ISCSIInterface", "iscsiInterface", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Flag),
            ("Portals:", "portals", Words),
            ("DiscoveryCHAPAuth:", "chapAuthDiscovery", Flag),
            ("SessionCHAPAuth:", "chapAuthSession", Flag),
            ("SecretRef:", "secretRef", Secret),
            ("InitiatorName:", "initiatorName", OrNone),
        ],
    ),
    (
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName:", "claimName", Text), ("ReadOnly:", "readOnly", Flag)],
    ),
    (
        "rbd",
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        &[
            ("CephMonitors:", "monitors", Words),
            ("RBDImage:", "image", Text),
            ("FSType:", "fsType", Text),
            ("RBDPool:", "pool", Text),
            ("RadosUser:", "user", Text),
            ("Keyring:", "keyring", Text),
            ("SecretRef:", "secretRef", Secret),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
    (
        "cinder",
        "Cinder (a Persistent Disk resource in OpenStack)",
        &[
            ("VolumeID:", "volumeID", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Flag),
            ("SecretRef:", "secretRef", Secret),
        ],
    ),
    ("local", "LocalVolume (a persistent volume backed by local storage on a node)", &[("Path:", "path", Text)]),
    (
        "cephfs",
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            ("Monitors:", "monitors", Words),
            ("Path:", "path", Text),
            ("User:", "user", Text),
            ("SecretFile:", "secretFile", Text),
            ("SecretRef:", "secretRef", Secret),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
    (
        "fc",
        "FC (a Fibre Channel disk)",
        &[
            ("TargetWWNs:", "targetWWNs", Listed),
            ("LUN:", "lun", OrNone),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
    (
        "flexVolume",
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        &[
            ("Driver:", "driver", Text),
            ("FSType:", "fsType", Text),
            ("SecretRef:", "secretRef", Secret),
            ("ReadOnly:", "readOnly", Flag),
            ("Options:", "options", Map),
        ],
    ),
    (
        "vsphereVolume",
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[
            ("VolumePath:", "volumePath", Text),
            ("FSType:", "fsType", Text),
            ("StoragePolicyName:", "storagePolicyName", Text),
        ],
    ),
    (
        "azureDisk",
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            ("DiskName:", "diskName", Text),
            ("DiskURI:", "diskURI", Text),
            ("Kind: ", "kind", Text),
            ("FSType:", "fsType", Text),
            ("CachingMode:", "cachingMode", Text),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[("Driver:", "driver", Text), ("FSType:", "fsType", Text), ("ReadOnly:", "readOnly", Flag)],
    ),
    (
        "image",
        "Image (a container image or OCI artifact)",
        &[("Reference:", "reference", Text), ("PullPolicy:", "pullPolicy", Text)],
    ),
];

/// Those that a PersistentVolume says more of.
const OF_CLUSTER: &[Source] = &[
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[
            ("Driver:", "driver", Text),
            ("FSType:", "fsType", Text),
            ("VolumeHandle:", "volumeHandle", Text),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
    (
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[
            ("SecretName:", "secretName", Text),
            ("SecretNamespace:", "secretNamespace", Text),
            ("ShareName:", "shareName", Text),
            ("ReadOnly:", "readOnly", Flag),
        ],
    ),
];

/// Adds a source; says whether it knows it.
pub fn add(page: &mut Page, kind: &str, source: &Value, of: Of) -> bool {
    let more = if of == Of::Cluster { OF_CLUSTER } else { &[] };
    let Some((_, title, rows)) = more.iter().chain(SOURCES).find(|(known, ..)| *known == kind) else { return false };
    page.field(2, "Type", title);
    for (title, field, how) in *rows {
        page.line(2, format!("{title}\t{}", shown(source, &format!("/{field}"), *how, of)));
    }
    if kind == "csi" {
        attributes(page, source.get("volumeAttributes"));
    }
    true
}

fn shown(source: &Value, pointer: &str, how: How, of: Of) -> String {
    let text = at(source, pointer);
    let or = |missing: bool, other: &str| if missing { other.to_owned() } else { text.clone() };
    let words = || list(source, pointer).iter().map(plain).collect::<Vec<_>>();
    match how {
        Text => text,
        Number => or(text.is_empty(), "0"),
        Flag => on(source, pointer).to_string(),
        OrNone => or(source.pointer(pointer).is_none_or(Value::is_null), "<none>"),
        Size => or(text.is_empty() || text == "0", "<unset>"),
        Words => format!("[{}]", words().join(" ")),
        Listed => words().join(", "),
        Secret => source.pointer(pointer).map_or_else(|| "nil".to_owned(), |secret| reference(secret, of)),
        Map => {
            let pairs: Vec<String> =
                entries(source.pointer(pointer)).map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

fn reference(secret: &Value, of: Of) -> String {
    let (name, namespace) = (at(secret, "/name"), at(secret, "/namespace"));
    match of {
        Of::Pod => format!("&LocalObjectReference{{Name:{name},}}"),
        Of::Cluster => format!("&SecretReference{{Name:{name},Namespace:{namespace},}}"),
    }
}

/// The attributes of a driver's volume; kubectl indents every part of these lines.
fn attributes(page: &mut Page, attributes: Option<&Value>) {
    let all: Vec<String> = entries(attributes).map(|(key, value)| format!("{key}={}", plain(value))).collect();
    if all.is_empty() {
        return page.field(2, "VolumeAttributes", "<none>");
    }
    for (at, line) in all.iter().enumerate() {
        let cut = line.char_indices().map(|(at, _)| at).find(|at| *at >= LONG).filter(|_| line.len() > LONG);
        let line = cut.map_or_else(|| line.clone(), |cut| format!("{}...", &line[..cut]));
        page.raw(&if at == 0 {
            format!("    VolumeAttributes:\t    {line}\n")
        } else {
            format!("        \t    {line}\n")
        });
    }
}
