//! The node on a real kernel: namespaces, control groups, files. Needs Linux with user namespaces; where something is
//! missing, a test says what and passes over it.

// A helper of tests is a test: what is not as expected ends it, and what is passed over is said.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod api;
mod archives;
mod attacks;
mod bounds;
mod cluster;
mod conformance;
mod containers;
mod copies;
mod ends;
mod eviction;
mod fixture;
mod lesson_images;
mod network;
mod ordinary_user;
mod probing;
mod registry;
mod security;
mod sharing;
