//! What the containers of one Pod share, and what they are given.

use std::fs;

use podyard_cluster::node::runtime::{Mount, MountSource, Runtime};

use crate::fixture::{Sandbox, ended, outcome};

#[tokio::test]
async fn containers_of_a_pod_share_its_address_and_names_but_not_files_and_processes() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("pair", 5).await;
    let server = sandbox.spec(&pod, "server", &["httpd", "-f", "-p", "8080", "-h", "/etc"]);
    let _server = sandbox.runtime.start_container(server).await.unwrap();
    let to = std::net::SocketAddrV4::new([127, 0, 0, 1].into(), 8080);
    while sandbox.runtime.connect(pod.clone(), to).await.is_err() {}
    let script = "hostname; wget -qO- http://localhost:8080/hostname; ps -o args | grep -c http[d]; touch /mine";
    let client = sandbox.sh(&pod, "client", script).await;
    assert_eq!(client.stdout, "pair\npair\n0\n", "{client:?}");
    assert_eq!(sandbox.sh(&pod, "other", "ls /mine").await.code, 1);
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_volume_belongs_to_whom_its_files_belong() {
    let sandbox = Sandbox::new();
    let volume = sandbox.runtime.config().volumes().join("pod/data");
    fs::create_dir_all(&volume).unwrap();
    fs::write(volume.join("from-the-node"), "x").unwrap();
    let pod = sandbox.pod("vol", 5).await;
    let mount =
        |read_only| Mount { source: MountSource::Path(volume.clone()), target: "/in/data".to_owned(), read_only };
    let mut writer =
        sandbox.spec(&pod, "w", &["sh", "-c", "stat -c %u:%g /in/data/from-the-node; echo y > /in/data/y"]);
    writer.mounts = vec![mount(false)];
    let written = outcome(sandbox.runtime.start_container(writer).await.unwrap()).await;
    assert_eq!((written.stdout.as_str(), written.stderr.as_str()), ("0:0\n", ""));
    assert_eq!(fs::read_to_string(volume.join("y")).unwrap(), "y\n");
    let mut reader = sandbox.spec(&pod, "r", &["sh", "-c", "cat /in/data/y; touch /in/data/z"]);
    reader.mounts = vec![mount(true)];
    let read = outcome(sandbox.runtime.start_container(reader).await.unwrap()).await;
    assert_eq!((read.stdout.as_str(), read.stderr.as_str()), ("y\n", "touch: /in/data/z: Read-only file system\n"));
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_memory_volume_is_shared_and_has_its_size() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("mem", 5).await;
    let source = MountSource::Memory { name: "cache".to_owned(), size: Some(1 << 20) };
    let mount = Mount { source, target: "/cache".to_owned(), read_only: false };
    for (name, script, expected) in [
        ("a", "echo hello > /cache/x; df -k /cache | awk 'END {print $1, $2}'", "tmpfs 1024\n"),
        (
            "b",
            "cat /cache/x; dd if=/dev/zero of=/cache/big bs=64k count=100 2>&1 | head -1",
            "hello\ndd: error writing '/cache/big': No space left on device\n",
        ),
    ] {
        let mut spec = sandbox.spec(&pod, name, &["sh", "-c", script]);
        spec.mounts = vec![mount.clone()];
        assert_eq!(outcome(sandbox.runtime.start_container(spec).await.unwrap()).await.stdout, expected);
    }
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn with_shared_processes_one_container_sees_and_ends_the_others_program() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod_from("procs", 5, |spec| spec.share_processes = true).await;
    let one = sandbox.spec(&pod, "one", &["sh", "-c", "sleep 1111 & exec sleep 1110"]);
    let one = sandbox.runtime.start_container(one).await.unwrap();
    let (two, _process) = sandbox.sleeper(&pod, "two").await;
    let see = "until ps -o args | grep -q 'sleep 111[1]'; do :; done; cat /proc/1/comm; \
               ps -o args | grep -e ^sleep -e pause | grep -v grep | sort";
    let seen = sandbox.exec(&two, see).await;
    assert_eq!(seen.stdout, "pause\n/pause\nsleep 100000\nsleep 1110\nsleep 1111\n", "{seen:?}");
    sandbox.exec(&two, "kill $(ps -o pid,args | grep 'sleep 111[0]' | awk '{print $1}')").await;
    assert_eq!(ended(one).await.code, 143);
    // The kernel would have let the container's other process live; nobody sees it any more.
    let left = sandbox.exec(&two, "ps -o args | grep -c 'sleep 111[1]'").await;
    assert_eq!(left.stdout, "0\n");
    sandbox.runtime.shutdown().await;
}
