//! Which objects a command is about: `pod web`, `pods,svc -l a=b`, `deploy/web`, `-f file.yaml`.

mod fetch;
mod labels;

use std::collections::BTreeSet;

use serde_json::Value;

pub use fetch::{Object, items, list_path};
pub use labels::Labels;

use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    manifests,
    resolve::{Discovery, Resource},
    session::Session,
};

/// What the command line says about objects.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The arguments that name resources.
    pub args: Vec<String>,
    /// `-f`.
    pub files: Vec<String>,
    /// `-k`.
    pub kustomize: Option<String>,
    /// `-R`.
    pub recursive: bool,
    /// `-l`.
    pub selector: Option<String>,
    /// `--field-selector`.
    pub fields: Option<String>,
    /// `-A`.
    pub all_namespaces: bool,
    /// `--all`.
    pub all: bool,
    /// Whether `--all` stands against names; else it only lets a resource stand alone.
    pub all_is_query: bool,
    /// Whether a resource alone means all its objects, as for `get`.
    pub list_alone: bool,
    /// Whether manifests are checked before they are used.
    pub validate: bool,
    /// Whether `-l` looks at what the server has for a manifest instead of at the manifest.
    pub latest: bool,
    /// Whether manifests are taken as they are, without a namespace of the server.
    pub local: bool,
}

/// One object or all of a resource.
#[derive(Debug, Clone)]
pub enum Pick {
    /// One, by name.
    One(Target),
    /// All that the selectors let through.
    Many {
        /// Of what.
        resource: Resource,
        /// Where; `None` is everywhere.
        namespace: Option<String>,
    },
}

impl Pick {
    /// Of what it is.
    pub fn resource(&self) -> &Resource {
        match self {
            Self::One(target) => &target.resource,
            Self::Many { resource, .. } => resource,
        }
    }
}

/// One object of the server.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it is.
    pub resource: Resource,
    /// Where it is; `None` when it is in no namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The object as a file has it.
    pub manifest: Option<Value>,
    /// That file.
    pub source: Option<String>,
}

impl Target {
    /// Its path at the server.
    pub fn path(&self) -> String {
        self.resource.object(self.namespace.as_deref(), &self.name)
    }

    /// What a manifest says that gives no name: the server has nothing to ask for, so it is taken for the object.
    pub fn unnamed(&self) -> Option<&Value> {
        self.manifest.as_ref().filter(|_| self.name.is_empty())
    }

    /// Where it came from, for messages.
    pub fn source(&self) -> &str {
        self.source.as_deref().unwrap_or_default()
    }
}

/// What a [`Request`] comes to.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Objects and lists, in the order they were named.
    pub picks: Vec<Pick>,
    /// What could not be made out; the others are still good.
    pub failures: Vec<Failure>,
    /// Label selector of the lists.
    pub selector: Option<String>,
    /// Field selector of the lists.
    pub fields: Option<String>,
    /// Whether exactly one object was named.
    pub single: bool,
}

impl Request {
    /// From the flags that most verbs share.
    pub fn of(matches: &Matches, args: &[String]) -> Self {
        Self {
            args: args.to_vec(),
            files: matches.list("filename"),
            kustomize: matches.some("kustomize").map(str::to_owned),
            recursive: matches.on("recursive"),
            selector: matches.some("selector").map(str::to_owned),
            fields: matches.some("field-selector").map(str::to_owned),
            all_namespaces: matches.on("all-namespaces"),
            all: matches.on("all"),
            all_is_query: matches!(matches.command.path, "delete" | "apply view-last-applied"),
            list_alone: false,
            validate: false,
            latest: false,
            local: false,
        }
    }

    /// The same, where a resource alone means all of it.
    pub fn listing(matches: &Matches, args: &[String]) -> Self {
        Self { list_alone: true, ..Self::of(matches, args) }
    }

    fn selecting(&self) -> bool {
        self.all || self.by_query()
    }

    /// Whether a query chooses the objects, so that none can be named; for some commands `--all` is one.
    fn by_query(&self) -> bool {
        self.selector.is_some() || self.fields.is_some() || self.all && self.all_is_query
    }

    /// Finds out what is meant. Asks the server for its resources, for no objects yet.
    pub async fn select(&self, session: &Session) -> Outcome<Selection> {
        if let Some(folder) = &self.kustomize {
            return Err(self.kustomization(session, folder).await);
        }
        if !self.files.is_empty() {
            return self.of_files(session).await;
        }
        let words = Words::read(&self.args, self.by_query())?;
        if matches!(words, Words::Nothing) {
            return Err(self.nothing_named());
        }
        let discovery = session.discovery().await?;
        let namespace = (!self.all_namespaces).then(|| session.namespace.clone());
        let picks = words.picks(discovery, namespace, self)?;
        let single = picks.len() == 1 && matches!(picks[0], Pick::One(_));
        Ok(Selection {
            picks,
            failures: Vec::new(),
            selector: self.selector.clone(),
            fields: self.fields.clone(),
            single,
        })
    }

