//! Podyard: a web server on which people learn Kubernetes Pods by doing.

pub mod app;
pub mod commands;
pub mod config;
pub mod console;
pub mod lessons;
pub mod manifest;
pub mod sandbox;
pub mod sessions;
pub mod storage;
pub mod web;
pub mod workshops;
