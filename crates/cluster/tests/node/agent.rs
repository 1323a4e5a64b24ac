//! Programs for tests: the node's agent, a server to be killed, and system calls that a container must not make.

// What is not as expected ends a test's program.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod calls;
mod server;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("server") => server::run(&arguments[1..]),
        Some("calls") => calls::try_all(),
        _ => podyard_cluster::node::runtime::linux::agent_main(),
    }
}
