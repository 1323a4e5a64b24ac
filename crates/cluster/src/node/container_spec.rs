//! From a container's manifest and its image to what the runtime is told.

use std::path::PathBuf;

use k8s_openapi::api::core::v1::{Container, SecurityContext};

use super::{
    env::expand,
    images::Image,
    pod::{Definition, Pod},
    resources,
    runtime::{ContainerId, ContainerSpec, Mount, SandboxId, Security},
};

/// Why a container can't be made, with the `reason` its waiting state gets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// `CreateContainerConfigError` or `CreateContainerError`.
    pub reason: &'static str,
    /// In the kubelet's words.
    pub message: String,
}

impl ConfigError {
    /// The manifest can't be fulfilled.
    pub fn config(message: impl ToString) -> Self {
        Self { reason: "CreateContainerConfigError", message: message.to_string() }
    }

    /// The runtime can't make it.
    pub fn create(message: impl ToString) -> Self {
        Self { reason: "CreateContainerError", message: message.to_string() }
    }
}

/// What is put together from elsewhere.
pub struct Parts {
    /// The new container's id.
    pub id: ContainerId,
    /// The Pod's sandbox.
    pub sandbox: SandboxId,
    /// The environment that the manifest asks for.
    pub env: Vec<(String, String)>,
    /// Volumes and the termination message file.
    pub mounts: Vec<Mount>,
    /// The running container that an ephemeral one looks into.
    pub target: Option<ContainerId>,
}

/// What the runtime is told.
///
/// # Errors
/// See [`ConfigError`].
pub fn container_spec(
    pod: &Pod,
    definition: &Definition,
    image: &Image,
    parts: Parts,
) -> Result<ContainerSpec, ConfigError> {
    let container = &definition.spec;
    let security = security(pod, container, image)?;
    if let Some(profile) = missing_profile(pod, container) {
        let text = format!(
            "failed to create containerd container: cannot load seccomp profile {profile:?}: open {profile}: no such file or \
             directory"
        );
        return Err(ConfigError::create(text));
    }
    let argv = argv(container, image, &parts.env);
    if argv.is_empty() {
        let id = &parts.id.0;
        let text = format!("failed to generate container \"{id}\" spec: failed to generate spec: no command specified");
        return Err(ConfigError::create(text));
    }
    let working_dir = container.working_dir.as_deref().filter(|path| !path.is_empty());
    Ok(ContainerSpec {
        id: parts.id,
        sandbox: parts.sandbox,
        layers: image.layers.clone(),
        argv,
        env: over(&image.config.env, parts.env),
        working_dir: working_dir.unwrap_or(&image.config.working_dir).to_owned(),
        tty: container.tty == Some(true),
        stdin: container.stdin == Some(true),
        mounts: parts.mounts,
        processes_of: parts.target,
        security,
        limits: resources::limits(pod, container),
    })
}

/// ENTRYPOINT and CMD against `command` and `args`
/// (kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/#notes).
fn argv(container: &Container, image: &Image, env: &[(String, String)]) -> Vec<String> {
    let known = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let expanded = |list: &Option<Vec<String>>| -> Option<Vec<String>> {
        let list = list.as_ref().filter(|list| !list.is_empty())?;
        Some(list.iter().map(|text| expand(text, known)).collect())
    };
    let (command, args) = (expanded(&container.command), expanded(&container.args));
    let defaults = if command.is_some() { Vec::new() } else { image.config.cmd.clone() };
    let mut argv = command.unwrap_or_else(|| image.config.entrypoint.clone());
    argv.extend(args.unwrap_or(defaults));
    argv
}

/// The file of a seccomp profile that the manifest wants from the node, which has none.
fn missing_profile(pod: &Pod, container: &Container) -> Option<String> {
    let own = container.security_context.as_ref().and_then(|context| context.seccomp_profile.as_ref());
    let shared = pod.spec.security_context.as_ref().and_then(|context| context.seccomp_profile.as_ref());
    let profile = own.or(shared).filter(|profile| profile.type_ == "Localhost")?;
    Some(format!("/var/lib/kubelet/seccomp/{}", profile.localhost_profile.as_deref().unwrap_or("")))
}

