use std::fs;

use super::*;

fn load(files: &[(&str, &[u8])]) -> Catalog {
    load_in(&tempfile::tempdir().expect("a folder"), files)
}

fn load_in(folder: &tempfile::TempDir, files: &[(&str, &[u8])]) -> Catalog {
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder below");
        fs::write(path, text).expect("a file");
    }
    Catalog::load(folder.path()).expect("a folder that is there")
}

#[test]
fn lessons_stand_in_order_and_know_their_neighbours() {
    let catalog = load(&[
        ("pods/b.md", b"---\nweight: 2\n---\n# B\n"),
        ("a.md", b"---\nweight: 1\n---\n# A\n"),
        ("README.md", b"# no lesson\n"),
        ("images/web/notes.md", b"# no lesson\n"),
        ("later.md", b"---\ndraft: true\n---\n# Draft\n"),
    ]);
    let titles: Vec<_> = catalog.lessons().iter().map(|lesson| lesson.title.as_str()).collect();
    assert_eq!(titles, ["A", "B"]);
    let (before, after) = catalog.neighbours("b");
    assert_eq!((before.map(|lesson| lesson.id.as_str()), after), (Some("a"), None));
}

#[test]
fn relative_links_lead_from_page_to_page() {
    let catalog = load(&[("pods/a.md", b"[b](../b.md#x)\n"), ("b.md", b"---\nid: bee\n---\n")]);
    assert!(catalog.get("a").expect("lesson a").intro.contains("/lessons/bee#x"));
}

#[test]
fn a_broken_page_leaves_the_others_alone() {
    let catalog = load(&[("a.md", b"# A\n"), ("b.md", b"# B\n\xff\n"), ("c.md", b"---\nid: a\n---\n")]);
    assert_eq!(catalog.lessons().len(), 1);
    let problems: Vec<_> = catalog.problems().iter().map(ToString::to_string).collect();
    assert!(problems[0].ends_with("b.md:2:1: is not UTF-8 from here on; save the file as UTF-8"), "{problems:?}");
    assert!(problems[1].contains("c.md:1:1: the id \"a\" belongs to another lesson already"));
}

/// As a documentation site has them: told apart by their folders, and links lead to the right one.
#[test]
fn pages_of_one_name_in_different_folders_are_all_there() {
    let catalog = load(&[
        ("concepts/pods/users.md", b"# Concept\n\n[Do it](../../tasks/users.md#x)\n"),
        ("tasks/users.md", b"# Task\n\n## X\n\n[Why](../concepts/pods/users.md)\n"),
        ("tasks/pods/users.md", b"# Another\n"),
    ]);
    let mut ids: Vec<_> = catalog.lessons().iter().map(|lesson| (lesson.id.as_str(), lesson.title.as_str())).collect();
    ids.sort_unstable();
    assert_eq!(ids, [("pods-users", "Another"), ("tasks-users", "Task"), ("users", "Concept")]);
    assert!(catalog.get("users").unwrap().intro.contains("/lessons/tasks-users#x"));
    assert_eq!(catalog.problems(), []);
}

#[test]
fn our_own_lessons_have_no_problems() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("content");
    let catalog = Catalog::load(&content).expect("our content");
    assert_eq!(catalog.problems(), []);
    assert!(catalog.get("from-containers-to-pods").is_some() && catalog.get("anatomy-of-a-pod-manifest").is_some());
}

#[test]
fn a_lesson_is_read_in_the_language_of_its_reader() {
    let catalog = load(&[
        ("a.md", b"# One\n\n## Go\n\n```\nkubectl get pods\n```\n"),
        ("a.de.md", b"# Eins\n\n## Los\n\n```\nkubectl get pods\n```\n"),
        ("b.md", b"---\nid: bee\n---\n# Two\n\n[a](a.de.md)\n"),
        ("b.de.md", b"# Zwei\n\n[b](b.de.md)\n"),
    ]);
    assert!(catalog.get("bee").unwrap().intro.contains("/lessons/a\""));
    assert!(catalog.get_in("bee", ["de"]).unwrap().intro.contains("/lessons/bee\""));
    let title = |languages: &[&str]| catalog.get_in("a", languages.iter().copied()).unwrap().title.clone();
    assert_eq!(title(&["fr", "de-AT", "en"]), "Eins");
    assert_eq!((title(&["fr"]), title(&["en", "de"])), ("One".to_owned(), "One".to_owned()));
    assert_eq!(catalog.lessons().len(), 2);
    assert_eq!(catalog.versions("a").nth(1).unwrap().steps[0].id, "go");
    assert_eq!(catalog.problems(), []);
}

#[test]
fn a_translation_that_drifted_from_its_original_is_told() {
    let catalog = load(&[
        ("a.md", b"## Go\n\n```\nkubectl get pods\n```\n"),
        ("a.de.md", b"## Los\n\n```\nkubectl get nodes\n```\n\n## Mehr\n"),
    ]);
    let problems: Vec<_> = catalog.problems().iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("2 steps") && problems[1].contains("kubectl get pods"), "{problems:?}");
}

#[test]
fn folders_are_courses_and_their_pages_inherit_what_they_say() {
    let catalog = load(&[
        ("net/_meta.yaml", b"title: Networks\nsidebar_position: 2\nlab: {time: 7m}\n"),
        ("net/a.md", b"# A\n"),
        ("pods/_index.md", b"---\ntitle: Pods\nweight: 1\n---\n"),
        ("pods/b.md", b"# B\n"),
        ("soon/_meta.yaml", b"draft: true\n"),
        ("soon/c.md", b"# C\n"),
    ]);
    let courses: Vec<_> =
        catalog.courses().iter().map(|course| (course.title.as_str(), course.lessons.clone())).collect();
    assert_eq!(courses, [("Pods", vec!["b".to_owned()]), ("Networks", vec!["a".to_owned()])]);
    assert_eq!(catalog.get("a").unwrap().minutes, Some(7));
    let bad = load(&[("x/_meta.yaml", b"title: [\n"), ("x/a.md", b"# A\n")]);
    assert!(bad.problems()[0].to_string().contains("x/_meta.yaml:"), "{:?}", bad.problems());
}

#[test]
fn files_and_images_beside_a_page_are_found_and_none_outside() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = load_in(&folder, &[
        ("examples/pods/a.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"),
        ("x/a.md", b"![d](pic/d.png) ![e](../../e.png)\n\n{{% code_sample file=\"pods/a.yaml\" %}}\n\n```shell\nkubectl apply -f https://k8s.io/examples/pods/a.yaml\nwget https://k8s.io/examples/pods/a.yaml -O b.yaml\n```\n"),
        ("x/pic/d.png", b"png"),
    ]);
    let lesson = catalog.get("a").unwrap();
    assert_eq!(lesson.files[0].name, "a.yaml");
    let lines: Vec<_> = lesson.commands().map(|command| command.line.as_str()).collect();
    assert_eq!(lines, ["kubectl apply -f a.yaml", "wget https://k8s.io/examples/pods/a.yaml -O b.yaml"]);
    assert!(lesson.intro.contains("src=\"/content/x/pic/d.png\""), "{}", lesson.intro);
    let problems: Vec<_> = catalog.problems().iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(problems, ["there is no image ../../e.png"]);
    assert!(catalog.image("x/pic/d.png").is_some());
    assert!(catalog.image("../x.png").is_none() && catalog.image("x/a.md").is_none());
}
