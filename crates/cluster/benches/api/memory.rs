//! What an empty sandbox takes of the heap: every allocation is counted.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::sandbox;

/// So many sandboxes at once; what all of them share is not counted.
const SANDBOXES: usize = 100;

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, with a count of the bytes that are in use.
pub struct Counting;

// SAFETY: everything is done by the system's allocator, with what it was asked for; beside that, a number changes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise about the layout is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise about the place and its layout is passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Measures, prints, and leaves the number where the table's maker looks for it.
pub async fn measure() {
    // The first makes what all of them share.
    let _first = sandbox().await;
    let before = LIVE.load(Ordering::Relaxed);
    let mut held = Vec::with_capacity(SANDBOXES);
    for _ in 0..SANDBOXES {
        held.push(sandbox().await);
    }
    let bytes = (LIVE.load(Ordering::Relaxed) - before) / SANDBOXES;
    println!("memory/sandbox          {} KiB each of {SANDBOXES}", bytes / 1024);
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/criterion");
    let written = fs::create_dir_all(&target).and_then(|()| fs::write(target.join("memory.json"), bytes.to_string()));
    written.unwrap();
}
