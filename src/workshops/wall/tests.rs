use super::*;

const NOW: i64 = 10_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn parts() -> Vec<Part> {
    let part = |id: &str, steps: &[&str]| Part {
        id: id.into(),
        title: id.to_uppercase(),
        steps: steps.iter().map(|step| ((*step).into(), format!("Step {step}"))).collect(),
    };
    vec![part("one", &["a", "b"]), part("two", &["c", "d"])]
}

fn step(lesson: &str, step: &str, visited: i64, minutes: u64, done: bool) -> StepProgress {
    StepProgress {
        lesson: lesson.into(),
        step: step.into(),
        opened: at(visited - 60),
        visited: at(visited),
        done: done.then(|| at(visited)),
        attempts: 1,
        spent: Duration::from_mins(minutes),
    }
}

struct Person {
    id: LearnerId,
    progress: Vec<StepProgress>,
    activity: Activity,
    hand: Option<Timestamp>,
}

impl Person {
    fn new(name: &str, progress: Vec<StepProgress>) -> Self {
        let activity = Activity { pages: 1, last: Some(at(NOW)), ..Activity::default() };
        Self { id: LearnerId::new(name), progress, activity, hand: None }
    }

    fn seen(&self) -> Seen<'_> {
        let Self { id, progress, activity, hand } = self;
        Seen { learner: id, name: id.as_str(), hand: *hand, question: Some("why?"), progress, activity }
    }
}

fn shown(hold: Option<&Place>, people: &[Person]) -> Wall {
    let seen: Vec<Seen<'_>> = people.iter().map(Person::seen).collect();
    wall(Frame { parts: &parts(), hold, now: at(NOW) }, &seen)
}

/// A row as the page draws it.
fn drawn(row: &Row) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Not => ".".to_owned(),
        Cell::Held => "/".to_owned(),
        Cell::Here { minutes } => format!("[{minutes}]"),
        Cell::Stuck { minutes } => format!("!{minutes}"),
        Cell::Done { minutes, pace } => format!("{minutes}{}", "+".repeat(usize::from(pace - 1))),
    };
    row.cells.iter().map(cell).collect::<Vec<_>>().join(" ")
}

#[test]
fn cells_say_what_is_done_where_somebody_is_and_how_they_compare() {
    let mut people = [
        Person::new("ada", vec![step("one", "a", 100, 2, true), step("one", "b", 200, 1, true)]),
        Person::new("bob", vec![step("one", "a", 100, 5, true), step("one", "b", 200, 4, false)]),
        Person::new("cem", vec![step("one", "a", 100, 3, true)]),
        Person::new("dee", vec![]),
        Person::new("eve", vec![]),
    ];
    people[4].activity.lesson = "two".into();
    let wall = shown(None, &people);
    let rows: Vec<String> = wall.rows.iter().map(drawn).collect();
    assert_eq!(rows, ["2 1 [1] .", "5+ [4] . .", "3 [1] . .", ". . . .", ". . [1] ."]);
    assert_eq!(wall.medians, [Some(3), Some(1), None, None]);
    assert_eq!(wall.here, [0, 2, 2, 0]);
    assert_eq!(wall.rows[1].here, Some(("1.2".into(), "Step b".into())));
    assert_eq!((wall.online, wall.reached), (5, None));
}

#[test]
fn a_hold_closes_what_comes_after_and_counts_who_has_reached_it() {
    let hold = Place { lesson: "one".into(), step: "b".into() };
    let people = [
        Person::new("ada", vec![step("one", "a", 100, 2, true), step("one", "b", 200, 1, true)]),
        Person::new("bob", vec![step("one", "a", 100, 2, false)]),
    ];
    let wall = shown(Some(&hold), &people);
    assert_eq!(wall.rows.iter().map(drawn).collect::<Vec<_>>(), ["2 1 / /", "[2] . / /"]);
    assert_eq!(wall.reached, Some(1));
    assert_eq!(wall.rows[0].here, None, "who waits is on no step");
}

#[test]
fn hands_and_the_stuck_stand_longest_first() {
    let mut people = [
        Person::new("ada", vec![step("one", "a", 100, 9, false)]),
        Person::new("bob", vec![step("one", "a", 100, 12, false)]),
        Person::new("cem", vec![step("one", "a", 100, 12, false)]),
    ];
    people[0].hand = Some(at(NOW - 60));
    people[1].hand = Some(at(NOW - 240));
    for person in &mut people {
        for _ in 0..3 {
            person.activity.failed("error: x");
        }
    }
    people[2].activity.pages = 0;
    people[2].activity.left = Some(at(NOW - 120));
    let wall = shown(None, &people);
    fn names<W>(needs: &[Need<W>]) -> Vec<String> {
        needs.iter().map(|need| format!("{} {}", need.name, need.minutes)).collect()
    }
    assert_eq!(names(&wall.hands), ["bob 4", "ada 1"]);
    assert_eq!(names(&wall.stuck), ["bob 12", "ada 9"], "who is away is not stuck");
    assert!(matches!(&wall.stuck[0].why, Stuck::SameError { error, .. } if error == "error: x"));
    assert_eq!((wall.rows[2].online, wall.rows[2].away), (false, Some(2)));
    assert_eq!(drawn(&wall.rows[0]), "!9 . . .");
}

#[test]
fn a_workshop_without_learners_or_lessons_is_an_empty_wall() {
    let wall = shown(None, &[]);
    assert_eq!((wall.rows.len(), wall.medians.len()), (0, 4));
    let nothing = super::wall(Frame { parts: &[], hold: None, now: at(NOW) }, &[]);
    assert_eq!(nothing.here.len(), 0);
}
