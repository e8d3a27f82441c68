//! DefaultIngressClass: an Ingress that names no class gets the newest of the default ones.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::Value;

pub struct DefaultIngressClass;

const IS_DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
const OLD_ANNOTATION: &str = "kubernetes.io/ingress.class";

impl Plugin for DefaultIngressClass {
    fn name(&self) -> &'static str {
        "DefaultIngressClass"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("networking.k8s.io", "ingressclasses")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let ingress = &attributes.object;
        let annotated = ingress.at(&["metadata", "annotations"]).get(OLD_ANNOTATION).is_some();
        let named = !ingress.at(&["spec", "ingressClassName"]).is_null();
        if !attributes.is("networking.k8s.io", "ingresses") || annotated || named {
            return Ok(());
        }
        let is_default = |class: &Value| class.str_at(&["metadata", "annotations", IS_DEFAULT]) == "true";
        let mut classes = lookup.list("networking.k8s.io", "ingressclasses", "");
        classes.retain(|class| is_default(class));
        classes.sort_by(|a, b| {
            let text = |class: &Value, field: &str| class.str_at(&["metadata", field]).to_owned();
            text(b, "creationTimestamp")
                .cmp(&text(a, "creationTimestamp"))
                .then_with(|| text(a, "name").cmp(&text(b, "name")))
        });
        if let Some(newest) = classes.first() {
            attributes.object.set(&["spec", "ingressClassName"], newest.str_at(&["metadata", "name"]));
        }
        Ok(())
    }
}
