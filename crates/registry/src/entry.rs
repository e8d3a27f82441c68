//! Kinds as they are served: a kind, its versions, where it is stored; and the table of all, which can change at run time.

use crate::Storage;
use crate::hooks::{Converter, StorageHook};
use bytes::Bytes;
use kind::{ApiError, DynKind, Names, Subresource};
use schema::{Schema, TypeRef, Value};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A kind from the program or one made at run time.
#[derive(Clone)]
pub enum KindRef {
    Static(&'static dyn DynKind),
    Shared(Arc<dyn DynKind>),
}

impl Deref for KindRef {
    type Target = dyn DynKind;

    fn deref(&self) -> &(dyn DynKind + 'static) {
        match self {
            KindRef::Static(kind) => *kind,
            KindRef::Shared(kind) => &**kind,
        }
    }
}

/// What the registry is told of a kind.
pub struct KindEntry {
    pub kind: KindRef,
    /// Nothing is stored: only its [`crate::Virtual`]s serve it.
    pub is_virtual: bool,
    /// A custom resource: stored as JSON, under its group; its items carry their apiVersion and kind in lists.
    pub custom: bool,
    /// Objects vanish after this time (events).
    pub ttl: Option<Duration>,
    /// Decoded objects are kept for [`crate::CacheLookup`]: for few objects that are looked up often.
    pub keep_values: bool,
    pub hook: Option<Arc<dyn StorageHook>>,
    /// Who converts objects between versions, where the kind cannot do it by itself.
    pub converter: Option<Arc<dyn Converter>>,
}

impl KindEntry {
    pub fn new(kind: KindRef) -> KindEntry {
        KindEntry { kind, is_virtual: false, custom: false, ttl: None, keep_values: false, hook: None, converter: None }
    }

    pub fn builtin(kind: &'static dyn DynKind) -> KindEntry {
        KindEntry::new(KindRef::Static(kind))
    }
}

/// One served version of an entry: how its objects look from outside.
pub struct View {
    /// Different for each view of the program.
    pub id: u32,
    pub kind: KindRef,
    pub version: String,
    /// `v1`, `apps/v1`
    pub api_version: String,
    pub custom: bool,
    /// What stands before an object's other fields in JSON; empty for custom kinds, whose text has it inside.
    pub json_head: Bytes,
}

static NEXT_VIEW: AtomicU32 = AtomicU32::new(0);

impl View {
    pub(crate) fn new(kind: &KindRef, version: &str, custom: bool) -> View {
        let api_version = kind.names().api_version(version);
        let head = format!("{{\"kind\":\"{}\",\"apiVersion\":\"{api_version}\",", kind.names().kind);
        View {
            id: NEXT_VIEW.fetch_add(1, Ordering::Relaxed),
            kind: kind.clone(),
            version: version.to_owned(),
            api_version,
            custom,
            json_head: if custom { Bytes::new() } else { head.into() },
        }
    }

    pub fn names(&self) -> &Names {
        self.kind.names()
    }

    pub fn ty(&self) -> Option<TypeRef<'_>> {
        self.kind.type_of(&self.version)
    }

    pub fn list_kind(&self) -> String {
        self.kind.list_kind().map_or_else(|| format!("{}List", self.names().kind), str::to_owned)
    }

    /// From any version of the stored object's kind.
    pub fn show(&self, value: Value) -> Result<Value, ApiError> {
        self.kind.convert(value, &self.api_version)
    }
}

/// A kind that is served.
pub struct Entry {
    pub kind: KindRef,
    /// In the order of the kind's versions.
    pub views: Vec<Arc<View>>,
    /// None for virtual kinds.
    pub storage: Option<Arc<Storage>>,
    pub hook: Option<Arc<dyn StorageHook>>,
    pub converter: Option<Arc<dyn Converter>>,
}

impl Entry {
    /// A kind without a store, for who only reads what kinds there are.
    pub fn unstored(kind: KindRef, custom: bool) -> Entry {
        Entry { views: Entry::views_of(&kind, custom), kind, storage: None, hook: None, converter: None }
    }

    /// Whether it is a custom resource.
    pub fn is_custom(&self) -> bool {
        self.views.first().is_some_and(|view| view.custom)
    }

    pub(crate) fn views_of(kind: &KindRef, custom: bool) -> Vec<Arc<View>> {
        kind.names().versions.iter().map(|version| Arc::new(View::new(kind, version.name, custom))).collect()
    }

    pub fn names(&self) -> &Names {
        self.kind.names()
    }

    pub fn view(&self, version: &str) -> Option<&Arc<View>> {
        self.views.iter().find(|view| view.version == version)
    }

    /// The version that the kind's logic works on: its first.
    pub fn hub(&self) -> Option<&Arc<View>> {
        self.views.first()
    }

    pub fn subresource(&self, name: &str, version: &str) -> Option<&Subresource> {
        let fits = |s: &&Subresource| s.name == name && (s.only_version.is_empty() || s.only_version == version);
        self.names().subresources.iter().find(fits)
    }

    /// The type and apiVersion of the bodies at a subresource.
    pub fn body_type<'e>(&'e self, view: &'e View, subresource: Option<&Subresource>) -> Option<(String, TypeRef<'e>)> {
        match subresource {
            Some(sub) if sub.kind != self.names().kind && !sub.kind.is_empty() => {
                let version = if sub.version.is_empty() { view.version.as_str() } else { sub.version };
                let group = if sub.version.is_empty() { self.names().group } else { sub.group };
                let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
                Schema::builtin().by_kind(&api_version, sub.kind).map(|ty| (api_version, ty))
            }
            _ => view.ty().map(|ty| (view.api_version.clone(), ty)),
        }
    }
}

/// Every kind that is served, by group and plural.
#[derive(Clone, Default)]
pub struct Routes {
    groups: HashMap<String, HashMap<String, Arc<Entry>>>,
}

impl Routes {
    /// Gives what had the place.
    pub fn insert(&mut self, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        let (group, plural) = (entry.names().group.to_owned(), entry.names().plural.to_owned());
        self.groups.entry(group).or_default().insert(plural, entry)
    }

    pub fn remove(&mut self, group: &str, plural: &str) -> Option<Arc<Entry>> {
        let of_group = self.groups.get_mut(group)?;
        let removed = of_group.remove(plural);
        if of_group.is_empty() {
            self.groups.remove(group);
        }
        removed
    }

    pub fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// Whether all kinds of a group are custom.
    pub fn is_custom(&self, group: &str) -> bool {
        self.groups.get(group).is_some_and(|kinds| kinds.values().all(|entry| entry.is_custom()))
    }

    pub fn get(&self, group: &str, plural: &str) -> Option<&Arc<Entry>> {
        self.groups.get(group)?.get(plural)
    }

    pub fn of_group(&self, group: &str) -> impl Iterator<Item = &Arc<Entry>> {
        self.groups.get(group).into_iter().flat_map(HashMap::values)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.groups.values().flat_map(HashMap::values)
    }
}
