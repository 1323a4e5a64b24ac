//! Who is stuck, and on what. A pure function of what was seen.

use std::time::Duration;

use serde::Serialize;

use super::activity::{Activity, Repeated, Unmet};

/// So often the same error comes by chance; once more and somebody turns in a circle.
const SAME_ERROR: u32 = 3;
/// Nobody is called idle before this.
const IDLE: Duration = Duration::from_mins(5);
/// Nobody is called behind before this.
const BEHIND: Duration = Duration::from_mins(6);
/// So many times the others' median is too long.
const TIMES_MEDIAN: u32 = 3;
/// So many must have done a step before its median says anything.
const ENOUGH: usize = 3;
/// An unmet check is worth a word after so long.
const UNMET: Duration = Duration::from_mins(4);

/// How long the others needed for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Others {
    /// The median.
    pub median: Duration,
    /// How many have done it.
    pub done: usize,
}

/// Somebody who is stuck, and on what. The instructor's page has the words, in their language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum Stuck {
    /// The same error again and again.
    SameError {
        /// The step's, such as `6.3`.
        number: String,
        /// How often.
        times: u32,
        /// What the command said.
        error: String,
    },
    /// A check does not hold.
    Unmet {
        /// The step's.
        number: String,
        /// What is checked.
        check: String,
        /// Why it does not hold, if that is known.
        because: Option<String>,
    },
    /// Nothing is done.
    Idle {
        /// The step's.
        number: String,
        /// For so long.
        minutes: u64,
        /// What the others needed, if enough have done it.
        others: Option<u64>,
    },
    /// It takes far longer than the others took.
    Slow {
        /// The step's.
        number: String,
        /// For so long.
        minutes: u64,
        /// What the others needed.
        others: u64,
    },
}

/// Whether a learner who has been on step `number` (such as `6.3`) for `spent` is stuck. `idle` is how long they have
/// done nothing.
pub fn judge(
    number: &str,
    activity: &Activity,
    spent: Duration,
    idle: Duration,
    others: Option<Others>,
) -> Option<Stuck> {
    let others = others.filter(|others| others.done >= ENOUGH);
    same_error(number, activity.repeated())
        .or_else(|| unmet(number, activity, spent))
        .or_else(|| waits(number, idle, others))
        .or_else(|| slow(number, spent, others))
}

fn same_error(number: &str, repeated: Option<&Repeated>) -> Option<Stuck> {
    let Repeated { text, times } = repeated.filter(|error| error.times >= SAME_ERROR)?;
    Some(Stuck::SameError { number: number.to_owned(), times: *times, error: text.clone() })
}

fn unmet(number: &str, activity: &Activity, spent: Duration) -> Option<Stuck> {
    let Unmet { check, because } = activity.unmet.clone().filter(|_| spent >= UNMET)?;
    Some(Stuck::Unmet { number: number.to_owned(), check, because })
}

fn waits(number: &str, idle: Duration, others: Option<Others>) -> Option<Stuck> {
    let least = others.map_or(IDLE, |others| IDLE.max(others.median * TIMES_MEDIAN));
    (idle >= least).then(|| {
        let others = others.map(|others| minutes(others.median));
        Stuck::Idle { number: number.to_owned(), minutes: minutes(idle), others }
    })
}

fn slow(number: &str, spent: Duration, others: Option<Others>) -> Option<Stuck> {
    let others = others?;
    (spent >= BEHIND.max(others.median * TIMES_MEDIAN)).then(|| Stuck::Slow {
        number: number.to_owned(),
        minutes: minutes(spent),
        others: minutes(others.median),
    })
}

/// Whole minutes, at least one: nobody has spent no time on a step.
pub fn minutes(time: Duration) -> u64 {
    (time.as_secs().saturating_add(30) / 60).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_mins(1);
    const OTHERS: Option<Others> = Some(Others { median: Duration::from_mins(3), done: 5 });

    fn judged(activity: &Activity, spent: u32, idle: u32, others: Option<Others>) -> Option<Stuck> {
        judge("6.3", activity, MIN * spent, MIN * idle, others)
    }

    fn number() -> String {
        "6.3".to_owned()
    }

    #[test]
    fn the_third_same_error_is_a_circle() {
        let mut activity = Activity::default();
        activity.failed("error: x");
        activity.failed("error: x");
        assert_eq!(judged(&activity, 1, 0, None), None);
        activity.failed("error: x");
        let circle = Stuck::SameError { number: number(), times: 3, error: "error: x".to_owned() };
        assert_eq!(judged(&activity, 1, 0, None), Some(circle));
    }

    #[test]
    fn who_does_nothing_is_measured_by_what_the_others_needed() {
        let activity = Activity::default();
        assert_eq!(judged(&activity, 1, 8, OTHERS), None);
        assert_eq!(
            judged(&activity, 1, 9, OTHERS),
            Some(Stuck::Idle { number: number(), minutes: 9, others: Some(3) })
        );
        assert_eq!(judged(&activity, 1, 5, None), Some(Stuck::Idle { number: number(), minutes: 5, others: None }));
    }

    #[test]
    fn who_works_long_is_behind_only_when_enough_others_were_quicker() {
        let activity = Activity::default();
        assert_eq!(judged(&activity, 9, 0, OTHERS), Some(Stuck::Slow { number: number(), minutes: 9, others: 3 }));
        let few = OTHERS.map(|others| Others { done: 2, ..others });
        assert_eq!(judged(&activity, 40, 0, few), None);
    }

    #[test]
    fn an_unmet_check_says_why() {
        let (check, because) = ("restartCount of crash".to_owned(), Some("It is 1, wanted 2.".to_owned()));
        let unmet = Some(Unmet { check: check.clone(), because: because.clone() });
        let activity = Activity { unmet, ..Activity::default() };
        assert_eq!(judged(&activity, 3, 0, None), None);
        assert_eq!(judged(&activity, 4, 0, None), Some(Stuck::Unmet { number: number(), check, because }));
    }
}
