//! An APIService for each group and version of custom resources, as long as there are any.

use super::priorities::CUSTOM;
use crate::served::{GroupVersion, Served};
use api_misc::apiextensions::v1::CustomResourceDefinition;
use api_misc::apiregistration::v1::{APIService, APIServiceSpec};
use std::collections::{BTreeMap, BTreeSet};

/// On objects that the server keeps; an object without it is somebody's own, and left alone.
const MANAGED: &str = "kube-aggregator.kubernetes.io/automanaged";
const ALWAYS: &str = "true";

/// What to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Create(Box<APIService>),
    Update(Box<APIService>),
    /// By name, if it is still this one.
    Delete {
        name: String,
        uid: String,
    },
}

/// The groups and versions that have nothing but custom resources.
pub fn custom_versions(served: &Served) -> BTreeSet<GroupVersion> {
    let versions = served.versions().into_iter();
    versions.filter(|(_, entries)| entries.iter().all(|entry| entry.is_custom())).map(|(of, _)| of).collect()
}

/// What must be written for the objects to say what is served.
pub fn plan(served: &BTreeSet<GroupVersion>, objects: &BTreeMap<String, APIService>) -> Vec<Action> {
    let wanted: BTreeMap<String, APIService> =
        served.iter().map(wanted).map(|object| (object.metadata.name.clone(), object)).collect();
    let mut actions = Vec::new();
    for (name, object) in &wanted {
        match objects.get(name) {
            None => actions.push(Action::Create(Box::new(object.clone()))),
            Some(found) if is_managed(found) && found.spec != object.spec => {
                actions.push(Action::Update(Box::new(APIService { spec: object.spec.clone(), ..found.clone() })));
            }
            Some(_) => {}
        }
    }
    let gone = objects.values().filter(|found| is_managed(found) && !wanted.contains_key(&found.metadata.name));
    actions.extend(
        gone.map(|found| Action::Delete { name: found.metadata.name.clone(), uid: found.metadata.uid.clone() }),
    );
    actions
}

/// Takes out the deletions of what a definition still asks for.
pub fn keep_defined(plan: &mut Vec<Action>, definitions: &[CustomResourceDefinition]) {
    let served = definitions.iter().flat_map(|definition| {
        let versions = definition.spec.versions.iter().filter(|version| version.served);
        versions.map(|version| format!("{}.{}", version.name, definition.spec.group))
    });
    let served: BTreeSet<String> = served.collect();
    plan.retain(|action| !matches!(action, Action::Delete { name, .. } if served.contains(name)));
}

fn is_managed(object: &APIService) -> bool {
    object.metadata.labels.get(MANAGED).is_some_and(|value| value == ALWAYS)
}

fn wanted((group, version): &GroupVersion) -> APIService {
    let mut object = APIService::default();
    object.metadata.name = format!("{version}.{group}");
    object.metadata.labels = [(MANAGED.to_owned(), ALWAYS.to_owned())].into();
    object.spec = APIServiceSpec {
        group: group.clone(),
        version: version.clone(),
        group_priority_minimum: i32::try_from(CUSTOM.group).unwrap_or(i32::MAX),
        version_priority: i32::try_from(CUSTOM.version).unwrap_or(i32::MAX),
        ..APIServiceSpec::default()
    };
    object
}
