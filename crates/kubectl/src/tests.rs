//! Command lines against an embedded cluster in this process, whose containers are scripted.

mod cancelled;
mod flood;
mod fuzz;
mod world;

use insta::assert_snapshot;
use world::World;

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: web, image: busybox}\n";

#[tokio::test]
async fn a_first_lesson() {
    let world = World::new(&[]).await;
    assert_snapshot!(world.run("run hello --image=busybox --restart=Never -- echo hi").await, @"pod/hello created");
    assert_snapshot!(world.run("wait --for=jsonpath={.status.phase}=Succeeded pod/hello").await, @"pod/hello condition met");
    assert_snapshot!(world.run("logs hello").await, @"from hello");
    assert_snapshot!(world.run("get pod hello -o jsonpath={.spec.containers[*].name}").await, @"hello");
    assert_snapshot!(world.run("delete pod hello").await, @r#"pod "hello" deleted from default namespace"#);
    assert_snapshot!(world.run("get pods").await, @r"
    ! No resources found in default namespace.
    ");
}

#[tokio::test]
async fn apply_says_what_became_of_each_object() {
    let world = World::new(&[
        ("pod.yaml", POD),
        ("labelled.yaml", &POD.replace("name: web}\nspec", "name: web, labels: {a: b}}\nspec")),
    ])
    .await;
    assert_snapshot!(world.run("apply -f pod.yaml").await, @"pod/web created");
    assert_snapshot!(world.run("apply -f pod.yaml").await, @"pod/web unchanged");
    assert_snapshot!(world.run("apply -f labelled.yaml").await, @"pod/web configured");
    assert_snapshot!(world.run("get pod web -o jsonpath={.metadata.labels}").await, @r#"{"a":"b"}"#);
    assert_snapshot!(world.run("apply -f pod.yaml").await, @"pod/web configured");
    assert_snapshot!(world.run("get pod web -o jsonpath={.metadata.labels}").await, @"");
}

#[tokio::test]
async fn mistakes_are_told_in_kubectls_words() {
    let world = World::new(&[("pod.yaml", POD)]).await;
    assert_snapshot!(world.run("get podz").await, @r#"
    ! error: the server doesn't have a resource type "podz"
    [1]
    "#);
    assert_snapshot!(world.run("logs ghost").await, @r#"
    ! error: error from server (NotFound): pods "ghost" not found in namespace "default"
    [1]
    "#);
    assert_snapshot!(world.run("delete -f pod.yaml").await, @r#"
    ! Error from server (NotFound): error when deleting "pod.yaml": pods "web" not found
    [1]
    "#);
    assert_snapshot!(world.run("gett pods").await, @r#"
    ! error: unknown command "gett" for "kubectl"
    ! 
    ! Did you mean this?
    ! 	set
    ! 	get
    [1]
    "#);
}

#[tokio::test]
async fn a_container_more_looks_into_a_running_pod() {
    let world = World::new(&[("pod.yaml", POD)]).await;
    world.run("apply -f pod.yaml").await;
    assert_snapshot!(world.run("debug web --image=busybox -c look --target=web").await, @r#"Targeting container "web". If you don't see processes from this container it may be because the container runtime doesn't support this feature."#);
    assert_snapshot!(world.run("get pod web -o jsonpath={.spec.ephemeralContainers[*].targetContainerName}").await, @"web");
    assert_snapshot!(world.run("debug web").await, @"
    ! error: you must specify --image when not using --copy-to.
    [1]
    ");
}

#[tokio::test]
async fn a_watch_ends_when_it_is_cancelled() {
    let world = World::new(&[("pod.yaml", POD)]).await;
    world.run("apply -f pod.yaml").await;
    let (first, code) = world.until("get pods -w -o name", "pod/web\n").await;
    assert_eq!((first.as_str(), code), ("pod/web\n", crate::INTERRUPTED));
}

#[tokio::test]
async fn an_edited_object_is_saved_or_shown_again() {
    let world = World::new(&[("pod.yaml", POD)]).await;
    world.run("apply -f pod.yaml").await;
    assert_snapshot!(world.edited("edit pod web", &[]).await, @"! Edit cancelled, no changes made.");
    let labelled = [("  name: web\n  namespace", "  labels: {a: b}\n  name: web\n  namespace")];
    assert_snapshot!(world.edited("edit pod web", &labelled).await, @"pod/web edited");
    assert_snapshot!(world.run("get pod web -o jsonpath={.metadata.labels}").await, @r#"{"a":"b"}"#);
    assert_snapshot!(world.edited("edit pod web", &[("image: busybox", "image: \"\"")]).await, @r#"
    ! error: pods "web" is invalid
    ! error: Edit cancelled, no valid changes were saved.
    [1]
    "#);
    let mended = [("a: b", "a: ["), ("a: [", "a: c")];
    assert_snapshot!(world.edited("edit pod web", &mended).await, @"pod/web edited");
}

#[tokio::test]
async fn what_was_applied_is_edited_alone() {
    let world = World::new(&[("pod.yaml", POD)]).await;
    world.run("apply -f pod.yaml").await;
    let renamed = [("image: busybox", "image: nginx")];
    assert_snapshot!(world.edited("apply edit-last-applied pod/web", &renamed).await, @"pod/web edited");
    assert_snapshot!(world.run("get pod web -o jsonpath={.spec.containers[*].image}").await, @"busybox");
    let applied = world.run("apply view-last-applied pod/web").await;
    assert!(applied.contains("image: nginx"), "{applied}");
}

#[tokio::test]
async fn words_are_completed() {
    let world = World::new(&[("pod.yaml", POD)]).await;
    world.run("apply -f pod.yaml").await;
    assert_snapshot!(world.run("__complete delete pod w").await, @r"
    web
    :4
    ! Completion ended with directive: ShellCompDirectiveNoFileComp
    ");
    assert_snapshot!(world.run("__complete rollout re").await, @r"
    restart	Restart a resource
    resume	Resume a paused resource
    :4
    ! Completion ended with directive: ShellCompDirectiveNoFileComp
    ");
}
