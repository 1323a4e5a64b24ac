use std::{collections::BTreeMap, sync::Mutex as StdMutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// Files in memory.
#[derive(Default)]
struct Desk(StdMutex<BTreeMap<String, Vec<u8>>>);

impl Files for Desk {
    fn read(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        let found = self.0.lock().unwrap().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
        Box::pin(async move { found })
    }
    fn write(&self, path: &str, bytes: &[u8]) -> BoxFuture<'_, io::Result<()>> {
        self.0.lock().unwrap().insert(path.to_owned(), bytes.to_owned());
        Box::pin(async { Ok(()) })
    }
    fn list(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<String>>> {
        let names = self.0.lock().unwrap().keys().cloned().collect();
        let found = if path == "." { Ok(names) } else { Err(io::ErrorKind::NotFound.into()) };
        Box::pin(async move { found })
    }
}

impl LearnerFiles for Desk {
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.lock().unwrap().remove(name).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

struct NoForwards;

impl Forwards for NoForwards {
    fn ports(&self, _: &str) -> Arc<dyn Ports> {
        struct NoPorts;
        impl Ports for NoPorts {
            fn listen(&self, _: &str, _: u16) -> BoxFuture<'_, io::Result<Box<dyn podyard_kubectl::env::Listener>>> {
                Box::pin(async { Err(io::ErrorKind::AddrInUse.into()) })
            }
        }
        Arc::new(NoPorts)
    }
    fn connect(&self, _: u16) -> io::Result<tokio::io::DuplexStream> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

/// Says what it was given; `kubectl wait-for-ever` ends with Ctrl-C only, `kubectl flood` writes until nobody reads.
fn scripted() -> Engine {
    Arc::new(|argv, mut env| {
        Box::pin(async move {
            match argv[0].as_str() {
                "wait-for-ever" => {
                    env.cancel.cancelled().await;
                    env.stderr.write_all(b"bye\n").await.unwrap();
                    1
                }
                "flood" => {
                    while env.stdout.write_all(b"line\n").await.is_ok() {}
                    0
                }
                "stdin" => {
                    let mut text = String::new();
                    env.stdin.read_to_string(&mut text).await.unwrap();
                    env.stdout.write_all(format!("<{text}>\n").as_bytes()).await.unwrap();
                    0
                }
                "exec" if env.terminal.is_some() => {
                    let mut key = [0; 2];
                    env.stdin.read_exact(&mut key).await.unwrap();
                    env.stdout.write_all(format!("key {}\n", String::from_utf8_lossy(&key)).as_bytes()).await.unwrap();
                    0
                }
                "fail" => {
                    env.stderr.write_all(b"Error from server (NotFound)\n").await.unwrap();
                    1
                }
                _ => {
                    env.stdout.write_all(format!("{argv:?}\n").as_bytes()).await.unwrap();
                    0
                }
            }
        })
    })
}

fn world() -> World {
    let service = tower::service_fn(|_: http::Request<kube::client::Body>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(kube::client::Body::empty()))
    });
    World {
        client: kube::Client::new(service, "default"),
        namespace: "default".into(),
        files: Arc::new(Desk::default()),
        forwards: Arc::new(NoForwards),
        variables: Variables::default(),
        clock: Arc::new(Timestamp::now),
        engine: scripted(),
        terminal: None,
        editor: None,
    }
}

async fn run_in(world: &World, line: &str) -> String {
    let (send, mut receive) = mpsc::channel(8);
    let cancel = CancellationToken::new();
    let (code, shown) = tokio::join!(run(line, world, send, cancel), async {
        let mut shown = String::new();
        while let Some(event) = receive.recv().await {
            match event {
                Event::Text { stream: Stream::Stdout, text } => shown.push_str(&text),
                Event::Text { stream: Stream::Stderr, text } => shown.push_str(&format!("!{text}")),
                Event::Clear => shown.push_str("<clear>"),
            }
        }
        shown
    });
    format!("{shown}={code}")
}

async fn shown(line: &str) -> String {
    run_in(&world(), line).await
}

