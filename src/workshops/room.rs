//! A workshop while it runs: its people and what they do, in memory. What has to outlive the server is written by
//! [`super::Workshops`], which also is who changes anything here.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, Weak},
};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    activity::{Activity, Place},
    hold::{self, Asked, Waits},
    parts::Part,
    seat::{Hold, NoteView, SeatView, Sharing},
    wall::{self, Frame, Seen, Wall},
};
use crate::{
    sessions::Session,
    storage::{
        LearnerId, Member, Note, Plan, StepProgress, Storage, StorageError, Workshop, WorkshopId, WorkshopState,
    },
};

/// The most messages that a page is told of.
const MAX_NOTES: usize = 50;

/// A workshop and everybody in it.
#[derive(Debug)]
pub struct Room {
    parts: Vec<Part>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    /// Held by whoever is changing the workshop in the database.
    changing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    workshop: Workshop,
    /// In the order in which they came.
    people: Vec<Person>,
    places: HashMap<LearnerId, usize>,
    notes: Vec<Note>,
}

#[derive(Debug)]
struct Person {
    member: Member,
    sharing: Sharing,
    asks: Option<Sharing>,
    /// How many instructors' pages show this learner's.
    watchers: usize,
    typing: String,
    progress: Vec<StepProgress>,
    activity: Activity,
    session: Weak<Session>,
    view: watch::Sender<SeatView>,
}

impl Person {
    fn new(member: Member, progress: Vec<StepProgress>) -> Self {
        Self {
            sharing: if member.shares { Sharing::Look } else { Sharing::Nothing },
            member,
            asks: None,
            watchers: 0,
            typing: String::new(),
            progress,
            activity: Activity::default(),
            session: Weak::new(),
            view: watch::Sender::new(SeatView::default()),
        }
    }
}

/// A workshop and everybody in it, as they are in the database.
#[derive(Debug)]
pub struct Stored {
    /// The workshop.
    pub workshop: Workshop,
    /// Who has joined.
    pub members: Vec<Member>,
    /// What they have done.
    pub progress: Vec<(LearnerId, StepProgress)>,
    /// What they were told.
    pub notes: Vec<Note>,
}

impl Stored {
    /// Reads all of it; `None` when there is no such workshop.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn read(storage: &Storage, id: &WorkshopId) -> Result<Option<Self>, StorageError> {
        let Some(workshop) = storage.workshop(id).await? else { return Ok(None) };
        Ok(Some(Self {
            workshop,
            members: storage.members(id).await?,
            progress: storage.workshop_progress(id).await?,
            notes: storage.notes(id).await?,
        }))
    }

    /// Each learner with their steps.
    fn people(members: Vec<Member>, progress: Vec<(LearnerId, StepProgress)>) -> Vec<(Member, Vec<StepProgress>)> {
        let mut by_learner: HashMap<LearnerId, Vec<StepProgress>> = HashMap::new();
        for (learner, step) in progress {
            by_learner.entry(learner).or_default().push(step);
        }
        let with_steps = |member: Member| {
            let steps = by_learner.remove(&member.learner).unwrap_or_default();
            (member, steps)
        };
        members.into_iter().map(with_steps).collect()
    }
}

impl Room {
    /// A workshop as it is stored.
    pub fn new(parts: Vec<Part>, stored: Stored) -> Self {
        let Stored { workshop, members, progress, notes } = stored;
        let mut state = State { workshop, people: Vec::new(), places: HashMap::new(), notes };
        for (member, steps) in Stored::people(members, progress) {
            state.add(member, steps);
        }
        let room = Self {
            parts,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            changing: tokio::sync::Mutex::default(),
        };
        room.change(|_| {});
        room
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds a workshop")
    }

