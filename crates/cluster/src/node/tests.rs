//! Pods on a scripted runtime, seen as a watcher sees them.

mod eviction;
mod harness;
mod lifecycle;
mod probing;
mod reboot;
mod resizing;
mod restarting;
