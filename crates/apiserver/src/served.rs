//! What is served at one moment, and documents made from it that are kept for as long as it stays the same.

use crate::aggregation::Table;
use kind::ApiError;
use registry::{Entry, Routes};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The kinds of this server, and the groups of others.
#[derive(Clone)]
pub struct Served {
    pub routes: Arc<Routes>,
    pub remote: Arc<Table>,
}

/// Whoever knows what is served now.
pub trait Source: Send + Sync {
    fn now(&self) -> Result<Served, ApiError>;
}

/// What never changes.
impl Source for Served {
    fn now(&self) -> Result<Served, ApiError> {
        Ok(self.clone())
    }
}

/// Group and version.
pub type GroupVersion = (String, String);

impl Served {
    /// Whether nothing has changed since `before`.
    pub fn is(&self, before: &Served) -> bool {
        Arc::ptr_eq(&self.routes, &before.routes) && Arc::ptr_eq(&self.remote, &before.remote)
    }

    /// The kinds of each group and version that no other server has, by plural.
    pub fn versions(&self) -> BTreeMap<GroupVersion, Vec<Arc<Entry>>> {
        let mut versions: BTreeMap<GroupVersion, Vec<Arc<Entry>>> = BTreeMap::new();
        for entry in self.routes.iter() {
            for view in &entry.views {
                let version = (entry.names().group.to_owned(), view.version.clone());
                if self.remote.remotes.contains_key(&version) {
                    continue;
                }
                versions.entry(version).or_default().push(entry.clone());
            }
        }
        for entries in versions.values_mut() {
            entries.sort_by(|a, b| a.names().plural.cmp(b.names().plural));
        }
        versions
    }
}

/// What was made from kinds, by group and version.
pub struct Kept<T> {
    made: HashMap<GroupVersion, (Vec<Arc<Entry>>, Arc<T>)>,
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept { made: HashMap::new() }
    }
}

impl<T> Kept<T> {
    /// Makes it anew only where the kinds are others than before.
    pub fn get(&mut self, of: &GroupVersion, entries: &[Arc<Entry>], make: impl FnOnce() -> T) -> Arc<T> {
        if let Some((before, made)) = self.made.get(of)
            && before.len() == entries.len()
            && before.iter().zip(entries).all(|(before, now)| Arc::ptr_eq(before, now))
        {
            return made.clone();
        }
        let made = Arc::new(make());
        self.made.insert(of.clone(), (entries.to_vec(), made.clone()));
        made
    }

    /// Forgets what is no longer served.
    pub fn retain(&mut self, served: impl Fn(&GroupVersion) -> bool) {
        self.made.retain(|of, _| served(of));
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use kind::{DynKind, Names, Scope, Subresource, Verb, Version, VirtualKind};
    use parking_lot::Mutex;
    use registry::KindRef;

    /// The kinds of the program.
    pub fn builtin() -> Served {
        let mut routes = Routes::default();
        kinds::KINDS.iter().for_each(|&kind| drop(routes.insert(entry(kind))));
        Served { routes: Arc::new(routes), remote: Arc::default() }
    }

    static WIDGET: Names = Names {
        group: "example.com",
        kind: "Widget",
        plural: "widgets",
        singular: "widget",
        short_names: &[],
        categories: &[],
        scope: Scope::Namespaced,
        versions: &[Version { name: "v1", type_name: "" }, Version { name: "v1beta1", type_name: "" }],
        verbs: Verb::ALL,
        subresources: &[Subresource::status("Widget"), Subresource::scale()],
    };
    static WIDGETS: VirtualKind = VirtualKind(&WIDGET, &[]);

    /// The same with a custom resource.
    pub fn with_custom(served: &Served) -> Served {
        let mut routes = (*served.routes).clone();
        routes.insert(Arc::new(Entry::unstored(KindRef::Static(&WIDGETS), true)));
        Served { routes: Arc::new(routes), remote: Arc::default() }
    }

    /// What is served now, until the test sets something else.
    pub struct Changing(pub Mutex<Served>);

    impl Source for Changing {
        fn now(&self) -> Result<Served, ApiError> {
            Ok(self.0.lock().clone())
        }
    }

    fn entry(kind: &'static dyn DynKind) -> Arc<Entry> {
        Arc::new(Entry::unstored(KindRef::Static(kind), false))
    }

    #[test]
    fn only_what_changed_is_made_again() {
        let served = builtin();
        let (of, entries) = served.versions().into_iter().find(|((group, _), _)| group == "apps").unwrap();
        let mut kept = Kept::default();
        assert_eq!(*kept.get(&of, &entries, || 1), 1);
        assert_eq!(*kept.get(&of, &entries, || 2), 1);
        let mut others = entries.clone();
        others[0] = Arc::new(Entry::unstored(others[0].kind.clone(), false));
        assert_eq!(*kept.get(&of, &others, || 3), 3);
        kept.retain(|_| false);
        assert_eq!(*kept.get(&of, &others, || 4), 4);
    }
}
