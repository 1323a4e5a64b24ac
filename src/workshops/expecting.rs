//! Who is about to come to a workshop: for them sandboxes are made ahead.

use std::time::Duration;

use jiff::Timestamp;

use super::Workshops;
use crate::storage::{StorageError, Workshop, WorkshopState};

/// So long before a workshop begins its learners are expected.
const AHEAD: Duration = Duration::from_mins(15);
/// So long after that somebody who has not come is not coming.
const LATE: Duration = Duration::from_mins(60);

impl Workshops {
    /// How many learners are about to come, as far as their instructors want sandboxes to be made ahead.
    ///
    /// # Errors
    /// The database.
    pub async fn expected(&self) -> Result<usize, StorageError> {
        let now = self.now();
        let mut expected = 0;
        for workshop in self.0.storage.workshops_with_prewarm().await? {
            let joined = self.0.storage.members(&workshop.id).await?.len();
            expected += expects(&workshop, joined, now);
        }
        Ok(expected)
    }
}

/// How many sandboxes a workshop needs ahead, of those that its plan asks for.
fn expects(workshop: &Workshop, joined: usize, now: Timestamp) -> usize {
    let begins = workshop.plan.starts.unwrap_or(workshop.created);
    let soon = now + AHEAD >= begins && now <= begins + LATE;
    let takes_somebody = matches!(workshop.state, WorkshopState::Open | WorkshopState::Paused);
    if !soon || !takes_somebody || workshop.plan.ends.is_some_and(|ends| ends <= now) {
        return 0;
    }
    usize::try_from(workshop.plan.prewarm).unwrap_or(usize::MAX).saturating_sub(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Plan, WorkshopId};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 60 * minute).unwrap()
    }

    fn workshop() -> Workshop {
        let (starts, ends) = (Some(at(60)), Some(at(100)));
        let (title, lessons, language) = ("Pods".into(), vec!["one".into()], "en".into());
        Workshop {
            id: WorkshopId::new("w"),
            code: "KX4-7PM-QRT".into(),
            instructor: "ada".into(),
            plan: Plan { title, lessons, language, capacity: 30, prewarm: 20, starts, ends },
            sandbox: "kind".into(),
            state: WorkshopState::Open,
            hold: None,
            created: at(0),
        }
    }

    #[test]
    fn learners_are_expected_from_shortly_before_the_beginning_until_they_have_come() {
        let expected = |joined, minute| expects(&workshop(), joined, at(minute));
        assert_eq!([expected(0, 0), expected(0, 44), expected(0, 45), expected(0, 60)], [0, 0, 20, 20]);
        assert_eq!([expected(15, 61), expected(25, 61), expected(0, 100)], [5, 0, 0]);
    }

    #[test]
    fn nobody_is_expected_where_nobody_comes_in() {
        let closed = Workshop { state: WorkshopState::Closed, ..workshop() };
        assert_eq!(expects(&closed, 0, at(60)), 0);
        let plan = Plan { starts: None, ends: None, ..workshop().plan };
        let now = Workshop { plan, ..workshop() };
        assert_eq!([expects(&now, 0, at(0)), expects(&now, 0, at(60)), expects(&now, 0, at(61))], [20, 20, 0]);
    }
}
