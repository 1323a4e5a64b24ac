//! `set serviceaccount`.

use super::{Call, pod_spec};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    selection::Request,
    session::Session,
};

/// Runs `set serviceaccount`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let mut call = Call::new(session, matches).await?;
    call.check()?;
    let Some((account, names)) = matches.args.split_last() else {
        return Err(Failure::said("serviceaccount is required"));
    };
    let local = matches.on("local");
    let names = if local { &[] } else { names };
    let objects = call.objects_of(Request { local, selector: None, ..Request::of(matches, names) }).await?;
    let mut failures = Vec::new();
    for object in &objects {
        let mut changed = object.value.clone();
        match pod_spec(object, &mut changed) {
            Ok(spec) => spec.insert("serviceAccountName".to_owned(), account.as_str().into()),
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let stored = call.store(object, &changed, "serviceaccount updated", "failed to patch ServiceAccountName ");
        failures.extend(stored.await.err());
    }
    Failure::of(failures)
}
