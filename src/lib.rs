//! Podyard: a web server on which people learn Kubernetes Pods by doing.

pub mod config;
pub mod console;
pub mod lessons;
pub mod manifest;
pub mod web;
