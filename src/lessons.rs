//! Lessons: markdown in, model out.
//!
//! `catalog` reads a folder; `page` turns one text into a [`model::Lesson`]; the rest are its steps, each pure:
//! `front_matter`, `dialect` (Hugo's, MkDocs' and Docusaurus' own words), `fences` (what a code block is), `commands`,
//! `manifests`, `expected` (outputs), `highlight`, `blocks` (their HTML), `lint`. What is wrong with a text comes back as
//! a [`problem::Problem`] with its place. [`check`] holds what a step wants against what was seen of a sandbox.

pub mod catalog;
pub mod check;
pub mod commands;
pub mod import;
pub mod model;
pub mod needs;
pub mod page;
pub mod problem;
pub mod quiz;

mod blocks;
mod dialect;
mod examples;
pub mod expected;
mod fences;
mod front_matter;
mod highlight;
mod lint;
pub mod manifests;
mod spelling;

pub use catalog::Catalog;
