//! All providers of sandboxes, held to one contract from the outside: the server is started with each, and learners'
//! pages speak to it. Beside that, what each provider alone has to get right.

mod contract;
mod engine;
mod kind;
mod kubernetes;
mod learner;
pub mod server;
pub mod standin;
