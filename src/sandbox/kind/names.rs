//! Clusters' names, by which a server knows its own among all kind clusters of a machine.

use std::{fs, io, path::Path};

/// kind warns of names that are longer than 50; ours have 24.
const PREFIX: &str = "podyard-";

/// A data directory's own mark in the names of its clusters: eight hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance(String);

impl Instance {
    /// The mark that is written in this folder; made with the first start.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let path = folder.join("instance");
        let known = fs::read_to_string(&path).ok().and_then(|text| Self::parse(text.trim()));
        if let Some(instance) = known {
            return Ok(instance);
        }
        let instance = Self(format!("{:08x}", rand::random::<u32>()));
        fs::write(path, &instance.0)?;
        Ok(instance)
    }

    fn parse(text: &str) -> Option<Self> {
        let right = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        right.then(|| Self(text.to_owned()))
    }

    /// A name for a new cluster.
    pub(super) fn new_name(&self) -> String {
        format!("{PREFIX}{}-{:07x}", self.0, rand::random::<u32>() >> 4)
    }

    /// Whether this instance gave a cluster its name. All others are none of its business.
    pub(super) fn made(&self, name: &str) -> bool {
        let own = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(&self.0));
        let number = own.and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|n| n.len() == 7 && n.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
    }

    /// The eight digits.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_stays_the_same_and_knows_its_own_names_only() {
        let folder = tempfile::tempdir().unwrap();
        let instance = Instance::of(folder.path()).unwrap();
        assert_eq!(Instance::of(folder.path()).unwrap(), instance);
        let name = instance.new_name();
        assert!(instance.made(&name) && name.len() == 24, "{name}");
        let other = Instance("00000000".to_owned());
        assert!(!other.made(&name));
        for foreign in ["kind", "podyard", "podyard-00000000", "podyard-00000000-mine", "podyard-00000000-0000000-x"] {
            assert!(!other.made(foreign), "{foreign}");
        }
    }
}
