//! What a lesson needs of a sandbox beyond Pods in a namespace: `lab: needs: [nodes>1, metrics]`.

use std::fmt;

use serde_yaml::Value;

use crate::lessons::{front_matter::FrontMatter, problem::Problem, spelling::did_you_mean};

/// What sandboxes may or may not be able to do, and what that is called in a sentence.
pub const KNOWN: [(&str, &str); 5] = [
    ("cluster-scope", "objects outside of the learner's namespace (nodes, namespaces)"),
    ("egress", "Pods that reach the internet"),
    ("metrics", "`kubectl top`"),
    ("network-policy", "NetworkPolicies that are enforced"),
    ("root", "containers that run as root"),
];

/// Something that a lesson needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// At least so many nodes.
    Nodes(usize),
    /// Something by its name, which is one of [`KNOWN`].
    Ability(&'static str),
}

impl Need {
    /// One as authors write it: `nodes>1`, `nodes>=2`, `metrics`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("nodes").map(str::trim_start).filter(|rest| rest.starts_with(['>', '=']))
        {
            let wrong = || format!("`{text}`: write how many nodes are needed as `nodes>1` or `nodes>=2`");
            let (more, number) = match rest.strip_prefix(">=") {
                Some(number) => (0, number),
                None => (1, rest.strip_prefix('>').ok_or_else(wrong)?),
            };
            return number.trim().parse::<usize>().map(|number| Self::Nodes(number + more)).map_err(|_| wrong());
        }
        let known = KNOWN.iter().map(|(name, _)| *name);
        known.clone().find(|name| *name == text).map(Self::Ability).ok_or_else(|| {
            let meant = did_you_mean(text, known.clone().chain(["nodes>1"]));
            let all = known.collect::<Vec<_>>().join(", ");
            format!("`{text}` is nothing that a lesson can need{meant} (there are {all}, nodes>1)")
        })
    }

    /// Whether sandboxes that have so many nodes, and of which `can` knows the rest, lack it.
    pub fn is_lacking(&self, nodes: usize, can: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Nodes(wanted) => nodes < *wanted,
            Self::Ability(name) => !can(name),
        }
    }

    /// Its name, without a number.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nodes(_) => "nodes",
            Self::Ability(name) => name,
        }
    }
}

/// As a part of a sentence: "This lesson needs …".
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(wanted) => write!(f, "{wanted} nodes"),
            Self::Ability(name) => {
                let words = KNOWN.iter().find(|(known, _)| known == name).map_or(*name, |(_, words)| words);
                write!(f, "{words}")
            }
        }
    }
}

/// What a page needs; what can't be read is told at the line of `needs:`.
pub fn read(file: &str, matter: &FrontMatter, text: &str, problems: &mut Vec<Problem>) -> Vec<Need> {
    let written: Vec<String> = match matter.lab_value("needs") {
        None => return Vec::new(),
        Some(Value::String(one)) => one.split(',').map(str::to_owned).collect(),
        Some(Value::Sequence(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(_) => Vec::new(),
    };
    let line = text.lines().take(matter.lines).position(|line| line.trim_start().starts_with("needs"));
    let mut wrong = |why: String| problems.push(Problem::at(file, line.unwrap_or(0) + 1, 1, why));
    if written.is_empty() {
        wrong("`needs` is a list, such as [nodes>1, metrics]".to_owned());
    }
    written.iter().filter_map(|one| Need::read(one).map_err(&mut wrong).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::page::{self, Around, Painter};

    fn read(needs: &str) -> (Vec<Need>, Vec<String>) {
        let text = format!("---\ntitle: A\nlab:\n  needs: {needs}\n---\n# A\n");
        let (lesson, problems) = page::read(&Around::alone("a.md"), &text, &mut Painter::default());
        (lesson.needs, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn nodes_are_counted_and_abilities_named() {
        let (needs, problems) = read("[nodes>1, 'nodes>=3', metrics]");
        assert_eq!(needs, [Need::Nodes(2), Need::Nodes(3), Need::Ability("metrics")]);
        assert_eq!(problems, [""; 0]);
        assert_eq!(read("metrics, root").0, [Need::Ability("metrics"), Need::Ability("root")]);
    }

    #[test]
    fn a_slip_is_told_with_what_was_meant() {
        let (needs, problems) = read("[metric, root]");
        assert_eq!(needs, [Need::Ability("root")]);
        insta::assert_snapshot!(problems.join("\n"), @"a.md:4:1: `metric` is nothing that a lesson can need; did you mean `metrics`? (there are cluster-scope, egress, metrics, network-policy, root, nodes>1)");
        assert_eq!(
            read("[nodes>many]").1,
            ["a.md:4:1: `nodes>many`: write how many nodes are needed as `nodes>1` or `nodes>=2`"]
        );
        assert_eq!(read("7").1, ["a.md:4:1: `needs` is a list, such as [nodes>1, metrics]"]);
    }

    #[test]
    fn what_is_lacking_is_seen() {
        let can = |name: &str| name == "root";
        let lacking = |need: Need| need.is_lacking(1, can);
        assert_eq!(
            [Need::Nodes(1), Need::Nodes(2), Need::Ability("root"), Need::Ability("metrics")].map(lacking),
            [false, true, false, true]
        );
    }
}
