//! Namespace: its phase, its own finalizers, and a deletion that others finish.
//!
//! A DELETE only marks: the phase becomes Terminating, and the namespace goes when its content is gone and nobody's
//! finalizer is left, in `spec.finalizers` (through `/finalize`) and in the metadata.

use crate::cells;
use api_core::v1;
use kind::{
    Cell, Column, Context, DeleteAction, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Subresource,
    Verb, Version, validate,
};
use schema::Time;

pub struct Namespace;

/// The finalizer that the namespace controller takes away once the content is gone.
const KUBERNETES: &str = "kubernetes";
/// The label that every namespace has: its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

static NAMES: Names = Names {
    group: "",
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Namespace" }],
    verbs: &[Verb::Create, Verb::Delete, Verb::Get, Verb::List, Verb::Patch, Verb::Update, Verb::Watch],
    subresources: &[
        Subresource {
            name: "finalize",
            group: "",
            version: "",
            kind: "Namespace",
            verbs: &[Verb::Update],
            only_version: "",
        },
        Subresource::status("Namespace"),
    ],
};

static COLUMNS: &[Column<v1::Namespace>] =
    &[Column::NAME, Column::string("Status", "The status of the namespace", 0, status), Column::AGE];

impl Kind for Namespace {
    type Object = v1::Namespace;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Namespace>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::Namespace) {
        label(object);
    }

    fn prepare_create(&self, object: &mut v1::Namespace, _context: &Context) {
        // The name was not there yet at the defaults if it had to be made.
        label(object);
        object.status = v1::NamespaceStatus { phase: "Active".into(), ..v1::NamespaceStatus::default() };
        if !object.spec.finalizers.iter().any(|finalizer| finalizer == KUBERNETES) {
            object.spec.finalizers.push(KUBERNETES.into());
        }
    }

    fn prepare_update(&self, new: &mut v1::Namespace, old: &v1::Namespace, _context: &Context) {
        new.spec.finalizers = old.spec.finalizers.clone();
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::Namespace, old: &v1::Namespace, context: &Context) {
        match context.subresource {
            "finalize" => new.status = old.status.clone(),
            _ => new.spec = old.spec.clone(),
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::named(NameFormat::Label)
    }

    fn validate(&self, object: &v1::Namespace, errors: &mut FieldErrors) {
        validate_finalizers(object, errors);
    }

    fn validate_update(&self, _new: &v1::Namespace, _old: &v1::Namespace, _errors: &mut FieldErrors) {}

    fn validate_subresource(
        &self,
        new: &v1::Namespace,
        _old: &v1::Namespace,
        context: &Context,
        errors: &mut FieldErrors,
    ) {
        if context.subresource == "finalize" {
            return validate_finalizers(new, errors);
        }
        let (status, phase) = (Path::root("status"), &new.status.phase);
        let path = status.child("Phase");
        match (new.metadata.deletion_timestamp, phase.as_str()) {
            (None, "Active") | (Some(_), "Terminating") => {}
            (None, _) => errors.invalid(&path, phase, "may only be 'Active' if `deletionTimestamp` is empty"),
            (Some(_), _) => {
                errors.invalid(&path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
            }
        }
    }

    fn begin_delete(&self, object: &mut v1::Namespace, _now: Time) -> DeleteAction {
        object.status.phase = "Terminating".into();
        if object.metadata.deletion_timestamp.is_some() && self.may_be_removed(object) {
            return DeleteAction::Generic;
        }
        DeleteAction::Stays
    }

    fn may_be_removed(&self, object: &v1::Namespace) -> bool {
        object.spec.finalizers.is_empty()
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn selectable(&self, object: &v1::Namespace) -> Vec<(&'static str, String)> {
        vec![("status.phase", object.status.phase.clone())]
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "status" => &[&["spec"]],
            _ => &[&["status"]],
        }
    }
}

fn label(object: &mut v1::Namespace) {
    let name = object.metadata.name.clone();
    if !name.is_empty() {
        object.metadata.labels.insert(NAME_LABEL.into(), name);
    }
}

fn validate_finalizers(object: &v1::Namespace, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let path = spec.child("finalizers");
    for finalizer in &object.spec.finalizers {
        let problems = validate::qualified_name(finalizer);
        let qualified = finalizer.contains('/') || finalizer == KUBERNETES;
        if problems.is_empty() && !qualified {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&path, finalizer, detail);
        }
        for problem in problems {
            errors.invalid(&path, finalizer, problem);
        }
    }
}

fn status(object: &v1::Namespace, _now: Time) -> Cell {
    cells::text(&object.status.phase)
}
