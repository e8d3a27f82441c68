//! Which images an archive holds, read from its index without touching the layers.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An image archive: a tar, possibly gzipped, in the OCI or docker layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    pub images: Vec<NamedImage>,
}

/// One image of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedImage {
    /// The reference as the archive has it, which is the name that `ctr` gives the image.
    pub name: String,
    /// The digest of its manifest or index; docker's layout does not say.
    pub digest: Option<String>,
}

/// Why a file is no usable image archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("cannot read {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is no image archive: it has neither index.json with oci-layout nor manifest.json", path = path.display())]
    NoIndex { path: PathBuf },
    #[error("{file} in {path} is not what an image archive has there", path = path.display())]
    BadIndex { path: PathBuf, file: &'static str },
    #[error(
        "{path} names no image in full: set the annotation {REF_NAME} of its index (or RepoTags of manifest.json) to a \
         reference such as registry.example/name:tag",
        path = path.display()
    )]
    Unnamed { path: PathBuf },
}

impl Archive {
    /// Reads the names out of an archive. Blocking: goes through the whole file.
    pub fn read(path: &Path) -> Result<Self, ArchiveError> {
        let failed = |source| ArchiveError::Read { path: path.to_owned(), source };
        let files = read_index_files(path).map_err(failed)?;
        let parse = |bytes: &[u8], file| {
            serde_json::from_slice::<Value>(bytes).map_err(|_| ArchiveError::BadIndex { path: path.to_owned(), file })
        };
        let images = match (&files.index, &files.manifest) {
            // Newer docker writes both layouts into one archive; containerd then reads OCI's.
            (Some(index), _) if files.has_oci_layout => of_oci(&parse(index, INDEX)?),
            (_, Some(manifest)) => of_docker(&parse(manifest, MANIFEST)?),
            _ => return Err(ArchiveError::NoIndex { path: path.to_owned() }),
        };
        if images.is_empty() { Err(ArchiveError::Unnamed { path: path.to_owned() }) } else { Ok(Self { images }) }
    }
}

#[derive(Default)]
struct IndexFiles {
    has_oci_layout: bool,
    index: Option<Vec<u8>>,
    manifest: Option<Vec<u8>>,
}

fn read_index_files(path: &Path) -> std::io::Result<IndexFiles> {
    let mut file = File::open(path)?;
    let mut magic = [0; 2];
    let gzipped = file.read_exact(&mut magic).is_ok() && magic == GZIP_MAGIC;
    file.rewind()?;
    if gzipped {
        return find_index_files(tar::Archive::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))).entries()?);
    }
    // A plain tar is skipped through by seeking, without reading the layers.
    find_index_files(tar::Archive::new(file).entries_with_seek()?)
}

fn find_index_files<R: Read>(entries: tar::Entries<'_, R>) -> std::io::Result<IndexFiles> {
    let mut files = IndexFiles::default();
    for entry in entries {
        let mut entry = entry?;
        let entry_path = entry.path()?.into_owned();
        let name = entry_path.strip_prefix("./").unwrap_or(&entry_path).to_string_lossy().into_owned();
        match name.as_str() {
            LAYOUT => files.has_oci_layout = true,
            INDEX => files.index = Some(read_small(&mut entry)?),
            MANIFEST => files.manifest = Some(read_small(&mut entry)?),
            _ => {}
        }
    }
    Ok(files)
}

fn read_small(entry: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(MAX_INDEX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_INDEX_BYTES {
        return Err(std::io::Error::other(format!("its index has more than {MAX_INDEX_BYTES} bytes")));
    }
    Ok(bytes)
}

fn of_oci(index: &Value) -> Vec<NamedImage> {
    let manifests = index["manifests"].as_array().map_or(&[][..], Vec::as_slice);
    let named = manifests.iter().filter_map(|manifest| {
        let annotations = &manifest["annotations"];
        let name = annotations[IMAGE_NAME].as_str().or_else(|| annotations[REF_NAME].as_str())?;
        let digest = manifest["digest"].as_str().map(str::to_owned);
        // A bare tag says nothing about the repository; ctr would make up a name with today's date.
        name.contains(['/', ':', '@']).then(|| NamedImage { name: name.to_owned(), digest })
    });
    named.collect()
}

fn of_docker(manifest: &Value) -> Vec<NamedImage> {
    let images = manifest.as_array().map_or(&[][..], Vec::as_slice);
    let tags = images.iter().flat_map(|image| image["RepoTags"].as_array().map_or(&[][..], Vec::as_slice));
    // ctr writes docker's names in full while importing.
    let full_names = tags.filter_map(|tag| Some(super::normalize(tag.as_str()?)));
    full_names.map(|name| NamedImage { name, digest: None }).collect()
}

const LAYOUT: &str = "oci-layout";
const INDEX: &str = "index.json";
const MANIFEST: &str = "manifest.json";
/// containerd's annotation with a full name.
const IMAGE_NAME: &str = "io.containerd.image.name";
/// OCI's annotation, which tools fill with a full name or with a tag only.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// An index lists images, not their content.
const MAX_INDEX_BYTES: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_oci_index_names_images_in_full_or_not_at_all() {
        let index = json!({"manifests": [
            {"digest": "sha256:1", "annotations": {REF_NAME: "tiphys.test/a:1"}},
            {"digest": "sha256:2", "annotations": {REF_NAME: "1", IMAGE_NAME: "docker.io/library/b:1"}},
            {"digest": "sha256:3", "annotations": {REF_NAME: "latest"}},
            {"digest": "sha256:4"},
        ]});
        let names: Vec<_> = of_oci(&index).into_iter().map(|image| (image.name, image.digest.unwrap())).collect();
        let expected = [("tiphys.test/a:1", "sha256:1"), ("docker.io/library/b:1", "sha256:2")];
        assert_eq!(names, expected.map(|(name, digest)| (name.to_owned(), digest.to_owned())));
    }

    #[test]
    fn a_docker_manifest_names_images_by_their_tags() {
        let manifest = json!([{"RepoTags": ["busybox:1", "tiphys.test/x:2"]}, {"RepoTags": null}]);
        let names: Vec<_> = of_docker(&manifest).into_iter().map(|image| image.name).collect();
        assert_eq!(names, ["docker.io/library/busybox:1", "tiphys.test/x:2"]);
    }
}