#[tokio::test]
async fn kubectl_gets_its_arguments_and_k_is_short_for_it() {
    insta::assert_snapshot!(shown("k run busybox --image=busybox -- echo \"Hello World\"").await, @r#"
    ["run", "busybox", "--image=busybox", "--", "echo", "Hello World"]
    =0
    "#);
}

#[tokio::test]
async fn files_pipes_and_joins() {
    let world = world();
    insta::assert_snapshot!(run_in(&world, "cat <<EOF > pod.yaml && ls\nkind: Pod\nimage: a\nimage: b\nEOF").await, @"
    pod.yaml
    =0
    ");
    insta::assert_snapshot!(run_in(&world, "grep -n image *.yaml | tail -1; cat pod.yaml | wc -l").await, @"
    3:image: b
    3
    =0
    ");
    insta::assert_snapshot!(run_in(&world, "cat pod.yaml | kubectl stdin | head -2").await, @"
    <kind: Pod
    image: a
    =0
    ");
    insta::assert_snapshot!(run_in(&world, "echo more >> pod.yaml; sort -r < pod.yaml | head -n 1; rm pod.yaml; cat pod.yaml || echo gone").await, @"
    more
    !cat: pod.yaml: No such file or directory
    gone
    =0
    ");
}

#[tokio::test]
async fn variables_and_codes() {
    let world = world();
    insta::assert_snapshot!(run_in(&world, "NAME='a  b'; echo $NAME \"$NAME\" $(echo x y)").await, @"
    a b a  b x y
    =0
    ");
    insta::assert_snapshot!(run_in(&world, "kubectl fail 2>&1 | grep -c NotFound; kubectl fail; echo $?").await, @"
    1
    !Error from server (NotFound)
    1
    =0
    ");
    insta::assert_snapshot!(run_in(&world, "echo a > /dev/null; clear; nonsense; echo $?").await, @"
    <clear>!sh: nonsense: command not found
    there is kubectl, cat, ls, rm, echo, grep, head, tail, wc, sort, watch, sleep, curl, clear, help
    127
    =0
    ");
    insta::assert_snapshot!(run_in(&world, "echo 'open").await, @"
    !sh: syntax error: unterminated quoted string
    =2
    ");
}

#[tokio::test]
async fn expansion_does_not_use_up_the_machine() {
    let world = world();
    run_in(&world, &format!("X={}", "x".repeat(60_000))).await;
    assert_eq!(run_in(&world, &format!("echo {}", "$X".repeat(100_000))).await, "!sh: Argument list too long\n=126");
    assert_eq!(run_in(&world, &format!("echo {}", "$X ".repeat(100_000))).await, "!sh: Argument list too long\n=126");
    assert_eq!(run_in(&world, &format!("Y={}", "$X".repeat(100_000))).await, "!sh: Argument list too long\n=1");
    assert_eq!(
        run_in(&world, &format!("cat <<E\n{}\nE\n", "$X".repeat(100_000))).await,
        "!sh: Argument list too long\n=1"
    );
    run_in(&world, "echo > a; echo > b; echo > c").await;
    assert_eq!(run_in(&world, &format!("echo {}", "* ".repeat(100_000))).await, "!sh: Argument list too long\n=126");
    assert_eq!(
        run_in(&world, &format!("Z={}", "x".repeat(70_000))).await,
        "!sh: Z: a variable holds at most 64 KiB\n=1"
    );
}

#[tokio::test]
async fn there_is_no_network_but_forwarded_ports() {
    insta::assert_snapshot!(shown("curl http://localhost:5000/").await, @"
    !curl: (7) Failed to connect to localhost port 5000 after 0 ms: Couldn't connect to server
    =7
    ");
    insta::assert_snapshot!(shown("wget -qO- http://example.org").await, @"
    !wget: Could not resolve host: example.org (this console reaches only what `kubectl port-forward` holds open on localhost)
    =1
    ");
}

#[tokio::test]
async fn a_command_that_nobody_reads_from_ends() {
    insta::assert_snapshot!(shown("kubectl flood | head -1").await, @"
    line
    =0
    ");
    // Also one that writes nothing more: there is nothing left to wait for.
    insta::assert_snapshot!(shown("kubectl wait-for-ever | true").await, @"=0");
    let refused = shown("kubectl flood > big").await;
    assert_eq!(refused, "!sh: big: a file holds at most 2 MiB\n=1");
}

#[tokio::test]
async fn ctrl_c_ends_everything_and_what_was_said_is_shown() {
    for (line, said) in
        [("kubectl wait-for-ever", "bye\n"), ("sleep 100; echo never", ""), ("watch kubectl x", "Every")]
    {
        let (send, mut receive) = mpsc::channel(8);
        let cancel = CancellationToken::new();
        let world = world();
        let running = tokio::spawn({
            let cancel = cancel.clone();
            async move { run(line, &world, send, cancel).await }
        });
        tokio::task::yield_now().await;
        cancel.cancel();
        let mut text = String::new();
        while let Some(event) = receive.recv().await {
            if let Event::Text { text: t, .. } = event {
                text.push_str(&t);
            }
        }
        assert_eq!(running.await.unwrap(), INTERRUPTED, "{line}");
        assert!(text.starts_with(said) && !text.contains("never"), "{line}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn sleep_takes_units() {
    assert_eq!(shown("sleep 0.5 && sleep 1m").await, "=0");
    assert_eq!(shown("sleep soon").await, "!sleep: invalid time interval 'soon'\n=1");
}

#[tokio::test]
async fn who_asks_for_a_terminal_reads_the_keyboard_unless_something_else_is_its_input() {
    let (keyboard, terminal) = terminal::terminal();
    let world = World { terminal: Some(terminal), ..world() };
    keyboard.press("ab".into());
    keyboard.press("cd".into());
    let line = "kubectl exec -it web -- sh && kubectl exec -it web -- sh; echo x | kubectl exec -it web -- sh";
    insta::assert_snapshot!(run_in(&world, line).await, @r#"
    key ab
    key cd
    ["exec", "-it", "web", "--", "sh"]
    =0
    "#);
}
