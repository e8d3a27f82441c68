//! RuntimeClass.

use api_misc::node::v1;
use kind::{Cell, Column, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version, validate};
use kinds_core::pod_spec;
use schema::Time;

pub struct RuntimeClass;

static NAMES: Names = Names {
    group: "node.k8s.io",
    kind: "RuntimeClass",
    plural: "runtimeclasses",
    singular: "runtimeclass",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.node.v1.RuntimeClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::RuntimeClass>] = &[Column::NAME, Column::string("Handler", "", 0, handler), Column::AGE];

impl Kind for RuntimeClass {
    type Object = v1::RuntimeClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::RuntimeClass>] {
        COLUMNS
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { standard_finalizers: false, ..MetadataRules::COMMON }
    }

    fn creates_on_update(&self) -> bool {
        true
    }

    fn validate(&self, object: &v1::RuntimeClass, errors: &mut FieldErrors) {
        if object.handler.is_empty() {
            errors.required(&Path::root("handler"), "");
        } else {
            for sentence in validate::dns1123_label(&object.handler) {
                errors.invalid(&Path::root("handler"), &object.handler, sentence);
            }
        }
        if let Some(overhead) = &object.overhead {
            pod_spec::validate_overhead(&overhead.pod_fixed, &Path::root("overhead"), errors);
        }
        if let Some(scheduling) = &object.scheduling {
            let path = Path::root("scheduling");
            validate::labels(&scheduling.node_selector, &path.child("nodeSelector"), errors);
            pod_spec::validate_tolerations(&scheduling.tolerations, &path.child("tolerations"), errors);
        }
    }

    fn validate_update(&self, new: &v1::RuntimeClass, old: &v1::RuntimeClass, errors: &mut FieldErrors) {
        validate::immutable(&new.handler, &old.handler, &Path::root("handler"), errors);
    }
}

fn handler(object: &v1::RuntimeClass, _now: Time) -> Cell {
    Cell::from(object.handler.as_str())
}
