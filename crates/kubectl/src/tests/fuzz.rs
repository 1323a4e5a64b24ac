//! Command lines of words that make little sense together: each ends with an exit code. A few in the normal run, for as
//! long as `PODYARD_FUZZ_SECONDS` says in `make fuzz`.

use std::time::{Duration, Instant};

use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use tokio::io::{AsyncReadExt as _, sink};
use tokio_util::sync::CancellationToken;

use super::{POD, world::World};

/// Lines between two looks at the clock.
const CASES: u32 = 128;
/// What has not ended by then goes on for ever, and is cancelled.
const LONG: Duration = Duration::from_millis(20);

const WORDS: &[&str] = &[
    "get",
    "describe",
    "logs",
    "run",
    "create",
    "apply",
    "delete",
    "replace",
    "patch",
    "edit",
    "label",
    "annotate",
    "set",
    "scale",
    "autoscale",
    "rollout",
    "expose",
    "exec",
    "attach",
    "port-forward",
    "cp",
    "debug",
    "explain",
    "wait",
    "diff",
    "events",
    "top",
    "auth",
    "api-resources",
    "api-versions",
    "version",
    "cluster-info",
    "config",
    "cordon",
    "drain",
    "taint",
    "certificate",
    "proxy",
    "help",
    "options",
    "completion",
    "__complete",
    "kustomize",
    "plugin",
    "status",
    "history",
    "undo",
    "image",
    "env",
    "resources",
    "can-i",
    "whoami",
    "deployment",
    "configmap",
    "secret",
    "generic",
    "role",
    "rolebinding",
    "quota",
    "service",
    "clusterip",
    "view",
    "use-context",
    "pods",
    "po",
    "pod/web",
    "web",
    "pods,svc",
    "deploy/web",
    "svc",
    "cm",
    "nodes",
    "all",
    "kind-control-plane",
    "nope",
    "a=b",
    "a-",
    "a:NoSchedule",
    "web:/x",
    "8080:80",
    "-n",
    "-A",
    "-o",
    "-l",
    "-f",
    "-c",
    "-w",
    "-i",
    "-t",
    "-it",
    "-p",
    "-k",
    "-",
    "--",
    "yaml",
    "json",
    "kyaml",
    "wide",
    "name",
    "jsonpath={.items[*].metadata.name}",
    "custom-columns=A:.kind",
    "go-template={{.}}",
    "pod.yaml",
    "--all",
    "--force",
    "--dry-run=client",
    "--dry-run=server",
    "--image=busybox",
    "--sort-by=.kind",
    "--for=delete",
    "--for=condition=Ready",
    "--timeout=1s",
    "--replicas=2",
    "--type=merge",
    "--grace-period=-1",
    "--from-literal=a=b",
    "--help",
    "-h",
    "--watch",
    "--show-labels",
    "--field-selector=a=b",
    "--list",
    "--port=80",
    "--overrides={}",
    "--server-side",
    "--prune",
    "--tail=1",
    "--since=1s",
    "--namespace=",
    "-v=9",
    "--as=ada",
];

fn lines() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        8 => select(WORDS).prop_map(str::to_owned),
        1 => "-{0,2}[a-z]{1,3}[-=,/:.]{0,2}.{0,4}",
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ];
    prop::collection::vec(word, 0..7)
}

async fn ends(world: &World, argv: &[String]) -> i32 {
    let cancel = CancellationToken::new();
    let (mut env, mut out, mut err) = world.env(world.cluster().client(), &cancel);
    env.stdout = Box::new(sink());
    let mut running = std::pin::pin!(crate::run(argv, env));
    let said = async {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let (read, more) = tokio::join!(out.read_to_end(&mut a), err.read_to_end(&mut b));
        drop((read, more));
        std::future::pending::<()>().await;
    };
    tokio::select! {
        code = &mut running => return code,
        () = said => {}
        () = tokio::time::sleep(LONG) => {}
    }
    cancel.cancel();
    running.await
}

#[test]
fn every_command_line_ends_with_an_exit_code() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new(&[("pod.yaml", POD)]));
    let seconds = std::env::var("PODYARD_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    loop {
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&lines(), |argv| {
            let code = runtime.block_on(ends(&world, &argv));
            prop_assert!((0..=255).contains(&code), "{argv:?}: {code}");
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
        if Instant::now() >= until {
            return;
        }
    }
}
