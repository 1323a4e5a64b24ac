//! Who is stuck, and on what, in words for the instructor. A pure function of what was seen.

use std::time::Duration;

use super::activity::{Activity, Repeated};

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

/// Somebody who is stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// A sentence or two: what was seen.
    pub why: String,
    /// What stands in it in the cluster's own words, to be shown as code.
    pub code: Option<String>,
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
    Some(Stuck { why: format!("Same error {times} times on {number}:"), code: Some(text.clone()) })
}

fn unmet(number: &str, activity: &Activity, spent: Duration) -> Option<Stuck> {
    let unmet = activity.unmet.as_ref().filter(|_| spent >= UNMET)?;
    let because = unmet.because.as_ref().map(|because| format!(" {because}")).unwrap_or_default();
    Some(Stuck { why: format!("Check of {number} not met: {}.{because}", unmet.check), code: None })
}

fn waits(number: &str, idle: Duration, others: Option<Others>) -> Option<Stuck> {
    let least = others.map_or(IDLE, |others| IDLE.max(others.median * TIMES_MEDIAN));
    (idle >= least).then(|| {
        let others = others.map(|others| format!("; the others needed {}", minutes(others.median))).unwrap_or_default();
        Stuck { why: format!("Has done nothing on {number} for {} min{others}.", minutes(idle)), code: None }
    })
}

fn slow(number: &str, spent: Duration, others: Option<Others>) -> Option<Stuck> {
    let others = others?;
    (spent >= BEHIND.max(others.median * TIMES_MEDIAN)).then(|| Stuck {
        why: format!("On {number} for {} min; the others needed {}.", minutes(spent), minutes(others.median)),
        code: None,
    })
}

/// Whole minutes, at least one: nobody has spent no time on a step.
pub fn minutes(time: Duration) -> u64 {
    (time.as_secs().saturating_add(30) / 60).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workshops::activity::Unmet;

    const MIN: Duration = Duration::from_mins(1);
    const OTHERS: Option<Others> = Some(Others { median: Duration::from_mins(3), done: 5 });

    fn words(activity: &Activity, spent: u32, idle: u32, others: Option<Others>) -> Option<String> {
        judge("6.3", activity, MIN * spent, MIN * idle, others)
            .map(|stuck| stuck.code.map(|code| format!("{} {code}", stuck.why)).unwrap_or(stuck.why))
    }

    #[test]
    fn the_third_same_error_is_a_circle() {
        let mut activity = Activity::default();
        activity.failed("error: x");
        activity.failed("error: x");
        assert_eq!(words(&activity, 1, 0, None), None);
        activity.failed("error: x");
        assert_eq!(words(&activity, 1, 0, None).as_deref(), Some("Same error 3 times on 6.3: error: x"));
    }

    #[test]
    fn who_does_nothing_is_measured_by_what_the_others_needed() {
        let activity = Activity::default();
        assert_eq!(words(&activity, 1, 8, OTHERS), None);
        assert_eq!(
            words(&activity, 1, 9, OTHERS).as_deref(),
            Some("Has done nothing on 6.3 for 9 min; the others needed 3.")
        );
        assert_eq!(words(&activity, 1, 5, None).as_deref(), Some("Has done nothing on 6.3 for 5 min."));
    }

    #[test]
    fn who_works_long_is_behind_only_when_enough_others_were_quicker() {
        let activity = Activity::default();
        assert_eq!(words(&activity, 9, 0, OTHERS).as_deref(), Some("On 6.3 for 9 min; the others needed 3."));
        let few = OTHERS.map(|others| Others { done: 2, ..others });
        assert_eq!(words(&activity, 40, 0, few), None);
    }

    #[test]
    fn an_unmet_check_says_why() {
        let unmet = Unmet { check: "restartCount of crash".into(), because: Some("It is 1, wanted 2.".into()) };
        let activity = Activity { unmet: Some(unmet), ..Activity::default() };
        assert_eq!(words(&activity, 3, 0, None), None);
        assert_eq!(
            words(&activity, 4, 0, None).as_deref(),
            Some("Check of 6.3 not met: restartCount of crash. It is 1, wanted 2.")
        );
    }
}
