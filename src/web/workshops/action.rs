//! What an instructor does to a workshop: one address, one word for each.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{instructor::Owned, words};
use crate::{
    sessions::desk::Author,
    storage::{LearnerId, WorkshopState},
    web::{
        socket::words::nowhere,
        state::AppState,
        texts::{self, Texts},
    },
    workshops::{Refused, room::Room, seat::Sharing},
};

/// What is done.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Action {
    /// Nobody works until `resume`.
    Pause,
    /// Work goes on; also opens a closed workshop.
    Resume,
    /// Nobody new comes in.
    Close,
    /// It is over, for ever.
    End,
    /// Nobody is to go beyond this step.
    Hold { lesson: String, step: String },
    /// Everybody may go on.
    Release,
    /// A message for these learners, or for everybody.
    Tell {
        #[serde(default)]
        to: Option<Vec<String>>,
        #[serde(default)]
        text: String,
        #[serde(default)]
        command: String,
    },
    /// A raised hand goes down.
    Lower { learner: String },
    /// Asks to see a learner's page, or to type in it.
    Ask { learner: String, level: Sharing },
    /// What is being typed into a learner's console.
    Typing { learner: String, text: String },
    /// Runs a line in a learner's console.
    Run { learner: String, line: String },
    /// Puts a file into the editors of these learners, or of everybody who is here.
    Push {
        #[serde(default)]
        to: Option<Vec<String>>,
        file: String,
        text: String,
    },
}

/// `/workshops/<id>/do`
pub(super) async fn act(
    State(app): State<AppState>,
    Owned { instructor, room }: Owned,
    headers: HeaderMap,
    Json(action): Json<Action>,
) -> Response {
    let t = texts::of(&headers);
    match perform(&app, &instructor, &room, action, t).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => refusal(t, &refused),
    }
}

async fn perform(
    app: &AppState,
    instructor: &str,
    room: &Room,
    action: Action,
    t: &'static Texts,
) -> Result<(), Refused> {
    let workshops = &app.workshops;
    match action {
        Action::Pause => workshops.set_state(room, WorkshopState::Paused).await,
        Action::Resume => workshops.set_state(room, WorkshopState::Open).await,
        Action::Close => workshops.set_state(room, WorkshopState::Closed).await,
        Action::End => workshops.set_state(room, WorkshopState::Ended).await,
        Action::Hold { lesson, step } => workshops.hold(room, Some((lesson, step))).await,
        Action::Release => workshops.hold(room, None).await,
        Action::Tell { to: None, text, command } => workshops.tell(room, None, &text, &command).await,
        Action::Tell { to: Some(to), text, command } => {
            for learner in to {
                workshops.tell(room, Some(LearnerId::new(learner)), &text, &command).await?;
            }
            Ok(())
        }
        Action::Lower { learner } => workshops.lower(room, &LearnerId::new(learner)).await,
        Action::Ask { learner, level } => {
            workshops.ask(room, &LearnerId::new(learner), level).await;
            Ok(())
        }
        Action::Typing { learner, text } => {
            workshops.type_along(room, &LearnerId::new(learner), &text);
            Ok(())
        }
        Action::Run { learner, line } => run(app, instructor, room, &LearnerId::new(learner), line, t).await,
        Action::Push { to, file, text } => push(app, instructor, room, to, &file, &text).await,
    }
}

/// The instructor's line runs as the learner's own do; its id says whose it is.
async fn run(
    app: &AppState,
    instructor: &str,
    room: &Room,
    learner: &LearnerId,
    line: String,
    t: &'static Texts,
) -> Result<(), Refused> {
    let session = app.workshops.hands_on(room, learner, &line).await?;
    let desk = session.open_desk().ok_or(Refused::NoLesson)?;
    let id = format!("by:{instructor}:{}", uuid::Uuid::now_v7());
    let say = move |why: &_| nowhere(t, why);
    session.run(&id, line, None, desk, app.engine.clone(), say).map_err(|why| Refused::Console(why.to_string()))
}

/// Only into editors of learners who are here: the others would find it in whatever lesson they open next.
async fn push(
    app: &AppState,
    instructor: &str,
    room: &Room,
    to: Option<Vec<String>>,
    file: &str,
    text: &str,
) -> Result<(), Refused> {
    let to = to.map_or_else(
        || room.members().into_iter().map(|member| member.learner).collect(),
        |to| to.into_iter().map(LearnerId::new).collect::<Vec<_>>(),
    );
    for learner in to {
        let Some(desk) = room.session(&learner).and_then(|session| session.open_desk()) else { continue };
        desk.store(file, text.to_owned(), Author::CONSOLE).map_err(|why| Refused::Console(why.to_string()))?;
        app.workshops.record(instructor, Some(&room.workshop().id), "pushed-file", &format!("{learner}: {file}")).await;
    }
    Ok(())
}

/// A refusal as a line of text, with its status.
pub(super) fn refusal(t: &Texts, refused: &Refused) -> Response {
    let status = match refused {
        Refused::NotYours => StatusCode::NOT_FOUND,
        Refused::NotAllowed(_) => StatusCode::FORBIDDEN,
        Refused::Storage(error) => {
            tracing::error!(%error, "an instructor's wish can't be stored");
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words::refused(t, refused)).into_response()
}
