//! How a command fails, and the words kubectl has for it.

use serde_json::Value;

use crate::status::Status;

/// What ends a command with an exit code other than 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// A sentence of kubectl's own; printed after `error: `.
    Said(String),
    /// A sentence printed as it stands, without `error: `.
    Bare(String),
    /// The API server's refusal.
    Server(Box<Status>),
    /// The API server's refusal inside a sentence of kubectl's own, which then reads like any other sentence.
    Within(String, Box<Status>),
    /// Several, each on its own line.
    Many(Vec<Failure>),
    /// Everything was said already: only the exit code is left.
    Exit(i32),
    /// A command in a container ended with this code.
    Remote(i32),
    /// A Pod's container ended; what is said about it, and its code.
    Ended(String, i32),
    /// Nobody listens at the server's address.
    Refused {
        /// That address.
        address: String,
        /// What was asked there, as Go says it: `Get "http://…"`.
        request: String,
    },
    /// A failure in the midst of an answer: what was printed of it, and why it ends there.
    After(String, Box<Failure>),
}

/// What a step of a command comes to.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A sentence of kubectl's own.
    pub fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }

    /// A mistake in the arguments: the sentence and where to read more.
    pub fn usage(path: &str, text: impl AsRef<str>) -> Self {
        Self::Said(format!("{}\nSee '{path} -h' for help and examples", text.as_ref()))
    }

    /// One failure for several; none for none.
    pub fn of(mut all: Vec<Failure>) -> Outcome {
        match all.len() {
            0 => Ok(()),
            1 => Err(all.remove(0)),
            _ => Err(Self::Many(all)),
        }
    }

    /// One failure for several that were gathered: even one alone is told without `error: `.
    pub fn gathered(all: Vec<Failure>) -> Outcome {
        if all.is_empty() { Ok(()) } else { Err(Self::Many(all)) }
    }

    /// The server's answer, if it is one.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Server(status) | Self::Within(_, status) => Some(status),
            _ => None,
        }
    }

    /// Whether the server said that the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.reason == "NotFound")
    }

    /// Whether the object was changed meanwhile.
    pub fn is_conflict(&self) -> bool {
        self.status().is_some_and(|status| status.reason == "Conflict")
    }

    /// Says where the object came from: `error when creating "pod.yaml": …`.
    pub fn when(self, doing: &str, source: &str) -> Self {
        self.prefixed(&format!("error when {doing} {source:?}: "))
    }

    /// Puts words before the message; the server's reason stays in front of them.
    pub fn prefixed(self, words: &str) -> Self {
        match self {
            Self::Server(mut status) => {
                status.message.insert_str(0, words);
                Self::Server(status)
            }
            Self::Said(text) => Self::Said(format!("{words}{text}")),
            Self::Refused { .. } => Self::Said(format!("{words}{}", self.message())),
            other => other,
        }
    }

    /// Exit code of the program.
    pub fn code(&self) -> i32 {
        match self {
            Self::Exit(code) | Self::Remote(code) | Self::Ended(_, code) => *code,
            Self::After(_, failure) => failure.code(),
            _ => 1,
        }
    }

    /// What still goes to standard output.
    pub fn printed(&self) -> &str {
        match self {
            Self::After(text, _) => text,
            _ => "",
        }
    }

    /// What goes to standard error, without the last newline; empty when nothing is left to say.
    pub fn text(&self) -> String {
        match self {
            Self::Said(text) if text.starts_with("error: ") => text.clone(),
            Self::Said(text) => format!("error: {text}"),
            Self::Bare(text) => text.clone(),
            Self::Server(status) if status.is_invalid() => invalid(status),
            Self::Server(status) => refusal(status),
            Self::Within(text, _) => format!("error: {text}"),
            Self::Many(all) => all.iter().map(Self::line).collect::<Vec<_>>().join("\n"),
            Self::Ended(text, _) => text.clone(),
            Self::After(_, failure) => failure.text(),
            Self::Refused { address, .. } => format!(
                "The connection to the server {} was refused - did you specify the right host or port?",
                host(address)
            ),
            Self::Exit(_) => String::new(),
            Self::Remote(code) => format!("command terminated with exit code {code}"),
        }
    }

    /// One line of several.
    fn line(&self) -> String {
        match self {
            Self::Said(text) | Self::Bare(text) | Self::Within(text, _) => text.clone(),
            Self::Server(status) => refusal(status),
            other => other.text(),
        }
    }

    /// The message as Go's `err.Error()` has it.
    pub fn message(&self) -> String {
        match self {
            Self::Server(status) => status.message.clone(),
            Self::Refused { address, request } => {
                format!("{request}: dial tcp {}: connect: connection refused", host(address))
            }
            other => other.line(),
        }
    }
}

