//! The wall: learners and steps, as the instructor sees them. A pure function of what was seen.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    activity::{Activity, Place},
    parts::Part,
    stuck::{self, Others, Stuck, minutes},
};
use crate::storage::{LearnerId, StepProgress};

/// Over this many times the median a step took long.
const LONG: f64 = 1.8;

/// One learner, as far as they are known.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// Who.
    pub learner: &'a LearnerId,
    /// As they gave it.
    pub name: &'a str,
    /// Since when their hand is up.
    pub hand: Option<Timestamp>,
    /// What they ask, if they wrote it.
    pub question: Option<&'a str>,
    /// How far they are.
    pub progress: &'a [StepProgress],
    /// What they do.
    pub activity: &'a Activity,
}

/// What everybody on the wall is held to.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The lessons, in order.
    pub parts: &'a [Part],
    /// The last step that is open to all, while they are held.
    pub hold: Option<&'a Place>,
    /// Now.
    pub now: Timestamp,
}

/// A cell: what one learner did with one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum Cell {
    /// Not begun.
    Not,
    /// Behind a hold, and not begun.
    Held,
    /// They are on it.
    Here {
        /// For so long.
        minutes: u64,
    },
    /// They are on it and stuck.
    Stuck {
        /// For so long.
        minutes: u64,
    },
    /// Done.
    Done {
        /// It took so long.
        minutes: u64,
        /// Against the others: 1 at most the median, 2 over it, 3 far over it.
        pace: u8,
    },
}

/// A learner's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The learner.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Whether their hand is up.
    pub hand: bool,
    /// Whether a page of theirs is open.
    pub online: bool,
    /// For how many minutes they have been away, if they are.
    pub away: Option<u64>,
    /// Where they are: `6.3` and the step's title.
    pub here: Option<(String, String)>,
    /// A cell for each step of all lessons.
    pub cells: Vec<Cell>,
}

/// A learner who wants something, or should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need<W> {
    /// The learner.
    pub id: String,
    /// Their name.
    pub name: String,
    /// For how many minutes.
    pub minutes: u64,
    /// Their question, which may be empty; or what was seen.
    pub why: W,
}

/// The whole wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wall {
    /// The learners, in the order in which they came.
    pub rows: Vec<Row>,
    /// The median of each step, in minutes, where somebody has done it.
    pub medians: Vec<Option<u64>>,
    /// How many are on each step.
    pub here: Vec<usize>,
    /// Raised hands, longest first.
    pub hands: Vec<Need<String>>,
    /// Who is stuck, longest first.
    pub stuck: Vec<Need<Stuck>>,
    /// How many are connected.
    pub online: usize,
    /// How many have reached the end of what is open to all, while they are held.
    pub reached: Option<usize>,
}

impl Wall {
    /// The same without who anybody is, and without what they said: rows are told apart by their numbers.
    pub fn nameless(mut self) -> Self {
        for (number, row) in self.rows.iter_mut().enumerate() {
            row.id = (number + 1).to_string();
            row.name.clear();
        }
        self.hands.clear();
        self.stuck.clear();
        self
    }
}

/// The wall of these learners.
pub fn wall(frame: Frame<'_>, learners: &[Seen<'_>]) -> Wall {
    let steps: Vec<Column<'_>> = columns(frame.parts);
    let held_after = frame.hold.and_then(|hold| steps.iter().position(|column| column.place == *hold));
    let progress: Vec<_> = learners.iter().map(by_place).collect();
    let others: Vec<Option<Others>> = steps.iter().map(|column| others(&column.place, &progress)).collect();
    let mut wall = Wall {
        rows: Vec::with_capacity(learners.len()),
        medians: others.iter().map(|others| others.map(|others| minutes(others.median))).collect(),
        here: vec![0; steps.len()],
        hands: Vec::new(),
        stuck: Vec::new(),
        online: learners.iter().filter(|seen| seen.activity.pages > 0).count(),
        reached: held_after.map(|_| 0),
    };
    for (seen, progress) in learners.iter().zip(&progress) {
        let at = here(&steps, progress, seen.activity).filter(|at| held_after.is_none_or(|held| *at <= held));
        let stuck = at.and_then(|at| judge(&steps[at], others[at], seen, progress, frame.now));
        let cells = cells(&steps, &others, held_after, progress, at, stuck.is_some());
        if let (Some(reached), Some(last)) = (&mut wall.reached, held_after) {
            *reached += usize::from(matches!(cells[last], Cell::Done { .. }));
        }
        if let Some(at) = at {
            wall.here[at] += 1;
        }
        wall.hands.extend(hand(seen, frame.now));
        wall.stuck.extend(stuck);
        wall.rows.push(row(seen, at.map(|at| &steps[at]), cells, frame.now));
    }
    // A stable sort: those who came first stand first among equals.
    wall.hands.sort_by_key(|need| std::cmp::Reverse(need.minutes));
    wall.stuck.sort_by_key(|need| std::cmp::Reverse(need.minutes));
    wall
}

