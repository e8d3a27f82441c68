//! A custom resource as a kind.
//!
//! Values are of any version of the definition: upstream handles a request in the version of its path, so every rule here
//! goes by the version that the value names.

pub(crate) mod checks;
mod version;

pub use version::{Scale, VersionInfo};

use crate::compile::{self, VersionSchema};
use crate::intern;
use crate::{defaults, jsonpath};
use api_misc::apiextensions::v1;
use kind::dynamic::ColumnInfo;
use kind::{ApiError, Context, DeleteAction, Dependents, DynKind, FieldErrors, MetadataRules, Names, Scope, Verb};
use schema::decode::{DecodeOptions, normalize};
use schema::{Schema, Time, TypeRef, Value};

/// The verbs of a custom resource, in the order in which upstream's discovery has them.
const VERBS: &[Verb] = &[
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Create,
    Verb::Update,
    Verb::Watch,
];

/// Why a definition makes no kind.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error(transparent)]
    Names(#[from] intern::Full),
    #[error("no version is marked as the storage version")]
    NoStorageVersion,
    #[error("no version is served")]
    NotServed,
}

pub struct CustomKind {
    names: Names,
    schema: Schema,
    /// Those that are not served too.
    versions: Vec<VersionInfo>,
    /// Index of the version in which objects are stored.
    storage: usize,
    terminating: bool,
    /// Objects of one version become those of another by their apiVersion alone.
    by_name_only: bool,
}

impl CustomKind {
    /// The definition is one that passed validation; its names are those that were accepted.
    pub fn new(definition: &v1::CustomResourceDefinition) -> Result<CustomKind, Unusable> {
        let spec = &definition.spec;
        let versions: Vec<VersionInfo> = spec.versions.iter().map(|version| VersionInfo::new(spec, version)).collect();
        let storage = spec.versions.iter().position(|version| version.storage).ok_or(Unusable::NoStorageVersion)?;
        let mut served: Vec<&VersionInfo> = versions.iter().filter(|version| version.served).collect();
        if served.is_empty() {
            return Err(Unusable::NotServed);
        }
        served.sort_by(|a, b| stdx::version::compare_kube(&b.name, &a.name));
        let schemas: Vec<VersionSchema> = versions.iter().map(VersionInfo::schema).collect();
        let schema = compile::compile(&spec.names.kind, &schemas);
        let condition = |ty: &str| definition.status.conditions.iter().any(|c| c.type_ == ty && c.status == "True");
        let strategy = spec.conversion.as_ref().map_or("None", |conversion| conversion.strategy.as_str());
        Ok(CustomKind {
            names: names(definition, &served)?,
            schema,
            storage,
            terminating: condition("Terminating") || definition.metadata.deletion_timestamp.is_some(),
            by_name_only: strategy != "Webhook",
            versions,
        })
    }

    pub fn versions(&self) -> &[VersionInfo] {
        &self.versions
    }

    /// Whether conversion needs no one else.
    pub fn converts_alone(&self) -> bool {
        self.by_name_only
    }

    pub fn version(&self, name: &str) -> Option<&VersionInfo> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The version that a value is of.
    fn of(&self, value: &Value) -> &VersionInfo {
        let api_version = value.str_at(&["apiVersion"]);
        self.versions.iter().find(|version| version.api_version == api_version).unwrap_or(&self.versions[self.storage])
    }

    /// Brings a value into the form of the version that it names: unknown fields go.
    pub fn pruned(&self, value: Value) -> Result<Value, ApiError> {
        let version = self.of(&value).name.clone();
        let ty = self.type_of(&version).ok_or_else(|| ApiError::internal("the version has no type"))?;
        let options = DecodeOptions { strict: false, custom: true };
        Ok(normalize(ty, value, &options).map_err(|error| ApiError::internal(error.to_string()))?.value)
    }
}

fn names(definition: &v1::CustomResourceDefinition, served: &[&VersionInfo]) -> Result<Names, intern::Full> {
    let spec = &definition.spec;
    // While nothing is accepted there is nothing served either, but what is asked for names it best.
    let accepted = &definition.status.accepted_names;
    let accepted = if accepted.kind.is_empty() { &spec.names } else { accepted };
    let pairs: Vec<(String, String)> =
        served.iter().map(|version| (version.name.clone(), version.type_name.clone())).collect();
    let has: Vec<intern::Has> = served.iter().map(|version| version.subresources()).collect();
    Ok(Names {
        group: intern::text(&spec.group)?,
        kind: intern::text(&accepted.kind)?,
        plural: intern::text(&spec.names.plural)?,
        singular: intern::text(&accepted.singular)?,
        short_names: intern::list(&accepted.short_names)?,
        categories: intern::list(&accepted.categories)?,
        scope: if spec.scope == "Cluster" { Scope::Cluster } else { Scope::Namespaced },
        versions: intern::versions(&pairs)?,
        verbs: VERBS,
        subresources: intern::subresources(&accepted.kind, &has)?,
    })
}

impl DynKind for CustomKind {
    fn names(&self) -> &Names {
        &self.names
    }

