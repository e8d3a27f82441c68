//! A kind whose objects are never stored: reviews, bindings. It has names, types and nothing else; what a request for one
//! does is a runtime's affair.

use crate::dynamic::ColumnInfo;
use crate::{ApiError, Column, Context, DeleteAction, Dependents, DynKind, FieldErrors, MetadataRules, Names};
use schema::{Time, TypeRef, Value};

/// `&VirtualKind(&NAMES, &[])` is a `&dyn DynKind`. The columns are those of a Table of what answers.
pub struct VirtualKind(pub &'static Names, pub &'static [Column<Value>]);

impl DynKind for VirtualKind {
    fn names(&self) -> &Names {
        self.0
    }

    fn type_of(&self, version: &str) -> Option<TypeRef<'_>> {
        let version = self.0.versions.iter().find(|v| v.name == version)?;
        schema::Schema::builtin().by_name(version.type_name)
    }

    fn default(&self, value: &mut Value) {
        if let Some(ty) = self.0.versions.first().and_then(|version| self.type_of(version.name)) {
            schema::defaults::apply(ty, value);
        }
    }

    fn prepare_create(&self, _value: &mut Value, _context: &Context) {}

    fn prepare_update(&self, _new: &mut Value, _old: &Value, _context: &Context) {}

    fn spec_changed(&self, _new: &Value, _old: &Value) -> Option<bool> {
        None
    }

    fn validate_create(&self, _value: &Value, _errors: &mut FieldErrors) {}

    fn validate_update(&self, _new: &Value, _old: &Value, _context: &Context, _errors: &mut FieldErrors) {}

    fn warnings(&self, _new: &Value, _old: Option<&Value>) -> Vec<String> {
        Vec::new()
    }

    fn selectable(&self, _value: &Value) -> Vec<(String, String)> {
        Vec::new()
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

    fn reset_fields(&self, _subresource: &str) -> Vec<Vec<String>> {
        Vec::new()
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
        Dependents::Unsupported
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

    fn convert(&self, value: Value, _to_api_version: &str) -> Result<Value, ApiError> {
        Ok(value)
    }

    fn column_count(&self) -> usize {
        self.1.len()
    }

    fn column(&self, index: usize) -> ColumnInfo<'_> {
        let Column { name, kind, format, description, priority, .. } = self.1[index];
        ColumnInfo { name, kind, format, description, priority }
    }

    fn cells(&self, value: &Value, now: Time) -> Vec<Value> {
        self.1.iter().map(|column| (column.cell)(value, now)).collect()
    }
}
