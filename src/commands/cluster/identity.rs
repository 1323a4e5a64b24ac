//! The kubeconfig of `podyard cluster`: who serves the API, and who its administrator is.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use podyard_cluster::{Authority, AuthorityError};

/// A kubeconfig for the administrator of the cluster at `server`.
pub(super) fn kubeconfig(authority: &Authority, server: &str) -> Result<String, AuthorityError> {
    let server = serde_json::Value::from(server);
    let (certificate, key) = authority.administrator()?;
    let [authority, certificate, key] = [authority.certificate(), certificate, key].map(|text| STANDARD.encode(text));
    Ok(format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: podyard\n  cluster:\n    certificate-authority-data: \
         {authority}\n    server: {server}\ncontexts:\n- name: podyard\n  context:\n    cluster: podyard\n    user: \
         podyard\ncurrent-context: podyard\nusers:\n- name: podyard\n  user:\n    client-certificate-data: \
         {certificate}\n    client-key-data: {key}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubeconfig_has_what_a_client_needs() {
        let authority = Authority::new().unwrap();
        let config: kube::config::Kubeconfig =
            serde_yaml::from_str(&kubeconfig(&authority, "https://127.0.0.1:6443").unwrap()).unwrap();
        let cluster = config.clusters[0].cluster.clone().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://127.0.0.1:6443"));
        let trusted = STANDARD.decode(cluster.certificate_authority_data.unwrap()).unwrap();
        assert_eq!(String::from_utf8(trusted).unwrap(), authority.certificate());
        let user = config.auth_infos[0].auth_info.clone().unwrap();
        assert!(user.client_certificate_data.is_some() && user.client_key_data.is_some());
        authority.server("127.0.0.1".parse().unwrap()).unwrap();
    }
}
