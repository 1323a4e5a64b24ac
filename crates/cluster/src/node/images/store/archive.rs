//! The store's images as one archive in the OCI image layout, which containerd imports (`ctr images import`,
//! `kind load image-archive`). Layers that several images share are in it once.

use std::{collections::BTreeSet, fs, fs::File, io, io::BufWriter, path::Path};

use serde_json::{Value, json};

use super::{ImageStore, StoreError, hex};

/// What the layout's own file says (OCI image-spec, image-layout.md).
const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

impl ImageStore {
    /// Writes all images whose parts are here, under their names, to `path`; whole or not at all. The same images give
    /// the same bytes.
    ///
    /// # Errors
    /// When a part can't be read or the archive can't be written.
    pub fn write_archive(&self, path: &Path) -> Result<(), StoreError> {
        let failed = |source| StoreError::Io { path: path.to_owned(), source };
        let partial = path.with_extension(format!("partial-{}", std::process::id()));
        self.pack(&partial).and_then(|()| fs::rename(&partial, path)).map_err(failed)
    }

    fn pack(&self, path: &Path) -> io::Result<()> {
        let (index, blobs) = self.index();
        let mut archive = tar::Builder::new(BufWriter::new(File::create(path)?));
        append(&mut archive, "oci-layout", LAYOUT.as_bytes())?;
        append(&mut archive, "index.json", index.to_string().as_bytes())?;
        for digest in blobs {
            let bytes = fs::read(self.blob_path(&digest))?;
            append(&mut archive, &format!("blobs/sha256/{}", hex(&digest)), &bytes)?;
        }
        archive.into_inner()?.into_inner()?.sync_all()
    }

    /// The index of all images that are whole, and the digests of everything in them.
    fn index(&self) -> (Value, BTreeSet<String>) {
        let known = self.known();
        let (mut manifests, mut blobs) = (Vec::new(), BTreeSet::new());
        for stored in known.images.values() {
            let Some((size, parts)) = self.parts(&stored.manifest) else { continue };
            let tag = stored.image.name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
            manifests.push(json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": stored.manifest,
                "size": size,
                "annotations": {
                    "io.containerd.image.name": stored.image.name,
                    "org.opencontainers.image.ref.name": tag,
                },
            }));
            blobs.insert(stored.manifest.clone());
            blobs.extend(parts);
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        });
        (index, blobs)
    }

    /// The size of a manifest and what it names, if all of that is here.
    fn parts(&self, manifest: &str) -> Option<(usize, Vec<String>)> {
        let text = fs::read(self.blob_path(manifest)).ok()?;
        let manifest: Value = serde_json::from_slice(&text).ok()?;
        let layers = manifest["layers"].as_array()?.iter().map(|layer| &layer["digest"]);
        let named = std::iter::once(&manifest["config"]["digest"]).chain(layers);
        let parts: Option<Vec<String>> = named.map(|digest| digest.as_str().map(str::to_owned)).collect();
        parts.filter(|parts| parts.iter().all(|part| self.blob_path(part).is_file())).map(|parts| (text.len(), parts))
    }
}

fn append<W: io::Write>(archive: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    archive.append_data(&mut header, name, bytes)
}
