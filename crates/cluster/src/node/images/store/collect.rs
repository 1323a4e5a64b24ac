//! Taking away images that nobody uses, when the disk gets full: by a kubelet's rules
//! (kubernetes.io/docs/concepts/architecture/garbage-collection/#containers-images).

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::PoisonError,
    time::{Duration, SystemTime},
};

use super::{Config, ImageStore, Record, Shortage, hex};
use crate::node::disk;

/// How often it is looked (the kubelet's `ImageGCPeriod`).
const PERIOD: Duration = Duration::from_secs(5 * 60);
/// How long an image stays after it was used, however full the disk is (the kubelet's `imageMinimumGCAge`).
const LEAST_AGE: Duration = Duration::from_secs(2 * 60);

/// When images are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Hundredths of the disk; when more is used, images go.
    pub high: u8,
    /// Hundredths of the disk; when no more is used, the others stay.
    pub low: u8,
    /// What counts as the disk for the image store, in bytes; `None` is the disk it is on, with everything on it.
    pub most: Option<u64>,
}

impl Default for Thresholds {
    /// The kubelet's: 85 and 80 hundredths of the disk.
    fn default() -> Self {
        Self { high: 85, low: 80, most: None }
    }
}

/// How full a disk is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Disk {
    size: u64,
    used: u64,
}

impl Disk {
    /// What a kubelet says when so many bytes were freed and more should have been.
    fn words(self, freed: u64) -> String {
        let left = self.size.saturating_sub(self.used);
        let percent = 100 - (u128::from(left) * 100).checked_div(self.size.into()).unwrap_or(0);
        let size = shown(self.size);
        format!(
            "Insufficient free disk space on the node's image filesystem ({percent}% of {size} used). Failed to free \
             sufficient space by deleting unused images (freed {freed} bytes). Investigate disk usage, as it could be used \
             by active images, logs, volumes, or other data."
        )
    }
}

/// Bytes with a unit: `512 B`, `1.5 GiB`.
fn shown(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let power = (0..UNITS.len() - 1).find(|power| bytes >> (10 * (power + 1)) == 0).unwrap_or(UNITS.len() - 1);
    match power {
        0 => format!("{bytes} B"),
        _ => format!("{:.1} {}", bytes as f64 / 1024_f64.powi(power as i32), UNITS[power]),
    }
}

impl Thresholds {
    /// How many bytes are to go.
    fn excess(&self, disk: Disk) -> u64 {
        let part = |hundredths: u8| u128::from(disk.size) * u128::from(hundredths) / 100;
        if u128::from(disk.used) <= part(self.high) {
            return 0;
        }
        u64::try_from(u128::from(disk.used).saturating_sub(part(self.low))).unwrap_or(u64::MAX)
    }
}

/// An image that might go.
#[derive(Debug, Clone)]
struct Candidate {
    name: String,
    /// Digest of its configuration.
    id: String,
    used: SystemTime,
    /// Digests of its layers.
    layers: Vec<String>,
}

/// The images that go, the least recently used first, until `excess` bytes of layers have. What is `used` by anybody
/// stays, and so does what was used a moment ago. Pure but for `size`.
fn choose(
    mut all: Vec<Candidate>,
    used: &BTreeSet<String>,
    now: SystemTime,
    excess: u64,
    size: impl Fn(&str) -> u64,
) -> Vec<String> {
    all.sort_by_key(|candidate| candidate.used);
    let (mut gone, mut freed) = (Vec::new(), 0);
    let idle = |candidate: &Candidate| {
        !used.contains(&candidate.id) && now.duration_since(candidate.used).is_ok_and(|age| age >= LEAST_AGE)
    };
    while freed < excess
        && let Some(index) = all.iter().position(idle)
    {
        let candidate = all.remove(index);
        let others = |layer: &&String| !used.contains(*layer) && !all.iter().any(|other| other.layers.contains(layer));
        freed += candidate.layers.iter().filter(others).map(|layer| size(layer)).sum::<u64>();
        gone.push(candidate.name);
    }
    gone
}