fn over(image: &[(String, String)], env: Vec<(String, String)>) -> Vec<(String, String)> {
    let kept = image.iter().filter(|(name, _)| !env.iter().any(|(set, _)| set == name)).cloned();
    kept.chain(env.iter().cloned()).collect()
}

/// Who an image runs as when the manifest does not say.
#[derive(Debug, PartialEq, Eq)]
struct ImageUser {
    uid: u32,
    gid: Option<u32>,
    /// Set when the image names its user.
    name: Option<String>,
}

/// Reads `USER`: numbers as they are, names from the image's own `/etc/passwd` and `/etc/group`.
fn image_user(image: &Image) -> Result<ImageUser, ConfigError> {
    let (user, group) = match image.config.user.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (image.config.user.as_str(), None),
    };
    let (uid, passwd_gid, name) = match user.parse() {
        Ok(uid) => (uid, None, None),
        Err(_) if user.is_empty() => (0, None, None),
        Err(_) => {
            let missing =
                || ConfigError::create(format!("unable to find user {user}: no matching entries in passwd file"));
            let (uid, gid) = entry(image, "etc/passwd", user).ok_or_else(missing)?;
            (uid, gid, Some(user.to_owned()))
        }
    };
    let gid = match group {
        None | Some("") => passwd_gid,
        Some(group) => group.parse().ok().or_else(|| Some(entry(image, "etc/group", group)?.0)),
    };
    Ok(ImageUser { uid, gid, name })
}

/// The third and fourth field of the line that begins with `name:`, in the topmost layer that has the file.
fn entry(image: &Image, file: &str, name: &str) -> Option<(u32, Option<u32>)> {
    let paths = image.layers.iter().rev().map(|layer: &PathBuf| layer.join(file));
    let text = paths.filter_map(|path| std::fs::read_to_string(path).ok()).next()?;
    let fields: Vec<&str> = text.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3).and_then(|gid| gid.parse().ok())))
}

fn security(pod: &Pod, container: &Container, image: &Image) -> Result<Security, ConfigError> {
    let none = SecurityContext::default();
    let own = container.security_context.as_ref().unwrap_or(&none);
    let shared = pod.spec.security_context.clone().unwrap_or_default();
    let user = image_user(image)?;
    let asked = own.run_as_user.or(shared.run_as_user);
    if own.run_as_non_root.or(shared.run_as_non_root) == Some(true) {
        not_root(pod, container, asked, &user)?;
    }
    let id = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    let uid = asked.map_or(user.uid, id);
    let gid = own.run_as_group.or(shared.run_as_group).map(id).or(user.gid.filter(|_| asked.is_none())).unwrap_or(0);
    let mut groups: Vec<u32> = shared.supplemental_groups.iter().flatten().copied().map(id).collect();
    groups.extend(shared.fs_group.map(id));
    groups.push(gid);
    groups.sort_unstable();
    groups.dedup();
    let capabilities = own.capabilities.clone().unwrap_or_default();
    Ok(Security {
        uid,
        gid,
        groups,
        read_only_root: own.read_only_root_filesystem == Some(true),
        add_capabilities: capabilities.add.unwrap_or_default(),
        drop_capabilities: capabilities.drop.unwrap_or_default(),
        privileged: own.privileged == Some(true),
    })
}

fn not_root(pod: &Pod, container: &Container, asked: Option<i64>, image: &ImageUser) -> Result<(), ConfigError> {
    let place = format!("(pod: {:?}, container: {})", pod.label(), container.name);
    match (asked, &image.name) {
        (Some(0), _) => Err(ConfigError::config(format!("container's runAsUser breaks non-root policy {place}"))),
        (Some(_), _) => Ok(()),
        (None, Some(name)) => Err(ConfigError::config(format!(
            "container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root {place}"
        ))),
        (None, None) if image.uid == 0 => {
            Err(ConfigError::config(format!("container has runAsNonRoot and image will run as root {place}")))
        }
        (None, None) => Ok(()),
    }
}
