//! How many Pods of each version there should be next: pure arithmetic.

use serde_json::Value;

use crate::{
    controllers::portion,
    json::{int, text},
};

/// How a Deployment gets from one version to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strategy {
    /// All old Pods go before the first new one comes.
    pub(super) recreate: bool,
    /// How many Pods there should be.
    pub(super) replicas: i64,
    /// How many more there may be on the way.
    pub(super) surge: i64,
    /// How many may be missing on the way.
    pub(super) unavailable: i64,
}

impl Strategy {
    /// The strategy in a Deployment's spec.
    pub(super) fn of(spec: &Value) -> Self {
        let replicas = int(spec, "replicas").unwrap_or(1);
        let strategy = &spec["strategy"];
        if text(strategy, "type") == "Recreate" {
            return Self { recreate: true, replicas, surge: 0, unavailable: 0 };
        }
        let rolling = &strategy["rollingUpdate"];
        let surge = portion::up(&rolling["maxSurge"], replicas);
        let unavailable = portion::down(&rolling["maxUnavailable"], replicas);
        // With neither, nothing could ever move.
        let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable.min(replicas) };
        Self { recreate: false, replicas, surge, unavailable }
    }
}

/// A ReplicaSet as the plan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    /// Its name.
    pub(super) name: String,
    /// When it was made; older ones shrink first.
    pub(super) created: String,
    /// Whether it has the current template.
    pub(super) is_new: bool,
    /// `spec.replicas`
    pub(super) wanted: i64,
    /// `status.replicas`
    pub(super) actual: i64,
    /// `status.availableReplicas`
    pub(super) available: i64,
}

/// Names of sets, and how large they should be.
pub(super) type Scales = Vec<(String, i64)>;

/// All versions of a Deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rollout {
    /// Where it goes, and how.
    pub(super) strategy: Strategy,
    /// The versions there are.
    pub(super) sets: Vec<Set>,
}

impl Rollout {
    fn total(&self) -> i64 {
        self.sets.iter().map(|set| set.wanted).sum()
    }

    fn new_set(&self) -> Option<&Set> {
        self.sets.iter().find(|set| set.is_new)
    }

    /// Old sets that are not empty, oldest first.
    fn old(&self) -> Vec<&Set> {
        let mut old: Vec<&Set> = self.sets.iter().filter(|set| !set.is_new && set.wanted > 0).collect();
        old.sort_by(|a, b| (&a.created, &a.name).cmp(&(&b.created, &b.name)));
        old
    }

    /// How large a set of the current template may be now.
    pub(super) fn new_size(&self) -> i64 {
        let Strategy { recreate, replicas, surge, .. } = self.strategy;
        if recreate {
            return replicas;
        }
        let now = self.new_set().map_or(0, |set| set.wanted);
        let room = (replicas + surge - self.total()).max(0);
        now + room.min(replicas - now).max(0)
    }

    /// Whether and how the current version changes its size.
    pub(super) fn scale_new(&self) -> Scales {
        let Some(new) = self.new_set() else { return Scales::new() };
        let size = if new.wanted > self.strategy.replicas { self.strategy.replicas } else { self.new_size() };
        if size == new.wanted { Scales::new() } else { vec![(new.name.clone(), size)] }
    }

    /// With `Recreate`, everything old goes first.
    pub(super) fn end_old(&self) -> Scales {
        self.old().into_iter().map(|set| (set.name.clone(), 0)).collect()
    }

    /// Which old versions shrink, so that enough Pods stay available: unhealthy Pods first.
    pub(super) fn scale_old(&self) -> Scales {
        let Some(new) = self.new_set() else { return Scales::new() };
        if self.strategy.recreate {
            return self.end_old();
        }
        let least = self.strategy.replicas - self.strategy.unavailable;
        let may_go = self.total() - least - (new.wanted - new.available);
        if may_go <= 0 {
            return Scales::new();
        }
        let mut sizes: Vec<(&Set, i64)> = self.old().into_iter().map(|set| (set, set.wanted)).collect();
        let mut unhealthy_left = may_go;
        for (set, size) in &mut sizes {
            let gone = (set.wanted - set.available).clamp(0, unhealthy_left);
            *size -= gone;
            unhealthy_left -= gone;
        }
        let available: i64 = self.sets.iter().map(|set| set.available).sum();
        let mut healthy_left = (available - least).max(0);
        for (_, size) in &mut sizes {
            let gone = (*size).min(healthy_left);
            *size -= gone;
            healthy_left -= gone;
        }
        sizes
            .into_iter()
            .filter(|(set, size)| *size != set.wanted)
            .map(|(set, size)| (set.name.clone(), size))
            .collect()
    }

    /// A changed number of replicas while a rollout is under way, or paused: every version gets its share.
    pub(super) fn proportions(&self) -> Scales {
        let mut active: Vec<&Set> = self.sets.iter().filter(|set| set.wanted > 0).collect();
        if active.len() <= 1 {
            let newest = || self.new_set().or_else(|| self.sets.iter().max_by(|a, b| a.created.cmp(&b.created)));
            let only = active.first().copied().or_else(newest);
            return only.map(|set| (set.name.clone(), self.strategy.replicas)).into_iter().collect();
        }
        let saturated = |set: &Set| set.wanted == self.strategy.replicas && set.available == self.strategy.replicas;
        if self.new_set().is_some_and(saturated) {
            return self.end_old();
        }
        let most = if self.strategy.replicas > 0 { self.strategy.replicas + self.strategy.surge } else { 0 };
        let (total, change) = (self.total(), most - self.total());
        active.sort_by(|a, b| {
            let by_age = if change > 0 { b.created.cmp(&a.created) } else { a.created.cmp(&b.created) };
            b.wanted.cmp(&a.wanted).then(by_age)
        });
        let mut left = change;
        let mut sizes: Scales = Vec::new();
        for set in &active {
            let share = (change as f64 * set.wanted as f64 / total as f64).round() as i64;
            let share = if change > 0 { share.min(left) } else { share.max(left) };
            left -= share;
            sizes.push((set.name.clone(), set.wanted + share));
        }
        if let Some((_, size)) = sizes.first_mut() {
            *size = (*size + left).max(0);
        }
        sizes
    }
}

#[cfg(test)]
mod tests;
