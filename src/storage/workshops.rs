//! Workshops and who is in them.

use jiff::Timestamp;

use super::{
    LearnerId, Storage, StorageError, WorkshopId,
    db::{count, millis, on, time, uncount},
};

/// Whether learners may come in and work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkshopState {
    /// Who has the code comes in.
    Open,
    /// Nobody new comes in; those who are there work on.
    Closed,
    /// Nobody works until it goes on.
    Paused,
    /// It is over.
    Ended,
}

impl WorkshopState {
    /// As it is stored and exported.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }

    /// What is stored; anything that we never wrote lets nobody in.
    fn parse(text: &str) -> Self {
        match text {
            "open" => Self::Open,
            "paused" => Self::Paused,
            "ended" => Self::Ended,
            _ => Self::Closed,
        }
    }
}

/// What an instructor asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it is called.
    pub title: String,
    /// The lessons' ids, in order.
    pub lessons: Vec<String>,
    /// A language's code, such as `en`.
    pub language: String,
    /// How many learners there may be.
    pub capacity: u64,
    /// How many sandboxes are made before anybody asks.
    pub prewarm: u64,
    /// From when learners may join, if that is limited.
    pub starts: Option<Timestamp>,
    /// When it ends, if that is known.
    pub ends: Option<Timestamp>,
}

/// A workshop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workshop {
    /// Its name for the server.
    pub id: WorkshopId,
    /// What learners join with; no two workshops have the same.
    pub code: String,
    /// Who holds it: the account that made it.
    pub instructor: String,
    /// What was asked for.
    pub plan: Plan,
    /// Where its learners' Pods run: `embedded`, `kind`, `kubernetes`.
    pub sandbox: String,
    /// Whether learners may come in and work.
    pub state: WorkshopState,
    /// The lesson and the step that nobody is to go beyond yet.
    pub hold: Option<(String, String)>,
    /// When it was made.
    pub created: Timestamp,
}

/// A learner in a workshop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub learner: LearnerId,
    /// As they gave it for this workshop; never to be trusted as HTML.
    pub name: String,
    /// Since when.
    pub joined: Timestamp,
    /// Since when their hand is up.
    pub hand: Option<Timestamp>,
    /// What they ask; may be empty, and is never to be trusted as HTML.
    pub question: String,
    /// Whether they let the instructor see their page.
    pub shares: bool,
}

type Row =
    (String, String, String, String, String, String, i64, i64, Option<i64>, Option<i64>, String, String, String, i64);

/// Whoever begins with this has the workshop to themselves until their transaction ends; SQLite makes it the one writer.
const LOCK: &str = "UPDATE workshops SET code = code WHERE id = $1";
const SAVE: &str = "\
    INSERT INTO workshops (id, code, title, instructor, lessons, language, capacity, prewarm, starts, ends, \
    sandbox, state, hold, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
    ON CONFLICT (id) DO UPDATE SET code = excluded.code, title = excluded.title, lessons = excluded.lessons, \
    language = excluded.language, capacity = excluded.capacity, prewarm = excluded.prewarm, \
    starts = excluded.starts, ends = excluded.ends, sandbox = excluded.sandbox, state = excluded.state, \
    hold = excluded.hold";

const COLUMNS: &str = "id, code, title, instructor, lessons, language, capacity, prewarm, starts, ends, sandbox, state, \
                       hold, created";

fn workshop(row: Row) -> Result<Workshop, StorageError> {
    let (
        id,
        code,
        title,
        instructor,
        lessons,
        language,
        capacity,
        prewarm,
        starts,
        ends,
        sandbox,
        state,
        hold,
        created,
    ) = row;
    let lessons = serde_json::from_str(&lessons)
        .map_err(|source| StorageError::Unreadable { what: "a workshop's lessons", source })?;
    let hold = serde_json::from_str(&hold)
        .map_err(|source| StorageError::Unreadable { what: "where a workshop is held", source })?;
    Ok(Workshop {
        id: WorkshopId::new(id),
        code,
        instructor,
        plan: Plan {
            title,
            lessons,
            language,
            capacity: uncount(capacity),
            prewarm: uncount(prewarm),
            starts: starts.map(time),
            ends: ends.map(time),
        },
        sandbox,
        state: WorkshopState::parse(&state),
        hold,
        created: time(created),
    })
}

