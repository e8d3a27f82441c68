//! IngressClass.

use crate::formats;
use api_misc::networking::v1;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version, validate};
use schema::Time;

pub struct IngressClass;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "IngressClass",
    plural: "ingressclasses",
    singular: "ingressclass",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.IngressClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::IngressClass>] = &[
    Column::NAME,
    Column::string("Controller", "Controller that is responsible for handling this class", 0, controller),
    Column::string("Parameters", "A reference to a resource with additional parameters", 0, parameters),
    Column::AGE,
];

impl Kind for IngressClass {
    type Object = v1::IngressClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::IngressClass>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::IngressClass) {
        if let Some(parameters) = &mut object.spec.parameters {
            parameters.scope.get_or_insert_with(|| "Cluster".into());
        }
    }

    fn spec_changed(&self, new: &v1::IngressClass, old: &v1::IngressClass) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn validate(&self, object: &v1::IngressClass, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        let controller = object.spec.controller.as_str();
        if controller.len() > MAX_CONTROLLER_BYTES {
            errors.too_long(&path.child("controller"), MAX_CONTROLLER_BYTES);
        }
        formats::domain_prefixed_path(controller, &path.child("controller"), errors);
        if let Some(parameters) = &object.spec.parameters {
            validate_parameters(parameters, &path.child("parameters"), errors);
        }
    }

    fn validate_update(&self, new: &v1::IngressClass, old: &v1::IngressClass, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        validate::immutable(&new.spec.controller, &old.spec.controller, &path.child("controller"), errors);
        self.validate(new, errors);
    }
}

fn controller(object: &v1::IngressClass, _now: Time) -> Cell {
    Cell::from(object.spec.controller.as_str())
}

fn parameters(object: &v1::IngressClass, _now: Time) -> Cell {
    Cell::from(object.spec.parameters.as_ref().map_or_else(
        || "<none>".to_owned(),
        |parameters| {
            let group = parameters.api_group.as_ref().map_or(String::new(), |group| format!(".{group}"));
            format!("{}{group}/{}", parameters.kind, parameters.name)
        },
    ))
}

const MAX_CONTROLLER_BYTES: usize = 250;

fn validate_parameters(parameters: &v1::IngressClassParametersReference, path: &Path, errors: &mut FieldErrors) {
    if let Some(group) = &parameters.api_group {
        for sentence in validate::dns1123_subdomain(group) {
            errors.invalid(&path.child("apiGroup"), group, sentence);
        }
    }
    for (field, text) in [("kind", &parameters.kind), ("name", &parameters.name)] {
        let path = path.child(field);
        if text.is_empty() {
            errors.required(&path, format!("{field} is required"));
        }
        for sentence in validate::path_segment_name(text) {
            errors.invalid(&path, text, sentence);
        }
    }
    let namespace = parameters.namespace.as_deref();
    match parameters.scope.as_deref() {
        None => errors.required(&path.child("scope"), ""),
        Some("Namespace") => match namespace {
            None | Some("") => {
                errors.required(&path.child("namespace"), "`parameters.scope` is set to 'Namespace'");
            }
            Some(namespace) => {
                for sentence in validate::dns1123_label(namespace) {
                    errors.invalid(&path.child("namespace"), namespace, sentence);
                }
            }
        },
        Some("Cluster") => {
            if namespace.is_some() {
                errors.forbidden(&path.child("namespace"), "`parameters.scope` is set to 'Cluster'");
            }
        }
        Some(other) => errors.not_supported(&path.child("scope"), other, &["Cluster", "Namespace"]),
    }
}
