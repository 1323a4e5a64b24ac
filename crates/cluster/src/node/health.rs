//! How the node is: what its machine has left, and what its kernel does not do. Told as the Node's conditions
//! (kubernetes.io/docs/reference/node/node-status/#condition).

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    context::Context,
    images::Shortage,
    machine::{self, NODES},
    pressure::{Seen, Starved},
    runtime::Caveat,
};
use crate::{
    clock::api_time,
    events::Subject,
    json::{items, text},
    store::{Key, Next},
};

/// How often the machine is looked at (the kubelet's `nodeStatusUpdateFrequency`).
const PERIOD: Duration = Duration::from_secs(10);
/// How often conditions are told though nothing has changed (the kubelet's `nodeStatusReportFrequency`).
const HEARTBEAT: SignedDuration = SignedDuration::from_mins(5);
/// `memory.available` below which a kubelet evicts by default.
const LEAST_MEMORY: u64 = 100 * 1024 * 1024;
/// Hundredths of the disk (`nodefs.available`) and of its inodes (`nodefs.inodesFree`) below which a kubelet evicts.
const LEAST_DISK: u64 = 10;
/// See [`LEAST_DISK`].
const LEAST_INODES: u64 = 5;

/// What is known of the node's health besides what can be read.
#[derive(Debug, Default)]
pub struct Health {
    network: Mutex<Option<Caveat>>,
    /// When the sandbox had too little last.
    starved: Mutex<Seen>,
    changed: Notify,
}

impl Health {
    fn network(&self) -> MutexGuard<'_, Option<Caveat>> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is too little of this now.
    pub fn is_starved(&self, starved: Starved, now: Timestamp) {
        let mut seen = self.starved.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.tells(starved, now);
        seen.see(starved, now);
        if !known {
            self.changed.notify_one();
        }
    }

    /// When the sandbox had too little last.
    pub fn starved(&self) -> Seen {
        *self.starved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Services and policies work, and if they do not, why.
    pub fn network_is(&self, error: Option<String>) {
        let caveat = error.map(|error| Caveat {
            kind: "ServicesUnavailable",
            reason: "NoPacketRules",
            message: format!("{error}: Services and network policies have no effect; load the kernel module nf_tables"),
        });
        *self.network() = caveat;
        self.changed.notify_one();
    }
}

/// What the machine has left; `None` where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Left {
    /// Bytes.
    memory: Option<u64>,
    /// Hundredths.
    disk: Option<u64>,
    /// Hundredths.
    inodes: Option<u64>,
}

impl Left {
    /// Of this machine and the disk that has `directory`.
    fn read(directory: &Path) -> Self {
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let there = directory.ancestors().find(|path| path.exists());
        let disk = there.and_then(|path| nix::sys::statvfs::statvfs(path).ok());
        Self {
            memory: available(&meminfo),
            disk: disk.and_then(|disk| part(disk.blocks_available(), disk.blocks())),
            // Some file systems have no fixed number of them.
            inodes: disk.and_then(|disk| part(disk.files_available(), disk.files())),
        }
    }
}

/// `MemAvailable`, in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

fn part(left: u64, all: u64) -> Option<u64> {
    (left * 100).checked_div(all)
}

/// Whether the sandbox, which has less than the machine, has too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Pressed {
    memory: bool,
    disk: bool,
}

impl Pressed {
    fn of(context: &Context, now: Timestamp) -> Self {
        let seen = context.health.starved();
        Self { memory: seen.tells(Starved::Memory, now), disk: seen.tells(Starved::Disk, now) }
    }

    /// The taints of the node with those that keep Pods away while there is too little.
    fn taints(self, before: &Value) -> Vec<Value> {
        let ours =
            [("node.kubernetes.io/memory-pressure", self.memory), ("node.kubernetes.io/disk-pressure", self.disk)];
        let others = before.as_array().into_iter().flatten();
        let others = others.filter(|taint| !ours.iter().any(|(key, _)| taint["key"] == *key)).cloned();
        let held = ours.into_iter().filter(|(_, holds)| *holds);
        others.chain(held.map(|(key, _)| json!({"key": key, "effect": "NoSchedule"}))).collect()
    }
}

