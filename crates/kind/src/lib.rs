//! What a kind is to the API server: names, columns, defaults, strategy, validation, each kind's in one file elsewhere.
//!
//! A kind implements [`Kind`] over its typed object; the blanket implementation turns it into a [`DynKind`], which is all that
//! the registry sees. A custom resource implements [`DynKind`] itself, at run time.
//!
//! Deliberately absent: IO, async, clocks (times come in with [`Context`]), the list of kinds (crate `kinds`).

pub mod columns;
pub mod dynamic;
pub mod error;
pub mod field;
pub mod metadata;
pub mod names;
pub mod validate;
pub mod virtual_kind;

pub use columns::{Cell, Column, age};
pub use dynamic::{Creation, DynKind, TypedKind};
pub use error::ApiError;
pub use field::{FieldError, FieldErrorKind, FieldErrors, Path};
pub use metadata::{MetadataRules, NameFormat};
pub use names::{Names, Scope, Subresource, Verb, Version};
pub use virtual_kind::VirtualKind;

use schema::{Object, Time, Value};
use std::collections::BTreeMap;

/// What surrounds one write.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub now: Time,
    pub user: &'a str,
    pub groups: &'a [String],
    pub uid: &'a str,
    pub extra: &'a BTreeMap<String, Vec<String>>,
    /// The API version of the request, such as `apps/v1`.
    pub api_version: &'a str,
    /// The subresource written; empty for the object itself.
    pub subresource: &'a str,
}

/// [`Context::extra`] of a user without.
pub static NO_EXTRA: BTreeMap<String, Vec<String>> = BTreeMap::new();

/// What a DELETE does to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteAction {
    /// The rules of all kinds: grace period, finalizers, removal.
    Generic,
    /// The object as changed is stored, with a deletionTimestamp if it had none, and stays.
    Stays,
}

/// What becomes of the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependents {
    /// The garbage collector deletes them afterwards.
    Background,
    /// They stay, without their owner.
    Orphan,
    /// The kind takes no part in garbage collection; what the client asks for is ignored.
    Unsupported,
}

