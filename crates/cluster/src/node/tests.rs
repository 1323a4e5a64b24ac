//! Pods on a scripted runtime, seen as a watcher sees them.

mod harness;
mod lifecycle;
mod probing;
mod reboot;
