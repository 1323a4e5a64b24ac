//! What a page is told over its socket in sentences, in the reader's language. The words are in `static/text`.

use super::super::texts::Texts;
use crate::{
    console::MAX_LINE,
    sandbox::{Caveat, Stage},
    sessions::{
        NoSession,
        commands::{MAX_ID, NotBegun},
        desk::{MAX_FILE, MAX_NAME, NotStored},
        run::Nowhere,
        state::Sandbox,
    },
};

const MB: usize = 1024 * 1024;

/// Why a file is not stored.
pub(in crate::web) fn not_stored(t: &Texts, why: &NotStored) -> String {
    match why {
        NotStored::Name(name) => t.filled("socket.fileName", &[("name", name), ("most", &MAX_NAME)]),
        NotStored::TooLarge(name) => t.filled("socket.fileTooLarge", &[("name", name), ("most", &(MAX_FILE / MB))]),
        NotStored::TooMany(most) => t.with("socket.tooManyFiles", "most", most),
        NotStored::Full(most) => t.with("socket.filesTooLarge", "most", most / 1024),
        NotStored::Unknown(name) => t.with("socket.noSuchFile", "name", name),
    }
}

/// Why a command does not begin.
pub(in crate::web) fn not_begun(t: &Texts, why: &NotBegun) -> String {
    match why {
        NotBegun::Seen => t.say("socket.seen").to_owned(),
        NotBegun::TooMany(most) => t.with("socket.tooManyCommands", "most", most),
        NotBegun::TooFast(most) => t.with("socket.tooFast", "most", most),
        NotBegun::BadId => t.with("socket.badId", "most", MAX_ID),
    }
}

/// A text that a command waits for, or a command itself, is too long.
pub(in crate::web) fn text_too_large(t: &Texts) -> String {
    t.with("socket.textTooLarge", "most", MAX_FILE / MB)
}

/// A command is too long.
pub(in crate::web) fn line_too_long(t: &Texts) -> String {
    t.with("socket.lineTooLong", "most", MAX_LINE / MB)
}

/// Why there is no session.
pub(in crate::web) fn no_session(t: &Texts, why: &NoSession) -> String {
    match why {
        NoSession::Full(places) => t.with("socket.full", "places", places),
        NoSession::Closing => t.say("socket.closing").to_owned(),
        NoSession::Storage => t.say("socket.storage").to_owned(),
    }
}

/// Where the sandbox stands. `caveats` are what is amiss with every sandbox of this server.
pub(in crate::web) fn sandbox(t: &Texts, sandbox: &Sandbox, caveats: &[Caveat]) -> String {
    match sandbox {
        Sandbox::None | Sandbox::Starting(None) => t.say("socket.making").to_owned(),
        Sandbox::Starting(Some(how_far)) => stage(t, how_far),
        Sandbox::Ready if caveats.is_empty() => t.say("socket.ready").to_owned(),
        Sandbox::Ready => caveats.iter().map(|one| caveat(t, one)).collect::<Vec<_>>().join(" "),
        Sandbox::Failed(why) => t.with("socket.noCluster", "why", why),
    }
}

fn caveat(t: &Texts, caveat: &Caveat) -> String {
    match caveat {
        Caveat::NoContainers(why) => t.with("caveat.noContainers", "why", why),
        Caveat::NoImages(why) => t.with("caveat.noImages", "why", why),
        Caveat::OrdinaryUsers => t.say("caveat.ordinaryUsers").to_owned(),
    }
}

/// Why a line has no sandbox to run in.
pub(in crate::web) fn nowhere(t: &Texts, why: &Nowhere) -> String {
    match why {
        Nowhere::Failed(why) => t.with("socket.noSandbox", "why", why),
        Nowhere::Over => t.say("socket.sessionOver").to_owned(),
    }
}

fn stage(t: &Texts, stage: &Stage) -> String {
    match stage {
        Stage::LookedFor => t.say("socket.lookedFor").to_owned(),
        Stage::InLine { place, estimate: None } => t.with("socket.inLine", "place", place),
        Stage::InLine { place, estimate: Some(time) } => {
            // To the next ten seconds: it is a guess.
            let seconds = time.as_secs().div_ceil(10) * 10;
            t.filled("socket.inLineFor", &[("place", place), ("seconds", &seconds)])
        }
        Stage::Kind(stage) => t.with("socket.kind", "stage", stage),
        Stage::Images => t.say("socket.images").to_owned(),
        Stage::Settling => t.say("socket.settling").to_owned(),
        Stage::Again => t.say("socket.again").to_owned(),
        Stage::Namespace => t.say("socket.namespace").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::*;

    /// One of each, in one language.
    fn all(t: &Texts) -> Vec<String> {
        let files = [
            NotStored::Name("a b".into()),
            NotStored::TooLarge("a".into()),
            NotStored::TooMany(50),
            NotStored::Full(8 * MB),
            NotStored::Unknown("a".into()),
        ];
        let commands =
            [NotBegun::Seen, NotBegun::TooMany(8), NotBegun::TooFast(NonZeroU32::new(60).unwrap()), NotBegun::BadId];
        let sessions = [NoSession::Full(3), NoSession::Closing, NoSession::Storage];
        let stages = [
            Stage::LookedFor,
            Stage::InLine { place: 2, estimate: None },
            Stage::InLine { place: 2, estimate: Some(Duration::from_secs(41)) },
            Stage::Kind("Preparing nodes".into()),
            Stage::Images,
            Stage::Settling,
            Stage::Again,
            Stage::Namespace,
        ];
        let starting = stages.map(|stage| Sandbox::Starting(Some(stage)));
        let standing = [Sandbox::None, Sandbox::Ready, Sandbox::Failed("no room".into())];
        let mut said: Vec<String> = files.iter().map(|why| not_stored(t, why)).collect();
        said.extend(commands.iter().map(|why| not_begun(t, why)));
        said.extend(sessions.iter().map(|why| no_session(t, why)));
        said.extend(starting.iter().chain(&standing).map(|one| sandbox(t, one, &[])));
        let caveats = [Caveat::NoContainers("no".into()), Caveat::NoImages("no".into()), Caveat::OrdinaryUsers];
        said.extend(caveats.map(|one| sandbox(t, &Sandbox::Ready, &[one])));
        said.extend([Nowhere::Failed("no room".into()), Nowhere::Over].map(|why| nowhere(t, &why)));
        said.extend([text_too_large(t), line_too_long(t)]);
        said
    }

    #[test]
    fn each_sentence_is_there_in_each_language_with_all_its_values() {
        let [english, german] = Texts::all() else { panic!("there are two languages") };
        for (one, other) in all(english).iter().zip(all(german)) {
            assert_ne!(*one, other, "not translated");
            for text in [one, &other] {
                assert!(!text.starts_with("socket.") && !text.starts_with("caveat.") && !text.contains('{'), "{text}");
            }
        }
    }

    #[test]
    fn a_place_in_the_queue_is_told_with_a_guess_of_the_time() {
        let queue = Stage::InLine { place: 2, estimate: Some(Duration::from_secs(41)) };
        let told = sandbox(Texts::english(), &Sandbox::Starting(Some(queue)), &[]);
        assert_eq!(told, "You are number 2 in the queue for a cluster: about 50 seconds.");
    }
}
