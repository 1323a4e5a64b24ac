//! What a Pod needs before its containers: volumes, an address, a sandbox.

use futures::future::join_all;
use jiff::SignedDuration;

use super::{Worker, lock};
use crate::node::{
    resources,
    runtime::{SandboxId, SandboxSpec, network::NAME_SERVER},
};

/// How long until a sandbox that could not be made is tried again.
const RETRY: SignedDuration = SignedDuration::from_secs(2);

impl Worker {
    /// Makes the volumes and the sandbox if they are not there; false when that has to wait.
    pub(super) async fn ready_sandbox(&mut self) -> bool {
        if self.sandbox.is_some() {
            return true;
        }
        if !self.mount_volumes() {
            return false;
        }
        if self.observed.ran_before() {
            let message = "Pod sandbox changed, it will be killed and re-created.";
            self.context.normal(&self.subject(), "SandboxChanged", message);
        }
        let host = self.pod.spec.host_network == Some(true);
        let own = || if host { Some(self.context.host) } else { self.context.addresses.take() };
        let Some(address) = self.address.or_else(own) else {
            self.no_sandbox(&format!("no IP addresses available in range set: {}", self.context.addresses));
            return false;
        };
        self.address = Some(address);
        let (id, limits) = (SandboxId(self.context.id()), resources::of_pod(&self.pod));
        let spec = SandboxSpec {
            id: id.clone(),
            hostname: self.kernel_hostname(),
            address: (!host).then_some(address),
            range: self.context.addresses.range(),
            limits: limits.clone(),
            sysctls: self.sysctls(),
            share_processes: self.pod.spec.share_process_namespace == Some(true),
            hosts: self.hosts(address),
            resolv_conf: self.resolv_conf(),
        };
        if let Err(error) = self.context.runtime.create_sandbox(spec).await {
            self.no_sandbox(&error.to_string());
            return false;
        }
        self.sandbox = Some(id.clone());
        self.bounds = limits;
        *self.handle.sandbox.lock().expect("nothing panics while it holds the sandbox") = Some(id);
        self.observed.sandbox = true;
        self.report();
        self.observed.address = Some(address);
        true
    }

    fn no_sandbox(&mut self, why: &str) {
        let message = format!("Failed to create pod sandbox: {why}");
        self.context.warning(&self.subject(), "FailedCreatePodSandBox", &message);
        self.wake_at(self.context.now() + RETRY);
    }

    /// Takes the sandbox away and gives its address back.
    pub(super) async fn remove_sandbox(&mut self) {
        if let Some(id) = self.sandbox.take() {
            if let Err(error) = self.context.runtime.remove_sandbox(id).await {
                tracing::warn!(%error, pod = self.pod.label(), "a sandbox could not be removed");
            }
            *self.handle.sandbox.lock().expect("nothing panics while it holds the sandbox") = None;
        }
        if let Some(address) = self.address.take().filter(|address| *address != self.context.host) {
            self.context.addresses.release(address);
        }
        self.observed.sandbox = false;
        let ids: Vec<_> = lock(&self.handle.runs).current.values().map(|live| live.id.clone()).collect();
        // When they can't be removed now, they go with the sandbox's directory.
        let _ = join_all(ids.into_iter().map(|id| self.context.runtime.remove_container(id))).await;
    }

    fn sysctls(&self) -> Vec<(String, String)> {
        let context = self.pod.spec.security_context.as_ref();
        let sysctls = context.and_then(|context| context.sysctls.as_ref()).into_iter().flatten();
        sysctls.map(|sysctl| (sysctl.name.clone(), sysctl.value.clone())).collect()
    }

    /// `spec.hostname`, else the Pod's name; 63 bytes at most.
    pub(super) fn hostname(&self) -> String {
        if self.pod.spec.host_network == Some(true) {
            return self.context.node_name.clone();
        }
        let name = self.pod.spec.hostname_override.as_deref().or(self.pod.spec.hostname.as_deref());
        let name = name.filter(|name| !name.is_empty()).unwrap_or(self.pod.name());
        let cut = name.len().min(63);
        name[..cut].trim_end_matches(['-', '.']).to_owned()
    }

    /// The host name that programs find: with `setHostnameAsFQDN` it is the whole name.
    fn kernel_hostname(&self) -> String {
        match self.domain().filter(|_| self.pod.spec.set_hostname_as_fqdn == Some(true)) {
            Some(domain) => domain,
            None => self.hostname(),
        }
    }

    /// The Pod's name in the cluster's DNS, if it has a `subdomain`.
    fn domain(&self) -> Option<String> {
        let subdomain = self.pod.spec.subdomain.as_deref().filter(|subdomain| !subdomain.is_empty())?;
        Some(format!("{}.{subdomain}.{}.svc.cluster.local", self.hostname(), self.pod.namespace()))
    }

    /// `/etc/hosts` as the kubelet writes it (recorded in `lifecycle/hostname.yaml`).
    fn hosts(&self, address: std::net::Ipv4Addr) -> String {
        let managed = match self.pod.spec.host_network {
            Some(true) => "# Kubernetes-managed hosts file (host network).",
            _ => "# Kubernetes-managed hosts file.",
        };
        let mut text = format!(
            "{managed}\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
             fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
        );
        let hostname = self.hostname();
        match self.domain() {
            Some(domain) => text.push_str(&format!("{address}\t{domain}\t{hostname}\n")),
            None => text.push_str(&format!("{address}\t{hostname}\n")),
        }
        let mut aliases = self.pod.spec.host_aliases.iter().flatten().peekable();
        if aliases.peek().is_some() {
            text.push_str("\n# Entries added by HostAliases.\n");
        }
        for alias in aliases {
            let names: Vec<&str> = alias.hostnames.iter().flatten().map(String::as_str).collect();
            text.push_str(&format!("{}\t{}\n", alias.ip, names.join("\t")));
        }
        text
    }

    /// `/etc/resolv.conf` by `dnsPolicy` and `dnsConfig`; the name server is where a kind cluster has it.
    fn resolv_conf(&self) -> String {
        let (mut searches, mut servers, mut options) = match self.pod.spec.dns_policy.as_deref() {
            Some("None" | "Default") => Default::default(),
            Some("ClusterFirst") | None if self.pod.spec.host_network == Some(true) => Default::default(),
            _ => {
                let local = format!("{}.svc.cluster.local", self.pod.namespace());
                let searches = vec![local, "svc.cluster.local".to_owned(), "cluster.local".to_owned()];
                (searches, vec![NAME_SERVER.ip().to_string()], vec!["ndots:5".to_owned()])
            }
        };
        if let Some(config) = &self.pod.spec.dns_config {
            searches.extend(config.searches.iter().flatten().cloned());
            servers.extend(config.nameservers.iter().flatten().cloned());
            for option in config.options.iter().flatten() {
                let Some(name) = &option.name else { continue };
                options.retain(|known: &String| known.split(':').next() != Some(name));
                options.push(option.value.as_ref().map_or_else(|| name.clone(), |value| format!("{name}:{value}")));
            }
        }
        let mut text = String::new();
        if !searches.is_empty() {
            text.push_str(&format!("search {}\n", searches.join(" ")));
        }
        for server in servers {
            text.push_str(&format!("nameserver {server}\n"));
        }
        if !options.is_empty() {
            text.push_str(&format!("options {}\n", options.join(" ")));
        }
        text
    }
}
