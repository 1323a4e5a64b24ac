//! What a Pod asks for: of its containers, its sidecars, its init containers one after the other, and itself.

use serde_json::Value;

use super::{
    page::{at, list},
    quantity::Quantity,
};

/// Whether a running container's own resources count, which a resize may not have reached yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Only what is wanted.
    Spec,
    /// The larger of what is wanted and what there is.
    Status,
}

/// The `requests` or `limits` of a Pod of one resource, as the scheduler counts them.
pub fn of(pod: &Value, which: &str, resource: &str, seen: Seen) -> Quantity {
    let field = format!("/resources/{which}/{}", resource.replace('/', "~1"));
    let amount = |value: &Value| Quantity::parse(&at(value, &field)).unwrap_or_default();
    let of_container = |container: &Value, statuses: &str| {
        let status = list(pod, statuses).iter().find(|status| status["name"] == container["name"]);
        let wanted = amount(container);
        status.filter(|_| seen == Seen::Status).map_or(wanted, |status| wanted.max(amount(status)))
    };
    let mut running: Quantity =
        list(pod, "/spec/containers").iter().map(|one| of_container(one, "/status/containerStatuses")).sum();
    let (mut beside, mut starting) = (Quantity::default(), Quantity::default());
    for container in list(pod, "/spec/initContainers") {
        let amount = of_container(container, "/status/initContainerStatuses");
        if container["restartPolicy"] == "Always" {
            beside = beside + amount;
            running = running + amount;
            starting = starting.max(beside);
        } else {
            starting = starting.max(amount + beside);
        }
    }
    let own = Quantity::parse(&at(&pod["spec"], &field));
    let total = own.unwrap_or_else(|| running.max(starting));
    let overhead = Quantity::parse(&at(pod, &format!("/spec/overhead/{resource}"))).unwrap_or_default();
    if which == "limits" && total.milli() == 0 { total } else { total + overhead }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asks(name: &str, cpu: &str) -> Value {
        json!({"name": name, "resources": {"requests": {"cpu": cpu}}})
    }

    fn cpu(pod: &Value, seen: Seen) -> String {
        of(pod, "requests", "cpu", seen).to_string()
    }

    #[test]
    fn containers_together_or_the_largest_that_starts() {
        let mut pod = json!({"spec": {"containers": [asks("a", "100m"), asks("b", "200m")]}});
        assert_eq!(cpu(&pod, Seen::Spec), "300m");
        pod["spec"]["initContainers"] = json!([asks("i", "1")]);
        assert_eq!(cpu(&pod, Seen::Spec), "1");
        let mut sidecar = asks("s", "500m");
        sidecar["restartPolicy"] = json!("Always");
        pod["spec"]["initContainers"] = json!([sidecar, asks("i", "1")]);
        assert_eq!(cpu(&pod, Seen::Spec), "1500m", "the sidecar runs while the other starts");
        pod["spec"]["overhead"] = json!({"cpu": "5m"});
        assert_eq!(cpu(&pod, Seen::Spec), "1505m");
        pod["spec"]["resources"] = json!({"requests": {"cpu": "2"}});
        assert_eq!(cpu(&pod, Seen::Spec), "2005m", "what the Pod says of itself counts");
    }

    #[test]
    fn a_container_that_was_not_yet_made_smaller_counts_as_it_is() {
        let mut pod = json!({"spec": {"containers": [asks("a", "100m")]}});
        pod["status"]["containerStatuses"] = json!([asks("a", "300m")]);
        assert_eq!((cpu(&pod, Seen::Spec), cpu(&pod, Seen::Status)), ("100m".into(), "300m".into()));
    }
}
