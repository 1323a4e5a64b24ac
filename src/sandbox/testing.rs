//! Sandboxes for tests: everything real but images and containers.

use std::{path::Path, sync::Arc};

use podyard_cluster::{
    clock::SystemClock,
    node::runtime::{Runtime, scripted::Scripted},
};

use crate::config::Room;

use super::{Provider, embedded::Embedded, idle::NoImages, workplace::Workplace};

/// A provider without images, whose containers do nothing.
pub fn provider() -> Provider {
    let data = tempfile::tempdir().unwrap();
    provider_in(data.path())
}

/// The same in a data directory that may have been there before.
pub fn provider_in(data: &Path) -> Provider {
    let place = Workplace::open(data).unwrap();
    let runtime = |_: &Path, _: &Path, _: Room| -> Arc<dyn Runtime> { Arc::new(Scripted::new(Arc::new(SystemClock))) };
    Provider::Embedded(Embedded::new(Arc::new(NoImages), Arc::new(runtime), place, Vec::new()))
}