    /// Changes something and tells everybody whom it concerns.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let changed = change(&mut state);
        self.tell_all(&state);
        changed
    }

    fn tell_all(&self, state: &State) {
        for person in &state.people {
            let view = state.view(person, &self.parts);
            person.view.send_if_modified(|shown| {
                *shown != view && {
                    *shown = view;
                    true
                }
            });
        }
        self.changed.send_modify(|count| *count += 1);
    }

    /// Takes what other servers have stored; tells of it if it is new.
    pub(super) fn renew(&self, stored: Stored) {
        let mut state = self.lock();
        if state.renew(stored) {
            self.tell_all(&state);
        }
    }

    /// Changes one learner, if they are in it.
    fn change_one<T>(&self, learner: &LearnerId, change: impl FnOnce(&mut Person) -> T) -> Option<T> {
        let mut state = self.lock();
        let at = *state.places.get(learner)?;
        let changed = change(&mut state.people[at]);
        let person = &state.people[at];
        let view = state.view(person, &self.parts);
        person.view.send_if_modified(|shown| {
            *shown != view && {
                *shown = view;
                true
            }
        });
        self.changed.send_modify(|count| *count += 1);
        Some(changed)
    }

    /// Counts changes: when to look again.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The lessons.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The workshop as it stands.
    pub fn workshop(&self) -> Workshop {
        self.lock().workshop.clone()
    }

    /// Waits until nobody else changes the workshop in the database.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// Takes what has been stored of the workshop.
    pub(super) fn set_workshop(&self, workshop: Workshop) {
        self.change(|state| state.workshop = workshop);
    }

    /// The wall, now.
    pub fn wall(&self, now: Timestamp) -> Wall {
        let state = self.lock();
        let hold = state.workshop.hold.clone().map(|(lesson, step)| Place { lesson, step });
        let seen: Vec<Seen<'_>> = state.people.iter().map(Person::seen).collect();
        wall::wall(Frame { parts: &self.parts, hold: hold.as_ref(), now }, &seen)
    }

    /// Everybody who has joined.
    pub fn members(&self) -> Vec<Member> {
        self.lock().people.iter().map(|person| person.member.clone()).collect()
    }

    /// How many have joined.
    pub fn joined(&self) -> usize {
        self.lock().people.len()
    }

    /// A learner has joined, or changed their name.
    pub(super) fn join(&self, member: Member, progress: Vec<StepProgress>) {
        self.change(|state| state.add(member, progress));
    }

    /// A learner is in it no more.
    pub(super) fn forget(&self, learner: &LearnerId) {
        self.change(|state| state.remove(learner));
    }

    /// What a learner's page is told; `None` for who is not in it.
    pub fn view(&self, learner: &LearnerId) -> Option<watch::Receiver<SeatView>> {
        let state = self.lock();
        state.places.get(learner).map(|at| state.people[*at].view.subscribe())
    }

    /// Why a learner's command has to wait, if it has.
    pub fn refuses(&self, asked: Option<Asked<'_>>) -> Option<Waits> {
        let (state, hold) = {
            let state = self.lock();
            (state.workshop.state, state.workshop.hold.clone())
        };
        let (lesson, step) = match state {
            WorkshopState::Paused => return Some(Waits::Paused),
            WorkshopState::Ended => return None,
            WorkshopState::Open | WorkshopState::Closed => hold?,
        };
        let place = Place { lesson, step };
        let waits = asked.is_some_and(|asked| hold::is_beyond(&self.parts, &place, asked));
        waits.then(|| Waits::Held(held(&place.lesson, &place.step, &self.parts).title))
    }

    /// A page of a learner opens. Says whether it is their first.
    pub(super) fn page_opened(&self, learner: &LearnerId, session: &Arc<Session>) -> bool {
        self.change_one(learner, |person| {
            person.activity.pages += 1;
            person.activity.left = None;
            person.session = Arc::downgrade(session);
            person.activity.pages == 1
        })
        .unwrap_or(false)
    }

    /// A page of a learner closes.
    pub(super) fn page_closed(&self, learner: &LearnerId, now: Timestamp) {
        self.change_one(learner, |person| {
            person.activity.pages = person.activity.pages.saturating_sub(1);
            if person.activity.pages == 0 {
                person.activity.left = Some(now);
            }
        });
    }

    /// What is seen of a learner at work.
    pub(super) fn observe(&self, learner: &LearnerId, observe: impl FnOnce(&mut Activity, &mut Vec<StepProgress>)) {
        self.change_one(learner, |person| observe(&mut person.activity, &mut person.progress));
    }

    /// The hand of a learner goes up, or down.
    pub(super) fn set_hand(&self, learner: &LearnerId, up: Option<Timestamp>, question: &str) {
        self.change_one(learner, |person| {
            person.member.hand = up;
            question.clone_into(&mut person.member.question);
        });
    }

    /// What a learner lets the instructor have. Taken back, it also ends what the instructor types.
    pub(super) fn set_sharing(&self, learner: &LearnerId, sharing: Sharing) {
        self.change_one(learner, |person| {
            person.sharing = sharing;
            person.asks = person.asks.filter(|asked| *asked > sharing && sharing > Sharing::Nothing);
            if sharing < Sharing::Type {
                person.typing.clear();
            }
        });
    }

    /// The instructor asks to look or to type.
    pub(super) fn ask(&self, learner: &LearnerId, wanted: Sharing) {
        self.change_one(learner, |person| person.asks = Some(wanted).filter(|wanted| *wanted > person.sharing));
    }

    /// What a learner shares.
    pub fn sharing(&self, learner: &LearnerId) -> Sharing {
        let state = self.lock();
        state.places.get(learner).map_or(Sharing::Nothing, |at| state.people[*at].sharing)
    }

    /// What the instructor types and has not sent. Shown only where the learner allows typing.
    pub(super) fn set_typing(&self, learner: &LearnerId, text: String) {
        self.change_one(learner, |person| {
            if person.sharing == Sharing::Type {
                person.typing = text;
            }
        });
    }

    /// An instructor's page begins or stops to show a learner's.
    pub(super) fn watch(&self, learner: &LearnerId, begins: bool) {
        self.change_one(learner, |person| {
            person.watchers = if begins { person.watchers + 1 } else { person.watchers.saturating_sub(1) };
        });
    }

    /// A message for a learner, or for all.
    pub(super) fn note(&self, note: Note) {
        self.change(|state| state.notes.push(note));
    }

    /// The session of a learner who is here.
    pub fn session(&self, learner: &LearnerId) -> Option<Arc<Session>> {
        let state = self.lock();
        state.places.get(learner).and_then(|at| state.people[*at].session.upgrade())
    }

    /// A learner's name.
    pub fn name(&self, learner: &LearnerId) -> Option<String> {
        let state = self.lock();
        state.places.get(learner).map(|at| state.people[*at].member.name.clone())
    }
}

