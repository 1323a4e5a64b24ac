//! `auth reconcile`: roles and bindings as files have them, without taking away what the server has beyond that.

mod decide;

use serde_json::{Value, json};

use self::decide::{Difference, Operation, Removal};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    manifests::{self, Manifest},
    resolve::Resource,
    server::{JSON, query},
    session::Session,
    verbs::result::{DryRun, Reporter},
};

const GROUP: &str = "rbac.authorization.k8s.io";
/// So often an object is looked at that others make and delete meanwhile.
const TRIES: usize = 3;

/// Runs `auth reconcile`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::said("no arguments are allowed"));
    }
    if !matches.reads_files() {
        return Err(Failure::said("must specify one of -f and -k"));
    }
    if let Some(folder) = matches.some("kustomize") {
        return Err(manifests::kustomization(session, folder).await);
    }
    let mut reporter = Reporter::of(session, matches).await?;
    let mut failures = Vec::new();
    let loaded = manifests::load(session, &matches.list("filename"), matches.on("recursive"), false).await?;
    let mut unread: Option<String> = None;
    for manifest in loaded {
        // Nothing is read of a file behind an object that cannot be made out.
        let of_unread = |manifest: &Manifest| unread.as_ref() == Some(&manifest.source);
        if manifest.as_ref().is_ok_and(of_unread) {
            continue;
        }
        match manifest.map_err(Unknown::from).and_then(known) {
            Ok(manifest) => failures.extend(one(session, matches, manifest.value, &mut reporter).await.err()),
            Err(Unknown { source, failure }) => {
                unread = source;
                failures.push(failure);
            }
        }
    }
    Failure::of(failures)
}

/// An object of a kind that kubectl does not know.
struct Unknown {
    source: Option<String>,
    failure: Failure,
}

impl From<Failure> for Unknown {
    fn from(failure: Failure) -> Self {
        Self { source: None, failure }
    }
}

fn known(manifest: Manifest) -> Result<Manifest, Unknown> {
    let (version, kind) = (text_at(&manifest.value, "/apiVersion"), text_at(&manifest.value, "/kind"));
    match Resource::guessed(version, kind).typed() {
        Ok(()) => Ok(manifest),
        Err(why) => {
            let failure = why.prefixed(&format!("unable to decode {:?}: ", manifest.source));
            Err(Unknown { source: Some(manifest.source), failure })
        }
    }
}

async fn one(session: &Session, matches: &Matches, mut object: Value, reporter: &mut Reporter<'_>) -> Outcome {
    let (version, kind) = (text_at(&object, "/apiVersion").to_owned(), text_at(&object, "/kind").to_owned());
    if version.split_once('/').is_none_or(|(group, _)| group != GROUP) {
        return Ok(());
    }
    if version != format!("{GROUP}/v1") {
        let version = version.rsplit('/').next().unwrap_or_default();
        return Err(Failure::Said(format!("only rbac.authorization.k8s.io/v1 is supported: not *{version}.{kind}")));
    }
    let namespaced = !kind.starts_with("Cluster");
    if namespaced && text_at(&object, "/metadata/namespace").is_empty() {
        object["metadata"]["namespace"] = session.namespace.clone().into();
    }
    let resource = Resource { namespaced, ..Resource::guessed(&version, &kind) };
    let removal =
        Removal { rules: matches.on("remove-extra-permissions"), subjects: matches.on("remove-extra-subjects") };
    let place = Place { session, resource, object: &object, dry_run: reporter.dry_run() };
    let difference = place.reconcile(removal).await?;
    reporter.report(&difference.object, "reconciled").await?;
    session.err(&difference.text(removal)).await
}

/// Where a role or binding is.
struct Place<'a> {
    session: &'a Session,
    resource: Resource,
    object: &'a Value,
    dry_run: DryRun,
}

impl Place<'_> {
    fn path(&self) -> String {
        self.resource.object(self.namespace(), text_at(self.object, "/metadata/name"))
    }

    fn namespace(&self) -> Option<&str> {
        self.resource.namespaced.then(|| text_at(self.object, "/metadata/namespace"))
    }

    fn query(&self) -> String {
        query(&self.dry_run.query().into_iter().collect::<Vec<_>>())
    }

    async fn reconcile(&self, removal: Removal) -> Outcome<Difference> {
        for _ in 0..TRIES {
            let mut difference = match self.session.server.get(&self.path(), JSON).await {
                Ok(existing) => decide::between(self.object, &existing, removal),
                Err(failure) if failure.is_not_found() => decide::missing(self.object),
                Err(failure) => return Err(failure),
            };
            if difference.protected || self.dry_run == DryRun::Client {
                return Ok(difference);
            }
            match self.make_so(&difference).await {
                Ok(stored) => {
                    difference.object = stored.unwrap_or(difference.object);
                    return Ok(difference);
                }
                Err(failure) if failure.status().is_some_and(|status| status.reason == "AlreadyExists") => {}
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::said("exceeded maximum attempts"))
    }

    async fn make_so(&self, difference: &Difference) -> Outcome<Option<Value>> {
        let server = &self.session.server;
        match difference.operation {
            Operation::None => return Ok(None),
            Operation::Update => {
                return server.put(&format!("{}{}", self.path(), self.query()), &difference.object).await.map(Some);
            }
            Operation::Recreate => {
                let mut options = json!({"preconditions": {"uid": difference.replaced}});
                if self.dry_run == DryRun::Server {
                    options["dryRun"] = json!(["All"]);
                }
                server.delete(&self.path(), &options).await?;
            }
            Operation::Create => self.ensure_namespace().await?,
        }
        let path = format!("{}{}", self.resource.path(self.namespace()), self.query());
        server.post(&path, &difference.object).await.map(Some)
    }

    /// Makes the namespace of a role or binding, should it not be there.
    async fn ensure_namespace(&self) -> Outcome {
        let Some(name) = self.namespace() else { return Ok(()) };
        let server = &self.session.server;
        match server.get(&format!("/api/v1/namespaces/{}", crate::server::encode(name)), JSON).await {
            Err(failure) if failure.is_not_found() => {}
            // Whoever may not look may still be let in.
            _ => return Ok(()),
        }
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        server.post(&format!("/api/v1/namespaces{}", self.query()), &namespace).await.map(drop)
    }
}
