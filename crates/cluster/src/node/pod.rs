//! A Pod as the node reads it: the stored object, with a typed view of its containers.

use k8s_openapi::api::core::v1::{Container, PodSpec};
use serde::Deserialize;
use serde_json::{Value, json};

use super::resize::Allocation;
use crate::store::Object;

/// What part a container plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs to its end before the next one starts.
    Init,
    /// An init container with `restartPolicy: Always`: starts in order, runs beside the main ones, ends after them.
    Sidecar,
    /// One of `spec.containers`.
    Main,
    /// Added to a running Pod (`kubectl debug`); never restarted.
    Ephemeral,
}

/// One container of the manifest.
#[derive(Debug, Clone)]
pub struct Definition {
    /// What part it plays.
    pub role: Role,
    /// Its manifest. Of an ephemeral one, the fields it has in common with the others.
    pub spec: Container,
}

impl Definition {
    /// Its name, unique in the Pod.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// The image as written.
    pub fn image(&self) -> &str {
        self.spec.image.as_deref().unwrap_or("")
    }

    /// `spec.containers{main}`: what events point at.
    pub fn field_path(&self) -> String {
        let list = match self.role {
            Role::Init | Role::Sidecar => "initContainers",
            Role::Main => "containers",
            Role::Ephemeral => "ephemeralContainers",
        };
        format!("spec.{list}{{{}}}", self.name())
    }
}

/// What the first rule of a container that is about this exit code wants done: `Restart`, `RestartAllContainers`.
fn rule_for(container: &Definition, code: i32) -> Option<&str> {
    let matches = |codes: &k8s_openapi::api::core::v1::ContainerRestartRuleOnExitCodes| {
        let listed = codes.values.iter().flatten().any(|value| *value == code);
        match codes.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        }
    };
    let rules = container.spec.restart_policy_rules.iter().flatten();
    rules.into_iter().find(|rule| rule.exit_codes.as_ref().is_some_and(matches)).map(|rule| rule.action.as_str())
}

/// A Pod as the node reads it.
#[derive(Debug, Clone)]
pub struct Pod {
    /// The stored object.
    pub object: Object,
    /// Its typed manifest.
    pub spec: PodSpec,
    /// All containers: init ones in their order, main ones, ephemeral ones.
    pub containers: Vec<Definition>,
    /// `spec` with what the node has given to its containers, where that is not what it asks for.
    given: Option<Value>,
}

impl Pod {
    /// Reads a stored Pod.
    ///
    /// # Errors
    /// The object is no Pod; admission lets none of those through.
    pub fn read(object: Object) -> Result<Self, serde_json::Error> {
        let spec = PodSpec::deserialize(&object["spec"])?;
        let mut containers = Vec::new();
        for container in spec.init_containers.iter().flatten() {
            let sidecar = container.restart_policy.as_deref() == Some("Always");
            let role = if sidecar { Role::Sidecar } else { Role::Init };
            containers.push(Definition { role, spec: container.clone() });
        }
        for container in &spec.containers {
            containers.push(Definition { role: Role::Main, spec: container.clone() });
        }
        for container in object["spec"]["ephemeralContainers"].as_array().into_iter().flatten() {
            containers.push(Definition { role: Role::Ephemeral, spec: Container::deserialize(container)? });
        }
        Ok(Self { object, spec, containers, given: None })
    }

    /// Its containers have these resources from now on, whatever its manifest asks for.
    pub fn give(&mut self, allocation: &Allocation) {
        if allocation.whole != self.object["spec"]["resources"] {
            let spec = self.given.get_or_insert_with(|| self.object["spec"].clone());
            spec["resources"] = allocation.whole.clone();
        }
        for definition in &mut self.containers {
            let Some(given) = allocation.containers.get(definition.name()) else { continue };
            if definition.spec.resources == *given {
                continue;
            }
            definition.spec.resources.clone_from(given);
            let spec = self.given.get_or_insert_with(|| self.object["spec"].clone());
            for list in ["containers", "initContainers"] {
                for container in spec[list].as_array_mut().into_iter().flatten() {
                    if container["name"] == definition.spec.name.as_str() {
                        container["resources"] = json!(given);
                    }
                }
            }
        }
    }

