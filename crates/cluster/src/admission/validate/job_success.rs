//! `successPolicy` of indexed Jobs: what suffices before all indexes have succeeded.

use serde_json::Value;

use super::{Findings, Path, go_form};
use crate::json::{has, int, items, text};

/// How many rules, and how long a list of indexes, there may be.
const MOST_RULES: usize = 20;
const MOST_BYTES: usize = 64 * 1024;

/// The policy of a Job's spec.
pub(super) fn policy(found: &mut Findings, spec: &Value, path: &Path) {
    let Some(policy) = spec.get("successPolicy").filter(|policy| policy.is_object()) else { return };
    let path = path.child("successPolicy");
    if text(spec, "completionMode") != "Indexed" {
        let shown = go_form::shown("SuccessPolicy", policy).compact();
        return found.invalid_shown(&path, shown, "requires indexed completion mode");
    }
    let (rules, list) = (items(policy, "rules"), path.child("rules"));
    if rules.is_empty() {
        found.required(&list, "at least one rules must be specified when the successPolicy is specified");
    }
    if rules.len() > MOST_RULES {
        found.too_many(&list, rules.len(), MOST_RULES);
    }
    for (index, rule) in rules.iter().enumerate() {
        one(found, rule, int(spec, "completions").unwrap_or(0), &list.index(index));
    }
}

fn one(found: &mut Findings, rule: &Value, completions: i64, path: &Path) {
    if !has(rule, "succeededCount") && !has(rule, "succeededIndexes") {
        return found.required(path, "at least one of succeededCount or succeededIndexes must be specified");
    }
    let (at, mut listed) = (path.child("succeededIndexes"), None);
    if has(rule, "succeededIndexes") {
        let given = text(rule, "succeededIndexes");
        if given.len() > MOST_BYTES {
            found.too_long(&at, MOST_BYTES);
        } else {
            match count(given, completions) {
                Ok(count) => listed = Some(count),
                Err(why) => found.invalid(&at, given, format!("error parsing succeededIndexes: {why}")),
            }
        }
    }
    let (Some(wanted), at) = (int(rule, "succeededCount"), path.child("succeededCount")) else { return };
    if wanted < 0 {
        found.not_negative(path, rule, "succeededCount");
    }
    if wanted > completions {
        let message = format!("must be less than or equal to {completions} (the number of specified completions)");
        found.invalid(&at, wanted, message);
    }
    if let Some(listed) = listed.filter(|listed| wanted > *listed) {
        let message = format!(
            "must be less than or equal to {listed} (the number of indexes in the specified succeededIndexes field)"
        );
        found.invalid(&at, wanted, message);
    }
}

/// How many indexes a text such as `1,3-5` names, of those below `completions`.
fn count(given: &str, completions: i64) -> Result<i64, String> {
    let (mut last, mut total) = (None, 0);
    if given.is_empty() {
        return Ok(0);
    }
    for interval in given.split(',') {
        let limits: Vec<&str> = interval.split('-').collect();
        if limits.len() > 2 {
            return Err(format!(
                "the fragment {interval:?} violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        let first = index(limits[0], completions, last)?;
        let end = match limits.get(1) {
            Some(limit) => index(limit, completions, Some(first))?,
            None => first,
        };
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

fn index(given: &str, completions: i64, previous: Option<i64>) -> Result<i64, String> {
    let number: i64 = given.parse().map_err(|_| format!("cannot convert string to integer for index: {given:?}"))?;
    if number >= completions {
        return Err(format!("too large index: {given:?}"));
    }
    match previous.filter(|previous| *previous >= number) {
        Some(previous) => Err(format!("non-increasing order, previous: {previous}, current: {number}")),
        None => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(rules: &Value) -> String {
        let mut found = Findings::default();
        let spec = json!({"completionMode": "Indexed", "completions": 3, "successPolicy": {"rules": rules}});
        policy(&mut found, &spec, &Path::new("spec"));
        let errors: Vec<String> = found.into_errors().iter().map(ToString::to_string).collect();
        errors.join("\n")
    }

    #[test]
    fn indexes_are_numbers_that_there_are_and_grow() {
        let rule = |given: &str| json!([{"succeededIndexes": given}]);
        let lines = ["0-2", "0-7", "abc", "2,1", "0,1-2"].map(|given| told(&rule(given)));
        insta::assert_snapshot!(lines.join("\n"), @r#"

        spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-7": error parsing succeededIndexes: too large index: "7"
        spec.successPolicy.rules[0].succeededIndexes: Invalid value: "abc": error parsing succeededIndexes: cannot convert string to integer for index: "abc"
        spec.successPolicy.rules[0].succeededIndexes: Invalid value: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1

        "#);
    }

    #[test]
    fn a_rule_asks_for_no_more_than_there_are() {
        let rules = json!([{"succeededCount": 5}, {"succeededIndexes": "0-1", "succeededCount": 3}, {}]);
        insta::assert_snapshot!(told(&rules), @r"
        spec.successPolicy.rules[0].succeededCount: Invalid value: 5: must be less than or equal to 3 (the number of specified completions)
        spec.successPolicy.rules[1].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)
        spec.successPolicy.rules[2]: Required value: at least one of succeededCount or succeededIndexes must be specified
        ");
        insta::assert_snapshot!(told(&json!([])), @"spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified");
    }
}
