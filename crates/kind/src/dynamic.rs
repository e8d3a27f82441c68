//! `DynKind`: a kind as the registry sees it, over values.

use crate::{ApiError, Context, DeleteAction, Dependents, FieldErrors, Kind, MetadataRules, Names};
use schema::{Time, TypeRef, Typed, Value};

/// An object-safe kind. Values are normal and of the storage version unless said otherwise.
pub trait DynKind: Send + Sync {
    fn names(&self) -> &Names;

    /// The type of a served version (`v1`), if the kind has it.
    fn type_of(&self, version: &str) -> Option<TypeRef<'_>>;

    /// Schema defaults, then the kind's own.
    fn default(&self, value: &mut Value);

    fn prepare_create(&self, value: &mut Value, context: &Context);
    /// `context.subresource` empty: an update of the object; else of that subresource.
    fn prepare_update(&self, new: &mut Value, old: &Value, context: &Context);
    fn spec_changed(&self, new: &Value, old: &Value) -> Option<bool>;

    /// Preparation, validation and warnings of a creation in one: an object is read once for all of them.
    fn begin_create(&self, value: &mut Value, context: &Context) -> Creation {
        self.prepare_create(value, context);
        let has_generation = self.spec_changed(value, value).is_some();
        let mut errors = FieldErrors::new();
        self.validate_create(value, &mut errors);
        let warnings = if errors.is_empty() { self.warnings(value, None) } else { Vec::new() };
        Creation { has_generation, errors, warnings }
    }

    fn validate_create(&self, value: &Value, errors: &mut FieldErrors);
    /// What a creation may not ask for in `namespace`, which is Null where it is not known.
    fn validate_in_namespace(&self, _value: &Value, _namespace: &Value, _errors: &mut FieldErrors) {}
    fn looks_at_namespace(&self) -> bool {
        false
    }
    fn validate_update(&self, new: &Value, old: &Value, context: &Context, errors: &mut FieldErrors);
    fn warnings(&self, new: &Value, old: Option<&Value>) -> Vec<String>;

    fn selectable(&self, value: &Value) -> Vec<(String, String)>;
    /// The fields that objects can be selected by in a version.
    fn selectable_names(&self, _version: &str) -> Vec<String> {
        self.selectable(&Value::map()).into_iter().map(|(name, _)| name).collect()
    }
    fn creates_on_update(&self) -> bool;
    fn updates_unconditionally(&self) -> bool;
    fn grace_period_seconds(&self, value: &Value, asked: Option<i64>) -> Option<i64>;
    fn reset_fields(&self, subresource: &str) -> Vec<Vec<String>>;

    fn metadata_rules(&self) -> MetadataRules;
    fn begin_delete(&self, value: &mut Value, now: Time) -> DeleteAction;
    fn may_be_removed(&self, value: &Value) -> bool;
    fn dependents(&self) -> Dependents;
    fn returns_deleted(&self) -> bool;
    fn stored_as(&self) -> Option<(&str, &str)>;

    fn stored_field(&self, field: &str) -> String {
        field.to_owned()
    }

    fn undecided_delete(&self) -> Option<&str> {
        None
    }

    fn internal_annotations(&self) -> &[&str] {
        &[]
    }

    fn row_condition(&self, _value: &Value) -> Option<(&str, &str, &str)> {
        None
    }

    fn unknown_field_selector(&self, field: &str) -> String;

    /// A warning that goes with each answer about the kind.
    fn deprecation(&self) -> Option<&str> {
        None
    }

    /// The kind of a list of objects, where it is not the kind's with `List` behind it.
    fn list_kind(&self) -> Option<&str> {
        None
    }

    /// A warning that goes with each answer in a version.
    fn version_warning(&self, _version: &str) -> Option<&str> {
        self.deprecation()
    }

    /// Why no object may be made now.
    fn refuses_create(&self) -> Option<&str> {
        None
    }

    /// The OpenAPI schema (v3) of a served version as its author wrote it, for a kind that is made at run time, without
    /// what every object has (apiVersion, kind, metadata). None: the type of the version says all.
    fn published_schema(&self, _version: &str) -> Option<Value> {
        None
    }

    /// The version in which objects are stored, where it is not the first that is served.
    fn storage_version(&self) -> Option<&str> {
        None
    }

    /// To another served version (`apps/v1`); also sets apiVersion.
    fn convert(&self, value: Value, to_api_version: &str) -> Result<Value, ApiError>;

    fn column_count(&self) -> usize;
    /// name, type, format, description, priority
    fn column(&self, index: usize) -> ColumnInfo<'_>;
    /// The columns in a version.
    fn columns_of(&self, _version: &str) -> Vec<ColumnInfo<'_>> {
        (0..self.column_count()).map(|index| self.column(index)).collect()
    }
    fn cells(&self, value: &Value, now: Time) -> Vec<Value>;
}

/// What a kind says of an object that is to be made.
#[derive(Debug, Default)]
pub struct Creation {
    pub has_generation: bool,
    pub errors: FieldErrors,
    /// None, if there are errors.
    pub warnings: Vec<String>,
}

/// The definition of a column, as a Table shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnInfo<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub format: &'a str,
    pub description: &'a str,
    pub priority: i32,
}

/// The one shell around a typed kind: `&TypedKind(Pod)` is a `&dyn DynKind`.
pub struct TypedKind<K>(pub K);

impl<K: Kind> DynKind for TypedKind<K> {
    fn names(&self) -> &Names {
        self.0.names()
    }

