//! Names of kinds live as long as the program: [`kind::Names`] has static texts, so that a table of kinds is data.
//!
//! The names of a definition are interned: a text that came before is the same text, so that updates of definitions and
//! definitions that come and go cost nothing. Distinct texts are bounded.

use kind::{Subresource, Verb, Version};
use parking_lot::Mutex;
use std::collections::HashMap;

/// All interned texts together. Names are 63 bytes at most, so these are those of more than 100,000 definitions.
const MAX_BYTES: usize = 64 << 20;

#[derive(Debug, thiserror::Error)]
#[error("the names of custom resources take more than {MAX_BYTES} bytes")]
pub struct Full;

#[derive(Default)]
struct Table {
    texts: HashMap<&'static str, ()>,
    lists: HashMap<String, &'static [&'static str]>,
    versions: HashMap<String, &'static [Version]>,
    subresources: HashMap<String, &'static [Subresource]>,
    bytes: usize,
}

static TABLE: Mutex<Option<Table>> = Mutex::new(None);

fn with<T>(act: impl FnOnce(&mut Table) -> Result<T, Full>) -> Result<T, Full> {
    act(TABLE.lock().get_or_insert_default())
}

impl Table {
    fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        self.bytes += bytes;
        if self.bytes > MAX_BYTES { Err(Full) } else { Ok(()) }
    }

    fn text(&mut self, text: &str) -> Result<&'static str, Full> {
        if let Some((known, ())) = self.texts.get_key_value(text) {
            return Ok(known);
        }
        self.grow(text.len() + size_of::<&str>() * 2)?;
        let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
        self.texts.insert(kept, ());
        Ok(kept)
    }
}

pub fn text(text: &str) -> Result<&'static str, Full> {
    with(|table| table.text(text))
}

pub fn list(texts: &[String]) -> Result<&'static [&'static str], Full> {
    let key = texts.join(",");
    with(|table| {
        if let Some(known) = table.lists.get(&key) {
            return Ok(*known);
        }
        table.grow(key.len() + size_of_val(texts))?;
        let kept: Vec<&'static str> = texts.iter().map(|text| table.text(text)).collect::<Result<_, _>>()?;
        let kept: &'static [&'static str] = Box::leak(kept.into_boxed_slice());
        table.lists.insert(key, kept);
        Ok(kept)
    })
}

/// Pairs of a version and the name of its type.
pub fn versions(pairs: &[(String, String)]) -> Result<&'static [Version], Full> {
    let key: String = pairs.iter().flat_map(|(version, ty)| [version, ",", ty, ";"]).collect();
    with(|table| {
        if let Some(known) = table.versions.get(&key) {
            return Ok(*known);
        }
        table.grow(key.len() + size_of_val(pairs))?;
        let version =
            |(name, ty): &(String, String)| Ok(Version { name: table.text(name)?, type_name: table.text(ty)? });
        let kept: Vec<Version> = pairs.iter().map(version).collect::<Result<_, Full>>()?;
        let kept: &'static [Version] = Box::leak(kept.into_boxed_slice());
        table.versions.insert(key, kept);
        Ok(kept)
    })
}

/// What one version of a kind has besides its objects.
pub struct Has {
    pub version: String,
    pub status: bool,
    pub scale: bool,
}

pub fn subresources(kind: &str, versions: &[Has]) -> Result<&'static [Subresource], Full> {
    let describe = |has: &Has| format!("{}:{}:{};", has.version, has.status, has.scale);
    let key: String = std::iter::once(format!("{kind};")).chain(versions.iter().map(describe)).collect();
    with(|table| {
        if let Some(known) = table.subresources.get(&key) {
            return Ok(*known);
        }
        table.grow(key.len() + size_of::<Subresource>() * versions.len() * 2)?;
        let mut kept = Vec::new();
        for has in versions {
            let only_version = table.text(&has.version)?;
            if has.status {
                let kind = table.text(kind)?;
                kept.push(Subresource { name: "status", group: "", version: "", kind, verbs: VERBS, only_version });
            }
            if has.scale {
                kept.push(Subresource { verbs: VERBS, only_version, ..Subresource::scale() });
            }
        }
        let kept: &'static [Subresource] = Box::leak(kept.into_boxed_slice());
        table.subresources.insert(key, kept);
        Ok(kept)
    })
}

const VERBS: &[Verb] = &[Verb::Get, Verb::Patch, Verb::Update];
