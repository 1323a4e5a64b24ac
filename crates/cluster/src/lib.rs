//! An embedded Kubernetes cluster: the API, the scheduler, the controllers and a node that runs real containers.
//!
//! It knows neither kubectl nor the web page; what is above it holds a [`kube::Client`] and nothing else.
//!
//! | room | what is in it |
//! | --- | --- |
//! | [`Cluster`] | holds the parts together; what is above it starts here |
//! | [`Authority`] | whom clients of the API trust |
//! | `api` | the HTTP surface, as an axum router |
//! | `transport` | `kube::Client` straight into that router |
//! | `bootstrap` | what every new cluster has |
//! | `custom` | custom resources: what their definitions say |
//! | `managed` | who owns which field; server-side apply |
//! | `openapi` | the schemas of all kinds |
//! | [`store`] | versioned objects and their watch log; knows no kinds and no HTTP |
//! | [`registry`] | the kinds, one row each |
//! | [`admission`] | defaulting and validation |
//! | `rbac` | who may do what |
//! | [`tokens`] | service account tokens |
//! | [`printers`] | what `kubectl get` prints |
//! | [`controllers`] | what acts on objects: namespaces, garbage, endpoints, workloads |
//! | [`scheduler`] | gives Pods a node |
//! | [`events`] | writing Events |
//! | [`node`] | the kubelet's part: Pods, images, containers |

pub mod admission;
mod api;
mod authority;
mod bootstrap;
pub mod clock;
mod cluster;
pub mod controllers;
mod custom;
pub mod events;
#[cfg(test)]
mod fuzz;
mod json;
mod managed;
pub mod node;
mod openapi;
pub mod printers;
mod rbac;
pub mod registry;
pub mod scheduler;
pub mod store;
pub mod tokens;
mod transport;
pub mod version;

pub use api::Credential;
pub use authority::{Authority, AuthorityError};
pub use cluster::{Cluster, ClusterConfig, DEFAULT_MAX_OBJECTS, DEFAULT_MAX_PODS, StartError};
