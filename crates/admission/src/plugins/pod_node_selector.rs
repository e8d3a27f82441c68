//! PodNodeSelector: a namespace confines its pods to nodes, by an annotation or by the configuration.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::Value;
use std::collections::BTreeMap;

/// The configuration: namespaces with what their pods may select, and the default of those that say nothing.
#[derive(Default)]
pub struct PodNodeSelector {
    by_namespace: BTreeMap<String, String>,
}

type Labels = BTreeMap<String, String>;

const ANNOTATION: &str = "scheduler.alpha.kubernetes.io/node-selector";
const DEFAULT: &str = "clusterDefaultNodeSelector";
const CONFLICT: &str = "pod node label selector conflicts with its namespace node label selector";

impl PodNodeSelector {
    /// From `podNodeSelectorPluginConfig` of the configuration.
    pub fn new(configuration: &Value) -> PodNodeSelector {
        let entries =
            configuration.at(&["podNodeSelectorPluginConfig"]).as_map().into_iter().flat_map(|map| map.iter());
        let texts = entries.map(|(key, value)| (key.to_owned(), value.as_str().unwrap_or_default().to_owned()));
        PodNodeSelector { by_namespace: texts.collect() }
    }

    fn of_namespace(&self, attributes: &Attributes, lookup: &dyn Lookup) -> Result<Labels, ApiError> {
        let name = attributes.namespace;
        let namespace = lookup.get("", "namespaces", "", name).ok_or_else(|| {
            ApiError::new(404, "NotFound", format!("namespaces \"{name}\" not found")).about("", "namespaces", name)
        })?;
        let annotation = namespace.at(&["metadata", "annotations"]).get(ANNOTATION).and_then(Value::as_str);
        let text = annotation.or_else(|| self.by_namespace.get(DEFAULT).map(String::as_str)).unwrap_or_default();
        parse(text).map_err(|why| ApiError::new(500, "", why))
    }
}

impl Plugin for PodNodeSelector {
    fn name(&self) -> &'static str {
        "PodNodeSelector"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "namespaces")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") {
            return Ok(());
        }
        let wanted = self.of_namespace(attributes, lookup)?;
        if conflicts(&wanted, &selected(&attributes.object)) {
            return Err(attributes.forbidden(CONFLICT));
        }
        for (key, value) in wanted {
            attributes.object.set(&["spec", "nodeSelector", &key], value);
        }
        self.validate(attributes, lookup)
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") {
            return Ok(());
        }
        let selected = selected(&attributes.object);
        if conflicts(&self.of_namespace(attributes, lookup)?, &selected) {
            return Err(attributes.forbidden(CONFLICT));
        }
        let allowed = self.by_namespace.get(attributes.namespace).map(String::as_str).unwrap_or_default();
        let allowed = parse(allowed).map_err(|why| ApiError::new(500, "", why))?;
        if !allowed.is_empty() && !selected.iter().all(|(key, value)| allowed.get(key) == Some(value)) {
            return Err(attributes.forbidden("pod node label selector labels conflict with its namespace whitelist"));
        }
        Ok(())
    }
}

fn selected(pod: &Value) -> Labels {
    let entries = pod.at(&["spec", "nodeSelector"]).as_map().into_iter().flat_map(|map| map.iter());
    entries.map(|(key, value)| (key.to_owned(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn conflicts(a: &Labels, b: &Labels) -> bool {
    a.iter().any(|(key, value)| b.get(key).is_some_and(|other| other != value))
}

/// `a=b,c=d`
fn parse(text: &str) -> Result<Labels, String> {
    let terms = text.split(',').filter(|term| !text.is_empty() && !term.is_empty() || text.contains(','));
    terms
        .map(|term| {
            let (key, value) = term.split_once('=').ok_or_else(|| format!("invalid selector: [{term}]"))?;
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}