/// One condition: type, whether it holds, reason, message.
type Condition<'a> = (&'a str, bool, &'a str, &'a str);

fn told<'a>(left: &Left, pressed: &Pressed, caveats: &'a [Caveat]) -> Vec<Condition<'a>> {
    let memory = pressed.memory || left.memory.is_some_and(|bytes| bytes < LEAST_MEMORY);
    let disk = pressed.disk
        || left.disk.is_some_and(|part| part < LEAST_DISK)
        || left.inodes.is_some_and(|part| part < LEAST_INODES);
    let either = |holds: bool, yes: (&'static str, &'static str), no| if holds { yes } else { no };
    let mut all: Vec<Condition<'a>> = Vec::new();
    for (kind, holds, (reason, message)) in [
        (
            "MemoryPressure",
            memory,
            either(
                memory,
                ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
                ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ),
        ),
        (
            "DiskPressure",
            disk,
            either(
                disk,
                ("KubeletHasDiskPressure", "kubelet has disk pressure"),
                ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ),
        ),
        ("PIDPressure", false, ("KubeletHasSufficientPID", "kubelet has sufficient PID available")),
        ("Ready", true, ("KubeletReady", "kubelet is posting ready status")),
    ] {
        all.push((kind, holds, reason, message));
    }
    all.extend(caveats.iter().map(|caveat| (caveat.kind, true, caveat.reason, caveat.message.as_str())));
    all
}

/// The conditions as the Node has them; those whose status is the same as before keep its time.
fn conditions(left: &Left, pressed: &Pressed, caveats: &[Caveat], before: &Value, now: Timestamp) -> Value {
    let stamp = |(kind, holds, reason, message): Condition<'_>| {
        let status = if holds { "True" } else { "False" };
        let same = |old: &&Value| text(old, "type") == kind && text(old, "status") == status;
        let since = items(before, "conditions").iter().find(same).map(|old| old["lastTransitionTime"].clone());
        json!({
            "type": kind, "status": status, "lastHeartbeatTime": api_time(now),
            "lastTransitionTime": since.unwrap_or_else(|| json!(api_time(now))), "reason": reason, "message": message,
        })
    };
    told(left, pressed, caveats).into_iter().map(stamp).collect::<Vec<_>>().into()
}

/// Whether two lists of conditions say the same.
fn same(old: &Value, new: &Value) -> bool {
    let said = |list: &Value| {
        let fields = |one: &Value| ["type", "status", "reason", "message"].map(|field| text(one, field).to_owned());
        list.as_array().into_iter().flatten().map(fields).collect::<Vec<_>>()
    };
    said(old) == said(new)
}

/// The conditions of this node now.
pub fn now(context: &Context, before: &Value) -> Value {
    let mut caveats = context.runtime.caveats();
    caveats.extend(context.health.network().clone());
    let now = context.now();
    conditions(&Left::read(&context.volumes), &Pressed::of(context, now), &caveats, before, now)
}

/// Records, once each time, that images could not make room; `told` is how often that was said, and comes back anew. A
/// kubelet also tells that its collector has failed, but not the first time.
fn tell_shortage(context: &Context, key: &Key, told: u32) -> u32 {
    let Some(Shortage { message, times }) = context.images.shortage() else { return 0 };
    if times > told
        && let Some(node) = context.store.get(key)
    {
        let about = Subject::of(&node);
        context.warning(&about, "FreeDiskSpaceFailed", &message);
        if times > 1 {
            context.warning(&about, "ImageGCFailed", &message);
        }
    }
    times
}