    fn nothing_named(&self) -> Failure {
        Failure::said(if self.selecting() {
            "at least one resource must be specified to use a selector"
        } else {
            NOTHING_NAMED
        })
    }

    /// Why a kustomization is not used.
    async fn kustomization(&self, session: &Session, folder: &str) -> Failure {
        if !self.files.is_empty() {
            return Failure::said("only one of -f or -k can be specified");
        }
        manifests::kustomization(session, folder).await
    }

    async fn of_files(&self, session: &Session) -> Outcome<Selection> {
        if !self.args.is_empty() {
            return Err(Failure::said(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        let manifests = manifests::load(session, &self.files, self.recursive, self.validate).await?;
        if let (true, Some(first)) = (self.validate, manifests.iter().flatten().next()) {
            let found = session.discovery_after(0).await;
            found.map_err(|failure| unvalidated(session, &first.source, failure))?;
        }
        let (mut picks, mut failures) = (Vec::new(), Vec::new());
        let labels = Labels::read(self.selector.as_deref().filter(|_| !self.latest).unwrap_or_default())?;
        let fits = |manifest: &Outcome<manifests::Manifest>| {
            manifest.as_ref().map_or(true, |manifest| labels.fit(&manifest.value))
        };
        let fitting: Vec<_> = manifests.into_iter().filter(fits).collect();
        for manifest in fitting {
            match self.of_manifest(session, manifest).await {
                Ok(target) => picks.push(Pick::One(target)),
                Err(failure) => failures.push(failure),
            }
        }
        let single = picks.len() == 1 && self.files.len() == 1;
        Ok(Selection { picks, failures, selector: None, fields: None, single })
    }

    async fn of_manifest(&self, session: &Session, manifest: Outcome<manifests::Manifest>) -> Outcome<Target> {
        let manifest = manifest?;
        if self.local {
            return Ok(guessed(session, manifest));
        }
        match session.discovery_after(1).await {
            Ok(discovery) => target(session, discovery, manifest),
            Err(failure @ Failure::Refused { .. }) => {
                Err(failure.prefixed(&format!("unable to recognize {:?}: ", manifest.source)))
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Why nothing can be said about a manifest's fields where there is no server.
fn unvalidated(session: &Session, source: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Refused { address, .. } => {
            let request = format!("Get \"{}/openapi/v2?timeout=32s\"", session.server.address());
            let why = Failure::Refused { address, request }.message();
            manifests::invalid(source, &format!("failed to download openapi: {why}"))
        }
        other => other,
    }
}

/// What a manifest is about as its kind sounds, without asking a server.
fn guessed(session: &Session, manifest: manifests::Manifest) -> Target {
    let resource = Resource::guessed(text_at(&manifest.value, "/apiVersion"), text_at(&manifest.value, "/kind"));
    let written = text_at(&manifest.value, "/metadata/namespace");
    let namespace = if written.is_empty() { session.namespace.clone() } else { written.to_owned() };
    let name = text_at(&manifest.value, "/metadata/name").to_owned();
    Target { resource, namespace: Some(namespace), name, source: Some(manifest.source), manifest: Some(manifest.value) }
}

fn target(session: &Session, discovery: &Discovery, manifest: manifests::Manifest) -> Outcome<Target> {
    let mut value = manifest.value;
    let (version, kind) = (text_at(&value, "/apiVersion"), text_at(&value, "/kind"));
    let name = text_at(&value, "/metadata/name").to_owned();
    let written = text_at(&value, "/metadata/namespace").to_owned();
    let Some(resource) = discovery.kind(version, kind).or_else(|| discovery.lower_kind(version, kind)) else {
        return Err(Failure::Said(format!(
            "resource mapping not found for name: {name:?} namespace: {written:?} from {:?}: no matches for kind {kind:?} in version {version:?}\nensure CRDs are installed first",
            manifest.source
        )));
    };
    let namespace =
        resource.namespaced.then(|| if written.is_empty() { session.namespace.clone() } else { written.clone() });
    if session.namespace_given && resource.namespaced && !written.is_empty() && written != session.namespace {
        return Err(Failure::Said(format!(
            "the namespace from the provided object {written:?} does not match the namespace {:?}. You must pass '--namespace={written}' to perform this operation.",
            session.namespace
        )));
    }
    if let (Some(namespace), Some(object)) = (&namespace, value.as_object_mut()) {
        let metadata = object.entry("metadata").or_insert_with(|| Value::Object(serde_json::Map::new()));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("namespace".to_owned(), Value::String(namespace.clone()));
        }
    }
    Ok(Target { resource: resource.clone(), namespace, name, manifest: Some(value), source: Some(manifest.source) })
}

/// Arguments as they name resources.
enum Words {
    /// `pod/web svc/web`.
    Pairs(Vec<(String, String)>),
    /// `pods,svc`, with names or without.
    Types(Vec<String>, Vec<String>),
    /// Nothing at all.
    Nothing,
}

const SLASH_MIXED: &str = "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form \
    (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

impl Words {
    fn read(args: &[String], selecting: bool) -> Outcome<Self> {
        let with_slash = args.iter().filter(|arg| arg.contains('/')).count();
        if with_slash > 0 && with_slash == args.len() {
            let pairs: Outcome<Vec<_>> = args.iter().map(|arg| pair(arg)).collect();
            let pairs = pairs?;
            return if selecting {
                Err(Failure::said("selectors and the all flag cannot be used when passing resource/name arguments"))
            } else {
                Ok(Self::Pairs(pairs))
            };
        }
        if with_slash > 0 {
            return Err(Failure::said(SLASH_MIXED));
        }
        let Some((types, names)) = args.split_first() else { return Ok(Self::Nothing) };
        let mut seen = BTreeSet::new();
        let types: Vec<String> = types.split(',').filter(|word| seen.insert(*word)).map(str::to_owned).collect();
        if types.len() > 1 && !names.is_empty() {
            return Ok(Self::Pairs(
                types.iter().flat_map(|kind| names.iter().map(move |name| (kind.clone(), name.clone()))).collect(),
            ));
        }
        Ok(Self::Types(types, names.to_vec()))
    }

    fn picks(self, discovery: &Discovery, namespace: Option<String>, request: &Request) -> Outcome<Vec<Pick>> {
        match self {
            Self::Nothing => Err(request.nothing_named()),
            Self::Pairs(pairs) => {
                pairs.into_iter().map(|(kind, name)| one(discovery, &kind, name, namespace.as_deref())).collect()
            }
            Self::Types(types, names) if names.is_empty() => {
                many(discovery, &types, namespace, request.selecting() || request.list_alone)
            }
            Self::Types(..) if request.by_query() => {
                Err(Failure::said("name cannot be provided when a selector is specified"))
            }
            Self::Types(types, names) => {
                let kind = types.first().map(String::as_str).unwrap_or_default();
                names.into_iter().map(|name| one(discovery, kind, name, namespace.as_deref())).collect()
            }
        }
    }
}

const NOTHING_NAMED: &str = "You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'";

/// A word that is the name of an object of a kind, unless it says another kind: `web`, `pod/web`.
pub fn named(kind: &str, word: &str) -> Outcome<String> {
    match word {
        "" => Err(Failure::said("resource name may not be empty")),
        word if word.contains('/') => Ok(word.to_owned()),
        word => Ok(format!("{kind}/{word}")),
    }
}

fn pair(arg: &str) -> Outcome<(String, String)> {
    let parts: Vec<&str> = arg.split('/').collect();
    match parts.as_slice() {
        [kind, name] if !kind.is_empty() && !name.is_empty() && !kind.contains(',') => {
            Ok(((*kind).to_owned(), (*name).to_owned()))
        }
        [_, _] => Err(Failure::said("arguments in resource/name form must have a single resource and name")),
        _ => Err(Failure::said("arguments in resource/name form may not have more than one slash")),
    }
}

fn one(discovery: &Discovery, kind: &str, name: String, namespace: Option<&str>) -> Outcome<Pick> {
    let resource = discovery.find(kind)?.clone();
    let namespace = match (resource.namespaced, namespace) {
        (true, None) => return Err(Failure::said("a resource cannot be retrieved by name across all namespaces")),
        (true, Some(namespace)) => Some(namespace.to_owned()),
        (false, _) => None,
    };
    Ok(Pick::One(Target { resource, namespace, name, manifest: None, source: None }))
}

fn many(discovery: &Discovery, types: &[String], namespace: Option<String>, selecting: bool) -> Outcome<Vec<Pick>> {
    let mut resources: Vec<&Resource> = Vec::new();
    for word in types {
        let category = discovery.category(word);
        if category.is_empty() {
            resources.push(discovery.find(word)?);
        } else {
            resources.extend(category);
        }
    }
    if !selecting {
        return Err(Failure::said("resource(s) were provided, but no name was specified"));
    }
    Ok(resources
        .into_iter()
        .map(|resource| Pick::Many {
            resource: resource.clone(),
            namespace: namespace.clone().filter(|_| resource.namespaced),
        })
        .collect())
}

#[cfg(test)]
mod tests;