    fn type_of(&self, version: &str) -> Option<TypeRef<'_>> {
        let version = self.0.names().versions.iter().find(|v| v.name == version)?;
        schema::Schema::builtin().by_name(version.type_name)
    }

    fn default(&self, value: &mut Value) {
        schema::defaults::apply(K::Object::type_ref(), value);
        let mut object = K::Object::from_value(value);
        self.0.default(&mut object);
        *value = object.to_value();
    }

    fn prepare_create(&self, value: &mut Value, context: &Context) {
        let mut object = K::Object::from_value(value);
        self.0.prepare_create(&mut object, context);
        *value = object.to_value();
    }

    fn begin_create(&self, value: &mut Value, context: &Context) -> Creation {
        let mut object = K::Object::from_value(value);
        self.0.prepare_create(&mut object, context);
        *value = object.to_value();
        let mut errors = FieldErrors::new();
        self.0.validate(&object, &mut errors);
        let warnings = if errors.is_empty() { self.0.warnings(&object, None) } else { Vec::new() };
        Creation { has_generation: self.0.spec_changed(&object, &object).is_some(), errors, warnings }
    }

    fn prepare_update(&self, new: &mut Value, old: &Value, context: &Context) {
        let (mut object, old) = (K::Object::from_value(new), K::Object::from_value(old));
        if context.subresource.is_empty() {
            self.0.prepare_update(&mut object, &old, context);
        } else {
            self.0.prepare_subresource(&mut object, &old, context);
        }
        *new = object.to_value();
    }

    fn spec_changed(&self, new: &Value, old: &Value) -> Option<bool> {
        self.0.spec_changed(&K::Object::from_value(new), &K::Object::from_value(old))
    }

    fn validate_create(&self, value: &Value, errors: &mut FieldErrors) {
        self.0.validate(&K::Object::from_value(value), errors);
    }

    fn validate_in_namespace(&self, value: &Value, namespace: &Value, errors: &mut FieldErrors) {
        let labels = api_meta::v1::ObjectMeta::from_value(&namespace["metadata"]).labels;
        self.0.validate_in_namespace(&K::Object::from_value(value), &labels, errors);
    }

    fn looks_at_namespace(&self) -> bool {
        self.0.looks_at_namespace()
    }

    fn validate_update(&self, new: &Value, old: &Value, context: &Context, errors: &mut FieldErrors) {
        let (new, old) = (K::Object::from_value(new), K::Object::from_value(old));
        if context.subresource.is_empty() {
            self.0.validate_update(&new, &old, errors);
        } else {
            self.0.validate_subresource(&new, &old, context, errors);
        }
    }

    fn warnings(&self, new: &Value, old: Option<&Value>) -> Vec<String> {
        self.0.warnings(&K::Object::from_value(new), old.map(K::Object::from_value).as_ref())
    }

    fn selectable(&self, value: &Value) -> Vec<(String, String)> {
        let fields = self.0.selectable(&K::Object::from_value(value));
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn creates_on_update(&self) -> bool {
        self.0.creates_on_update()
    }

    fn updates_unconditionally(&self) -> bool {
        self.0.updates_unconditionally()
    }

    fn grace_period_seconds(&self, value: &Value, asked: Option<i64>) -> Option<i64> {
        self.0.grace_period_seconds(&K::Object::from_value(value), asked)
    }

    fn reset_fields(&self, subresource: &str) -> Vec<Vec<String>> {
        let fields = self.0.reset_fields(subresource);
        fields.iter().map(|path| path.iter().map(|&step| step.to_owned()).collect()).collect()
    }

    fn metadata_rules(&self) -> MetadataRules {
        self.0.metadata_rules()
    }

    fn begin_delete(&self, value: &mut Value, now: Time) -> DeleteAction {
        let mut object = K::Object::from_value(value);
        let action = self.0.begin_delete(&mut object, now);
        if action != DeleteAction::Generic {
            *value = object.to_value();
        }
        action
    }

    fn may_be_removed(&self, value: &Value) -> bool {
        self.0.may_be_removed(&K::Object::from_value(value))
    }

    fn dependents(&self) -> Dependents {
        self.0.dependents()
    }

    fn returns_deleted(&self) -> bool {
        self.0.returns_deleted()
    }

    fn stored_as(&self) -> Option<(&str, &str)> {
        self.0.stored_as()
    }

    fn stored_field(&self, field: &str) -> String {
        self.0.stored_field(field)
    }

    fn undecided_delete(&self) -> Option<&str> {
        self.0.undecided_delete()
    }

    fn internal_annotations(&self) -> &[&str] {
        self.0.internal_annotations()
    }

    fn row_condition(&self, value: &Value) -> Option<(&str, &str, &str)> {
        self.0.row_condition(&K::Object::from_value(value))
    }

    fn unknown_field_selector(&self, field: &str) -> String {
        self.0.unknown_field_selector(field)
    }

    fn deprecation(&self) -> Option<&str> {
        self.0.deprecation()
    }

    fn convert(&self, value: Value, to_api_version: &str) -> Result<Value, ApiError> {
        if value.str_at(&["apiVersion"]) == to_api_version {
            return Ok(value);
        }
        let mut converted = self.0.convert(value, to_api_version);
        converted.set(&["apiVersion"], to_api_version);
        Ok(converted)
    }

    fn column_count(&self) -> usize {
        self.0.columns().len()
    }

    fn column(&self, index: usize) -> ColumnInfo<'_> {
        let column = &self.0.columns()[index];
        ColumnInfo {
            name: column.name,
            kind: column.kind,
            format: column.format,
            description: column.description,
            priority: column.priority,
        }
    }

    fn cells(&self, value: &Value, now: Time) -> Vec<Value> {
        let object = K::Object::from_value(value);
        self.0.columns().iter().map(|column| (column.cell)(&object, now)).collect()
    }
}
