//! What a workshop will need of a machine: `podyard plan`. A pure function of the lessons.

use std::collections::BTreeSet;

use crate::lessons::model::Lesson;

/// Where the learners' Pods run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In the server.
    Embedded,
    /// In a kind cluster each.
    Kind,
    /// In namespaces of a cluster.
    Kubernetes,
}

/// What one learner costs. Measured on the machine that ARCHITECTURE.md names; kind's figures are of kind 0.33.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cost {
    /// MiB for a sandbox with its API, without Pods.
    sandbox: f64,
    /// MiB for each Pod beyond what its own program takes.
    pod: f64,
    /// Of one processor, while the learner works.
    processor: f64,
    /// MiB on disk.
    disk: f64,
}

const EMBEDDED: Cost = Cost { sandbox: 4.0, pod: 1.5, processor: 0.02, disk: 16.0 };
const KIND: Cost = Cost { sandbox: 430.0, pod: 18.0, processor: 0.12, disk: 720.0 };
const KUBERNETES: Cost = Cost { sandbox: 1.0, pod: 18.0, processor: 0.02, disk: 0.0 };
/// MiB for the server itself.
const SERVER: f64 = 120.0;
/// What a container may use, for want of a limit in its manifest.
const PROGRAM: f64 = 8.0;

/// What is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Needs {
    /// MiB of memory here.
    pub memory: u64,
    /// Processors here.
    pub processors: f64,
    /// MiB of disk here.
    pub disk: u64,
    /// The most Pods that a lesson has a learner run at once.
    pub pods: usize,
    /// The images that the lessons use.
    pub images: Vec<String>,
    /// What else has to be looked to.
    pub advice: Vec<String>,
}

/// What so many learners will need for these lessons.
pub fn estimate(learners: u64, lessons: &[&Lesson], kind: Kind) -> Needs {
    let cost = match kind {
        Kind::Embedded => EMBEDDED,
        Kind::Kind => KIND,
        Kind::Kubernetes => KUBERNETES,
    };
    let pods = lessons.iter().map(|lesson| pods(lesson)).max().unwrap_or(0);
    let many = learners as f64;
    let memory = SERVER + many * (cost.sandbox + pods as f64 * (cost.pod + PROGRAM));
    Needs {
        memory: memory.ceil() as u64,
        processors: (1.0 + many * cost.processor).ceil(),
        disk: (many * cost.disk).ceil() as u64 + 100,
        pods,
        images: images_of(lessons),
        advice: advice(learners, kind),
    }
}

/// The images that lessons use, each once.
pub fn images_of(lessons: &[&Lesson]) -> Vec<String> {
    let images: BTreeSet<String> = lessons.iter().flat_map(|lesson| images(lesson)).collect();
    images.into_iter().collect()
}

fn advice(learners: u64, kind: Kind) -> Vec<String> {
    match kind {
        Kind::Embedded => Vec::new(),
        Kind::Kind => vec![
            format!(
                "sysctl fs.inotify.max_user_instances={}: a kind cluster takes 27 of them",
                (learners * 27).max(128) + 64
            ),
            format!(
                "--kind-pool {}: a cluster takes 20 seconds to make, and learners come all at once",
                learners.min(20)
            ),
        ],
        Kind::Kubernetes => {
            vec!["the figures are for the cluster's nodes together; the server itself needs little".to_owned()]
        }
    }
}

/// How many Pods a lesson makes, if nothing is deleted on the way.
fn pods(lesson: &Lesson) -> usize {
    let documents = lesson.files.iter().flat_map(|file| file.text.split("\n---"));
    let in_files: usize = documents.map(pods_of).sum();
    in_files + lesson.commands().filter(|command| command.line.starts_with("kubectl run ")).count()
}

fn pods_of(document: &str) -> usize {
    let field = |name: &str| {
        document.lines().find_map(|line| line.trim().strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    match field("kind:").as_deref() {
        Some("Pod" | "Job" | "CronJob" | "DaemonSet") => 1,
        Some("Deployment" | "ReplicaSet" | "StatefulSet") => {
            field("replicas:").and_then(|count| count.parse().ok()).unwrap_or(1)
        }
        _ => 0,
    }
}

/// Those that can be had: a lesson on images that don't come names others.
fn images(lesson: &Lesson) -> Vec<String> {
    let lines = lesson.files.iter().flat_map(|file| file.text.lines());
    let in_files = lines.filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image:"));
    let words = lesson.commands().flat_map(|command| command.line.split_whitespace());
    let in_commands = words.filter_map(|word| word.strip_prefix("--image="));
    let clean = |image: &str| image.trim().trim_matches(['"', '\'']).to_owned();
    let there = |image: &String| !image.is_empty() && !lesson.missing_images.contains(image);
    in_files.chain(in_commands).map(clean).filter(there).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workshops::testing;

    fn lesson() -> Lesson {
        testing::lesson_with(
            "one",
            "## Go\n\n```bash\nkubectl run x --image=busybox:1.36 -- true\n```\n\n\
             ```yaml title=\"a.yaml\"\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: busybox\n---\n\
             apiVersion: v1\nkind: Service\n```\n\n```yaml title=\"b.yaml\"\napiVersion: apps/v1\nkind: Deployment\nspec:\n\
             \x20 replicas: 3\n  template:\n    spec:\n      containers:\n      - name: a\n        image: \"nginx:1.27\"\n```\n",
        )
    }

    #[test]
    fn pods_and_images_are_counted_from_manifests_and_commands() {
        let lesson = lesson();
        let needs = estimate(60, &[&lesson], Kind::Embedded);
        assert_eq!(
            (needs.pods, needs.images),
            (5, ["busybox", "busybox:1.36", "nginx:1.27"].map(String::from).to_vec())
        );
    }

    #[test]
    fn images_that_are_wrong_on_purpose_are_not_needed() {
        let text = "## Go\n\n```bash\nkubectl run x --image=ngnix\nkubectl run y --image=nginx\n```\n";
        let mut lesson = testing::lesson_with("one", text);
        lesson.missing_images = vec!["ngnix".to_owned()];
        assert_eq!(estimate(1, &[&lesson], Kind::Embedded).images, ["nginx"]);
    }

    #[test]
    fn twice_the_learners_need_twice_as_much_beyond_the_server() {
        let lesson = lesson();
        let memory = |learners| estimate(learners, &[&lesson], Kind::Embedded).memory as f64 - SERVER;
        assert!((memory(200) / memory(100) - 2.0).abs() < 0.01);
        assert!(estimate(10, &[&lesson], Kind::Kind).memory > 10 * 430);
        assert_eq!(estimate(0, &[], Kind::Embedded).pods, 0);
    }

    #[test]
    fn a_kind_workshop_is_told_of_what_stops_kind() {
        let needs = estimate(8, &[], Kind::Kind);
        assert!(needs.advice[0].starts_with("sysctl fs.inotify.max_user_instances=280"), "{:?}", needs.advice);
    }
}
