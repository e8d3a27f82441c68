//! What a resize may change: CPU and memory of containers and of the pod as a whole, and the pod's class does not.

use super::resources::Amounts;
use super::validation::{SPEC, metadata_and_spec, spec_diff};
use super::{is_sidecar, qos};
use crate::pod_spec::Options;
use crate::pod_spec::annotations::MIRROR;
use api_core::v1::{Container, Pod, PodSpec, ResourceRequirements};
use kind::{FieldErrors, Path};

pub fn validate(new: &Pod, old: &Pod, errors: &mut FieldErrors) {
    let wrong = if old.metadata.annotations.contains_key(MIRROR) {
        "static pods cannot be resized"
    } else if old.spec.os.as_ref().is_some_and(|os| os.name == "windows") {
        "windows pods cannot be resized"
    } else {
        ""
    };
    if !wrong.is_empty() {
        errors.forbidden(&Path::object(), wrong);
        return;
    }
    metadata_and_spec(new, &Options::pod().tolerating(&old.spec), errors);
    if qos::qos_class(old) != qos::compute(new) {
        let detail = "Pod QOS Class may not change as a result of resizing";
        errors.invalid(&SPEC, &new.status.qos_class, detail);
    }
    if !same_containers(&new.spec, &old.spec, errors) {
        return;
    }
    for (new, old, name) in lists(&new.spec, &old.spec) {
        let path = SPEC.child(name);
        for (index, (new, old)) in new.iter().zip(old).enumerate() {
            removals(&new.resources, &old.resources, &path.index(index).child("resources"), errors);
        }
    }
    let none = ResourceRequirements::default();
    let own = |spec: &PodSpec| spec.resources.as_deref().unwrap_or(&none).clone();
    let (mut new_own, old_own) = (own(&new.spec), own(&old.spec));
    removals(&new_own, &old_own, &SPEC.child("resources"), errors);
    put_back(&mut new_own, &old_own);
    if new_own != old_own {
        errors.forbidden(&SPEC, "only cpu and memory resources are mutable at pod-level");
    }
    let munged = without_resize(&new.spec, &old.spec);
    if munged != old.spec {
        let difference = spec_diff(&old.spec, &munged);
        errors.forbidden(&SPEC, format!("only cpu and memory resources are mutable\n{difference}"));
    }
}

fn lists<'a>(new: &'a PodSpec, old: &'a PodSpec) -> [(&'a [Container], &'a [Container], &'static str); 2] {
    [(&new.containers, &old.containers, "containers"), (&new.init_containers, &old.init_containers, "initContainers")]
}

fn same_containers(new: &PodSpec, old: &PodSpec, errors: &mut FieldErrors) -> bool {
    let before = errors.len();
    for (new, old, name) in lists(new, old) {
        let path = SPEC.child(name);
        if new.len() != old.len() {
            errors.forbidden(&path, format!("{name} may not be added or removed on resize"));
            continue;
        }
        for (index, _) in new.iter().zip(old).enumerate().filter(|(_, (new, old))| new.name != old.name) {
            let detail = format!("{name} may not be renamed or reordered on resize");
            errors.forbidden(&path.index(index).child("name"), detail);
        }
    }
    errors.len() == before
}

/// The new spec with what a resize may change as it was.
fn without_resize(new: &PodSpec, old: &PodSpec) -> PodSpec {
    let mut munged = new.clone();
    munged.resources.clone_from(&old.resources);
    let init_containers = munged.init_containers.iter_mut().zip(&old.init_containers);
    let sidecars = init_containers.filter(|(_, old)| is_sidecar(old));
    for (container, old) in munged.containers.iter_mut().zip(&old.containers).chain(sidecars) {
        container.resize_policy.clone_from(&old.resize_policy);
        put_back(&mut container.resources, &old.resources);
    }
    munged
}

fn put_back(resources: &mut ResourceRequirements, old: &ResourceRequirements) {
    let sides = [(&mut resources.requests, &old.requests), (&mut resources.limits, &old.limits)];
    for (amounts, old) in sides {
        for name in ["cpu", "memory"] {
            match old.get(name) {
                Some(amount) => amounts.insert(name.to_owned(), amount.clone()),
                None => amounts.remove(name),
            };
        }
    }
}

fn removals(new: &ResourceRequirements, old: &ResourceRequirements, path: &Path, errors: &mut FieldErrors) {
    let removed = |new: &Amounts, old: &Amounts| old.keys().any(|name| !new.contains_key(name));
    if removed(&new.requests, &old.requests) {
        errors.forbidden(&path.child("requests"), "resource requests cannot be removed");
    }
    if removed(&new.limits, &old.limits) {
        errors.forbidden(&path.child("limits"), "resource limits cannot be removed");
    }
}
