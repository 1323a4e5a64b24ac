//! Defaulting and validation per kind, in the API server's own words.

pub mod field;
