//! The `podyard` program.

fn main() {}
