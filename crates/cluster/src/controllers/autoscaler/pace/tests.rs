use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn plain(least: i64, most: i64) -> Value {
    json!({"minReplicas": least, "maxReplicas": most})
}

/// A behaviour as the API stores it.
fn paced(up: Value, down: Value) -> Value {
    json!({"minReplicas": 1, "maxReplicas": 100, "behavior": {"scaleUp": up, "scaleDown": down}})
}

#[test]
fn without_behaviour_a_size_doubles_at_most() {
    let mut memory = Memory::default();
    let verdict = memory.judge(&plain(1, 100), 5, 40, at(0));
    assert_eq!((verdict.replicas, verdict.limited.1), (10, "ScaleUpLimit"));
    assert_eq!(Memory::default().judge(&plain(1, 100), 1, 40, at(0)).replicas, 4);
    let verdict = Memory::default().judge(&plain(1, 3), 2, 9, at(0));
    assert_eq!((verdict.replicas, verdict.limited), (3, (true, TOO_MANY.0, TOO_MANY.1)));
    let verdict = Memory::default().judge(&plain(2, 9), 3, 1, at(0));
    assert_eq!((verdict.replicas, verdict.limited.1), (2, "TooFewReplicas"));
}

#[test]
fn a_lower_size_waits_for_five_minutes() {
    let mut memory = Memory::default();
    memory.begin(6, at(0));
    let verdict = memory.judge(&plain(1, 9), 6, 2, at(15));
    assert_eq!((verdict.replicas, verdict.able), (6, HELD_DOWN));
    assert_eq!(memory.judge(&plain(1, 9), 6, 4, at(290)).replicas, 6);
    assert_eq!(memory.judge(&plain(1, 9), 6, 2, at(301)).replicas, 4, "the highest of the last five minutes");
    let verdict = memory.judge(&plain(1, 9), 4, 2, at(600));
    assert_eq!((verdict.replicas, verdict.able, verdict.limited.1), (2, READY, "DesiredWithinRange"));
}

#[test]
fn windows_hold_back_each_way() {
    let rules = |window: i64| {
        json!({"selectPolicy": "Max", "stabilizationWindowSeconds": window,
            "policies": [{"type": "Percent", "value": 900, "periodSeconds": 15}]})
    };
    let spec = paced(rules(60), rules(0));
    let mut memory = Memory::default();
    memory.begin(2, at(0));
    let verdict = memory.judge(&spec, 2, 8, at(15));
    assert_eq!((verdict.replicas, verdict.able), (2, HELD_UP));
    assert_eq!(memory.judge(&spec, 2, 6, at(61)).replicas, 6, "8 and 6 were asked for within a minute");
    assert_eq!(memory.judge(&spec, 6, 1, at(62)).replicas, 1, "down goes at once");
}

#[test]
fn policies_count_what_changed_within_their_period() {
    let policies = json!([{"type": "Pods", "value": 4, "periodSeconds": 60}, {"type": "Percent", "value": 10, "periodSeconds": 60}]);
    let rules = |select: &str| json!({"selectPolicy": select, "stabilizationWindowSeconds": 0, "policies": policies});
    let mut memory = Memory::default();
    let spec = paced(rules("Max"), rules("Max"));
    assert_eq!(memory.judge(&spec, 10, 50, at(0)).replicas, 14);
    memory.changed(10, 14, at(0));
    let verdict = memory.judge(&spec, 14, 50, at(30));
    assert_eq!((verdict.replicas, verdict.limited), (14, (true, TOO_FAST_UP.0, TOO_FAST_UP.1)));
    assert_eq!(memory.judge(&spec, 14, 50, at(60)).replicas, 18);
    let fresh = |select: &str, current, wanted| {
        Memory::default().judge(&paced(rules(select), rules(select)), current, wanted, at(0)).replicas
    };
    assert_eq!((fresh("Min", 10, 50), fresh("Min", 80, 10), fresh("Max", 80, 10)), (11, 76, 72));
    assert_eq!((fresh("Disabled", 10, 50), fresh("Disabled", 10, 1)), (10, 10));
}

proptest::proptest! {
    /// Whatever is asked for, the size stays within its bounds, and one that is asked for long enough is reached and
    /// kept.
    #[test]
    fn a_size_that_is_asked_for_is_reached_and_stays(
        least in 1_i64..5, more in 0_i64..20, start in 1_i64..30, asked in proptest::collection::vec(0_i64..60, 0..12),
        last in 0_i64..60, behaves: bool,
    ) {
        let most = least + more;
        let rules = json!({"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}]});
        let mut spec = plain(least, most);
        if behaves {
            spec["behavior"] = json!({"scaleUp": rules, "scaleDown": rules});
        }
        let (mut memory, mut size, mut second) = (Memory::default(), start.clamp(least, most), 0);
        memory.begin(size, at(second));
        let mut step = |wanted: i64, size: &mut i64| {
            second += 15;
            let next = memory.judge(&spec, *size, wanted, at(second)).replicas;
            assert!((least..=most).contains(&next), "{next}");
            if next != *size {
                memory.changed(*size, next, at(second));
            }
            *size = next;
        };
        asked.iter().for_each(|wanted| step(*wanted, &mut size));
        // Five minutes of holding back, and a step for each Pod.
        (0..22 + most).for_each(|_| step(last, &mut size));
        proptest::prop_assert_eq!(size, last.clamp(least, most));
        step(last, &mut size);
        proptest::prop_assert_eq!(size, last.clamp(least, most));
    }
}