/// Keeps the Node's conditions as the machine is, and its images as they are. Without end.
pub async fn follow(context: Arc<Context>) {
    let key = Key::new(NODES, "", &*context.node_name);
    let mut told = 0;
    loop {
        tokio::select! {
            () = context.health.changed.notified() => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
        told = tell_shortage(&context, &key, told);
        let _ = context.store.modify(&key, |node| {
            let new = now(&context, &node["status"]);
            let old = &node["status"]["conditions"];
            let told: Option<Timestamp> = old[0]["lastHeartbeatTime"].as_str().and_then(|text| text.parse().ok());
            let due = told.is_none_or(|told| context.now().duration_since(told) >= HEARTBEAT);
            let taints = Pressed::of(&context, context.now()).taints(&node["spec"]["taints"]);
            let tainted = items(&node["spec"], "taints")
                .iter()
                .map(|taint| &taint["key"])
                .ne(taints.iter().map(|taint| &taint["key"]));
            let images = machine::images(context.images.all());
            if same(old, &new) && node["status"]["images"] == images && !due && !tainted {
                return Ok::<_, std::convert::Infallible>(Next::Keep);
            }
            let mut node = node.clone();
            node["status"]["conditions"] = new;
            node["status"]["images"] = images;
            if tainted && taints.is_empty() {
                node["spec"].as_object_mut().map(|spec| spec.remove("taints"));
            } else if tainted {
                node["spec"]["taints"] = taints.into();
            }
            Ok(Next::Put(node))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn line(condition: &Value) -> String {
        ["type", "status", "reason", "lastTransitionTime"].map(|field| text(condition, field)).join(" ")
    }

    #[test]
    fn pressure_and_what_is_missing_are_conditions_with_times_of_their_own() {
        let calm = Left { memory: Some(1 << 30), disk: Some(50), inodes: None };
        let before = json!({"conditions": conditions(&calm, &Pressed::default(), &[], &json!({}), at(0))});
        let tight = Left { memory: Some(50 << 20), disk: Some(9), inodes: Some(50) };
        let caveat = Caveat { kind: "LimitsApproximate", reason: "NoControlGroups", message: "why".to_owned() };
        let after = conditions(&tight, &Pressed::default(), &[caveat], &before, at(60));
        let lines: Vec<String> = after.as_array().unwrap().iter().map(line).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        MemoryPressure True KubeletHasInsufficientMemory 1970-01-01T00:01:00Z
        DiskPressure True KubeletHasDiskPressure 1970-01-01T00:01:00Z
        PIDPressure False KubeletHasSufficientPID 1970-01-01T00:00:00Z
        Ready True KubeletReady 1970-01-01T00:00:00Z
        LimitsApproximate True NoControlGroups 1970-01-01T00:01:00Z
        ");
        assert!(!same(&before["conditions"], &after));
        assert!(same(&before["conditions"], &conditions(&calm, &Pressed::default(), &[], &before, at(99))));
    }

    #[test]
    fn a_sandbox_that_has_too_little_keeps_pods_away() {
        let calm = Left { memory: Some(1 << 30), disk: Some(50), inodes: None };
        let pressed = Pressed { memory: true, disk: false };
        let all = conditions(&calm, &pressed, &[], &json!({}), at(0));
        assert_eq!(line(&all[0]), "MemoryPressure True KubeletHasInsufficientMemory 1970-01-01T00:00:00Z");
        let own = json!({"key": "own", "effect": "NoSchedule"});
        let taints = pressed.taints(&json!([own]));
        assert_eq!(taints, [own.clone(), json!({"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"})]);
        assert_eq!(Pressed::default().taints(&json!(taints)), [own]);
    }

    #[test]
    fn what_is_available_is_read() {
        assert_eq!(available("MemTotal: 8 kB\nMemAvailable:       2 kB\n"), Some(2048));
        assert_eq!(part(3, 0), None);
        assert!(Left::read(Path::new("/nowhere/deep")).disk.is_some());
    }
}
