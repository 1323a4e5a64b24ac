//! What is kept about a learner, in their own hands: shown, taken along, taken to another device, forgotten.

use serde_json::{Value, json};

use super::{
    Sessions,
    ids::{ReturnCode, Token},
    record::Signer,
};
use crate::storage::{KeyHash, LearnerId, Member, StepProgress, StorageError};

/// Knows of each lesson its title and how many steps it has.
type Titles<'a> = dyn Fn(&str) -> Option<(String, usize)> + Send + Sync + 'a;

impl Sessions {
    /// How far a learner is, the newest included.
    ///
    /// # Errors
    /// The database.
    pub async fn progress_of(&self, learner: &LearnerId) -> Result<Vec<StepProgress>, StorageError> {
        match self.of_learner(learner) {
            Some(session) => Ok(session.progress()),
            None => self.storage().progress(learner).await,
        }
    }

    /// A code with which the learner goes on elsewhere; the one before no longer holds.
    ///
    /// # Errors
    /// The database.
    pub async fn return_code(&self, learner: &LearnerId) -> Result<ReturnCode, StorageError> {
        let code = ReturnCode::random();
        self.storage().set_return_code(learner, &KeyHash::of(code.as_str())).await?;
        Ok(code)
    }

    /// A device goes on as whoever has this code; gives the cookie to set. Nothing when nobody has it.
    ///
    /// # Errors
    /// The database.
    pub async fn come_back(&self, code: &ReturnCode) -> Result<Option<Token>, StorageError> {
        let Some(learner) = self.storage().learner_of_code(&KeyHash::of(code.as_str())).await? else { return Ok(None) };
        let device = Token::random();
        self.storage().add_device(&learner.id, &KeyHash::of(device.as_str()), self.now()).await?;
        Ok(Some(device))
    }

    /// Everything that is kept about a learner.
    ///
    /// # Errors
    /// The database.
    pub async fn export(&self, learner: &LearnerId) -> Result<Value, StorageError> {
        self.store().await;
        let storage = self.storage();
        let known = storage.learner(learner).await?;
        let files = storage.files(learner).await?;
        let frames = storage.frames(learner).await?;
        let console: Vec<Value> = frames.iter().filter_map(|f| serde_json::from_str(&f.what).ok()).collect();
        Ok(json!({
            "learner": learner.as_str(),
            "name": known.as_ref().map(|known| known.name.as_str()),
            "since": known.map(|known| known.since.to_string()),
            "progress": storage.progress(learner).await?.iter().map(step).collect::<Vec<_>>(),
            "files": files.iter().map(|f| json!({"lesson": f.lesson, "name": f.name, "text": f.text})).collect::<Vec<_>>(),
            "console": console,
            "workshops": storage.memberships(learner).await?.iter().map(membership).collect::<Vec<_>>(),
        }))
    }

    /// What a learner has done, signed. `titles` knows the lessons: their titles and how many steps they have.
    ///
    /// # Errors
    /// The database.
    pub async fn record(&self, learner: &LearnerId, titles: &Titles<'_>) -> Result<Value, StorageError> {
        let name = self.storage().learner(learner).await?.map(|known| known.name).unwrap_or_default();
        let steps = self.progress_of(learner).await?;
        let record = json!({
            "what": "Podyard completion record",
            "learner": learner.as_str(),
            "name": name,
            "issued": self.now().to_string(),
            "lessons": lessons(&steps, titles),
        });
        Ok(self.signer().sign(record))
    }

    /// The key with which records are signed.
    pub fn signer(&self) -> Signer {
        Signer::new(&self.0.secret)
    }

    /// Forgets a learner: ends their session, and removes all that is kept, the sandbox's objects included.
    ///
    /// # Errors
    /// The database.
    pub async fn forget(&self, learner: &LearnerId) -> Result<(), StorageError> {
        let _gate = self.gate(learner.as_str()).await;
        let sandbox = super::session::sandbox_name(learner);
        if let Some(session) = self.of_learner(learner) {
            session.end();
            self.forget_ended();
        }
        self.storage().forget_learner(learner).await?;
        {
            let mut book = self.book();
            book.leaving.remove(learner);
            book.devices.retain(|_, other| other != learner);
        }
        self.0.around.provider.forget(&sandbox).await;
        Ok(())
    }
}

/// The lessons that were worked on, in the order of the first step.
fn lessons(steps: &[StepProgress], titles: &Titles<'_>) -> Vec<Value> {
    let mut ids: Vec<&str> = Vec::new();
    for step in steps {
        if !ids.contains(&step.lesson.as_str()) {
            ids.push(&step.lesson);
        }
    }
    let lesson = |id: &str| {
        let (title, of) = titles(id)?;
        let own = || steps.iter().filter(|step| step.lesson == id);
        let done = own().filter(|step| step.done.is_some()).count();
        let last = own().filter_map(|step| step.done).max();
        let minutes = own().map(|step| step.spent.as_secs()).sum::<u64>().div_ceil(60);
        Some(json!({
            "lesson": id, "title": title, "steps": of, "done": done.min(of), "complete": done >= of,
            "last": last.map(|at| at.to_string()), "minutes": minutes,
        }))
    };
    ids.into_iter().filter_map(lesson).collect()
}

fn membership((title, member): &(String, Member)) -> Value {
    let Member { learner: _, name, joined, hand, question, shares } = member;
    json!({
        "title": title, "name": name, "joined": joined.to_string(), "hand": hand.map(|at| at.to_string()),
        "question": question, "shares": shares,
    })
}

fn step(step: &StepProgress) -> Value {
    let StepProgress { lesson, step, opened, visited, done, attempts, spent } = step;
    json!({
        "lesson": lesson, "step": step, "opened": opened.to_string(), "visited": visited.to_string(),
        "done": done.map(|at| at.to_string()), "attempts": attempts, "seconds": spent.as_secs(),
    })
}
