//! `podyard lessons new`: a page to begin with, which lints and tests as it is.

use std::{fs, io::Write as _, path::Path};

use anyhow::Context as _;

use super::super::say;

/// The page; its title comes from the file's name.
const PAGE: &str = r#"---
title: TITLE
description: One or two sentences for the catalogue.
lab:
  time: 5m
---

What this lesson is about, and why one should care.

## Make something

```bash
kubectl create configmap greeting --from-literal=text=hello
```

```text
configmap/greeting created
```

```yaml lab=check
configmap: greeting
hint: "`kubectl get configmaps` shows what there is."
```

## What to take with you

- One thing.
"#;

/// Writes the page; one that is there stays as it is.
pub(super) fn run(path: &Path) -> anyhow::Result<u8> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let mut file = fs::File::create_new(path).with_context(|| format!("writing {}", path.display()))?;
    file.write_all(PAGE.replace("TITLE", &title(path)).as_bytes())?;
    say(&format!("{} is there; `podyard serve` shows it while you write", path.display()))?;
    Ok(0)
}

fn title(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let words = stem.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(|| "A lesson".to_owned(), |first| first.to_uppercase().chain(letters).collect())
}
