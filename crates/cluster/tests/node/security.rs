//! What containers, and commands run in them, must not be able to do. Each test asks from both, as root and (by
//! `ordinary_user`) as an ordinary user.
//!
//! | what must hold | test |
//! | --- | --- |
//! | `uid_map`, `CapEff` and the other sets, `Seccomp`, `NoNewPrivs` | `root_in_a_container_is_nobody_outside_…`, `a_user_without_rights_has_none` |
//! | no namespaces, mounts, bpf, keys, io_uring, ptrace of a neighbour: also with `privileged` | `calls_that_lead_out_are_refused`, `programs_that_lead_out_are_refused` |
//! | no devices (`mknod`), kernel files, kernel log | `devices_and_kernel_files_are_out_of_reach` |
//! | nothing of the host's files, the server's environment, its descriptors | `nothing_of_the_host_or_the_agent_is_seen` |
//! | neither the host's loopback, nor another sandbox, nor the internet | `a_pod_reaches_its_neighbour_and_nothing_else` |
//! | no neighbour's processes | `neighbours_do_not_see_each_others_processes` |
//! | not the server's program | `the_servers_program_can_not_be_written_from_a_container` |
//! | its own share of processes, memory, disk, logs and files alone | `attacks`, `bounds` |
//! | nothing is left when the server is killed | `ends` |

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use podyard_cluster::node::runtime::{Mount, MountSource, Runtime, SandboxId, Security};

use crate::fixture::{Outcome, Sandbox, image, outcome};

/// The script's outcome in a container of its own and in an exec, which must be the same.
async fn both(sandbox: &Sandbox, pod: &SandboxId, script: &str) -> Outcome {
    let in_container = sandbox.sh(pod, &format!("c{:x}", rand::random::<u32>()), script).await;
    let (container, _process) = sandbox.sleeper(pod, &format!("s{:x}", rand::random::<u32>())).await;
    let in_exec = sandbox.exec(&container, script).await;
    assert_eq!(in_container, in_exec, "a container and an exec in it differ");
    in_container
}

#[tokio::test]
async fn root_in_a_container_is_nobody_outside_and_has_few_capabilities() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let script =
        "grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | tr '\\t\\n' ' ,'";
    let status = both(&sandbox, &pod, script).await.stdout;
    let default = "00000000a80425fb";
    let none = "0000000000000000";
    assert_eq!(
        status,
        format!(
            "CapInh: {none},CapPrm: {default},CapEff: {default},CapBnd: {default},CapAmb: {none},NoNewPrivs: 1,Seccomp: 2,"
        )
    );
    // Inside a nested user namespace the map shows the parent's ids; two levels up it is the host's.
    let map = both(&sandbox, &pod, "cat /proc/self/uid_map").await.stdout;
    assert!(!map.contains("4294967295"), "not the host's own user namespace: {map}");
    let host: Vec<u32> = processes_of(&sandbox).iter().map(|pid| uid_of(*pid)).collect();
    assert!(!host.is_empty());
    assert!(host.iter().all(|uid| *uid != 0), "a container's process is the host's root: {host:?}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn calls_that_lead_out_are_refused() {
    let sandbox = Sandbox::new();
    let Some(mount) = calls_program(&sandbox) else { return };
    let pod = sandbox.pod("p", 5).await;
    let calls = ["/t/ld", "--library-path", "/t", "/t/calls", "calls"];
    for privileged in [false, true] {
        let with_calls = |name: &str, argv: &[&str]| {
            let mut spec = sandbox.spec(&pod, &format!("{name}{privileged}"), argv);
            spec.mounts = vec![mount.clone()];
            spec.security = Security { privileged, ..Security::default() };
            spec
        };
        let in_container = outcome(sandbox.runtime.start_container(with_calls("c", &calls)).await.unwrap()).await;
        let sleeper = with_calls("s", &["sleep", "100000"]);
        let container = sleeper.id.clone();
        let _process = sandbox.runtime.start_container(sleeper).await.unwrap();
        let in_exec = outcome(sandbox.try_exec(&container, &calls).await.unwrap()).await;
        for tried in [in_container, in_exec] {
            assert_eq!(tried.code, 0, "{tried:?}");
            assert!(tried.stdout.lines().count() > 20, "{tried:?}");
            for line in tried.stdout.lines() {
                let expected = if line.starts_with("clone3") { "(os error 38)" } else { "(os error 1)" };
                assert!(line.ends_with(expected), "{line}");
            }
        }
    }
    sandbox.runtime.shutdown().await;
}

