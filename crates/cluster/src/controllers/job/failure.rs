//! What a failed Pod means for its Job: `spec.podFailurePolicy`
//! (kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy). Pure.

use serde_json::Value;

use crate::{
    controllers::name_of,
    json::{has, int, items, text},
};

/// What is done about a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts towards the limit.
    Count,
    /// As if it had not been.
    Ignore,
    /// The Pod's index is not tried again.
    FailIndex,
    /// The Job is not tried again; why.
    FailJob(String),
}

/// What the first rule that matches says.
pub(super) fn judge(job: &Value, pod: &Value) -> Verdict {
    let rules = items(&job["spec"]["podFailurePolicy"], "rules");
    let found = rules.iter().enumerate().find_map(|(index, rule)| Some((index, rule, cause(rule, pod)?)));
    let Some((index, rule, cause)) = found else { return Verdict::Count };
    match text(rule, "action") {
        "Ignore" => Verdict::Ignore,
        "FailIndex" => Verdict::FailIndex,
        "FailJob" => Verdict::FailJob(format!("{cause} matching FailJob rule at index {index}")),
        _ => Verdict::Count,
    }
}

/// How a rule applies, in words; nothing when it does not.
fn cause(rule: &Value, pod: &Value) -> Option<String> {
    let (namespace, name) = (text(&pod["metadata"], "namespace"), name_of(pod));
    if has(rule, "onExitCodes") {
        let (container, code) = exit(&rule["onExitCodes"], &pod["status"])?;
        return Some(format!("Container {container} for pod {namespace}/{name} failed with exit code {code}"));
    }
    let wanted = items(rule, "onPodConditions").iter();
    let mut met = wanted.filter(|wanted| {
        let same = |known: &&Value| known["type"] == wanted["type"] && known["status"] == wanted["status"];
        items(&pod["status"], "conditions").iter().any(|known| same(&known))
    });
    let kind = text(met.next()?, "type");
    Some(format!("Pod {namespace}/{name} has condition {kind}"))
}

/// The first container that failed with a code that is meant.
fn exit<'p>(codes: &Value, status: &'p Value) -> Option<(&'p str, i64)> {
    let means = |code: i64| {
        let listed = items(codes, "values").iter().any(|value| value.as_i64() == Some(code));
        listed == (text(codes, "operator") == "In")
    };
    let lists = ["containerStatuses", "initContainerStatuses"];
    lists.into_iter().flat_map(|list| items(status, list)).find_map(|container| {
        let name = text(container, "name");
        let code = int(&container["state"]["terminated"], "exitCode").filter(|code| *code != 0)?;
        let named = !has(codes, "containerName") || text(codes, "containerName") == name;
        (named && means(code)).then_some((name, code))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(rules: Value, code: i64) -> Verdict {
        let pod = json!({
            "metadata": {"namespace": "default", "name": "p"},
            "status": {
                "containerStatuses": [{"name": "main", "state": {"terminated": {"exitCode": code}}}],
                "conditions": [{"type": "DisruptionTarget", "status": "True"}],
            },
        });
        judge(&json!({"spec": {"podFailurePolicy": {"rules": rules}}}), &pod)
    }

    fn codes(action: &str, operator: &str, values: Value) -> Value {
        json!({"action": action, "onExitCodes": {"operator": operator, "values": values}})
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules = json!([codes("Ignore", "In", json!([3])), codes("FailIndex", "NotIn", json!([3, 42]))]);
        assert_eq!(judged(rules.clone(), 3), Verdict::Ignore);
        assert_eq!(judged(rules.clone(), 1), Verdict::FailIndex);
        assert_eq!(judged(rules, 42), Verdict::Count);
        assert_eq!(judged(json!([codes("FailJob", "NotIn", json!([9]))]), 0), Verdict::Count, "0 is no failure");
        let mut other = codes("Ignore", "In", json!([3]));
        other["onExitCodes"]["containerName"] = json!("sidecar");
        assert_eq!(judged(json!([other]), 3), Verdict::Count);
    }

    #[test]
    fn a_job_that_fails_at_once_says_why() {
        let by_code = judged(json!([codes("Count", "In", json!([7])), codes("FailJob", "In", json!([42]))]), 42);
        let disrupted =
            json!([{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]);
        let words = [by_code, judged(disrupted, 1)].map(|verdict| match verdict {
            Verdict::FailJob(why) => why,
            other => format!("{other:?}"),
        });
        insta::assert_snapshot!(words.join("\n"), @"
        Container main for pod default/p failed with exit code 42 matching FailJob rule at index 1
        Pod default/p has condition DisruptionTarget matching FailJob rule at index 0
        ");
    }
}
