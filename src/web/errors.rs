//! What a browser is told when something is not there or not possible: one enum, one place for the words.
//!
//! Nothing of the inside is shown: what went wrong in the server goes to the log.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::{nonce::Nonce, pages};

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// No such address.
    #[error("nothing has this address")]
    NotFound,
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
    /// A mistake of ours.
    #[error("the server has failed")]
    Broken,
}

impl PageError {
    /// Status, title, and a text that says what to do.
    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "No page has this address. The catalogue has all lessons.",
            ),
            Self::ForeignOrigin => (
                StatusCode::FORBIDDEN,
                "Not from here",
                "This request came from another site. If a proxy stands before Podyard, start it with --public-url and \
                 the address that browsers use.",
            ),
            Self::ForeignHost => (
                StatusCode::MISDIRECTED_REQUEST,
                "Not by this name",
                "Podyard listens for this machine only, and this name is not this machine's. If a proxy stands before \
                 it, start it with --public-url and the address that browsers use.",
            ),
            Self::NotAWebsocket => (
                StatusCode::UPGRADE_REQUIRED,
                "This address speaks websocket",
                "It is for Podyard's own pages. The catalogue has all lessons.",
            ),
            Self::NoSession => (
                StatusCode::NOT_FOUND,
                "You have no sandbox yet",
                "Open a lesson first: it makes your sandbox. Then come back here.",
            ),
            Self::NoLearner => (
                StatusCode::NOT_FOUND,
                "Nothing is kept about you",
                "This browser has not worked here yet, or what was kept has been deleted.",
            ),
            Self::NoStorage => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Your work can't be reached at the moment",
                "It is not lost. Try again in a minute.",
            ),
            Self::NotReady => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Your sandbox is not ready",
                "It is being made, or could not be. The lesson's page says which; try again in a moment.",
            ),
            Self::NoForward => (
                StatusCode::NOT_FOUND,
                "This port is not open",
                "The command kubectl port-forward that opened it has ended. Run it again in the console.",
            ),
            Self::NoAnswer => (
                StatusCode::BAD_GATEWAY,
                "The program in the Pod does not answer",
                "The port is forwarded, but nothing answered there. Is the Pod running, and does its program listen on \
                 the port that you forward to? kubectl logs shows what it says.",
            ),
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something broke here",
                "It is our fault and has been written down. Your work is kept; reload the page.",
            ),
        }
    }

    /// The same for programs: a line of text.
    pub fn plain(&self) -> Response {
        let (status, title, text) = self.words();
        (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{title}. {text}\n")).into_response()
    }
}

impl PageError {
    /// The page, whose script carries this nonce.
    pub fn page(&self, nonce: &Nonce) -> Response {
        let (status, title, text) = self.words();
        pages::error(&nonce.0, status, title, text)
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
