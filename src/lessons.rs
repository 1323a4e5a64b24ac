//! Lessons: markdown in, model out.

pub mod model;
