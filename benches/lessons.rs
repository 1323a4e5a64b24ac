//! How long a lesson takes to read, beside pulldown-cmark turning the same markdown into HTML and nothing else:
//! `cargo bench --bench lessons`.
//!
//! The page has 46 kB, as the longest task page of the Kubernetes documentation has, and everything that lessons are made
//! of. The aim is 3 ms; and a page is read once, when its file changes: `from the catalogue` is what each reader costs.

use std::{fmt::Write as _, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use podyard::lessons::{
    Catalog,
    page::{self, Around, Painter},
};

/// As long as the longest task page.
const BYTES: usize = 46 * 1024;

/// A page of `bytes` bytes or a little more.
fn page_of(bytes: usize) -> String {
    let mut text = String::from("---\ntitle: A long lesson\nlab: {time: 15m}\n---\nWhat it is about.[^1]\n\n");
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        let _ = write!(
            text,
            "## Step {number}\n\nA Pod has *one* address, and `containers` in it share it: see [the list](#step-1).\n\n\
             | field | is |\n| --- | --- |\n| `image` | what runs |\n| `command` | how it begins |\n\n\
             ```yaml title=\"pod-{number}.yaml\"\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web-{number}\nspec:\n  \
             containers:\n  - name: web\n    image: nginx:1.27\n    ports:\n    - containerPort: 80\n```\n\n\
             ```bash\nkubectl apply -f pod-{number}.yaml\nkubectl get pods\n```\n\n```text\nNAME     READY   STATUS    \
             RESTARTS   AGE\nweb-{number}   1/1     Running   0          3s\n```\n\n> [!NOTE]\n> It is the same Pod \
             as before, and it keeps its address as long as it lives.\n\n{{{{< caution >}}}}\nA Pod that is deleted does \
             not come back.\n{{{{< /caution >}}}}\n\n```yaml lab=check\npod: web-{number}\nready: true\n```\n\n"
        );
    }
    text.push_str("[^1]: Pods.\n");
    text
}

fn reading(bench: &mut Criterion) {
    let text = page_of(BYTES);
    let mut painter = Painter::default();
    let mut group = bench.benchmark_group(format!("a page of {} kB", text.len() / 1024));
    group.bench_function("as a lesson", |b| {
        b.iter(|| page::read(&Around::alone("a.md"), black_box(&text), &mut painter));
    });
    group.bench_function("pulldown-cmark", |b| {
        b.iter(|| {
            let mut html = String::new();
            let all = pulldown_cmark::Options::all();
            pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new_ext(black_box(&text), all));
            html
        });
    });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.md"), &text).expect("a lesson");
    let catalog = Catalog::load(folder.path()).expect("a catalogue");
    group.bench_function("from the catalogue", |b| {
        b.iter(|| catalog.get(black_box("a")).map(|lesson| lesson.steps.len()))
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
