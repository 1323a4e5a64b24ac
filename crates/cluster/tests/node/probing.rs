//! What a machine is said to be able to do.

use std::path::PathBuf;

use podyard_cluster::node::runtime::linux::{AgentProgram, probe};

#[tokio::test]
async fn a_probe_runs_a_container_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let agent = AgentProgram { path: PathBuf::from(env!("CARGO_BIN_EXE_test-node-agent")), arguments: Vec::new() };
    let findings = probe(agent, directory.path()).await;
    let about: Vec<_> = findings.iter().map(|finding| finding.about).collect();
    assert_eq!(about, ["containers", "images", "limits", "system call filter", "disk"]);
    assert!(findings[0].works, "{findings:?}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_program_that_is_no_agent_is_said_to_be_missing() {
    let directory = tempfile::tempdir().unwrap();
    let agent = AgentProgram { path: PathBuf::from("/nonexistent/podyard"), arguments: Vec::new() };
    let finding = probe(agent, directory.path()).await.remove(0);
    assert!(!finding.works && finding.words.contains("/nonexistent/podyard"), "{finding:?}");
}