type MemberRow = (String, String, i64, Option<i64>, String, bool);

fn member((learner, name, joined, hand, question, shares): MemberRow) -> Member {
    let (learner, joined, hand) = (LearnerId::new(learner), time(joined), hand.map(time));
    Member { learner, name, joined, hand, question, shares }
}

/// Stores a workshop, new or changed, over a pool's or a transaction's connection.
macro_rules! save {
    ($workshop:expr, $connection:expr) => {{
        let (w, plan) = ($workshop, &$workshop.plan);
        let lessons = serde_json::Value::from(plan.lessons.clone()).to_string();
        let hold = serde_json::json!(w.hold).to_string();
        sqlx::query(SAVE)
            .bind(w.id.as_str())
            .bind(&w.code)
            .bind(&plan.title)
            .bind(&w.instructor)
            .bind(lessons)
            .bind(&plan.language)
            .bind(count(plan.capacity))
            .bind(count(plan.prewarm))
            .bind(plan.starts.map(millis))
            .bind(plan.ends.map(millis))
            .bind(&w.sandbox)
            .bind(w.state.as_str())
            .bind(hold)
            .bind(millis(w.created))
            .execute($connection)
            .await
            .map(drop)
    }};
}

impl Storage {
    /// Stores a workshop, new or changed; false when another one has its code.
    ///
    /// # Errors
    /// The database.
    pub async fn save_workshop(&self, workshop: &Workshop) -> Result<bool, StorageError> {
        let saved = on!(&self.0, pool => save!(workshop, pool));
        match saved {
            Err(sqlx::Error::Database(why)) if why.is_unique_violation() => Ok(false),
            saved => Ok(saved.map(|()| true)?),
        }
    }

    /// Changes a workshop as it is stored at that moment: of two who change it at once, neither undoes what the other
    /// has done. Gives what is stored then; `None` when there is no such workshop.
    ///
    /// # Errors
    /// The database.
    pub async fn change_workshop(
        &self,
        id: &WorkshopId,
        change: impl FnOnce(&mut Workshop),
    ) -> Result<Option<Workshop>, StorageError> {
        let sql = || sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM workshops WHERE id = $1"));
        on!(&self.0, pool => {
            let mut all = pool.begin().await?;
            sqlx::query(LOCK).bind(id.as_str()).execute(&mut *all).await?;
            let row = sqlx::query_as::<_, Row>(sql()).bind(id.as_str()).fetch_optional(&mut *all).await?;
            let Some(mut changed) = row.map(workshop).transpose()? else { return Ok(None) };
            change(&mut changed);
            save!(&changed, &mut *all)?;
            all.commit().await?;
            Ok(Some(changed))
        })
    }

    /// A workshop.
    ///
    /// # Errors
    /// The database.
    pub async fn workshop(&self, id: &WorkshopId) -> Result<Option<Workshop>, StorageError> {
        Ok(self.workshops_where("id = $1", id.as_str()).await?.pop())
    }

    /// The workshop with this code.
    ///
    /// # Errors
    /// The database.
    pub async fn workshop_by_code(&self, code: &str) -> Result<Option<Workshop>, StorageError> {
        Ok(self.workshops_where("code = $1", code).await?.pop())
    }

