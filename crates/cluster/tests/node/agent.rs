//! The node's agent as a program of its own, for tests.

fn main() {
    podyard_cluster::node::runtime::linux::agent_main()
}
