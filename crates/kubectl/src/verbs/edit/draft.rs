//! The text that a person edits, again and again until it can be saved or is given up.

use serde_json::Value;

use super::{
    NO_EDITOR,
    save::{Lost, Save},
};
use crate::{
    env::Editor,
    failure::{Failure, Outcome},
    manifests,
    output::yaml,
    session::Session,
    yaml::read,
};

/// Why a text was not saved, as it stands above the text when it is shown again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The sentence.
    pub head: String,
    /// What is wrong, one by one.
    pub causes: Vec<String>,
}

impl Reason {
    fn text(&self) -> String {
        let broken = |line: &str| line.replace('\n', "\n# ");
        let colon = if self.causes.is_empty() { "" } else { ":" };
        let causes: String = self.causes.iter().map(|cause| format!("# * {}\n", broken(cause))).collect();
        format!("# {}{colon}\n{causes}#\n", broken(&self.head))
    }
}

/// How a text is offered.
pub struct Draft {
    /// What stands above it.
    pub head: &'static str,
    /// The name of the file that it seems to be.
    pub name: String,
}

impl Draft {
    /// Lets a person edit an object and saves what comes of it.
    pub async fn edit(&self, session: &Session, object: &Value, save: &mut Save<'_, '_>) -> Outcome {
        let Some(editor) = session.editor.clone() else { return Err(Failure::said(NO_EDITOR)) };
        let (mut body, mut reasons): (String, Vec<Reason>) = (yaml::text(object), Vec::new());
        loop {
            let above: String = reasons.iter().map(Reason::text).collect();
            let text = format!("{}{above}{body}", self.head);
            let whole = editor.edit(&self.name, text).await.map_err(|error| Failure::Said(error.to_string()))?;
            let edited = without_comments(&whole);
            if !reasons.is_empty() && same(&edited, &body) {
                self.keep(session, &*editor, whole).await?;
                return Err(Failure::said("Edit cancelled, no valid changes were saved."));
            }
            if edited.trim().is_empty() {
                return session.err("Edit cancelled, saved file was empty.\n").await;
            }
            match read(&edited) {
                Ok(value) if value == *object => return session.err("Edit cancelled, no changes made.\n").await,
                Ok(value) => match save.all(manifests::flatten(value)).await {
                    Ok(left) if left.lost.is_some() => return self.give_up(session, &*editor, whole, left.lost).await,
                    Ok(left) => reasons = left.reasons,
                    Err(failure) => {
                        self.keep(session, &*editor, whole).await?;
                        return Err(failure);
                    }
                },
                Err(why) => {
                    let head = format!("The edited file had a syntax error: error parsing edited-file: {why}");
                    reasons = vec![Reason { head, causes: Vec::new() }];
                }
            }
            if reasons.is_empty() {
                return Ok(());
            }
            body = edited;
        }
    }
}

impl Draft {
    /// Keeps what a person wrote, and says where.
    async fn keep(&self, session: &Session, editor: &dyn Editor, text: String) -> Outcome {
        match editor.keep(&self.name, text).await? {
            Some(path) => session.err(&format!("A copy of your changes has been stored to {path:?}\n")).await,
            None => Ok(()),
        }
    }

    /// Ends an edit that no further try could save; what can still be done with the text is said.
    async fn give_up(&self, session: &Session, editor: &dyn Editor, text: String, lost: Option<Lost>) -> Outcome {
        if let Some(path) = editor.keep(&self.name, text).await? {
            let advice = match lost {
                Some(Lost::Gone) => format!("The edits you made on deleted resources have been saved to {path:?}\n"),
                _ => format!("You can run `kubectl replace -f {path}` to try this update again.\n"),
            };
            session.err(&advice).await?;
        }
        Err(Failure::Exit(1))
    }
}

/// The lines that count.
fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Whether two texts say the same.
fn same(a: &str, b: &str) -> bool {
    match (read(a), read(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_comments() {
        let reason = |causes: &[&str]| {
            Reason { head: "pods \"a\" was not valid".into(), causes: causes.iter().map(|&c| c.into()).collect() }
                .text()
        };
        assert_eq!(reason(&[]), "# pods \"a\" was not valid\n#\n");
        assert_eq!(reason(&["spec: one\ntwo"]), "# pods \"a\" was not valid:\n# * spec: one\n# two\n#\n");
    }

    #[test]
    fn comments_and_forms_do_not_count() {
        assert!(same(&without_comments("# x\na: 1\n"), "{a: 1}"));
        assert!(!same("a: 1\n", "a: 2\n") && !same("a: [", "a: 1\n"));
    }
}
