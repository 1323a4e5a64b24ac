//! Lessons: markdown in, model out.
//!
//! `catalog` reads a folder; `page` turns one text into a [`model::Lesson`]; the rest are its steps, each pure:
//! `front_matter`, `fences` (what a code block is), `commands`, `manifests`, `expected` (outputs), `highlight`,
//! `blocks` (their HTML). What is wrong with a text comes back as a [`problem::Problem`] with its place.

pub mod catalog;
pub mod model;
pub mod page;
pub mod problem;

mod blocks;
mod checks;
mod commands;
mod expected;
mod fences;
mod front_matter;
mod highlight;
mod manifests;

pub use catalog::Catalog;