/// The same by programs that learners have at hand.
#[tokio::test]
async fn programs_that_lead_out_are_refused() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let script = "for c in 'unshare -U true' 'unshare -m true' 'unshare -n true' 'mount -t tmpfs x /tmp' 'mount -o bind /etc /tmp' \
                  'umount /proc' 'chroot / mount -t proc p /proc' 'hostname other' 'mknod /tmp/d c 1 1' \
                  'nsenter -t 1 -m true'; do \
                  $c > /dev/null 2>&1 && echo \"$c is possible\"; done; echo tried";
    let tried = both(&sandbox, &pod, script).await;
    assert_eq!(tried.stdout, "tried\n", "{tried:?}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn neighbours_do_not_see_each_others_processes() {
    let (here, elsewhere) = (Sandbox::new(), Sandbox::new());
    let (pod, neighbour, other) = (here.pod("p", 5).await, here.pod("n", 6).await, elsewhere.pod("o", 7).await);
    let mut sleepers = Vec::new();
    for (sandbox, pod) in [(&here, &pod), (&here, &neighbour), (&elsewhere, &other)] {
        let spec = sandbox.spec(pod, "hidden", &["sleep", "31337"]);
        sleepers.push(sandbox.runtime.start_container(spec).await.unwrap());
    }
    let seen = both(&here, &pod, "ps -o args | grep -c 'sleep 3133[7]'").await;
    assert_eq!(seen.stdout, "0\n", "{seen:?}");
    drop(sleepers);
    here.runtime.shutdown().await;
    elsewhere.runtime.shutdown().await;
}

#[tokio::test]
async fn devices_and_kernel_files_are_out_of_reach() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let script = "for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do [ ! -e $f ] || wc -c < $f; done | sort -u; ls /sys/firmware /sys/fs/cgroup; \
                  mknod /dev/sda b 8 0 2>&1; mknod /tmp/kmsg c 1 11 2>&1; \
                  echo 1 2>&1 > /proc/sys/kernel/panic; mkdir /sys/x 2>&1; \
                  dmesg 2>&1 | tail -1";
    let outcome = both(&sandbox, &pod, script).await;
    let all = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(
        all.starts_with(
            "0\n/sys/firmware:\n\n/sys/fs/cgroup:\nmknod: /dev/sda: Operation not permitted\nmknod: /tmp/kmsg: Operation not permitted\n"
        ),
        "{all}"
    );
    for refused in [
        "/proc/sys/kernel/panic: Read-only file system",
        "can't create directory '/sys/x'",
        "dmesg: klogctl: Operation not permitted",
    ] {
        assert!(all.contains(refused), "{refused} is missing in {all}");
    }
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn nothing_of_the_host_or_the_agent_is_seen() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let marker = sandbox.state().join("marker");
    fs::write(&marker, "secret").unwrap();
    let script = format!(
        "ls / | tr '\\n' ' '; cat {} /proc/1/root{} 2>&1 | grep -c secret; tr '\\0' '\\n' < /proc/1/environ | grep -c PODYARD; \
         awk '{{print $5}}' /proc/self/mountinfo | grep -c {}; ls /proc/self/fd | wc -l",
        marker.display(),
        marker.display(),
        sandbox.state().display(),
    );
    let outcome = both(&sandbox, &pod, &script).await;
    assert_eq!(outcome.stdout, "bin dev etc home proc root sys tmp usr var 0\n0\n0\n4\n", "{outcome:?}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_pod_reaches_its_neighbour_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (here, elsewhere) = (Sandbox::new(), Sandbox::new());
    let pod = here.pod("p", 5).await;
    let neighbour = here.pod("n", 6).await;
    let other = elsewhere.pod("o", 7).await;
    for (sandbox, pod) in [(&here, &neighbour), (&elsewhere, &other)] {
        let server = sandbox.spec(pod, "httpd", &["httpd", "-f", "-p", "80"]);
        drop(sandbox.runtime.start_container(server).await.unwrap().streams);
        // A connection from within says that it listens.
        let to = std::net::SocketAddrV4::new([127, 0, 0, 1].into(), 80);
        while sandbox.runtime.connect(pod.clone(), to).await.is_err() {}
    }
    let script = format!(
        "try() {{ nc -w 1 $1 $2 < /dev/null > /dev/null 2>/tmp/e && echo reached || sed 's/.*: //' /tmp/e; }}; \
         try 10.244.0.6 80; try 127.0.0.1 {port}; try 10.244.0.1 {port}; try 192.0.2.1 80; try 10.244.0.7 80; \
         ping -c 1 -w 5 10.244.0.6 > /dev/null && echo pinged"
    );
    let outcome = both(&here, &pod, &script).await;
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(
        lines[..4],
        ["reached", "Connection refused", "Connection refused", "Network is unreachable"],
        "{outcome:?}"
    );
    assert!(["timed out", "No route to host"].contains(&lines[4]), "another sandbox's Pod: {outcome:?}");
    assert_eq!(lines[5], "pinged");
    here.runtime.shutdown().await;
    elsewhere.runtime.shutdown().await;
}

