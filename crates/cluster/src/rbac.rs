//! Role-based access control: who may do what, by the roles and bindings in the store
//! (kubernetes.io/docs/reference/access-authn-authz/rbac).

mod defaults;
mod escalation;
mod rule;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::{
    defaults::seed,
    escalation::{Excess, excess},
};
use crate::{
    json::{items, text},
    store::{Key, Object, Store},
};

pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";
/// Whoever is in this group may do everything, whatever the roles say.
const MASTERS: &str = "system:masters";
/// Everybody who said who they are.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    /// `system:serviceaccount:default:default`
    pub name: String,
    /// Empty when it has none.
    pub uid: String,
    /// All groups, also those that everybody is in.
    pub groups: Vec<String>,
    /// What else is known, such as the Pod that a token was made for.
    pub extra: BTreeMap<String, Vec<String>>,
    /// Whether it is the sandbox's own user, whom no role can lock out.
    pub owner: bool,
}

impl User {
    /// Whoever reaches a sandbox's API without saying who they are: its administrator, named as in kind's kubeconfig.
    pub fn owner() -> Self {
        Self {
            name: "kubernetes-admin".into(),
            groups: vec!["kubeadm:cluster-admins".into(), AUTHENTICATED.into()],
            owner: true,
            ..Self::default()
        }
    }

    /// A service account.
    pub fn service_account(namespace: &str, name: &str, uid: &str) -> Self {
        Self {
            name: format!("{}{namespace}:{name}", rule::SERVICE_ACCOUNT),
            uid: uid.into(),
            groups: account_groups(namespace),
            ..Self::default()
        }
    }

    /// Namespace and name, if this is the name of a service account.
    pub fn account(name: &str) -> Option<(&str, &str)> {
        name.strip_prefix(rule::SERVICE_ACCOUNT)?.split_once(':')
    }
}

/// The groups that each service account of a namespace is in.
pub(crate) fn account_groups(namespace: &str) -> Vec<String> {
    vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}"), AUTHENTICATED.into()]
}

/// What somebody wants to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// `get`, `list`, `impersonate`, …
    pub verb: String,
    /// Empty for the core group.
    pub group: String,
    /// `pods`; empty when the question is about a path.
    pub resource: String,
    /// `log`; empty for the object itself.
    pub subresource: String,
    /// Empty for collections.
    pub name: String,
    /// Empty for the whole cluster.
    pub namespace: String,
    /// `/healthz`, when the question is not about objects.
    pub path: String,
}

impl Attributes {
    /// `pods/log`
    pub fn qualified(&self) -> String {
        let slash = if self.subresource.is_empty() { "" } else { "/" };
        format!("{}{slash}{}", self.resource, self.subresource)
    }

    /// What a refusal says that `user` can't do.
    pub fn refusal(&self, user: &User) -> String {
        if self.resource.is_empty() {
            return format!("User {:?} cannot {} path {:?}", user.name, self.verb, self.path);
        }
        let place = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let (verb, what) = (&self.verb, self.qualified());
        format!("User {:?} cannot {verb} resource {what:?} in API group {:?} {place}", user.name, self.group)
    }
}

/// An answer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Whether it may be done.
    pub allowed: bool,
    /// What allows it, or what went wrong while looking.
    pub reason: String,
}

/// Whether `user` may do what `asked` says.
pub(crate) fn authorize(store: &Store, user: &User, asked: &Attributes) -> Decision {
    if user.groups.iter().any(|group| group == MASTERS) {
        return Decision { allowed: true, reason: String::new() };
    }
    decide(&granted(store, user, &asked.namespace), user, asked)
}

fn decide(granted: &Granted, user: &User, asked: &Attributes) -> Decision {
    let by = granted.roles.iter().find(|grant| grant.rules().iter().any(|rule| rule::allows(rule, asked)));
    match by {
        Some(grant) => Decision { allowed: true, reason: format!("RBAC: allowed by {}", grant.how) },
        None if user.owner => Decision { allowed: true, reason: String::new() },
        None => Decision { allowed: false, reason: trouble(&granted.missing) },
    }
}

fn trouble(missing: &[String]) -> String {
    match missing {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        several => format!("RBAC: [{}]", several.join(", ")),
    }
}

/// A role that a user has.
pub(crate) struct Grant {
    /// `ClusterRoleBinding "x" of ClusterRole "y" to User "z"`
    how: String,
    role: Object,
}

impl Grant {
    /// Its rules.
    pub fn rules(&self) -> &[Value] {
        items(&self.role, "rules")
    }
}

/// What a user has, and which roles are bound but not there.
pub(crate) struct Granted {
    /// The roles.
    pub roles: Vec<Grant>,
    /// `clusterrole.rbac.authorization.k8s.io "x" not found`
    pub missing: Vec<String>,
}

/// The roles of a user in a namespace, or with an empty one those in the whole cluster.
pub(crate) fn granted(store: &Store, user: &User, namespace: &str) -> Granted {
    let mut found = Granted { roles: Vec::new(), missing: Vec::new() };
    for binding in store.list("clusterrolebindings.rbac.authorization.k8s.io", None).1 {
        if let Some(subject) = items(&binding, "subjects").iter().find(|subject| rule::means(subject, user, "")) {
            let how = format!("ClusterRoleBinding {:?}", text(&binding["metadata"], "name"));
            found.add(store, &binding, &how, subject, "");
        }
    }
    if namespace.is_empty() {
        return found;
    }
    for binding in store.list("rolebindings.rbac.authorization.k8s.io", Some(namespace)).1 {
        if let Some(subject) = items(&binding, "subjects").iter().find(|subject| rule::means(subject, user, namespace))
        {
            let how = format!("RoleBinding \"{}/{namespace}\"", text(&binding["metadata"], "name"));
            found.add(store, &binding, &how, subject, namespace);
        }
    }
    found
}

impl Granted {
    fn add(&mut self, store: &Store, binding: &Value, how: &str, subject: &Value, namespace: &str) {
        let (kind, name) = (text(&binding["roleRef"], "kind"), text(&binding["roleRef"], "name"));
        match role(store, kind, name, namespace) {
            Some(role) => {
                let how = format!("{how} of {kind} {name:?} to {}", rule::named(subject, namespace));
                self.roles.push(Grant { how, role });
            }
            None => self.missing.push(format!("{}.{GROUP} {name:?} not found", kind.to_lowercase())),
        }
    }
}

/// The role that a binding names.
pub(crate) fn role(store: &Store, kind: &str, name: &str, namespace: &str) -> Option<Object> {
    let key = match kind {
        "ClusterRole" => Key::new(format!("clusterroles.{GROUP}"), "", name),
        _ => Key::new(format!("roles.{GROUP}"), namespace, name),
    };
    store.get(&key)
}

#[cfg(test)]
mod tests;
