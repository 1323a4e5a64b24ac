use proptest::prelude::*;
use serde_json::json;

use super::{Rollout, Scales, Set, Strategy};

fn set(name: &str, is_new: bool, wanted: i64, available: i64) -> Set {
    Set { name: name.into(), created: name.into(), is_new, wanted, actual: wanted, available }
}

fn rolling(replicas: i64) -> Strategy {
    Strategy::of(&json!({"replicas": replicas, "strategy": {"type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}}))
}

#[test]
fn shares_round_up_for_more_and_down_for_fewer() {
    let strategy = rolling(3);
    assert_eq!((strategy.surge, strategy.unavailable), (1, 0));
    let strategy = rolling(10);
    assert_eq!((strategy.surge, strategy.unavailable), (3, 2));
    let stuck = json!({"replicas": 2, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}}});
    assert_eq!(Strategy::of(&stuck).unavailable, 1);
}

#[test]
fn a_version_replaces_another_step_by_step() {
    let mut rollout = Rollout { strategy: rolling(3), sets: vec![set("a", false, 3, 3), set("b", true, 0, 0)] };
    assert_eq!(rollout.scale_new(), [("b".to_owned(), 1)]);
    rollout.sets[1] = set("b", true, 1, 0);
    assert!(rollout.scale_new().is_empty() && rollout.scale_old().is_empty());
    rollout.sets[1] = set("b", true, 1, 1);
    assert_eq!(rollout.scale_old(), [("a".to_owned(), 2)]);
}

#[test]
fn unhealthy_old_pods_go_at_once() {
    let rollout = Rollout { strategy: rolling(3), sets: vec![set("a", false, 3, 0), set("b", true, 1, 0)] };
    assert!(rollout.scale_old().is_empty());
    let rollout = Rollout { strategy: rolling(3), sets: vec![set("a", false, 3, 2), set("b", true, 1, 1)] };
    assert_eq!(rollout.scale_old(), [("a".to_owned(), 2)]);
}

/// Plays the ReplicaSet controllers: every Pod that is wanted becomes available.
fn settle(rollout: &mut Rollout, scales: Scales) {
    for (name, size) in scales {
        let set = rollout.sets.iter_mut().find(|set| set.name == name).unwrap();
        set.wanted = size;
        set.actual = size;
        set.available = set.available.min(size);
    }
}

proptest! {
    /// From any sizes, repeated steps reach the desired ones, never with too many Pods or too few.
    #[test]
    fn every_rollout_arrives(
        replicas in 0_i64..20, surge in 0_i64..5, unavailable in 0_i64..5,
        old in prop::collection::vec((0_i64..10, 0_i64..10), 0..4), new in (0_i64..10, 0_i64..10),
    ) {
        let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable.min(replicas) };
        let strategy = Strategy { recreate: false, replicas, surge, unavailable };
        let mut sets: Vec<Set> = old.iter().enumerate()
            .map(|(index, (wanted, available))| set(&format!("old{index}"), false, *wanted, (*available).min(*wanted)))
            .collect();
        sets.push(set("znew", true, new.0, new.1.min(new.0)));
        let mut rollout = Rollout { strategy, sets };
        for _ in 0..200 {
            let before = rollout.total();
            let up = rollout.scale_new();
            if up.is_empty() {
                let available_before: i64 = rollout.sets.iter().map(|set| set.available).sum();
                let down = rollout.scale_old();
                settle(&mut rollout, down);
                let available: i64 = rollout.sets.iter().map(|set| set.available).sum();
                prop_assert!(available >= (replicas - unavailable).min(available_before));
            } else {
                settle(&mut rollout, up);
                prop_assert!(rollout.total() <= before.max(replicas + surge));
            }
            for set in &mut rollout.sets {
                set.available = set.wanted;
            }
        }
        prop_assert!(rollout.scale_new().is_empty() && rollout.scale_old().is_empty());
        for set in &rollout.sets {
            prop_assert_eq!(set.wanted, if set.is_new { replicas } else { 0 });
        }
    }

    /// A changed number of replicas is shared out without a rest.
    #[test]
    fn shares_add_up(replicas in 1_i64..50, surge in 0_i64..5, sizes in prop::collection::vec(1_i64..20, 2..5)) {
        let strategy = Strategy { recreate: false, replicas, surge, unavailable: 1 };
        let sets: Vec<Set> = sizes.iter().enumerate().map(|(index, size)| set(&format!("s{index}"), false, *size, 0)).collect();
        let rollout = Rollout { strategy, sets };
        let total: i64 = rollout.proportions().iter().map(|(_, size)| *size).sum();
        prop_assert_eq!(total, replicas + surge);
    }
}