/// Host and port of an address.
fn host(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest).split('/').next().unwrap_or_default()
}

fn refusal(status: &Status) -> String {
    match status.reason.as_str() {
        "Unauthorized" => format!("error: You must be logged in to the server ({})", status.message),
        "" => format!("Error from server: {}", status.message),
        reason => format!("Error from server ({reason}): {}", status.message),
    }
}

fn invalid(status: &Status) -> String {
    let mut head = "The request is invalid".to_owned();
    let Some(details) = &status.details else {
        return if status.message.is_empty() { head } else { format!("{head}: {}", status.message) };
    };
    if !details.kind.is_empty() || !details.name.is_empty() {
        head = format!("The {} {:?} is invalid", details.kind, details.name);
    } else if details.causes.is_empty() && !status.message.is_empty() {
        head = format!("{head}: {}", status.message);
    }
    let mut causes: Vec<String> = Vec::new();
    for cause in &details.causes {
        let line = format!("{}: {}", cause.field, cause.message);
        if !causes.contains(&line) {
            causes.push(line);
        }
    }
    match causes.as_slice() {
        [] => head,
        [one] => format!("{head}: {one}"),
        many => many.iter().fold(format!("{head}: "), |text, line| format!("{text}\n* {line}")),
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            // Whoever read our output has gone; there is nobody left to tell.
            std::io::ErrorKind::BrokenPipe => Self::Exit(141),
            _ => Self::Said(error.to_string()),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Server(Box::new(status))
    }
}

/// A field of a JSON object as text; empty when it is missing or no string.
pub(crate) fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn server(value: Value) -> Failure {
        Status::read(&value, 400).into()
    }

    #[test]
    fn words_of_the_server() {
        let missing = json!({"message": "pods \"x\" not found", "reason": "NotFound", "code": 404});
        assert_eq!(server(missing.clone()).text(), "Error from server (NotFound): pods \"x\" not found");
        assert_eq!(
            server(missing).when("deleting", "a.yaml").text(),
            "Error from server (NotFound): error when deleting \"a.yaml\": pods \"x\" not found"
        );
    }

    #[test]
    fn one_cause_on_one_line_and_several_as_a_list() {
        let cause = |field: &str| json!({"field": field, "message": "Required value"});
        let with = |causes: Vec<Value>| {
            server(json!({"reason": "Invalid", "message": "m", "code": 422,
                "details": {"kind": "Pod", "name": "a", "causes": causes}}))
        };
        assert_eq!(with(vec![cause("a")]).text(), "The Pod \"a\" is invalid: a: Required value");
        assert_eq!(
            with(vec![cause("a"), cause("b")]).text(),
            "The Pod \"a\" is invalid: \n* a: Required value\n* b: Required value"
        );
    }

    #[test]
    fn an_absent_server_is_named_once_there_are_words_around_it() {
        let address = "http://127.0.0.1:9".to_owned();
        let refused = Failure::Refused { request: format!("Get \"{address}/api\""), address };
        assert_eq!(
            refused.text(),
            "The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?"
        );
        let told = refused.prefixed("unable to recognize \"a.yaml\": ").text();
        let why = "Get \"http://127.0.0.1:9/api\": dial tcp 127.0.0.1:9: connect: connection refused";
        assert_eq!(told, format!("error: unable to recognize \"a.yaml\": {why}"));
    }

    #[test]
    fn several_failures_lose_their_prefix() {
        let many = Failure::Many(vec![Failure::said("one"), Failure::said("two")]);
        assert_eq!(many.text(), "one\ntwo");
    }
}
