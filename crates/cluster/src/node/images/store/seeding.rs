//! The images that need no registry, made here: busybox and those of the lessons.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Description, Image, ImageConfig, ImageStore, Origin, StoreError, Stored, digest, hex,
    layer::{self, Entry},
    manifest::{self, Config},
};
use crate::node::images::{
    manifest::PackedLayer,
    seed::{self, Seed},
};

/// Changes when the same input is to give another layer.
const BUILD: &str = "1";

impl ImageStore {
    /// Makes the images that need no registry: busybox, and those that `descriptions` holds, one directory each. What
    /// was made before is not made again. They stay as long as this store is open.
    ///
    /// # Errors
    /// When there is no busybox on this machine, a description is wrong, or the store can't be written.
    pub fn seed(&self, descriptions: Option<&Path>) -> Result<(), StoreError> {
        let stamp = seed::busybox_stamp().map_err(StoreError::Busybox)?;
        let base = self.built(&stamp, || seed::busybox_entries().map_err(StoreError::Busybox))?;
        let execution = seed::busybox_execution();
        let layers = [base];
        let mut seeds = Seed::tagged("busybox", seed::BUSYBOX_TAGS, false, &layers, &execution);
        for directory in descriptions.map(subdirectories).unwrap_or_default() {
            seeds.extend(self.described(&directory, &layers[0])?);
        }
        seeds.iter().try_for_each(|seed| self.add(seed))
    }

    /// The images of one description.
    fn described(&self, directory: &Path, base: &PackedLayer) -> Result<Vec<Seed>, StoreError> {
        let description = Description::read(directory)?;
        let entries = description.entries(directory)?;
        let mut layers = vec![base.clone()];
        if !entries.is_empty() {
            layers.push(self.built(&format!("{entries:?}"), || Ok(entries))?);
        }
        let mut execution = seed::busybox_execution();
        let own = description.execution();
        execution.env.retain(|entry| !own.env.iter().any(|other| other.split('=').next() == entry.split('=').next()));
        execution.env.extend(own.env.clone());
        let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let execution = manifest::Execution { env: execution.env, ..own };
        Ok(Seed::tagged(name, description.tags(), description.local, &layers, &execution))
    }

    /// The layer made of this input, unpacked; made now, or before.
    fn built(
        &self,
        input: &str,
        entries: impl FnOnce() -> Result<Vec<Entry>, StoreError>,
    ) -> Result<PackedLayer, StoreError> {
        let key = digest(format!("{BUILD} {input}").as_bytes());
        let note = self.root.join("built").join(hex(&key));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { path, source }
        };
        let known = fs::read(&note).ok().and_then(|text| serde_json::from_slice::<PackedLayer>(&text).ok());
        if let Some(layer) = known {
            self.keep([&layer.diff_id, &layer.digest]).map_err(failed(&note))?;
            if self.layer_path(&layer.diff_id).is_dir() {
                return Ok(layer);
            }
        }
        let (compressed, layer) = layer::pack(&entries()?).map_err(failed(&note))?;
        self.keep([&layer.diff_id, &layer.digest]).map_err(failed(&note))?;
        self.write_blob(&layer.digest, &compressed)?;
        let directory = self.layer_path(&layer.diff_id);
        if !directory.is_dir() {
            let archive = io::Cursor::new(compressed);
            layer::unpack(archive, &self.share.unfinished(), &directory).map_err(failed(&directory))?;
        }
        let text = serde_json::to_vec(&layer).map_err(|error| failed(&note)(error.into()))?;
        let unfinished = self.share.unfinished();
        fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, &note)).map_err(failed(&note))?;
        Ok(layer)
    }

    fn add(&self, seed: &Seed) -> Result<(), StoreError> {
        let config = Config::new(seed.execution.clone(), &seed.layers);
        let config_bytes = serde_json::to_vec(&config)
            .map_err(|error| StoreError::Io { path: self.root.clone(), source: error.into() })?;
        let manifest = manifest::manifest(&config_bytes, &seed.layers);
        let kept = [digest(&config_bytes), digest(&manifest)];
        let io = |source| StoreError::Io { path: self.root.clone(), source };
        self.keep([&kept[0], &kept[1]]).map_err(io)?;
        self.write_blob(&kept[0], &config_bytes)?;
        self.write_blob(&kept[1], &manifest)?;
        let repository = format!("docker.io/library/{}", seed.name);
        let name = format!("{repository}:{}", seed.tag);
        let [id, manifest_digest] = kept;
        let image = Image {
            id,
            name: name.clone(),
            repo_digest: (!seed.local).then(|| format!("{repository}@{manifest_digest}")),
            size: seed.layers.iter().map(|layer| layer.size).sum::<u64>()
                + (config_bytes.len() + manifest.len()) as u64,
            layers: config.diff_ids().iter().map(|diff_id| self.layer_path(diff_id)).collect(),
            config: ImageConfig::from(&seed.execution),
        };
        let origin = if seed.local { Origin::Local } else { Origin::Seeded };
        let loaded = self.known().images.get(&name).is_some_and(|stored| stored.origin == Origin::Loaded);
        // What the operator has loaded is meant.
        if !loaded {
            self.put(Stored { image, manifest: manifest_digest, origin, private: false, readers: Vec::new() });
        }
        Ok(())
    }
}

/// The directories in a directory, by name; none when there is no such directory.
fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.join("image.yaml").is_file());
    found.sort();
    found
}
