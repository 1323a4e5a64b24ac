//! One server's share in a store that several may have open: what it uses, told to the others, and what it is putting
//! together.
//!
//! Its folder is `servers/<name>/`. The lock in it is held as long as the server lives, `uses` lists the layers and images
//! that must stay, and everything else in it is unfinished. A folder whose lock is free was left by a crash.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::node::disk;

/// What this server uses: the digests of layers and configurations.
#[derive(Debug, Default)]
struct Uses {
    /// How often.
    counts: BTreeMap<String, usize>,
    /// What the others have been told.
    told: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Share {
    servers: PathBuf,
    folder: PathBuf,
    uses: Mutex<Uses>,
    /// Held as long as this lives.
    _lock: File,
}

/// The gate of a store, passed; it is open again when this is dropped.
#[derive(Debug)]
pub(super) struct Passed(#[expect(dead_code, reason = "what counts is that it is open")] File);

/// Keeps what it was made for from being collected.
#[derive(Debug)]
pub(super) struct Hold {
    share: Arc<Share>,
    what: Vec<String>,
}

impl Share {
    /// A share in the store in this directory; what crashes left in it is removed.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let servers = root.join("servers");
        fs::create_dir_all(&servers)?;
        let _alone = pass(&servers, Passage::Alone)?;
        for left in left_behind(&servers) {
            tracing::info!(folder = %left.display(), "removing what an earlier server left unfinished");
            disk::remove(&left);
        }
        let folder = servers.join(format!("{}-{:016x}", std::process::id(), rand::random::<u64>()));
        fs::create_dir(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        Ok(Self { servers, folder, uses: Mutex::default(), _lock: lock })
    }

    /// A new name for something unfinished.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.folder.join(format!("{:016x}", rand::random::<u64>()))
    }

    /// Waits until nobody else is past the gate: nothing is used anew and nothing is taken away meanwhile.
    pub(super) fn alone(&self) -> io::Result<Passed> {
        pass(&self.servers, Passage::Alone)
    }

    /// Keeps these from being collected by any server. Whether they are there is looked at afterwards.
    pub(super) fn hold(self: &Arc<Self>, what: Vec<String>) -> io::Result<Hold> {
        let hold = Hold { share: Arc::clone(self), what };
        let known = {
            let mut uses = self.uses();
            hold.what.iter().for_each(|one| *uses.counts.entry(one.clone()).or_default() += 1);
            hold.what.iter().all(|one| uses.told.contains(one))
        };
        if !known {
            let _among_others = pass(&self.servers, Passage::AmongOthers)?;
            self.tell()?;
        }
        Ok(hold)
    }

    /// Writes down what is used.
    fn tell(&self) -> io::Result<()> {
        let mut uses = self.uses();
        let list: BTreeSet<String> = uses.counts.keys().cloned().collect();
        fs::write(self.folder.join("uses"), serde_json::to_vec(&list)?)?;
        uses.told = list;
        Ok(())
    }

    /// What any server uses. The gate must have been passed alone.
    pub(super) fn used_by_all(&self, _alone: &Passed) -> io::Result<BTreeSet<String>> {
        // What this server uses no more, it tells no later than now.
        self.tell()?;
        let mut all = BTreeSet::new();
        for entry in fs::read_dir(&self.servers)?.flatten() {
            let told = fs::read(entry.path().join("uses")).unwrap_or_default();
            all.extend(serde_json::from_slice::<Vec<String>>(&told).unwrap_or_default());
        }
        Ok(all)
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // What stays is removed by whoever opens the store next.
        disk::remove(&self.folder);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let counts = &mut self.share.uses().counts;
        for one in &self.what {
            if let Some(count) = counts.get_mut(one) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(one);
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Passage {
    Alone,
    AmongOthers,
}

fn pass(servers: &Path, how: Passage) -> io::Result<Passed> {
    let gate = File::create(servers.join("gate"))?;
    match how {
        Passage::Alone => gate.lock()?,
        Passage::AmongOthers => gate.lock_shared()?,
    }
    Ok(Passed(gate))
}

/// The folders of servers that have ended without removing them.
fn left_behind(servers: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(servers).into_iter().flatten().flatten().map(|entry| entry.path());
    let left = |folder: &PathBuf| File::open(folder.join("lock")).map_or(true, |lock| lock.try_lock().is_ok());
    folders.filter(|path| path.is_dir()).filter(left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(share: &Share) -> Vec<String> {
        share.used_by_all(&share.alone().unwrap()).unwrap().into_iter().collect()
    }

    #[test]
    fn what_one_server_uses_all_know() {
        let root = tempfile::tempdir().unwrap();
        let one = Arc::new(Share::open(root.path()).unwrap());
        let other = Arc::new(Share::open(root.path()).unwrap());
        let first = one.hold(vec!["a".to_owned(), "b".to_owned()]).unwrap();
        let second = one.hold(vec!["b".to_owned()]).unwrap();
        let third = other.hold(vec!["c".to_owned()]).unwrap();
        assert_eq!(all(&other), ["a", "b", "c"]);
        drop(first);
        assert_eq!(all(&one), ["b", "c"]);
        drop((second, third));
        drop(other);
        assert_eq!(all(&one), Vec::<String>::new());
    }

    #[test]
    fn what_a_crash_left_unfinished_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let lives = Share::open(root.path()).unwrap();
        fs::write(lives.unfinished(), "half a layer").unwrap();
        let dead = root.path().join("servers/1-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        fs::write(dead.join("0123"), "half a layer").unwrap();
        drop(Share::open(root.path()).unwrap());
        assert!(!dead.exists());
        assert_eq!(fs::read_dir(&lives.folder).unwrap().count(), 2, "its lock and what it is at");
    }
}
