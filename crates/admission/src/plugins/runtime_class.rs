//! RuntimeClass: a pod takes overhead and scheduling from the class that it names.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::Value;
use std::sync::Arc;

pub struct RuntimeClass;

const GROUP: &str = "node.k8s.io";
const RESOURCE: &str = "runtimeclasses";

impl Plugin for RuntimeClass {
    fn name(&self) -> &'static str {
        "RuntimeClass"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(GROUP, RESOURCE)]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let Some(class) = class_of(attributes, lookup)? else { return Ok(()) };
        set_overhead(attributes, class.at(&["overhead", "podFixed"]))?;
        set_scheduling(attributes, class.at(&["scheduling"]))
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let wanted = class_of(attributes, lookup)?;
        if !attributes.is("", "pods") {
            return Ok(());
        }
        let overhead = attributes.object.at(&["spec", "overhead"]);
        let defined = wanted.as_ref().map_or(&Value::Null, |class| class.at(&["overhead", "podFixed"]));
        if !overhead.is_zero() && overhead != defined {
            let why = if defined.is_zero() {
                "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            } else {
                "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
            };
            return Err(attributes.forbidden(why));
        }
        Ok(())
    }
}

fn class_of(attributes: &Attributes, lookup: &dyn Lookup) -> Result<Option<Arc<Value>>, ApiError> {
    if !attributes.is("", "pods") {
        return Ok(None);
    }
    let name = attributes.object.str_at(&["spec", "runtimeClassName"]);
    if name.is_empty() {
        return Ok(None);
    }
    match lookup.get(GROUP, RESOURCE, "", name) {
        Some(class) => Ok(Some(class)),
        None => Err(attributes.forbidden(format!("pod rejected: RuntimeClass \"{name}\" not found"))),
    }
}

fn set_overhead(attributes: &mut Attributes, defined: &Value) -> Result<(), ApiError> {
    if defined.is_zero() {
        return Ok(());
    }
    let given = attributes.object.at(&["spec", "overhead"]);
    if !given.is_zero() && given != defined {
        return Err(attributes.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"));
    }
    attributes.object.set(&["spec", "overhead"], defined.clone());
    Ok(())
}

fn set_scheduling(attributes: &mut Attributes, scheduling: &Value) -> Result<(), ApiError> {
    for (key, wanted) in scheduling.at(&["nodeSelector"]).as_map().into_iter().flat_map(|map| map.iter()) {
        let have = attributes.object.at(&["spec", "nodeSelector", key]);
        if !have.is_null() && have != wanted {
            let (wanted, have) = (wanted.as_str().unwrap_or_default(), have.as_str().unwrap_or_default());
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted}; pod.spec.nodeSelector[{key}] = {have}"
            );
            return Err(attributes.forbidden(why));
        }
        attributes.object.set(&["spec", "nodeSelector", key], wanted.clone());
    }
    let more = scheduling.at(&["tolerations"]).items();
    if !more.is_empty() {
        let mut tolerations = attributes.object.at(&["spec", "tolerations"]).items().to_vec();
        tolerations.extend(more.iter().filter(|one| !tolerations.contains(one)).cloned().collect::<Vec<_>>());
        attributes.object.set(&["spec", "tolerations"], tolerations);
    }
    Ok(())
}