#[tokio::test]
async fn the_servers_program_can_not_be_written_from_a_container() {
    let sandbox = Sandbox::new();
    sandbox.pod("p", 5).await;
    let agents: Vec<i32> = crate::ends::descendants(std::process::id() as i32)
        .into_iter()
        .filter(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "podyard-node"))
        .collect();
    assert!(!agents.is_empty());
    for pid in agents {
        // A process on its way into a container has this as its executable. It must belong to nobody there, or be sealed.
        let Ok(program) = fs::read_link(format!("/proc/{pid}/exe")) else { continue };
        let ids = fs::read_to_string(format!("/proc/{pid}/uid_map")).unwrap();
        let theirs = ids.lines().any(|line| {
            let fields: Vec<u32> = line.split_whitespace().map(|field| field.parse().unwrap()).collect();
            let owner = fs::metadata(&program).map_or(0, |file| file.uid());
            (fields[1]..fields[1] + fields[2]).contains(&owner)
        });
        assert!(!theirs || program.starts_with("/memfd:podyard-node"), "{program:?} belongs to {ids}");
        if !nix::unistd::geteuid().is_root() {
            assert!(program.starts_with("/memfd:podyard-node (deleted)"), "{program:?}");
            let written = fs::File::options().write(true).open(format!("/proc/{pid}/exe"));
            assert!(written.is_err(), "the copy in memory can be written");
        }
    }
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_user_without_rights_has_none() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let mut spec = sandbox.spec(&pod, "c", &["sh", "-c", "id -u; id -g; grep CapEff /proc/self/status; touch /x"]);
    spec.security = Security { uid: 1000, gid: 3000, groups: vec![2000], read_only_root: true, ..Security::default() };
    let outcome = outcome(sandbox.runtime.start_container(spec).await.unwrap()).await;
    assert_eq!(outcome.stdout, "1000\n3000\nCapEff:\t0000000000000000\n", "{outcome:?}");
    assert_eq!(outcome.stderr, "touch: /x: Read-only file system\n");
    sandbox.runtime.shutdown().await;
}

/// The program with the system calls and the libraries it needs, as a volume; `None`, with a word, where the machine
/// does not say which they are.
fn calls_program(sandbox: &Sandbox) -> Option<Mount> {
    let program = env!("CARGO_BIN_EXE_test-node-agent");
    let listed = Command::new("ldd").arg(program).output();
    let Ok(listed) = listed else {
        eprintln!("passed over: ldd is not installed");
        return None;
    };
    let directory = sandbox.runtime.config().volumes().join("calls");
    fs::create_dir_all(&directory).unwrap();
    fs::copy(program, directory.join("calls")).unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    for path in text.split_whitespace().filter(|word| word.starts_with('/')) {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        let name = if name.starts_with("ld-linux") { "ld" } else { name };
        fs::copy(path, directory.join(name)).unwrap();
    }
    assert!(image("busybox").layers[0].is_dir());
    Some(Mount { source: MountSource::Path(directory), target: "/t".to_owned(), read_only: true })
}

/// The host's ids of all processes in the sandbox's containers.
fn processes_of(sandbox: &Sandbox) -> Vec<i32> {
    let _ = sandbox;
    crate::ends::descendants(std::process::id() as i32)
        .into_iter()
        .filter(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "sleep"))
        .collect()
}

fn uid_of(pid: i32) -> u32 {
    let status = fs::read_to_string(PathBuf::from(format!("/proc/{pid}/status"))).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("Uid:")).unwrap_or("Uid:\t4294967295");
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
