//! The objects with which a policy is evaluated, as its binding names them.

use crate::labels::Selector;
use crate::shapes::written;
use crate::{Attributes, Lookup};
use api_misc::admissionregistration::v1::{ParamKind, ParamRef};
use schema::Value;
use std::sync::Arc;

/// One Null where the policy is evaluated without params; nothing where it is not evaluated at all.
pub async fn collect(
    kind: Option<&ParamKind>,
    reference: Option<&ParamRef>,
    attributes: &Attributes<'_>,
    lookup: &dyn Lookup,
) -> Result<Vec<Arc<Value>>, String> {
    let (Some(kind), Some(reference)) = (kind, reference) else { return Ok(vec![Arc::new(Value::Null)]) };
    let Some(found) = attributes.shapes.resource_of(&kind.api_version, &kind.kind) else {
        let shown = format!("&ParamKind{{APIVersion:{},Kind:{},}}", kind.api_version, kind.kind);
        return Err(format!("paramKind kind `{shown}` not known"));
    };
    if !found.namespaced && !reference.namespace.is_empty() {
        return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`".into());
    }
    let namespace = match (found.namespaced, reference.namespace.as_str(), attributes.namespace) {
        (false, _, _) => "",
        (true, "", "") => {
            return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".into());
        }
        (true, "", own) => own,
        (true, named, _) => named,
    };
    let mut params: Vec<Arc<Value>> = match &reference.selector {
        _ if !reference.name.is_empty() => {
            lookup.get(&found.group, &found.resource, namespace, &reference.name).into_iter().collect()
        }
        Some(selector) => {
            let selector = Selector::of(selector).map_err(|error| error.to_string())?;
            let mut all = lookup.list(&found.group, &found.resource, namespace);
            all.retain(|object| selector.matches(object.at(&["metadata", "labels"])));
            all
        }
        None => return Err("one of name or selector must be provided".into()),
    };
    if params.is_empty() && reference.parameter_not_found_action.as_deref() == Some("Deny") {
        return Err("no params found for policy binding with `Deny` parameterNotFoundAction".into());
    }
    for param in &mut params {
        let object = attributes.shapes.convert((**param).clone(), &kind.api_version).await;
        let object = object.map_err(|error| error.to_string())?;
        *param = Arc::new(written(attributes.shapes, &object));
    }
    Ok(params)
}
