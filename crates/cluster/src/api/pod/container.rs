//! Which container of a Pod is meant.

use serde_json::Value;

use crate::api::failure::Failure;

/// The container that was asked for, or the only one there is.
///
/// # Errors
/// 400 when there is no such container, or when there are several and none was named.
pub(super) fn choose(pod: &Value, asked: &str) -> Result<String, Failure> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let names = |list: &str| -> Vec<&str> {
        pod["spec"][list].as_array().into_iter().flatten().filter_map(|container| container["name"].as_str()).collect()
    };
    let all = [names("initContainers"), names("containers"), names("ephemeralContainers")].concat();
    if !asked.is_empty() {
        let known = all.contains(&asked);
        let refusal = || Failure::bad_request(format!("container {asked} is not valid for pod {name}"));
        return known.then(|| asked.to_owned()).ok_or_else(refusal);
    }
    match names("containers").as_slice() {
        [only] => Ok((*only).to_owned()),
        _ => Err(Failure::bad_request(format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            all.join(" ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_only_container_needs_no_name() {
        let one = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}]}});
        assert_eq!(choose(&one, "").unwrap(), "a");
        assert_eq!(choose(&one, "i").unwrap(), "i");
        assert_eq!(choose(&one, "x").unwrap_err().message, "container x is not valid for pod p");
        let two = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
        let message = "a container name must be specified for pod p, choose one of: [a b]";
        assert_eq!(choose(&two, "").unwrap_err().message, message);
    }
}
