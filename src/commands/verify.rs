//! `podyard verify FILE`: whether a completion record is what a server signed. Needs neither the server nor a network.

use anyhow::Context as _;

use super::say;
use crate::{config::VerifyTask, sessions::record::verify};

/// Says what the record tells; exits with 1 if it does not hold.
pub(super) fn run(task: &VerifyTask) -> anyhow::Result<u8> {
    let text = std::fs::read_to_string(&task.file).with_context(|| format!("{} can't be read", task.file.display()))?;
    let (record, key) = match verify(&text, task.key.as_deref()) {
        Ok(found) => found,
        Err(why) => {
            say(&format!("not valid: {why}"))?;
            return Ok(1);
        }
    };
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    say(&format!("valid, signed with the key {key}"))?;
    if task.key.is_none() {
        say("whose key that is, the server says at /record-key; --key compares it")?;
    }
    say(&format!(
        "learner {} ({}), issued {}",
        word(&record["learner"]),
        word(&record["name"]),
        word(&record["issued"])
    ))?;
    for lesson in record["lessons"].as_array().into_iter().flatten() {
        let (done, of) = (word(&lesson["done"]), word(&lesson["steps"]));
        say(&format!("{done} of {of} steps  {}", word(&lesson["title"])))?;
    }
    Ok(0)
}
