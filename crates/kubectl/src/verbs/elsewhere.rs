//! Commands that belong to a person's own machine: completion scripts, plugins, kustomizations.

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    manifests,
    session::Session,
};

/// The shells that kubectl knows.
const SHELLS: [&str; 4] = ["bash", "fish", "powershell", "zsh"];

/// Runs `completion`: the script is the real kubectl's, which asks `__complete` in the same way.
pub fn completion(matches: &Matches) -> Outcome {
    let usage = |text: String| Err(Failure::usage("kubectl completion", text));
    match matches.args.as_slice() {
        [] => usage("Shell not specified.".to_owned()),
        [shell] if SHELLS.contains(&shell.as_str()) => {
            Err(Failure::said("there is no completion script here: press Tab in the console, or use your own kubectl"))
        }
        [shell] => usage(format!("Unsupported shell type {shell:?}.")),
        _ => usage("Too many arguments. Expected only the shell type.".to_owned()),
    }
}

/// Runs `plugin list`: there is no PATH to look through.
pub fn plugins() -> Outcome {
    Err(Failure::said("unable to find any kubectl plugins in your PATH"))
}

/// Runs `kustomize`.
pub async fn kustomize(session: &Session, matches: &Matches) -> Outcome {
    match matches.args.as_slice() {
        [] => Err(manifests::kustomization(session, ".").await),
        [folder] => Err(manifests::kustomization(session, folder).await),
        _ => Err(Failure::said("specify one path to kustomization.yaml")),
    }
}
