//! The scale subresource: a Scale shows who manages the number of replicas of its object, and a change to it is kept there.

use super::element::PathElement;
use super::entries::{self, Managed, ManagerId, Managers, Operation};
use super::set::FieldSet;
use schema::Value;

const SCALE_VERSION: &str = "autoscaling/v1";
const REPLICAS_IN_SCALE: &[&str] = &["spec", "replicas"];

/// Where the number of replicas stands in an object.
#[derive(Clone, Copy)]
pub struct ReplicasPath<'p> {
    /// Served versions of the object (`apps/v1`), each with the path in it.
    pub versions: &'p [(&'p str, &'p [&'p str])],
    /// The version of the request.
    pub api_version: &'p str,
}

impl ReplicasPath<'_> {
    fn of(&self, api_version: &str) -> Option<&[&str]> {
        self.versions.iter().find(|(version, _)| *version == api_version).map(|(_, path)| *path)
    }
}

/// The entries that a Scale of `object` carries are put into `scale`.
pub fn to_scale(object: &Value, scale: &mut Value, paths: ReplicasPath) {
    let mut managers = Managers::new();
    for (id, managed) in entries::decode(object).unwrap_or_default() {
        let manages = paths.of(&managed.api_version).is_some_and(|path| managed.set.has_path(&elements(path)));
        if manages {
            let set = FieldSet::of_names(REPLICAS_IN_SCALE);
            managers.insert(id, Managed { set, api_version: SCALE_VERSION.into(), ..managed });
        }
    }
    entries::encode(scale, &managers);
}

/// The entries of a changed Scale are put back into its object.
pub fn from_scale(scale: &Value, object: &mut Value, paths: ReplicasPath) {
    let mut changed = entries::decode(scale).unwrap_or_default();
    let mut managers = Managers::new();
    for (id, managed) in entries::decode(object).unwrap_or_default() {
        let Some(path) = paths.of(&managed.api_version) else { continue };
        let manages = managed.set.has_path(&elements(path));
        if !manages || changed.remove(&id_in_scale(&id)).is_some() {
            managers.insert(id, managed);
        } else {
            let set = managed.set.difference(&FieldSet::of_names(path));
            if !set.is_empty() {
                managers.insert(id, Managed { set, ..managed });
            }
        }
    }
    let replicas = elements(REPLICAS_IN_SCALE);
    for (id, managed) in changed {
        if let Some(path) = paths.of(paths.api_version).filter(|_| managed.set.has_path(&replicas)) {
            // Such an entry carries no time, as upstream's does not.
            let set = FieldSet::of_names(path);
            managers.insert(id, Managed { set, api_version: paths.api_version.into(), time: None });
        }
    }
    entries::encode(object, &managers);
}

/// The identity of an entry of the object among those that [`to_scale`] makes.
fn id_in_scale(id: &ManagerId) -> ManagerId {
    match id.operation {
        Operation::Apply => id.clone(),
        Operation::Update => ManagerId { api_version: SCALE_VERSION.into(), ..id.clone() },
    }
}

fn elements(path: &[&str]) -> Vec<PathElement> {
    path.iter().map(|name| PathElement::field(*name)).collect()
}
