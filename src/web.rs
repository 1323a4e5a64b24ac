//! What a browser sees: pages, the websocket, assets, headers.

pub mod address;
pub mod assets;
mod content;
mod errors;
mod headers;
mod health;
mod kube;
pub mod limits;
pub mod metrics;
pub mod nonce;
pub mod pages;
mod preview;
mod progress;
pub mod protocol;
mod questions;
pub mod router;
pub mod site;
mod socket;
pub mod state;
mod texts;
mod workshops;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
