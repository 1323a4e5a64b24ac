//! `CreateOptions`, `UpdateOptions`, `PatchOptions` and `DeleteOptions`: what a write may ask for beside its body. What
//! is not understood is refused before anything is written: who asks for `dryRun=all` must not lose an object.

use serde_json::{Value, json};

use super::{
    call::{Call, Verb},
    failure::Failure,
};
use crate::admission::field::{Fault, FieldError};

/// The longest name of a field manager, in bytes.
const LONGEST_MANAGER: usize = 128;

/// Looks at the options in the query of a write.
///
/// # Errors
/// 422 with everything that is wrong with them.
pub(super) fn check(call: &Call) -> Result<(), Failure> {
    let kind = match call.verb {
        Verb::Create => "CreateOptions",
        Verb::Update => "UpdateOptions",
        Verb::Patch => "PatchOptions",
        // These may be in the body too.
        Verb::Delete | Verb::DeleteCollection | Verb::Get | Verb::List | Verb::Watch => return Ok(()),
    };
    let query = &call.query;
    let wrong = [
        manager(query.text("fieldManager")),
        dry_run(query.all("dryRun")),
        field_validation(query.text("fieldValidation")),
    ];
    refuse(kind, &wrong.into_iter().flatten().collect::<Vec<_>>())
}

/// Looks at the options of a deletion: how its dependents fare, and whether it is tried only.
///
/// # Errors
/// 422 with everything that is wrong with them.
pub(super) fn check_deletion(propagation: Option<&str>, orphans: bool, dry_run_of: &[String]) -> Result<(), Failure> {
    const POLICIES: [&str; 4] = ["Foreground", "Background", "Orphan", "nil"];
    const BOTH: &str = "orphanDependents and deletionPropagation cannot be both set";
    let mut wrong = Vec::new();
    if let Some(policy) = propagation {
        if orphans {
            wrong.push(FieldError::new(Fault::Invalid, "propagationPolicy", BOTH).with_value(policy.into()));
        }
        if !POLICIES[..3].contains(&policy) {
            wrong.push(not_supported("propagationPolicy", policy.into(), &POLICIES));
        }
    }
    wrong.extend(dry_run(dry_run_of));
    refuse("DeleteOptions", &wrong)
}

fn refuse(kind: &str, wrong: &[FieldError]) -> Result<(), Failure> {
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid_as(&format!("{kind}.meta.k8s.io"), "meta.k8s.io", kind, "", wrong))
}

fn manager(name: &str) -> Option<FieldError> {
    const FIELD: &str = "fieldManager";
    if name.len() > LONGEST_MANAGER {
        let detail = format!("may not be more than {LONGEST_MANAGER} bytes");
        return Some(FieldError::new(Fault::TooLong, FIELD, detail));
    }
    let (at, odd) = name.char_indices().find(|(_, letter)| letter.is_control())?;
    let detail = format!("invalid character U+{:04X} (at position {at})", u32::from(odd));
    Some(FieldError::new(Fault::Invalid, FIELD, detail).with_value(name.into()))
}

fn dry_run(asked: &[String]) -> Option<FieldError> {
    let asked: Vec<&String> = asked.iter().filter(|stage| !stage.is_empty()).collect();
    let known = asked.iter().all(|stage| *stage == "All");
    (!known).then(|| not_supported("dryRun", json!(asked), &["All"]))
}

fn field_validation(asked: &str) -> Option<FieldError> {
    const KNOWN: [&str; 4] = ["", "Ignore", "Strict", "Warn"];
    (!KNOWN.contains(&asked)).then(|| not_supported("fieldValidation", asked.into(), &KNOWN))
}

fn not_supported(field: &str, value: Value, supported: &[&str]) -> FieldError {
    let supported: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
    let detail = format!("supported values: {}", supported.join(", "));
    FieldError::new(Fault::NotSupported, field, detail).with_value(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deletion(propagation: Option<&str>, orphans: bool, dry_run: &[&str]) -> String {
        let dry_run: Vec<String> = dry_run.iter().map(ToString::to_string).collect();
        check_deletion(propagation, orphans, &dry_run).map_or_else(|failure| failure.message, |()| String::new())
    }

    #[test]
    fn deletions_are_told_what_they_may_ask_for() {
        assert_eq!(deletion(Some("Orphan"), false, &["All"]), "");
        insta::assert_snapshot!(deletion(Some("Foo"), false, &["Some"]), @r#"DeleteOptions.meta.k8s.io "" is invalid: [propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil", dryRun: Unsupported value: ["Some"]: supported values: "All"]"#);
        insta::assert_snapshot!(deletion(Some("Orphan"), true, &[]), @r#"DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set"#);
    }

    #[test]
    fn managers_have_short_names_that_can_be_printed() {
        assert_eq!(manager("kubectl-client-side-apply"), None);
        let said = |name: &str| manager(name).unwrap().to_string();
        assert_eq!(said(&"x".repeat(129)), "fieldManager: Too long: may not be more than 128 bytes");
        assert_eq!(
            said("a\u{7}"),
            "fieldManager: Invalid value: \"a\\u0007\": invalid character U+0007 (at position 1)"
        );
    }
}
