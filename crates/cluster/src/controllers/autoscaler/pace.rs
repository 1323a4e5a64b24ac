//! How fast a size may change: windows that hold back, and policies that limit (`spec.behavior`). Pure, but for what it
//! remembers.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::json::{int, items, text};

/// How long a lower size waits unless the object says (`--horizontal-pod-autoscaler-downscale-stabilization`).
const HOLD_DOWN: i64 = 300;
/// Without `spec.behavior`, a size at most doubles, or grows to this.
const LEAST_LIMIT: i64 = 4;

/// What is remembered about one autoscaler.
#[derive(Debug, Default)]
pub(super) struct Memory {
    recommended: Vec<(Timestamp, i64)>,
    /// By how much it grew, and when.
    grown: Vec<(Timestamp, i64)>,
    shrunk: Vec<(Timestamp, i64)>,
}

/// What a size may be, and what two conditions say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) replicas: i64,
    /// Reason and message of `AbleToScale`.
    pub(super) able: (&'static str, &'static str),
    /// Whether, why and in which words it is `ScalingLimited`.
    pub(super) limited: (bool, &'static str, &'static str),
}

const READY: (&str, &str) = ("ReadyForNewScale", "recommended size matches current size");
const HELD_DOWN: (&str, &str) = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
);
const HELD_UP: (&str, &str) = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const WITHIN: (&str, &str) = ("DesiredWithinRange", "the desired count is within the acceptable range");
const TOO_FAST_UP: (&str, &str) =
    ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const TOO_FAST_DOWN: (&str, &str) =
    ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
const TOO_MANY: (&str, &str) = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FEW: (&str, &str) = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");

/// The sizes there may be.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    least: i64,
    most: i64,
}

impl Memory {
    /// The first size that it was found at counts as recommended.
    pub(super) fn begin(&mut self, current: i64, now: Timestamp) {
        if self.recommended.is_empty() {
            self.recommended.push((now, current));
        }
    }

    /// What becomes of a size that the metrics ask for.
    pub(super) fn judge(&mut self, spec: &Value, current: i64, wanted: i64, now: Timestamp) -> Verdict {
        let bounds =
            Bounds { least: int(spec, "minReplicas").unwrap_or(1), most: int(spec, "maxReplicas").unwrap_or(0) };
        let behavior = Some(&spec["behavior"]).filter(|behavior| behavior.is_object());
        let (up, down) = behavior.map_or((0, HOLD_DOWN), |behavior| {
            let window = |way: &str, usual| int(&behavior[way], "stabilizationWindowSeconds").unwrap_or(usual);
            (window("scaleUp", 0), window("scaleDown", HOLD_DOWN))
        });
        let steady = self.hold_back(current, wanted, (up, down), now);
        let able = match (steady == wanted, wanted >= current) {
            (true, _) => READY,
            (false, true) => HELD_UP,
            (false, false) => HELD_DOWN,
        };
        let (replicas, (reason, message)) = match behavior {
            Some(behavior) => self.limit(behavior, current, steady, bounds, now),
            None => limit_plainly(current, steady, bounds),
        };
        Verdict { replicas, able, limited: (replicas != steady, reason, message) }
    }

    /// Notes that the size was changed, for policies that count.
    pub(super) fn changed(&mut self, from: i64, to: i64, now: Timestamp) {
        let changes = if to > from { &mut self.grown } else { &mut self.shrunk };
        // The longest period that a policy may have is half an hour.
        changes.retain(|(at, _)| now.duration_since(*at) <= SignedDuration::from_mins(30));
        changes.push((now, (to - from).abs()));
    }

    /// The lowest of the recent recommendations on the way up, the highest on the way down.
    fn hold_back(&mut self, current: i64, wanted: i64, (up, down): (i64, i64), now: Timestamp) -> i64 {
        let within = |at: Timestamp, seconds| now.duration_since(at) < SignedDuration::from_secs(seconds);
        let recent =
            |seconds| self.recommended.iter().filter(move |(at, _)| within(*at, seconds)).map(|(_, size)| *size);
        let least = recent(up).fold(wanted, i64::min);
        let most = recent(down).fold(wanted, i64::max);
        self.recommended.retain(|(at, _)| within(*at, up.max(down)));
        self.recommended.push((now, wanted));
        current.max(least).min(most)
    }

    fn limit(
        &self,
        behavior: &Value,
        current: i64,
        wanted: i64,
        bounds: Bounds,
        now: Timestamp,
    ) -> (i64, (&'static str, &'static str)) {
        if wanted > current {
            let limit = self.furthest(&behavior["scaleUp"], current, true, now).max(current);
            let (most, words) = if bounds.most > limit { (limit, TOO_FAST_UP) } else { (bounds.most, TOO_MANY) };
            if wanted > most {
                return (most, words);
            }
        } else if wanted < current {
            let limit = self.furthest(&behavior["scaleDown"], current, false, now).min(current);
            let (least, words) = if bounds.least < limit { (limit, TOO_FAST_DOWN) } else { (bounds.least, TOO_FEW) };
            if wanted < least {
                return (least, words);
            }
        }
        (wanted, WITHIN)
    }

    /// How far the policies let a size go one way.
    fn furthest(&self, rules: &Value, current: i64, up: bool, now: Timestamp) -> i64 {
        let select = text(rules, "selectPolicy");
        if select == "Disabled" {
            return current;
        }
        let sizes = items(rules, "policies").iter().map(|policy| self.reach(policy, current, up, now));
        // The smallest change is the smallest size on the way up, and the greatest on the way down.
        let size = if up == (select == "Min") { sizes.min() } else { sizes.max() };
        size.unwrap_or(current)
    }

    /// The size that one policy leads to, counted from where its period began.
    fn reach(&self, policy: &Value, current: i64, up: bool, now: Timestamp) -> i64 {
        let (value, period) = (int(policy, "value").unwrap_or(0), int(policy, "periodSeconds").unwrap_or(0));
        let recent = |changes: &[(Timestamp, i64)]| -> i64 {
            let within = |at: Timestamp| now.duration_since(at) < SignedDuration::from_secs(period);
            changes.iter().filter(|(at, _)| within(*at)).map(|(_, by)| *by).sum()
        };
        let began = current - recent(&self.grown) + recent(&self.shrunk);
        match (text(policy, "type") == "Percent", up) {
            (true, true) => began + (began * value + 99).div_euclid(100),
            (true, false) => began * (100 - value) / 100,
            (false, true) => began + value,
            (false, false) => began - value,
        }
    }
}

fn limit_plainly(current: i64, wanted: i64, bounds: Bounds) -> (i64, (&'static str, &'static str)) {
    let limit = (2 * current).max(LEAST_LIMIT);
    let (most, words) = if bounds.most > limit { (limit, TOO_FAST_UP) } else { (bounds.most, TOO_MANY) };
    if wanted < bounds.least {
        (bounds.least, TOO_FEW)
    } else if wanted > most {
        (most, words)
    } else {
        (wanted, WITHIN)
    }
}

#[cfg(test)]
mod tests;
