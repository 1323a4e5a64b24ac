//! Lines that differ, each with its reason.

use std::collections::BTreeMap;

const KNOWN: &[(&str, &[&str])] = &[
    (
        "kustomizations are not built here, and a command knows no working directory of its own",
        &[
            "get -k files/folder",
            "get -k files/nope",
            "kustomize",
            "kustomize nope",
            "create -k files/folder",
            "apply -k files/folder",
        ],
    ),
    (
        "the help texts are our own words",
        &["help get nope", "rollout", "set", "config", "auth", "top", "certificate", "options"],
    ),
    (
        "what a flag is about is told in our own words",
        &[
            "__complete scale ''",
            "__complete scale deploy ''",
            "__complete autoscale ''",
            "__complete create deployment ''",
            "__complete get --",
            "__complete get -",
            "__complete -n",
            "__complete --na",
        ],
    ),
    (
        "the version is our own, and no Go compiler made it",
        &[
            "version",
            "version --client",
            "version --client -o yaml",
            "version --client -o json",
            "version -o json",
            "version -o yaml",
        ],
    ),
];

/// The reason for each line.
pub fn known() -> BTreeMap<&'static str, &'static str> {
    let of = |(why, lines): &(&'static str, &'static [&'static str])| {
        let why = *why;
        lines.iter().map(move |line| (*line, why)).collect::<Vec<_>>()
    };
    KNOWN.iter().flat_map(of).collect()
}
