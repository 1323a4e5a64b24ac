//! Being told when a group has run out of memory.
//!
//! In version 2 the kernel ends all processes of such a group (`memory.oom.group`). In version 1 it ends one, and tells
//! whoever asked by an event (kernel documentation: admin-guide/cgroup-v1/memory.rst, "OOM Control").

use std::{
    fs::{self, File},
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::sys::eventfd::{EfdFlags, EventFd};
use tokio::io::unix::AsyncFd;

use super::{
    super::streams::watched,
    Group,
    settings::{self, Controller},
};

/// The event comes before the kernel has chosen whom to end; so often it is looked whether it has.
const LOOKS: u32 = 100;
/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Tells when a version 1 group has run out of memory.
#[derive(Debug)]
pub(in super::super) struct Alarm {
    event: AsyncFd<OwnedFd>,
    count: PathBuf,
}

impl Group {
    /// An alarm for this group; `None` where the kernel needs no help.
    pub(in super::super) fn alarm(&self) -> io::Result<Option<Alarm>> {
        let memory = self.0.iter().find(|(controller, _)| *controller == Controller::Memory);
        memory.map(|(_, path)| Alarm::of(path)).transpose()
    }
}

impl Alarm {
    fn of(group: &Path) -> io::Result<Self> {
        let count = group.join("memory.oom_control");
        let event = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        let control = File::open(&count)?;
        fs::write(group.join("cgroup.event_control"), format!("{} {}", event.as_raw_fd(), control.as_raw_fd()))?;
        Ok(Self { event: watched(OwnedFd::from(event))?, count })
    }

    /// Waits until the kernel has ended one of the group's processes; false when the group has gone before.
    pub(in super::super) async fn rings(self) -> bool {
        while let Ok(mut ready) = self.event.readable().await {
            // It only counts that there was an event.
            let _ = nix::unistd::read(self.event.get_ref(), &mut [0; 8]);
            ready.clear_ready();
            // All groups beneath one without memory get the event, also those that nothing happens to.
            for _ in 0..LOOKS {
                match fs::read_to_string(&self.count) {
                    Err(_) => return false,
                    Ok(text) if settings::keyed(&text, "oom_kill").is_some_and(|kills| kills > 0) => return true,
                    Ok(_) => tokio::time::sleep(PAUSE).await,
                }
            }
        }
        false
    }
}
