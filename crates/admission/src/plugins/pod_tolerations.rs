//! PodTolerationRestriction: a namespace gives its pods tolerations, and says which they may have.

use super::resource_quota::is_best_effort;
use super::tolerations::{is_superset, merge};
use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::json::{self, Limits};
use schema::{Value, value};

/// Of the whole cluster, where a namespace says nothing.
#[derive(Default)]
pub struct PodTolerationRestriction {
    default: Vec<Value>,
    whitelist: Vec<Value>,
}

const DEFAULTS: &str = "scheduler.alpha.kubernetes.io/defaultTolerations";
const WHITELIST: &str = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";

impl PodTolerationRestriction {
    pub fn new(configuration: &Value) -> PodTolerationRestriction {
        let list = |field: &str| configuration.at(&[field]).items().to_vec();
        PodTolerationRestriction { default: list("default"), whitelist: list("whitelist") }
    }
}

/// What an annotation of the namespace says; none where it is absent.
fn annotated(attributes: &Attributes, lookup: &dyn Lookup, key: &str) -> Result<Option<Vec<Value>>, ApiError> {
    let name = attributes.namespace;
    let namespace = lookup.get("", "namespaces", "", name).ok_or_else(|| {
        ApiError::new(404, "NotFound", format!("namespaces \"{name}\" not found")).about("", "namespaces", name)
    })?;
    let Some(text) = namespace.at(&["metadata", "annotations"]).get(key).and_then(Value::as_str) else {
        return Ok(None);
    };
    if text.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let parsed = json::parse(text.as_bytes(), Limits::default());
    parsed.map(|list| Some(list.items().to_vec())).map_err(|error| ApiError::new(500, "", error.to_string()))
}

impl Plugin for PodTolerationRestriction {
    fn name(&self) -> &'static str {
        "PodTolerationRestriction"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "namespaces")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") {
            return Ok(());
        }
        let own = attributes.object.at(&["spec", "tolerations"]).items().to_vec();
        let mut tolerations = own.clone();
        if attributes.operation == Operation::Create {
            let given = annotated(attributes, lookup, DEFAULTS)?.unwrap_or_else(|| self.default.clone());
            tolerations = merge(&given, &own);
        }
        if !is_best_effort(&attributes.object) {
            let pressure =
                value!({ "key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule" });
            tolerations = merge(&tolerations, &[pressure]);
        }
        if tolerations != own {
            attributes.object.set(&["spec", "tolerations"], tolerations);
        }
        self.validate(attributes, lookup)
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let tolerations = attributes.object.at(&["spec", "tolerations"]).items();
        if !attributes.is("", "pods") || tolerations.is_empty() {
            return Ok(());
        }
        let (whitelist, scope) = match annotated(attributes, lookup, WHITELIST)? {
            Some(whitelist) => (whitelist, "namespace"),
            None => (self.whitelist.clone(), "cluster"),
        };
        let allowed = |toleration: &Value| whitelist.iter().any(|wider| is_superset(wider, toleration));
        if whitelist.is_empty() || tolerations.iter().all(allowed) {
            return Ok(());
        }
        let message = format!(
            "pod tolerations (possibly merged with namespace default tolerations) conflict with its {scope} whitelist"
        );
        Err(ApiError::new(500, "", message))
    }
}