    /// An instructor's workshops, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn workshops_of(&self, instructor: &str) -> Result<Vec<Workshop>, StorageError> {
        self.workshops_where("instructor = $1", instructor).await
    }

    /// Workshops that are not over and want sandboxes to be made ahead.
    ///
    /// # Errors
    /// The database.
    pub async fn workshops_with_prewarm(&self) -> Result<Vec<Workshop>, StorageError> {
        self.workshops_where("prewarm > 0 AND state <> $1", WorkshopState::Ended.as_str()).await
    }

    async fn workshops_where(&self, condition: &'static str, value: &str) -> Result<Vec<Workshop>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM workshops WHERE {condition} ORDER BY created DESC, id");
        // Both parts are texts of this file.
        let sql = || sqlx::AssertSqlSafe(sql.clone());
        let rows = on!(&self.0, pool => sqlx::query_as::<_, Row>(sql()).bind(value).fetch_all(pool).await)?;
        rows.into_iter().map(workshop).collect()
    }

    /// Lets a learner into a workshop; who is in it already gets their new name. False when it is full.
    ///
    /// # Errors
    /// The database; also when there is no such workshop or learner.
    pub async fn join_workshop(
        &self,
        workshop: &WorkshopId,
        learner: &LearnerId,
        name: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        // Counted and added in one statement after a lock on the workshop: two who come at once can't share a seat.
        const JOIN: &str = "\
            INSERT INTO members (workshop, learner, name, joined, shares) \
            SELECT w.id, $2, $3, $4, false FROM workshops w WHERE w.id = $1 AND (\
            EXISTS (SELECT 1 FROM members WHERE workshop = $1 AND learner = $2) \
            OR (SELECT COUNT(*) FROM members WHERE workshop = $1) < w.capacity) \
            ON CONFLICT (workshop, learner) DO UPDATE SET name = excluded.name";
        let joined = on!(&self.0, pool => {
            let mut all = pool.begin().await?;
            sqlx::query(LOCK).bind(workshop.as_str()).execute(&mut *all).await?;
            let joined = sqlx::query(JOIN)
                .bind(workshop.as_str()).bind(learner.as_str()).bind(name).bind(millis(now))
                .execute(&mut *all).await?.rows_affected();
            all.commit().await?;
            joined
        });
        Ok(joined > 0)
    }

    /// Who is in a workshop, in the order in which they came.
    ///
    /// # Errors
    /// The database.
    pub async fn members(&self, workshop: &WorkshopId) -> Result<Vec<Member>, StorageError> {
        let sql = "SELECT learner, name, joined, hand, question, shares FROM members WHERE workshop = $1 ORDER BY joined, learner";
        let workshop = workshop.as_str();
        let rows = on!(&self.0, pool => sqlx::query_as::<_, MemberRow>(sql).bind(workshop).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(member).collect())
    }

    /// What is kept of a learner in workshops, with the workshops' titles, in the order in which they joined.
    ///
    /// # Errors
    /// The database.
    pub async fn memberships(&self, learner: &LearnerId) -> Result<Vec<(String, Member)>, StorageError> {
        let sql = "SELECT w.title, m.learner, m.name, m.joined, m.hand, m.question, m.shares FROM members m \
                   JOIN workshops w ON w.id = m.workshop WHERE m.learner = $1 ORDER BY m.joined, w.id";
        type Row = (String, String, String, i64, Option<i64>, String, bool);
        let rows = on!(&self.0, pool => sqlx::query_as::<_, Row>(sql).bind(learner.as_str()).fetch_all(pool).await)?;
        let split = |(title, learner, name, joined, hand, question, shares): Row| {
            (title, member((learner, name, joined, hand, question, shares)))
        };
        Ok(rows.into_iter().map(split).collect())
    }

    /// The workshops that a learner is in, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn workshops_with(&self, learner: &LearnerId) -> Result<Vec<Workshop>, StorageError> {
        self.workshops_where("id IN (SELECT workshop FROM members WHERE learner = $1)", learner.as_str()).await
    }

    /// A learner's hand goes up with a question, which may be empty, or down again.
    ///
    /// # Errors
    /// The database.
    pub async fn set_hand(
        &self,
        workshop: &WorkshopId,
        learner: &LearnerId,
        up: Option<Timestamp>,
        question: &str,
    ) -> Result<(), StorageError> {
        let sql = "UPDATE members SET hand = $1, question = $2 WHERE workshop = $3 AND learner = $4";
        let (workshop, learner, up) = (workshop.as_str(), learner.as_str(), up.map(millis));
        on!(&self.0, pool => {
            sqlx::query(sql).bind(up).bind(question).bind(workshop).bind(learner).execute(pool).await.map(drop)
        })?;
        Ok(())
    }

    /// Whether a learner lets the instructor see their page.
    ///
    /// # Errors
    /// The database.
    pub async fn set_shares(
        &self,
        workshop: &WorkshopId,
        learner: &LearnerId,
        shares: bool,
    ) -> Result<(), StorageError> {
        let sql = "UPDATE members SET shares = $1 WHERE workshop = $2 AND learner = $3";
        let (workshop, learner) = (workshop.as_str(), learner.as_str());
        on!(&self.0, pool => sqlx::query(sql).bind(shares).bind(workshop).bind(learner).execute(pool).await.map(drop))?;
        Ok(())
    }
}