    /// The manifest with the resources that the node has given.
    pub fn given_spec(&self) -> &Value {
        self.given.as_ref().unwrap_or(&self.object["spec"])
    }

    fn metadata(&self, field: &str) -> &str {
        self.object["metadata"][field].as_str().unwrap_or("")
    }

    /// `metadata.name`
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// `metadata.namespace`
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    /// `metadata.uid`
    pub fn uid(&self) -> &str {
        self.metadata("uid")
    }

    /// `metadata.generation`
    pub fn generation(&self) -> i64 {
        self.object["metadata"]["generation"].as_i64().unwrap_or(0)
    }

    /// `name_namespace(uid)`: how the kubelet names a Pod in its messages.
    pub fn label(&self) -> String {
        format!("{}_{}({})", self.name(), self.namespace(), self.uid())
    }

    /// Whether it is to be deleted.
    pub fn deleting(&self) -> bool {
        self.object["metadata"]["deletionTimestamp"].is_string()
    }

    /// `status.phase` as stored.
    pub fn stored_phase(&self) -> &str {
        self.object["status"]["phase"].as_str().unwrap_or("")
    }

    /// Whether it has ended for good, as stored.
    pub fn ended(&self) -> bool {
        matches!(self.stored_phase(), "Succeeded" | "Failed")
    }

    /// `metadata.labels` or `metadata.annotations`.
    pub fn map(&self, field: &str) -> impl Iterator<Item = (&str, &str)> {
        let map = self.object["metadata"][field].as_object();
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or("")))
    }

    /// The container called so.
    pub fn container(&self, name: &str) -> Option<&Definition> {
        self.containers.iter().find(|container| container.name() == name)
    }

    /// The containers of one part.
    pub fn having(&self, role: Role) -> impl Iterator<Item = &Definition> {
        self.containers.iter().filter(move |container| container.role == role)
    }

    /// `spec.restartPolicy`
    pub fn restart_policy(&self) -> &str {
        self.spec.restart_policy.as_deref().unwrap_or("Always")
    }

    /// How long its containers may take to stop: `deletionGracePeriodSeconds` once it is deleted, else
    /// `terminationGracePeriodSeconds`, in seconds.
    pub fn grace(&self) -> i64 {
        let asked = self.object["metadata"]["deletionGracePeriodSeconds"].as_i64();
        asked.or(self.spec.termination_grace_period_seconds).unwrap_or(30)
    }

    /// Whether there is a container whose end can have all of them started anew.
    pub fn could_restart_all(&self) -> bool {
        let mut rules =
            self.containers.iter().flat_map(|container| container.spec.restart_policy_rules.iter().flatten());
        rules.any(|rule| rule.action == "RestartAllContainers")
    }

    /// Whether all containers are started anew when this one has ended with `code`.
    pub fn restarts_all(&self, container: &Definition, code: i32) -> bool {
        container.role != Role::Ephemeral && rule_for(container, code) == Some("RestartAllContainers")
    }

    /// Whether a container that ended with `code` is started again.
    pub fn restarts(&self, container: &Definition, code: i32) -> bool {
        match container.role {
            Role::Ephemeral => return false,
            Role::Sidecar => return true,
            Role::Init | Role::Main => {}
        }
        if rule_for(container, code).is_some() {
            return true;
        }
        let policy = container.spec.restart_policy.as_deref().unwrap_or(self.restart_policy());
        match (policy, container.role) {
            ("Never", _) => false,
            ("OnFailure", _) | (_, Role::Init) => code != 0,
            _ => true,
        }
    }
}
