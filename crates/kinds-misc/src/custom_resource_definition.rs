//! CustomResourceDefinition.

use crate::definition;
use api_misc::apiextensions::v1;
use custom::status;
use kind::{Column, Context, DeleteAction, FieldErrors, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct CustomResourceDefinition;

static NAMES: Names = Names {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short_names: &["crd", "crds"],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version {
        name: "v1",
        type_name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("CustomResourceDefinition")],
};

static COLUMNS: &[Column<v1::CustomResourceDefinition>] = &[Column::NAME, Column::CREATED_AT];

impl Kind for CustomResourceDefinition {
    type Object = v1::CustomResourceDefinition;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CustomResourceDefinition>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::CustomResourceDefinition) {
        let spec = &mut object.spec;
        if spec.names.singular.is_empty() {
            spec.names.singular = spec.names.kind.to_lowercase();
        }
        if spec.names.list_kind.is_empty() && !spec.names.kind.is_empty() {
            spec.names.list_kind = format!("{}List", spec.names.kind);
        }
        let conversion = spec.conversion.get_or_insert_default();
        if conversion.strategy.is_empty() {
            conversion.strategy = "None".into();
        }
        let client = conversion.webhook.as_mut().and_then(|webhook| webhook.client_config.as_mut());
        if let Some(service) = client.and_then(|client| client.service.as_mut()) {
            service.port.get_or_insert(443);
        }
    }

    fn prepare_create(&self, object: &mut v1::CustomResourceDefinition, _context: &Context) {
        object.status = Default::default();
        keep_stored_version(object);
    }

    fn prepare_update(
        &self,
        new: &mut v1::CustomResourceDefinition,
        old: &v1::CustomResourceDefinition,
        _context: &Context,
    ) {
        new.status = old.status.clone();
        keep_stored_version(new);
    }

    fn prepare_subresource(
        &self,
        new: &mut v1::CustomResourceDefinition,
        old: &v1::CustomResourceDefinition,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::CustomResourceDefinition, old: &v1::CustomResourceDefinition) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    /// The objects go first: the server takes the finalizer away when they are gone.
    fn begin_delete(&self, object: &mut v1::CustomResourceDefinition, now: Time) -> DeleteAction {
        if object.metadata.deletion_timestamp.is_some() {
            return DeleteAction::Generic;
        }
        let finalizers = &mut object.metadata.finalizers;
        if !finalizers.iter().any(|finalizer| finalizer == status::FINALIZER) {
            finalizers.push(status::FINALIZER.to_owned());
        }
        let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
        let pending = status::condition("Terminating", true, "InstanceDeletionPending", message);
        status::set_condition(&mut object.status, pending, now);
        DeleteAction::Stays
    }

    fn validate(&self, object: &v1::CustomResourceDefinition, errors: &mut FieldErrors) {
        definition::validate_name(object, errors);
        definition::validate(object, errors);
    }

    fn validate_update(
        &self,
        new: &v1::CustomResourceDefinition,
        old: &v1::CustomResourceDefinition,
        errors: &mut FieldErrors,
    ) {
        definition::validate_update(new, old, errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::CustomResourceDefinition,
        _old: &v1::CustomResourceDefinition,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        definition::validate_status(new, errors);
    }
}

/// What is written in the version that is stored now stays known until someone has converted it all.
fn keep_stored_version(object: &mut v1::CustomResourceDefinition) {
    if let Some(version) = object.spec.versions.iter().find(|version| version.storage) {
        let stored = &mut object.status.stored_versions;
        if !stored.contains(&version.name) {
            stored.push(version.name.clone());
        }
    }
}
