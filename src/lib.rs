//! Podyard: a web server on which people learn Kubernetes Pods by doing.

pub mod lessons;
pub mod manifest;
pub mod web;
