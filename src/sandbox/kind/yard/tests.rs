use super::*;

fn yard(max: usize, at_once: usize, pool: usize) -> Play {
    Play { yard: Yard::new(Limits { max, at_once, pool }), next: 0 }
}

struct Play {
    yard: Yard,
    next: u32,
}

impl Play {
    fn step(&mut self, input: Input) -> Vec<Effect> {
        let next = &mut self.next;
        self.yard.step(input, || {
            *next += 1;
            format!("c{next}")
        })
    }

    fn made(&mut self, name: &str) -> Vec<Effect> {
        self.step(Input::Made(name.into(), USUAL))
    }
}

fn wanted(n: u64) -> Input {
    Input::Wanted(Ticket(n))
}

fn make(name: &str) -> Effect {
    Effect::Make(name.into())
}

fn give(ticket: u64, name: &str) -> Effect {
    Effect::Give(Ticket(ticket), name.into())
}

#[test]
fn without_a_pool_a_cluster_is_made_for_whoever_wants_one() {
    let mut yard = yard(4, 2, 0);
    assert_eq!(yard.step(Input::Rested), []);
    assert_eq!(yard.step(wanted(1)), [make("c1")]);
    assert_eq!(yard.yard.expects("c1"), Some(Ticket(1)));
    assert_eq!(yard.made("c1"), [give(1, "c1")]);
    assert_eq!(yard.step(Input::End("c1".into())), [Effect::End("c1".into())]);
    assert_eq!(yard.yard.len(), 1, "it takes its place until it is gone");
    assert_eq!(yard.step(Input::Ended("c1".into())), []);
    assert_eq!(yard.yard.len(), 0);
}

#[test]
fn a_pool_is_filled_and_filled_again() {
    let mut yard = yard(4, 2, 2);
    assert_eq!(yard.step(Input::Rested), [make("c1"), make("c2")]);
    assert_eq!([yard.made("c1"), yard.made("c2")], [[], []]);
    assert_eq!(yard.step(wanted(1)), [give(1, "c1"), make("c3")]);
}

#[test]
fn for_those_who_are_about_to_come_clusters_are_made_ahead() {
    let mut yard = yard(3, 2, 0);
    assert_eq!(yard.step(Input::Expected(2)), [make("c1"), make("c2")]);
    assert_eq!([yard.made("c1"), yard.made("c2")], [[], []]);
    assert_eq!(yard.step(Input::Expected(2)), []);
    // One comes, and so one fewer is about to.
    assert_eq!(yard.step(Input::Expected(1)), []);
    assert_eq!(yard.step(wanted(1)), [give(1, "c1")]);
    assert_eq!(yard.step(Input::Expected(9)), [make("c3")], "as many as the limits allow");
}

#[test]
fn who_waits_is_told_the_place_and_a_time_as_far_as_it_can_be_told() {
    let mut yard = yard(3, 1, 0);
    assert_eq!(yard.step(wanted(1)), [make("c1")]);
    assert_eq!(yard.step(wanted(2)), [Effect::Place(Ticket(2), 1, Some(USUAL * 2))]);
    yard.step(wanted(3));
    let last = yard.step(wanted(4)).pop();
    assert_eq!(last, Some(Effect::Place(Ticket(4), 3, None)), "there is no room for a fourth");
    let effects = yard.made("c1");
    assert_eq!(effects[..2], [give(1, "c1"), make("c2")]);
    assert_eq!(effects[2], Effect::Place(Ticket(3), 1, Some(USUAL * 2)));
}

#[test]
fn never_more_than_the_limits() {
    let mut yard = yard(2, 5, 5);
    assert_eq!(yard.step(Input::Rested), [make("c1"), make("c2")]);
    yard.made("c1");
    yard.made("c2");
    assert_eq!(yard.step(wanted(1)), [give(1, "c1")]);
    assert_eq!(yard.step(wanted(2)), [give(2, "c2")]);
    assert_eq!(yard.step(wanted(3)), [Effect::Place(Ticket(3), 1, None)]);
    assert_eq!(yard.step(Input::End("c1".into())), [Effect::End("c1".into()), Effect::Place(Ticket(3), 1, None)]);
    assert_eq!(yard.step(Input::Ended("c1".into())), [make("c3")], "the place is free when the cluster is gone");
    assert_eq!(yard.made("c3"), [give(3, "c3")]);
}

#[test]
fn a_failure_is_told_to_the_one_it_was_for_and_the_pool_rests() {
    let mut yard = yard(4, 2, 1);
    assert_eq!(yard.step(wanted(1)), [make("c1"), make("c2")]);
    let effects = yard.step(Input::NotMade("c1".into(), "no room.".into()));
    assert_eq!(effects, [Effect::Refuse(Ticket(1), "no room.".into())]);
    assert_eq!(yard.step(Input::NotMade("c2".into(), "no room.".into())), [], "no endless trying for nobody");
    assert_eq!(yard.step(Input::Rested), [make("c3")]);
}

#[test]
fn who_leaves_gives_up_the_place_and_the_cluster_goes_to_the_next() {
    let mut yard = yard(4, 1, 0);
    yard.step(wanted(1));
    yard.step(wanted(2));
    assert_eq!(yard.step(Input::Withdrawn(Ticket(1))), []);
    assert_eq!(yard.yard.expects("c1"), Some(Ticket(2)));
    assert_eq!(yard.made("c1"), [give(2, "c1")]);
}

#[test]
fn what_was_found_counts_and_is_given_out_first() {
    let mut yard = yard(2, 2, 0);
    assert_eq!(yard.step(Input::FoundHeld("old1".into())), []);
    assert_eq!(yard.step(Input::Found("old2".into())), []);
    assert_eq!(yard.step(wanted(1)), [give(1, "old2")]);
    assert_eq!(yard.step(wanted(2)), [Effect::Place(Ticket(2), 1, None)]);
    assert!(yard.yard.knows("old1") && !yard.yard.knows("other"));
}

#[test]
fn after_the_end_nothing_begins() {
    let mut yard = yard(2, 1, 1);
    yard.step(wanted(1));
    yard.step(wanted(2));
    let refused = |t| Effect::Refuse(Ticket(t), "the server is being stopped.".into());
    assert_eq!(yard.step(Input::Close), [refused(1), refused(2)]);
    assert_eq!(yard.step(wanted(3)), [refused(3)]);
    assert_eq!(yard.made("c1"), []);
}
