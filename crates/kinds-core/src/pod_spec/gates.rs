//! Fields that upstream serves only with features that are off by default.

use api_core::v1::{Lifecycle, PodSpec, PodTemplateSpec};

/// Takes such fields away, unless the old object has them.
pub fn drop_disabled(new: &mut PodSpec, old: Option<&PodSpec>) {
    if old.is_none_or(|old| old.scheduling_group.is_none()) {
        new.scheduling_group = None;
    }
    if !old.is_some_and(has_stop_signal) {
        let containers = new.init_containers.iter_mut().chain(&mut new.containers).map(|c| &mut c.lifecycle);
        let ephemeral = new.ephemeral_containers.iter_mut().map(|container| &mut container.lifecycle);
        containers.chain(ephemeral).for_each(drop_stop_signal);
    }
}

/// Of a template; to be called from `prepare_create` and `prepare_update`.
pub fn drop_disabled_of_template(new: &mut PodTemplateSpec, old: Option<&PodTemplateSpec>) {
    drop_disabled(&mut new.spec, old.map(|old| &old.spec));
}

fn has_stop_signal(spec: &PodSpec) -> bool {
    let containers = spec.init_containers.iter().chain(&spec.containers).filter_map(|c| c.lifecycle.as_ref());
    let ephemeral = spec.ephemeral_containers.iter().filter_map(|container| container.lifecycle.as_ref());
    containers.chain(ephemeral).any(|lifecycle| lifecycle.stop_signal.is_some())
}

fn drop_stop_signal(lifecycle: &mut Option<Box<Lifecycle>>) {
    if let Some(inner) = lifecycle
        && inner.stop_signal.take().is_some()
        && **inner == Lifecycle::default()
    {
        *lifecycle = None;
    }
}
