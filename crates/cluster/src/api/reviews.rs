//! Reviews: questions that are answered and not stored. Whoever reaches a sandbox's API may do everything in it.

use serde_json::{Value, json};

use super::{Api, call::Call, decode, failure::Failure, respond::Reply};

/// The name that a sandbox's only user has, as in kind's kubeconfig.
const USER: &str = "kubernetes-admin";
/// The groups of that user.
const GROUPS: [&str; 2] = ["kubeadm:cluster-admins", "system:authenticated"];

impl Api {
    /// Answers a review.
    pub(super) fn review(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let decoded = decode::decode(call, body)?;
        let mut review = decoded.object;
        review["metadata"].as_object_mut().map(|metadata| metadata.remove("namespace"));
        review["status"] = match call.resource().kind {
            "SelfSubjectReview" => json!({"userInfo": {"username": USER, "groups": GROUPS}}),
            "SelfSubjectRulesReview" => json!({
                "incomplete": false,
                "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            }),
            "TokenReview" => json!({"user": {}, "error": "tokens are not checked in this sandbox"}),
            _ => access(&review["spec"]),
        };
        Ok(Reply::created(review).with_warnings(decoded.warnings))
    }
}

/// The user of a sandbox may do everything; others are not known to it.
fn access(spec: &Value) -> Value {
    match spec["user"].as_str() {
        None | Some("" | USER) => json!({"allowed": true}),
        Some(_) => json!({"allowed": false, "reason": "this sandbox grants rights to its own user only"}),
    }
}