/// A step of the whole workshop.
struct Column<'a> {
    place: Place,
    /// `6.3`
    number: String,
    title: &'a str,
}

fn columns(parts: &[Part]) -> Vec<Column<'_>> {
    let numbered = parts.iter().enumerate();
    let column = |(lesson, part): (usize, &'_ Part), (step, (id, _)): (usize, &(String, String))| {
        (Place { lesson: part.id.clone(), step: id.clone() }, format!("{}.{}", lesson + 1, step + 1))
    };
    numbered
        .flat_map(|(number, part)| {
            part.steps.iter().enumerate().map(move |step| {
                let (place, number) = column((number, part), step);
                Column { place, number, title: &step.1.1 }
            })
        })
        .collect()
}

type Progress<'a> = BTreeMap<Place, &'a StepProgress>;

fn by_place<'a>(seen: &Seen<'a>) -> Progress<'a> {
    let place = |step: &StepProgress| Place { lesson: step.lesson.clone(), step: step.step.clone() };
    seen.progress.iter().map(|step| (place(step), step)).collect()
}

/// How long those who have done a step needed.
fn others(place: &Place, progress: &[Progress<'_>]) -> Option<Others> {
    let mut times: Vec<Duration> = progress
        .iter()
        .filter_map(|of| of.get(place))
        .filter(|step| step.done.is_some())
        .map(|step| step.spent)
        .collect();
    times.sort();
    let median = *times.get(times.len() / 2)?;
    Some(Others { median, done: times.len() })
}

/// Where a learner is: what they worked on last, or, if that is done, the first step after it that is not. Who has only
/// opened a lesson is at its beginning.
fn here(steps: &[Column<'_>], progress: &Progress<'_>, activity: &Activity) -> Option<usize> {
    let begun = |at: &usize| progress.get(&steps[*at].place);
    let newest = (0..steps.len()).filter(|at| begun(at).is_some()).max_by_key(|at| begun(at).map(|step| step.visited));
    let Some(newest) = newest else { return steps.iter().position(|column| column.place.lesson == activity.lesson) };
    let open = |at: &usize| progress.get(&steps[*at].place).is_none_or(|step| step.done.is_none());
    (newest..steps.len()).find(open)
}

fn judge(
    column: &Column<'_>,
    others: Option<Others>,
    seen: &Seen<'_>,
    progress: &Progress<'_>,
    now: Timestamp,
) -> Option<Need<Stuck>> {
    if seen.activity.pages == 0 {
        return None;
    }
    let spent = progress.get(&column.place).map_or(Duration::ZERO, |step| step.spent);
    let idle = seen.activity.last.map_or(Duration::ZERO, |last| since(last, now));
    let stuck = stuck::judge(&column.number, seen.activity, spent, idle, others)?;
    Some(Need {
        id: seen.learner.to_string(),
        name: seen.name.to_owned(),
        minutes: minutes(spent.max(idle)),
        why: stuck,
    })
}

fn cells(
    steps: &[Column<'_>],
    others: &[Option<Others>],
    held_after: Option<usize>,
    progress: &Progress<'_>,
    here: Option<usize>,
    stuck: bool,
) -> Vec<Cell> {
    let cell = |(at, column): (usize, &Column<'_>)| {
        let step = progress.get(&column.place);
        let spent = minutes(step.map_or(Duration::ZERO, |step| step.spent));
        if step.is_some_and(|step| step.done.is_some()) {
            return Cell::Done { minutes: spent, pace: pace(spent, others[at]) };
        }
        match (here == Some(at), held_after.is_some_and(|held| at > held)) {
            (true, _) if stuck => Cell::Stuck { minutes: spent },
            (true, _) => Cell::Here { minutes: spent },
            (false, true) => Cell::Held,
            (false, false) => Cell::Not,
        }
    };
    steps.iter().enumerate().map(cell).collect()
}

/// Compared by whole minutes: what looks the same is the same.
fn pace(spent: u64, others: Option<Others>) -> u8 {
    let median = others.map_or(spent, |others| minutes(others.median));
    match spent {
        spent if spent <= median => 1,
        spent if spent as f64 <= median as f64 * LONG => 2,
        _ => 3,
    }
}

fn row(seen: &Seen<'_>, at: Option<&Column<'_>>, cells: Vec<Cell>, now: Timestamp) -> Row {
    let online = seen.activity.pages > 0;
    Row {
        id: seen.learner.to_string(),
        name: seen.name.to_owned(),
        hand: seen.hand.is_some(),
        online,
        away: seen.activity.left.filter(|_| !online).map(|left| minutes(since(left, now))),
        here: at.map(|column| (column.number.clone(), column.title.to_owned())),
        cells,
    }
}

fn hand(seen: &Seen<'_>, now: Timestamp) -> Option<Need<String>> {
    seen.hand.map(|up| Need {
        id: seen.learner.to_string(),
        name: seen.name.to_owned(),
        minutes: minutes(since(up, now)),
        why: seen.question.map(str::to_owned).unwrap_or_default(),
    })
}

fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
