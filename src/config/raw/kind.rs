//! The flags of `--sandbox kind`.

use std::path::PathBuf;

use clap::Args;

use super::{Checker, count, period};
use crate::config::{Bounds, Engine, KindSettings, Reach};

#[derive(Debug, Args)]
#[command(next_help_heading = "With --sandbox kind")]
pub(super) struct KindArgs {
    /// The kind program
    #[arg(long, env = "PODYARD_KIND_PROGRAM", default_value = "kind", value_name = "PROGRAM")]
    kind_program: PathBuf,
    /// What runs kind's nodes: docker, podman or nerdctl
    #[arg(long, env = "PODYARD_KIND_ENGINE", default_value = "docker", value_name = "ENGINE")]
    kind_engine: String,
    /// The node image [default: kind's own]
    #[arg(long, env = "PODYARD_KIND_IMAGE", value_name = "IMAGE")]
    kind_image: Option<String>,
    /// A kind configuration for every cluster, such as one with several nodes
    #[arg(long, env = "PODYARD_KIND_CONFIG", value_name = "FILE")]
    kind_config: Option<String>,
    /// How many clusters are kept ready for whoever comes next
    #[arg(long, env = "PODYARD_KIND_POOL", default_value = "0", value_name = "NUMBER")]
    kind_pool: String,
    /// How many clusters there may be in all [default: as many as this machine carries]
    #[arg(long, env = "PODYARD_KIND_MAX", value_name = "NUMBER")]
    kind_max: Option<String>,
    /// How many clusters may be made at the same time
    #[arg(long, env = "PODYARD_KIND_AT_ONCE", default_value = "2", value_name = "NUMBER")]
    kind_at_once: String,
    /// How long making a cluster may take
    #[arg(long, env = "PODYARD_KIND_TIMEOUT", default_value = "4m", value_name = "TIME")]
    kind_timeout: String,
    /// How many cores each node may use
    #[arg(long, env = "PODYARD_KIND_CPUS", default_value = "2", value_name = "CORES")]
    kind_cpus: String,
    /// How much memory each node may use
    #[arg(long, env = "PODYARD_KIND_MEMORY", default_value = "2GiB", value_name = "SIZE")]
    kind_memory: String,
    /// How the server reaches a cluster: host (by a port of this machine) or network (in a container, by kind's network)
    #[arg(long, env = "PODYARD_KIND_REACH", default_value = "host", value_name = "WAY")]
    kind_reach: String,
    /// Leave learners' clusters running when the server ends, for its next start
    #[arg(long, env = "PODYARD_KIND_KEEP")]
    kind_keep: bool,
}

pub(super) fn check(args: KindArgs, check: &mut Checker) -> Option<KindSettings> {
    let given = |value: Option<String>| value.filter(|value| !value.is_empty());
    let engine = check.take("--kind-engine", &args.kind_engine, engine(&args.kind_engine));
    let config = given(args.kind_config).map(|path| check.take("--kind-config", &path, file(&path)));
    let pool = args.kind_pool.parse().map_err(|_| "must be a number".to_owned());
    let pool: Option<usize> = check.take("--kind-pool", &args.kind_pool, pool);
    let max = given(args.kind_max).map(|max| check.take("--kind-max", &max, count(&max)));
    let at_once = check.take("--kind-at-once", &args.kind_at_once, count(&args.kind_at_once));
    let timeout = check.take("--kind-timeout", &args.kind_timeout, period(&args.kind_timeout));
    let cpus = check.take("--kind-cpus", &args.kind_cpus, cores(&args.kind_cpus));
    let memory = check.take("--kind-memory", &args.kind_memory, memory(&args.kind_memory));
    let reach = check.take("--kind-reach", &args.kind_reach, reach(&args.kind_reach));
    if let (Some(pool), Some(Some(max))) = (pool, max)
        && pool > max
    {
        let why = format!("--kind-max allows only {max} clusters in all");
        check.take::<()>("--kind-pool", &args.kind_pool, Err(why));
    }
    Some(KindSettings {
        program: args.kind_program,
        engine: engine?,
        image: given(args.kind_image),
        config: transposed(config)?,
        pool: pool?,
        max: transposed(max)?,
        at_once: at_once?,
        timeout: timeout?,
        bounds: Bounds { cpus: cpus?, memory: memory? },
        reach: reach?,
        keep: args.kind_keep,
    })
}

/// What was not given is right.
fn transposed<T>(checked: Option<Option<T>>) -> Option<Option<T>> {
    match checked {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}

fn engine(text: &str) -> Result<Engine, String> {
    match text {
        "docker" => Ok(Engine::Docker),
        "podman" => Ok(Engine::Podman),
        "nerdctl" => Ok(Engine::Nerdctl),
        _ => Err("must be docker, podman or nerdctl".to_owned()),
    }
}

fn reach(text: &str) -> Result<Reach, String> {
    match text {
        "host" => Ok(Reach::Host),
        "network" => Ok(Reach::Network),
        _ => Err("must be host or network".to_owned()),
    }
}

fn file(text: &str) -> Result<PathBuf, String> {
    let path = std::path::absolute(text).map_err(|e| e.to_string())?;
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => Ok(path),
        Ok(_) => Err("is no file; it must be a kind configuration".to_owned()),
        Err(e) => Err(format!("can't be read ({e}); it must be a kind configuration")),
    }
}

fn cores(text: &str) -> Result<f64, String> {
    let parsed = text.parse::<f64>().ok().filter(|cores| (0.5..=1024.0).contains(cores));
    parsed.ok_or_else(|| "must be a number of cores, at least 0.5".to_owned())
}

/// Less than kind's own parts need is refused.
fn memory(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 900 << 20;
    let bytes = bytes(text)?;
    if bytes < LEAST { Err("is too little: a node's own parts need 900MiB".to_owned()) } else { Ok(bytes) }
}

/// Bytes, as `2GiB`, `2g`, `1500MiB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let number: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let shift = match text[number.len()..].trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "m" => 20,
        "g" => 30,
        _ => return Err("must be a size such as 2GiB or 1500MiB".to_owned()),
    };
    let size: f64 = number.parse().map_err(|_| "must be a size such as 2GiB or 1500MiB".to_owned())?;
    // Sizes of machines are far below what a float holds exactly.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok((size * f64::from(1u32 << shift)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(memory("2GiB"), Ok(2 << 30));
        assert_eq!(memory("2g"), Ok(2 << 30));
        assert_eq!(memory("1.5GB"), Ok(3 << 29));
        assert_eq!(memory("1500MiB"), Ok(1500 << 20));
        for wrong in ["", "2", "GiB", "-2GiB", "512MiB", "1.2.3g"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
