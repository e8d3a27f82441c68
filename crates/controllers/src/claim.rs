//! Who manages what: adopting objects that a selector selects and nobody manages, releasing those that it no longer selects.

use crate::{Expect, PatchKind, Plan, Tolerate, Write, controller_reference};
use api_meta::v1::ObjectMeta;
use informer::{Selector, controller_of};
use schema::typed::Part;
use schema::{Object, Value, value};
use std::sync::Arc;

/// The outcome of a claim.
#[derive(Debug)]
pub struct Claimed<T> {
    /// What the owner manages, once the writes are done.
    pub objects: Vec<Arc<T>>,
    adopt: Vec<Write>,
    release: Vec<Write>,
}

/// Decides over `candidates`: objects that the owner manages, and orphans of its namespace.
pub fn claim<O, T>(owner: &O, selector: &Selector, candidates: Vec<Arc<T>>) -> Claimed<T>
where
    O: Object<Meta = ObjectMeta>,
    T: Object<Meta = ObjectMeta>,
{
    let (uid, going) = (&owner.meta().uid, owner.meta().deletion_timestamp.is_some());
    let mut claimed = Claimed { objects: Vec::new(), adopt: Vec::new(), release: Vec::new() };
    for object in candidates {
        let meta = object.meta();
        let selected = selector.matches(&meta.labels);
        match controller_of(meta) {
            Some(controller) if controller.uid != *uid => {}
            Some(_) if selected => claimed.objects.push(object),
            Some(_) => {
                if !going {
                    claimed.release.push(release(owner, object.as_ref()));
                }
            }
            None => {
                if selected && !going && meta.deletion_timestamp.is_none() {
                    claimed.adopt.push(adopt(owner, object.as_ref()));
                    claimed.objects.push(object);
                }
            }
        }
    }
    claimed
}

impl<T> Claimed<T> {
    /// Adds what has to be written. Before anything is adopted the server is asked whether the owner still lives: a cache
    /// may not know yet that it was deleted, and its dependents orphaned.
    pub fn write<O: Object<Meta = ObjectMeta>>(&mut self, owner: &O, plan: &mut Plan) {
        if !self.adopt.is_empty() {
            plan.push(Write::check(owner, Expect::Alive));
        }
        plan.together(std::mem::take(&mut self.adopt));
        plan.together(std::mem::take(&mut self.release));
    }
}

fn adopt<O: Object<Meta = ObjectMeta>, T: Object<Meta = ObjectMeta>>(owner: &O, object: &T) -> Write {
    let reference = controller_reference(owner).write();
    let uid = object.meta().uid.as_str();
    let body = value!({ "metadata": { "ownerReferences": [(reference)], "uid": uid } });
    Write::patch(object, PatchKind::StrategicMerge, body).tolerating(Tolerate::NotFound)
}

fn release<O: Object<Meta = ObjectMeta>, T: Object<Meta = ObjectMeta>>(owner: &O, object: &T) -> Write {
    let mut reference = Value::map();
    reference.set(&["$patch"], "delete");
    reference.set(&["uid"], owner.meta().uid.as_str());
    let uid = object.meta().uid.as_str();
    let body = value!({ "metadata": { "ownerReferences": [(reference)], "uid": uid } });
    Write::patch(object, PatchKind::StrategicMerge, body).tolerating(Tolerate::NotFound)
}
