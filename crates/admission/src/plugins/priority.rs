//! Priority: the number behind a pod's priority class, and one default class at the most.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::Value;
use std::sync::Arc;

pub struct Priority;

const GROUP: &str = "scheduling.k8s.io";
const RESOURCE: &str = "priorityclasses";
const DEFAULT_PREEMPTION: &str = "PreemptLowerPriority";

impl Plugin for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(GROUP, RESOURCE)]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") {
            return Ok(());
        }
        if attributes.operation == Operation::Update {
            keep(attributes);
            return Ok(());
        }
        let (class, default) = class_of(attributes, lookup)?;
        let (value, policy) = match &class {
            Some(class) => {
                let policy = class.str_at(&["preemptionPolicy"]);
                let policy = if policy.is_empty() { DEFAULT_PREEMPTION } else { policy };
                (class.at(&["value"]).as_i64().unwrap_or_default(), policy)
            }
            None => (0, DEFAULT_PREEMPTION),
        };
        if let (Some(class), true) = (&class, default) {
            attributes.object.set(&["spec", "priorityClassName"], class.str_at(&["metadata", "name"]));
        }
        if let Some(given) = attributes.object.at(&["spec", "priority"]).as_i64()
            && given != value
        {
            let why = format!(
                "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller \
                 computed {value} from the given PriorityClass name"
            );
            return Err(attributes.forbidden(why));
        }
        if let Some(given) = attributes.object.at(&["spec", "preemptionPolicy"]).as_str()
            && given != policy
        {
            let why = format!(
                "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission \
                 controller computed {policy} from the given PriorityClass name"
            );
            return Err(attributes.forbidden(why));
        }
        attributes.object.set(&["spec", "priority"], value);
        attributes.object.set(&["spec", "preemptionPolicy"], policy);
        Ok(())
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is(GROUP, RESOURCE) || attributes.object.at(&["globalDefault"]).as_bool() != Some(true) {
            return Ok(());
        }
        match global_default(lookup) {
            Some(other) if other.str_at(&["metadata", "name"]) != attributes.object.str_at(&["metadata", "name"]) => {
                let other = other.str_at(&["metadata", "name"]);
                let why = format!("PriorityClass {other} is already marked as default. Only one default can exist");
                Err(attributes.forbidden(why))
            }
            _ => Ok(()),
        }
    }
}

/// An update that leaves out what admission had set means to keep it.
fn keep(attributes: &mut Attributes) {
    for field in ["priority", "preemptionPolicy"] {
        let old = attributes.old.at(&["spec", field]);
        if attributes.object.at(&["spec", field]).is_null() && !old.is_null() {
            attributes.object.set(&["spec", field], old.clone());
        }
    }
}

/// The pod's class, and whether it is only the default one.
fn class_of(attributes: &Attributes, lookup: &dyn Lookup) -> Result<(Option<Arc<Value>>, bool), ApiError> {
    let name = attributes.object.str_at(&["spec", "priorityClassName"]);
    if name.is_empty() {
        return Ok((global_default(lookup), true));
    }
    match lookup.get(GROUP, RESOURCE, "", name) {
        Some(class) => Ok((Some(class), false)),
        None => Err(attributes.forbidden(format!("no PriorityClass with name {name} was found"))),
    }
}

/// Of several, the one with the lowest value.
fn global_default(lookup: &dyn Lookup) -> Option<Arc<Value>> {
    let classes = lookup.list(GROUP, RESOURCE, "");
    let defaults = classes.into_iter().filter(|class| class.at(&["globalDefault"]).as_bool() == Some(true));
    defaults.min_by_key(|class| class.at(&["value"]).as_i64())
}