impl ImageStore {
    /// Takes away, as long as the store is open, what the disk has no room for.
    pub async fn keep_room(self, thresholds: Thresholds) {
        loop {
            let store = self.clone();
            let collected = tokio::task::spawn_blocking(move || store.collect(thresholds, SystemTime::now())).await;
            match collected.map_err(io::Error::other).flatten() {
                Ok(gone) if gone.is_empty() => {}
                Ok(gone) => tracing::info!(images = gone.join(" "), "the disk is nearly full: removed unused images"),
                Err(error) => tracing::warn!(%error, "unused images can't be removed"),
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Takes away the images that go now, and layers and blobs of none. The names of what went.
    fn collect(&self, thresholds: Thresholds, now: SystemTime) -> io::Result<Vec<String>> {
        let disk = self.disk(thresholds.most)?;
        let excess = thresholds.excess(disk);
        let trash = self.share.unfinished();
        fs::create_dir(&trash)?;
        let gone = self.put_away(&trash, excess, now);
        self.tell(disk, excess, disk::used(&trash));
        // Deleting takes long: nobody waits for it.
        disk::remove(&trash);
        self.read_records();
        gone
    }

    /// Notes whether what was freed is enough.
    fn tell(&self, disk: Disk, excess: u64, freed: u64) {
        let mut shortage = self.shortage.lock().unwrap_or_else(PoisonError::into_inner);
        let times = shortage.take().map_or(1, |before| before.times.saturating_add(1));
        *shortage = (freed < excess).then(|| Shortage { message: disk.words(freed), times });
    }

    /// Moves what goes out of the way.
    fn put_away(&self, trash: &Path, excess: u64, now: SystemTime) -> io::Result<Vec<String>> {
        let alone = self.share.alone()?;
        let used = self.share.used_by_all(&alone)?;
        let candidate = |(record, used): (Record, SystemTime)| {
            let layers = self.layers_of(&record.config);
            Candidate { name: record.name, id: record.config, used, layers }
        };
        let all: Vec<Candidate> = self.records.all().into_iter().map(candidate).collect();
        let gone = choose(all.clone(), &used, now, excess, |layer| disk::used(&self.layer_path(layer)));
        for name in &gone {
            self.records.remove(name)?;
        }
        let stays = all.iter().filter(|candidate| !gone.contains(&candidate.name));
        let needed: BTreeSet<&str> = stays
            .flat_map(|candidate| candidate.layers.iter().chain([&candidate.id]))
            .chain(&used)
            .map(|digest| hex(digest))
            .collect();
        let mut count = 0;
        for folder in ["layers", "blobs/sha256"] {
            for unneeded in unneeded(&self.root.join(folder), &needed)? {
                fs::rename(&unneeded, trash.join(count.to_string()))?;
                count += 1;
            }
        }
        Ok(gone)
    }

    fn layers_of(&self, config: &str) -> Vec<String> {
        let config =
            fs::read(self.blob_path(config)).ok().and_then(|text| serde_json::from_slice::<Config>(&text).ok());
        config.map(|config| config.diff_ids().to_vec()).unwrap_or_default()
    }

    fn disk(&self, most: Option<u64>) -> io::Result<Disk> {
        if let Some(size) = most {
            return Ok(Disk { size, used: disk::used(&self.root) });
        }
        let found = nix::sys::statvfs::statvfs(&self.root)?;
        let size = found.blocks() * found.fragment_size();
        Ok(Disk { size, used: size.saturating_sub(found.blocks_available() * found.fragment_size()) })
    }
}

fn unneeded(folder: &Path, needed: &BTreeSet<&str>) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let stays =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| needed.contains(name));
    Ok(entries.filter(|path| !stays(path)).collect())
}

#[cfg(test)]
mod tests;