/// Everything particular to one kind. Each method has the behaviour of most kinds as its default.
///
/// A write runs in this order: schema defaults, `default`, mutating admission, `prepare_*`, generic metadata checks,
/// `validate*`, `canonicalize`, validating admission, store.
pub trait Kind: Send + Sync + 'static {
    type Object: Object<Meta = api_meta::v1::ObjectMeta>;

    fn names(&self) -> &'static Names;

    /// Columns of `kubectl get`, with name and age.
    fn columns(&self) -> &'static [Column<Self::Object>];

    /// Defaults that the schema cannot state: conditional ones, and those across fields. Runs at each decode of the storage version.
    fn default(&self, _object: &mut Self::Object) {}

    /// Clears what a client may not set (status), sets what the server sets.
    fn prepare_create(&self, _object: &mut Self::Object, _context: &Context) {}

    /// Takes over from `old` what an update of the main resource may not change (status), and so on.
    /// Generation is counted by the registry, by [`Kind::spec_changed`].
    fn prepare_update(&self, _new: &mut Self::Object, _old: &Self::Object, _context: &Context) {}

    /// Takes over from `old` what a write to a subresource (`context.subresource`) may not change: for status, everything
    /// but status, and of the metadata what upstream keeps.
    fn prepare_subresource(&self, _new: &mut Self::Object, _old: &Self::Object, _context: &Context) {}

    /// Whether this kind counts `metadata.generation`: whether the update changes what counts.
    /// `None`: the kind has no generation.
    fn spec_changed(&self, _new: &Self::Object, _old: &Self::Object) -> Option<bool> {
        None
    }

    fn validate(&self, _object: &Self::Object, _errors: &mut FieldErrors) {}

    /// What a creation may not ask for in a namespace with these labels; empty where the kind has none.
    fn validate_in_namespace(
        &self,
        _object: &Self::Object,
        _labels: &BTreeMap<String, String>,
        _errors: &mut FieldErrors,
    ) {
    }

    /// Whether [`Kind::validate_in_namespace`] has something to say, so that the namespace is looked up.
    fn looks_at_namespace(&self) -> bool {
        false
    }

    fn validate_update(&self, new: &Self::Object, _old: &Self::Object, errors: &mut FieldErrors) {
        self.validate(new, errors);
    }

    /// Of a write to a subresource; `context.subresource` says which.
    fn validate_subresource(
        &self,
        _new: &Self::Object,
        _old: &Self::Object,
        _context: &Context,
        _errors: &mut FieldErrors,
    ) {
    }

    /// How names look and how often the metadata is checked. The registry does the checks, before `validate*`.
    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::COMMON
    }

    /// Of a kind whose deletion is more than setting a time: called with each DELETE before the generic rules. The object
    /// may be changed (a namespace's phase).
    fn begin_delete(&self, _object: &mut Self::Object, _now: Time) -> DeleteAction {
        DeleteAction::Generic
    }

    /// An object that is being deleted goes only when this says so, besides having no finalizers (a namespace with
    /// `spec.finalizers` does not).
    fn may_be_removed(&self, _object: &Self::Object) -> bool {
        true
    }

    /// What becomes of an object's dependents where the client does not say.
    fn dependents(&self) -> Dependents {
        Dependents::Background
    }

    /// A DELETE that removes the object at once answers with the object instead of a Status.
    fn returns_deleted(&self) -> bool {
        false
    }

    /// Where the objects are kept, if not under this kind's own group and plural: they are another kind's, seen in this
    /// kind's form (`events.k8s.io`'s events are the core group's).
    fn stored_as(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// The name that the kind by which the objects are stored ([`Kind::stored_as`]) has for a selectable field.
    fn stored_field(&self, field: &str) -> String {
        field.to_owned()
    }

    /// Annotations that stand for fields of upstream's internal form: Tables and partial objects, which upstream makes
    /// from that form, do not show them.
    fn internal_annotations(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the object's row in a Table says besides its cells: a type, a reason and a message.
    fn row_condition(&self, _object: &Self::Object) -> Option<(&'static str, &'static str, &'static str)> {
        None
    }

    /// The sentence for a field selector that the kind does not know.
    fn unknown_field_selector(&self, field: &str) -> String {
        if self.selectable(&Self::Object::default()).is_empty() {
            return format!(
                "\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            );
        }
        format!("field label not supported: {field}")
    }

    /// A warning that goes with each answer about the kind, whatever the request: the whole kind is deprecated.
    fn deprecation(&self) -> Option<&'static str> {
        None
    }

    /// A warning for a DELETE that does not say what becomes of the dependents.
    fn undecided_delete(&self) -> Option<&'static str> {
        None
    }

    /// Warnings for the client (deprecations, likely mistakes); `old` is absent at create.
    fn warnings(&self, _new: &Self::Object, _old: Option<&Self::Object>) -> Vec<String> {
        Vec::new()
    }

    /// Field selectors besides metadata.name and metadata.namespace.
    fn selectable(&self, _object: &Self::Object) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// A PUT of an object that does not exist creates it.
    fn creates_on_update(&self) -> bool {
        false
    }

    /// A PUT without resourceVersion overwrites.
    fn updates_unconditionally(&self) -> bool {
        true
    }

    /// Grace period of a DELETE, where the kind has graceful deletion: what to write as deletionGracePeriodSeconds given what
    /// the client asked for; `None`: the object goes at once.
    fn grace_period_seconds(&self, _object: &Self::Object, _asked: Option<i64>) -> Option<i64> {
        None
    }

    /// Paths below the object that a write to the main resource (`""`) or a subresource never owns in managedFields.
    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" if self.names().subresources.iter().any(|s| s.name == "status") => &[&["status"]],
            "status" => &[&["spec"], &["metadata", "labels"]],
            _ => &[],
        }
    }

    /// From one served version to another. Values are normal and carry their apiVersion. Only for kinds with several versions.
    fn convert(&self, value: Value, _to_api_version: &str) -> Value {
        value
    }
}
