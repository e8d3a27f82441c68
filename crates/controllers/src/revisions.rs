//! ControllerRevisions: the pod templates that a daemon set or stateful set has had, for rollouts and for their undoing.

use crate::deployment::hash::template_hash;
use crate::{Plan, Write, controller_reference};
use api_apps::apps::v1::ControllerRevision;
use api_core::v1::PodTemplateSpec;
use api_meta::v1::ObjectMeta;
use informer::View;
use schema::typed::Part;
use schema::{Object, Value, value};
use std::sync::Arc;

/// The revisions of one owner.
#[derive(Debug)]
pub(crate) struct History {
    /// By number; without `current`, if that is new.
    pub(crate) known: Vec<Arc<ControllerRevision>>,
    /// That of the template as it is now.
    pub(crate) current: ControllerRevision,
    pub(crate) hash: String,
    pub(crate) collision_count: Option<i32>,
}

/// Finds the revision of the template, or plans to make it: as a new one, or by giving an old one the highest number.
pub(crate) fn history<T: Object<Meta = ObjectMeta>>(
    owner: &T,
    template: &PodTemplateSpec,
    hash_label: &str,
    collision_count: Option<i32>,
    view: &View,
    plan: &mut Plan,
) -> History {
    let mut known = view.owned_by::<ControllerRevision>(&owner.meta().uid);
    known.sort_by_key(|revision| revision.revision);
    let highest = known.last().map_or(0, |revision| revision.revision);
    if let Some(same) = known.iter().rev().find(|revision| template_of(revision) == *template).cloned() {
        let mut current = same.as_ref().clone();
        if current.revision < highest {
            current.revision = highest + 1;
            plan.update(same.as_ref(), &current);
        }
        let hash = same.metadata.labels.get(hash_label).cloned().unwrap_or_default();
        return History { known, current, hash, collision_count };
    }
    let (mut collision_count, mut hash) = (collision_count, template_hash(template, collision_count));
    let name = |hash: &str| format!("{}-{hash}", owner.meta().name);
    while view.get::<ControllerRevision>(&owner.meta().namespace, &name(&hash)).is_some() {
        collision_count = Some(collision_count.unwrap_or_default() + 1);
        hash = template_hash(template, collision_count);
    }
    let mut labels = template.metadata.labels.clone();
    labels.insert(hash_label.into(), hash.clone());
    let mut content = template.write();
    content.set(&["$patch"], "replace");
    let current = ControllerRevision {
        metadata: ObjectMeta {
            namespace: owner.meta().namespace.clone(),
            name: name(&hash),
            labels,
            owner_references: vec![controller_reference(owner)],
            ..ObjectMeta::default()
        },
        data: value!({ "spec": { "template": (content) } }),
        revision: highest + 1,
    };
    plan.push(Write::create(&current));
    History { known, current, hash, collision_count }
}

/// Deletes the oldest revisions that nothing uses, but for `limit`.
pub(crate) fn clean_up(plan: &mut Plan, history: &History, limit: i32, is_used: impl Fn(&ControllerRevision) -> bool) {
    let unused = history
        .known
        .iter()
        .filter(|revision| revision.metadata.name != history.current.metadata.name && !is_used(revision));
    let unused: Vec<_> = unused.collect();
    let surplus = unused.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
    unused[..surplus].iter().for_each(|revision| plan.delete(revision.as_ref()));
}

pub(crate) fn template_of(revision: &ControllerRevision) -> PodTemplateSpec {
    let content: &Value = revision.data.at(&["spec", "template"]);
    PodTemplateSpec::read(content)
}