    fn type_of(&self, version: &str) -> Option<TypeRef<'_>> {
        self.schema.by_name(&self.version(version)?.type_name)
    }

    fn default(&self, value: &mut Value) {
        defaults::apply(&self.of(value).node, value);
    }

    fn prepare_create(&self, value: &mut Value, _context: &Context) {
        if self.of(value).status {
            value.remove(&["status"]);
        }
    }

    fn prepare_update(&self, new: &mut Value, old: &Value, context: &Context) {
        if context.subresource == "status" {
            let status = new.remove(&["status"]);
            let entries = new.remove(&["metadata", "managedFields"]);
            let version = new.remove(&["metadata", "resourceVersion"]);
            *new = old.clone();
            put(new, &["status"], status);
            put(new, &["metadata", "managedFields"], entries);
            put(new, &["metadata", "resourceVersion"], version);
            return;
        }
        if self.of(new).status {
            put(new, &["status"], old.get("status").cloned());
        }
    }

    fn spec_changed(&self, new: &Value, old: &Value) -> Option<bool> {
        let status = self.of(new).status;
        let counts = |key: &&str| *key != "metadata" && !(status && *key == "status");
        let content = |value: &Value| -> Vec<(String, Value)> {
            let members = value.as_map().into_iter().flat_map(|map| map.iter());
            members.filter(|(key, _)| counts(key)).map(|(key, value)| (key.to_owned(), value.clone())).collect()
        };
        Some(content(new) != content(old))
    }

    fn validate_create(&self, value: &Value, errors: &mut FieldErrors) {
        checks::create(self.of(value), value, errors);
    }

    fn validate_update(&self, new: &Value, old: &Value, context: &Context, errors: &mut FieldErrors) {
        match context.subresource {
            "status" => checks::update_status(self.of(new), new, old, errors),
            _ => checks::update(self.of(new), new, old, errors),
        }
    }

    fn warnings(&self, new: &Value, old: Option<&Value>) -> Vec<String> {
        let mut warnings = checks::finalizer_warnings(new, old);
        if let Some(old) = old {
            warnings.extend(checks::rule_warnings(self.of(new), new, old));
        }
        warnings
    }

    fn selectable(&self, value: &Value) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for path in self.versions.iter().flat_map(|version| &version.selectable) {
            let name = path.trim_start_matches('.');
            if !fields.iter().any(|(known, _)| known == name) {
                fields.push((name.to_owned(), text_of(jsonpath::at_simple(value, path))));
            }
        }
        fields
    }

    fn selectable_names(&self, version: &str) -> Vec<String> {
        let paths = self.version(version).map(|version| version.selectable.as_slice()).unwrap_or_default();
        paths.iter().map(|path| path.trim_start_matches('.').to_owned()).collect()
    }

    fn creates_on_update(&self) -> bool {
        false
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn grace_period_seconds(&self, _value: &Value, _asked: Option<i64>) -> Option<i64> {
        None
    }

    fn reset_fields(&self, subresource: &str) -> Vec<Vec<String>> {
        let paths: &[&str] = match subresource {
            "status" => &["metadata", "spec"],
            "" if self.versions.iter().any(|version| version.status) => &["status"],
            _ => &[],
        };
        paths.iter().map(|path| vec![(*path).to_owned()]).collect()
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::COMMON
    }

    fn begin_delete(&self, _value: &mut Value, _now: Time) -> DeleteAction {
        DeleteAction::Generic
    }

    fn may_be_removed(&self, _value: &Value) -> bool {
        true
    }

    fn dependents(&self) -> Dependents {
        Dependents::Background
    }

    fn returns_deleted(&self) -> bool {
        false
    }

    fn stored_as(&self) -> Option<(&str, &str)> {
        None
    }

    fn unknown_field_selector(&self, field: &str) -> String {
        format!("field label not supported: {field}")
    }

    fn version_warning(&self, version: &str) -> Option<&str> {
        self.version(version)?.deprecation.as_deref()
    }

    fn refuses_create(&self) -> Option<&str> {
        self.terminating.then_some("create not allowed while custom resource definition is terminating")
    }

    fn published_schema(&self, version: &str) -> Option<Value> {
        self.version(version).map(|version| version.source.clone())
    }

    fn storage_version(&self) -> Option<&str> {
        Some(&self.versions[self.storage].name)
    }

    fn convert(&self, mut value: Value, to_api_version: &str) -> Result<Value, ApiError> {
        if value.str_at(&["apiVersion"]) == to_api_version {
            return Ok(value);
        }
        if !self.by_name_only {
            return Err(ApiError::internal("the conversion of this kind takes a webhook"));
        }
        value.set(&["apiVersion"], to_api_version);
        self.pruned(value)
    }

    fn column_count(&self) -> usize {
        self.versions[self.storage].columns.len() + 1
    }

    fn column(&self, index: usize) -> ColumnInfo<'_> {
        self.versions[self.storage].column(index)
    }

    fn columns_of(&self, version: &str) -> Vec<ColumnInfo<'_>> {
        let version = self.version(version).unwrap_or(&self.versions[self.storage]);
        (0..=version.columns.len()).map(|index| version.column(index)).collect()
    }

    fn cells(&self, value: &Value, now: Time) -> Vec<Value> {
        let name = Value::str(value.str_at(&["metadata", "name"]));
        let columns = self.of(value).columns.iter();
        let cells = columns.map(|column| jsonpath::cell(column.path.as_ref(), &column.ty, value, now));
        std::iter::once(name).chain(cells).collect()
    }
}

fn put(object: &mut Value, path: &[&str], value: Option<Value>) {
    match value {
        Some(value) => object.set(path, value),
        None => drop(object.remove(path)),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null | Value::List(_) | Value::Map(_) | Value::Verbatim(_) => String::new(),
        Value::Str(text) => text.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
    }
}
