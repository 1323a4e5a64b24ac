//! Where in a manifest a refusal points to: kubectl and the API server name fields, a learner needs line and column.

mod places;
mod problems;

pub use problems::{Problem, problems};
