//! What commands say about what they did: `pod/web created (dry run)`, or the object with `-o`.

use serde_json::Value;

use crate::{
    args::{Matches, parse_bool},
    failure::{Failure, Outcome, text_at},
    output::printer::{Printer, RESULT_FORMATS, kind_with_group},
    session::Session,
};

/// Whether things are really done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DryRun {
    /// They are.
    No,
    /// The server is not asked to change anything.
    Client,
    /// The server says what it would do.
    Server,
}

impl DryRun {
    /// What `--dry-run` says.
    pub fn of(matches: &Matches) -> Outcome<Self> {
        match matches.text("dry-run") {
            "none" => Ok(Self::No),
            "" if !matches.given("dry-run") => Ok(Self::No),
            "client" | "unchanged" => Ok(Self::Client),
            "server" => Ok(Self::Server),
            other => match parse_bool(other) {
                Some(true) => Ok(Self::Client),
                Some(false) => Ok(Self::No),
                None => Err(Failure::Said(format!(
                    "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
                ))),
            },
        }
    }

    /// The same, with a warning about the flag's old forms.
    pub async fn asked(session: &Session, matches: &Matches) -> Outcome<Self> {
        let (text, dry_run) = (matches.text("dry-run"), Self::of(matches)?);
        let old = match (text, parse_bool(text)) {
            ("unchanged", _) => ("helpers.go:719", String::new(), "", "client"),
            (_, Some(true)) => ("helpers.go:733", format!("={text}"), " (boolean value)", "client"),
            (_, Some(false)) => ("helpers.go:736", format!("={text}"), " (boolean value)", "none"),
            _ => return Ok(dry_run),
        };
        let (place, value, kind, new) = old;
        let said = format!("--dry-run{value} is deprecated{kind} and can be replaced with --dry-run={new}.");
        session.err(&format!("{}\n", session.log_line('W', place, &said))).await?;
        Ok(dry_run)
    }

    /// The query parameter for it.
    pub fn query(self) -> Option<(&'static str, String)> {
        (self == Self::Server).then(|| ("dryRun", "All".to_owned()))
    }

    /// What stands behind a result.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }
}

/// Reports results one after the other.
pub struct Reporter<'a> {
    session: &'a Session,
    printer: Option<Printer>,
    dry_run: DryRun,
}

impl<'a> Reporter<'a> {
    /// As `-o` and `--dry-run` want it.
    pub async fn of(session: &'a Session, matches: &Matches) -> Outcome<Self> {
        let dry_run = DryRun::asked(session, matches).await?;
        Ok(Self { session, printer: Printer::of(session, matches, RESULT_FORMATS).await?, dry_run })
    }

    /// The same for objects that kubectl has made itself: their JSON has the fields in the order of Go's types.
    pub fn typed(mut self) -> Self {
        self.printer = self.printer.map(Printer::typed);
        self
    }

    /// The same in an order that is named (see [`crate::output::json::ordered_by`]).
    pub fn ordered_by(mut self, order: &'static str) -> Self {
        self.printer = self.printer.map(|printer| printer.ordered_by(order));
        self
    }

    /// Whether things are really done.
    pub fn dry_run(&self) -> DryRun {
        self.dry_run
    }

    /// Says that something was done to an object.
    pub async fn report(&mut self, object: &Value, done: &str) -> Outcome {
        let text = match &mut self.printer {
            Some(printer) => printer.print(object)?,
            None => format!(
                "{}/{} {done}{}\n",
                kind_with_group(object),
                text_at(object, "/metadata/name"),
                self.dry_run.suffix()
            ),
        };
        self.session.out(&text).await
    }

    /// The same, without a word about a dry run.
    pub async fn report_plainly(&mut self, object: &Value, done: &str) -> Outcome {
        let dry_run = std::mem::replace(&mut self.dry_run, DryRun::No);
        let outcome = self.report(object, done).await;
        self.dry_run = dry_run;
        outcome
    }

    /// Ends a document where objects are printed as YAML.
    pub async fn separate(&mut self) -> Outcome {
        match &self.printer {
            Some(printer) if printer.is_yaml() => self.session.out("---\n").await,
            _ => Ok(()),
        }
    }
}
