//! kubectl 1.36's behaviour as a library, over any [`kube::Client`]: the same words, streams and exit codes.
//!
//! It starts no program, reads no environment and knows neither the cluster it talks to nor the web page above it.
//! What it needs of the world is in [`Env`].

pub mod env;

pub use env::Env;
