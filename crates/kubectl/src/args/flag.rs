//! One flag, and the notation that `commands.tsv` has for it.

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or true or false after `=`.
    Bool,
    /// A text; a later one replaces an earlier one.
    Text,
    /// A whole number.
    Int,
    /// A Go duration.
    Duration,
    /// Texts, separated by commas or by repeating the flag.
    List,
    /// Texts, one for each time the flag is given.
    Array,
    /// `key=value` pairs, separated by commas or by repeating the flag.
    Map,
}

/// A flag of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Long name, without the dashes.
    pub name: &'static str,
    /// Short form.
    pub short: Option<char>,
    /// What it takes.
    pub kind: Kind,
    /// Its value when it is not given.
    pub default: &'static str,
}

impl Flag {
    /// The value of the flag when it is given without one; `None` when it needs one.
    pub fn bare(&self) -> Option<&'static str> {
        match (self.kind, self.name) {
            (Kind::Bool, _) => Some("true"),
            (_, "dry-run") => Some("unchanged"),
            (_, "validate") => Some("strict"),
            (_, "cascade") => Some("background"),
            _ => None,
        }
    }

    /// How `--help` shows the default.
    pub fn shown_default(&self) -> String {
        match self.kind {
            Kind::Text => format!("'{}'", self.default),
            _ => self.default.to_owned(),
        }
    }

    /// How errors name the flag.
    pub fn shown_name(&self) -> String {
        self.short.map_or_else(|| format!("--{}", self.name), |short| format!("-{short}, --{}", self.name))
    }
}

/// Flags that several commands share, behind one word.
fn group(word: &str) -> Option<&'static str> {
    match word {
        "@files" => Some("f/filename:l k/kustomize:s R/recursive:b"),
        "@print" => Some("allow-missing-template-keys:b=true o/output:s show-managed-fields:b template:s"),
        "@template" => Some("allow-missing-template-keys:b=true show-managed-fields:b template:s"),
        _ => None,
    }
}

/// Flags that every command takes.
pub const GLOBAL: &str = "as:s as-group:a as-uid:s as-user-extra:a cache-dir:s=/.kube/cache certificate-authority:s \
    client-certificate:s client-key:s cluster:s context:s disable-compression:b insecure-skip-tls-verify:b kubeconfig:s \
    kuberc:s log-flush-frequency:d=5s match-server-version:b n/namespace:s password:s profile:s=none \
    profile-output:s=profile.pprof request-timeout:s=0 s/server:s tls-server-name:s token:s user:s username:s v/v:i=0 \
    vmodule:s warnings-as-errors:b";

/// Reads flags written as `short/name:kind=default`, sorted by name.
pub fn read(notation: &'static str) -> Vec<Flag> {
    let mut flags: Vec<Flag> =
        notation.split_ascii_whitespace().flat_map(|word| group(word).map_or_else(|| vec![one(word)], read)).collect();
    flags.sort_by_key(|flag| flag.name);
    flags
}

fn one(word: &'static str) -> Flag {
    let (head, given) = word.split_once('=').map_or((word, None), |(head, default)| (head, Some(default)));
    let (name, kind) = head.split_once(':').unwrap_or((head, "s"));
    let (short, name) = name.split_once('/').map_or((None, name), |(short, name)| (short.chars().next(), name));
    let (kind, empty) = match kind {
        "b" => (Kind::Bool, "false"),
        "i" => (Kind::Int, "0"),
        "d" => (Kind::Duration, "0s"),
        "l" => (Kind::List, "[]"),
        "a" => (Kind::Array, "[]"),
        "m" => (Kind::Map, "[]"),
        _ => (Kind::Text, ""),
    };
    Flag { name, short, kind, default: given.unwrap_or(empty) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation() {
        let flags = read("n/namespace:s tail:i=-1 quiet:b");
        assert_eq!(flags[0], Flag { name: "namespace", short: Some('n'), kind: Kind::Text, default: "" });
        assert_eq!(flags[2], Flag { name: "tail", short: None, kind: Kind::Int, default: "-1" });
        assert_eq!(flags[1].bare(), Some("true"));
    }
}
