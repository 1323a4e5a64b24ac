//! What an empty sandbox takes of the heap: every allocation is counted.

use std::{fs, path::Path};

use super::{counting::live, sandbox};

/// So many sandboxes at once; what all of them share is not counted.
const SANDBOXES: usize = 100;

/// Measures, prints, and leaves the number where the table's maker looks for it.
pub async fn measure() {
    // The first makes what all of them share.
    let _first = sandbox().await;
    let before = live();
    let mut held = Vec::with_capacity(SANDBOXES);
    for _ in 0..SANDBOXES {
        held.push(sandbox().await);
    }
    let bytes = (live() - before) / SANDBOXES;
    println!("memory/sandbox          {} KiB each of {SANDBOXES}", bytes / 1024);
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/criterion");
    let written = fs::create_dir_all(&target).and_then(|()| fs::write(target.join("memory.json"), bytes.to_string()));
    written.unwrap();
}