impl Person {
    /// Takes what is stored of a learner; whether it is new. What they share and do is known where their page is open, and
    /// there their steps are newer than stored ones.
    fn renew(&mut self, stored: Member, steps: Vec<StepProgress>) -> bool {
        let Member { name, hand, question, .. } = stored;
        let told = (&self.member.name, self.member.hand, &self.member.question) != (&name, hand, &question);
        (self.member.name, self.member.hand, self.member.question) = (name, hand, question);
        let worked = self.session.strong_count() == 0 && self.progress != steps;
        if worked {
            self.progress = steps;
        }
        told || worked
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            learner: &self.member.learner,
            name: &self.member.name,
            hand: self.member.hand,
            question: Some(self.member.question.as_str()).filter(|question| !question.is_empty()),
            progress: &self.progress,
            activity: &self.activity,
        }
    }
}

impl State {
    fn add(&mut self, member: Member, progress: Vec<StepProgress>) {
        if let Some(at) = self.places.get(&member.learner) {
            self.people[*at].member.name = member.name;
            return;
        }
        self.places.insert(member.learner.clone(), self.people.len());
        self.people.push(Person::new(member, progress));
    }

    fn remove(&mut self, learner: &LearnerId) {
        let Some(at) = self.places.remove(learner) else { return };
        self.people.remove(at);
        self.places.values_mut().filter(|place| **place > at).for_each(|place| *place -= 1);
        self.notes.retain(|note| note.learner.as_ref() != Some(learner));
    }

    /// Takes all of what is stored; whether any of it is new.
    fn renew(&mut self, stored: Stored) -> bool {
        let Stored { workshop, members, progress, notes } = stored;
        let there: HashSet<&LearnerId> = members.iter().map(|member| &member.learner).collect();
        let gone = self.places.keys().filter(|learner| !there.contains(learner)).cloned().collect::<Vec<_>>();
        let mut new = !gone.is_empty() || self.workshop != workshop || self.notes != notes;
        gone.iter().for_each(|learner| self.remove(learner));
        (self.workshop, self.notes) = (workshop, notes);
        for (member, steps) in Stored::people(members, progress) {
            new |= match self.places.get(&member.learner) {
                Some(at) => self.people[*at].renew(member, steps),
                None => {
                    self.add(member, steps);
                    true
                }
            };
        }
        new
    }

    fn view(&self, person: &Person, parts: &[Part]) -> SeatView {
        let Workshop { instructor, state, hold, plan: Plan { title, ends, .. }, .. } = &self.workshop;
        let ours = |note: &&Note| note.learner.as_ref().is_none_or(|learner| *learner == person.member.learner);
        let mut notes: Vec<NoteView> = self.notes.iter().filter(ours).rev().take(MAX_NOTES).map(shown).collect();
        notes.reverse();
        SeatView {
            title: title.clone(),
            instructor: instructor.clone(),
            name: person.member.name.clone(),
            hand: person.member.hand.is_some(),
            question: person.member.question.clone(),
            paused: *state == WorkshopState::Paused,
            ended: *state == WorkshopState::Ended,
            hold: hold.as_ref().map(|(lesson, step)| held(lesson, step, parts)),
            asks: person.asks,
            shares: person.sharing,
            watched: person.watchers > 0,
            typing: person.typing.clone(),
            notes,
            ends: ends.map(Timestamp::as_millisecond),
        }
    }
}

fn shown(note: &Note) -> NoteView {
    let Note { id, at, text, command, .. } = note;
    NoteView { id: id.clone(), at: at.as_millisecond(), text: text.clone(), command: command.clone() }
}

fn held(lesson: &str, step: &str, parts: &[Part]) -> Hold {
    let part = parts.iter().find(|part| part.id == lesson);
    let title = part.and_then(|part| part.steps.iter().find(|(id, _)| id == step)).map(|(_, title)| title.clone());
    Hold { lesson: lesson.to_owned(), step: step.to_owned(), title: title.unwrap_or_default() }
}
