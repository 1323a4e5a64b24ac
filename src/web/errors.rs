//! What a browser is told when something is not there or not possible: one enum, one place for the words.
//!
//! Nothing of the inside is shown: what went wrong in the server goes to the log.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::{nonce::Nonce, pages, texts::Texts};

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// No such address.
    #[error("nothing has this address")]
    NotFound,
    /// No such lesson.
    #[error("no lesson has this address")]
    NoLesson,
    /// The request is not of one of our pages.
    #[error("this may be asked for by Podyard's own pages only")]
    ForeignOrigin,
    /// The request calls us by a name that is not ours.
    #[error("this server does not answer to this name")]
    ForeignHost,
    /// The address takes another method or a websocket.
    #[error("this address speaks websocket only")]
    NotAWebsocket,
    /// The browser has no session.
    #[error("there is no session")]
    NoSession,
    /// Nothing is kept about the reader.
    #[error("nothing is kept about you")]
    NoLearner,
    /// The database does not answer.
    #[error("what is kept can't be reached")]
    NoStorage,
    /// The session's sandbox is not there yet.
    #[error("the sandbox is not ready")]
    NotReady,
    /// Nothing is forwarded under this address (any more).
    #[error("the port is not open")]
    NoForward,
    /// The program in the Pod does not answer.
    #[error("the program does not answer")]
    NoAnswer,
    /// The address is there, and is not asked for like this.
    #[error("the address takes another method")]
    NotSo,
    /// More was sent than is wanted.
    #[error("too much was sent")]
    TooLarge,
    /// Too often in too short a time.
    #[error("too many requests")]
    TooMany,
    /// Somebody guesses codes or passwords.
    #[error("too many wrong tries come from this address")]
    TooManyTries,
    /// Nothing came in time.
    #[error("it took too long")]
    TooLong,
    /// A mistake of ours.
    #[error("the server has failed")]
    Broken,
}

impl PageError {
    /// What a bare status says, where something below our handlers has answered with one.
    pub fn of(status: StatusCode) -> Option<Self> {
        Some(match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::FORBIDDEN => Self::ForeignOrigin,
            StatusCode::METHOD_NOT_ALLOWED => Self::NotSo,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany,
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Self::TooLong,
            StatusCode::INTERNAL_SERVER_ERROR => Self::Broken,
            _ => return None,
        })
    }

    /// Its status, and the name of its words in the files of texts.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "notFound"),
            Self::NoLesson => (StatusCode::NOT_FOUND, "noLesson"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreignOrigin"),
            Self::ForeignHost => (StatusCode::MISDIRECTED_REQUEST, "foreignHost"),
            Self::NotAWebsocket => (StatusCode::UPGRADE_REQUIRED, "notAWebsocket"),
            Self::NoSession => (StatusCode::NOT_FOUND, "noSession"),
            Self::NoLearner => (StatusCode::NOT_FOUND, "noLearner"),
            Self::NoStorage => (StatusCode::SERVICE_UNAVAILABLE, "noStorage"),
            Self::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "notReady"),
            Self::NoForward => (StatusCode::NOT_FOUND, "noForward"),
            Self::NoAnswer => (StatusCode::BAD_GATEWAY, "noAnswer"),
            Self::NotSo => (StatusCode::METHOD_NOT_ALLOWED, "notSo"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "tooLarge"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "tooMany"),
            Self::TooManyTries => (StatusCode::TOO_MANY_REQUESTS, "tooManyTries"),
            Self::TooLong => (StatusCode::GATEWAY_TIMEOUT, "tooLong"),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        }
    }

    /// Title, and a text that says what to do.
    fn words<'t>(&self, t: &'t Texts) -> (&'t str, &'t str) {
        let kind = self.kind().1;
        let word =
            |part: &str| t.find(&format!("error.{kind}.{part}")).expect("a test looks for the words of each error");
        (word("title"), word("text"))
    }

    /// For programs: a line of text.
    pub fn plain(&self) -> Response {
        let (title, text) = self.words(Texts::english());
        let head = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        (self.kind().0, head, format!("{title}. {text}\n")).into_response()
    }

    /// For people: a page, whose script carries this nonce.
    pub fn page(&self, nonce: &Nonce, t: &'static Texts) -> Response {
        let (title, text) = self.words(t);
        pages::error(&nonce.0, t, self.kind().0, title, text)
    }
}

/// A line of text at first: the layer that knows the nonce makes a page of it (`headers::secure`).
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.plain();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_words_in_each_language() {
        use PageError::*;
        let all = [
            NotFound,
            NoLesson,
            ForeignOrigin,
            ForeignHost,
            NotAWebsocket,
            NoSession,
            NoLearner,
            NoStorage,
            NotReady,
            NoForward,
            NoAnswer,
            NotSo,
            TooLarge,
            TooMany,
            TooLong,
            Broken,
        ];
        for error in all {
            for t in Texts::all() {
                let (title, text) = error.words(t);
                assert!(!title.is_empty() && text.ends_with('.'), "{error} in {}", t.language);
            }
        }
    }
}
