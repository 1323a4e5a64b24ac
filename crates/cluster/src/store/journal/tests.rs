use std::convert::Infallible;

use serde_json::json;
use tokio::task::JoinHandle;

use super::{super::Next, *};

fn key(name: &str) -> Key {
    Key::new("configmaps", "default", name)
}

fn object(text: &str) -> Value {
    json!({"metadata": {"name": "x"}, "data": {"text": text}})
}

/// A store with what every store here has, and its journal at work.
fn start(path: &Path) -> (Store, CancellationToken, JoinHandle<()>) {
    let store = Store::new();
    store.insert(key("common"), object("from the start")).unwrap();
    let journal = Journal::new(path.to_owned(), store.snapshot().1);
    restore(&store, path).unwrap();
    let stop = CancellationToken::new();
    let following = tokio::spawn(journal.follow(store.clone(), stop.clone()));
    (store, stop, following)
}

async fn end((store, stop, following): (Store, CancellationToken, JoinHandle<()>)) -> u64 {
    stop.cancel();
    following.await.unwrap();
    store.revision()
}

fn texts(store: &Store) -> Vec<String> {
    let text = |object: &Object| object["data"]["text"].as_str().unwrap().to_owned();
    store.list("configmaps", None).1.iter().map(text).collect()
}

fn put(store: &Store, name: &str, text: &str) {
    store.modify(&key(name), |_| Ok::<_, Infallible>(Next::Put(object(text)))).unwrap();
}

fn remove(store: &Store, name: &str) {
    store.modify(&key(name), |_| Ok::<_, Infallible>(Next::Remove)).unwrap();
}

#[tokio::test]
async fn a_store_is_as_it_was_and_goes_on_with_later_revisions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one/objects");
    let first = start(&path);
    for name in ["a", "b", "c"] {
        first.0.insert(key(name), object(name)).unwrap();
    }
    put(&first.0, "b", "changed");
    remove(&first.0, "c");
    remove(&first.0, "common");
    let revision = end(first).await;

    let second = start(&path);
    assert_eq!(texts(&second.0), ["a", "changed"]);
    assert!(second.0.revision() > revision, "what a client may have seen does not come again");
    let b = second.0.get(&key("b")).unwrap();
    assert_eq!(b["metadata"]["resourceVersion"], (revision - 2).to_string(), "an object keeps its version");
    assert!(second.0.watch_all(2).is_err(), "a watch from before has to list again");
    end(second).await;
    assert_eq!(texts(&start(&path).0), ["a", "changed"], "also when nothing happened");
}

#[tokio::test]
async fn whatever_the_last_write_left_is_tolerated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects");
    let first = start(&path);
    first.0.insert(key("a"), object("a")).unwrap();
    first.0.insert(key("b"), object("b")).unwrap();
    end(first).await;
    let good = fs::read(&path).unwrap();
    let whole = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let store = Store::new();
        restore(&store, &path).unwrap();
        texts(&store)
    };
    assert_eq!(whole(&good), ["a", "b", "from the start"]);
    for cut in 1..good.len() {
        let found = whole(&good[..cut]);
        assert!(found.len() < 3 && found.iter().all(|text| ["a", "b", "from the start"].contains(&text.as_str())));
    }
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(whole(&flipped).len(), 2);
    assert_eq!(whole(&[good.as_slice(), &[0; 100]].concat()).len(), 3);
    assert_eq!(whole(&[good.as_slice(), &[255; 100]].concat()).len(), 3);
    assert_eq!(whole(b""), [""; 0]);
}

#[tokio::test]
async fn a_long_journal_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects");
    let first = start(&path);
    first.0.insert(key("a"), object("a")).unwrap();
    let long = "x".repeat(64 * 1024);
    for n in 0..100 {
        put(&first.0, "a", &format!("{long}{n}"));
        tokio::task::yield_now().await;
    }
    put(&first.0, "a", "short");
    end(first).await;
    assert!(fs::metadata(&path).unwrap().len() < 3 * 1024 * 1024);
    assert_eq!(texts(&start(&path).0), ["short", "from the start"]);
}

#[tokio::test]
async fn what_happens_faster_than_it_is_written_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects");
    let first = start(&path);
    first.0.insert(key("a"), object("a")).unwrap();
    for n in 0..10_000 {
        put(&first.0, "a", &n.to_string());
    }
    end(first).await;
    assert_eq!(texts(&start(&path).0)[0], "9999");
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_costs_nothing_but_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (store, stop, following) = {
        let store = Store::new();
        let stop = CancellationToken::new();
        let journal = Journal::new(file.join("objects"), Vec::new());
        (store.clone(), stop.clone(), tokio::spawn(journal.follow(store, stop)))
    };
    store.insert(key("a"), object("a")).unwrap();
    end((store, stop, following)).await;
}
