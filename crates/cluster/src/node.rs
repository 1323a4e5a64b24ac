//! The kubelet's part: what turns a Pod that is bound to this node into running containers, and tells how they fare.

pub mod endpoint;
pub mod images;
pub mod runtime;
