//! One version of a definition: its schema, subresources, columns, deprecation.

use super::internal::Internal;
use api_misc::apiextensions::v1;
use custom::Node;
use custom::check::{self, Strictness, selectable_fields};
use custom::rules;
use kind::{FieldErrors, Path};

const COLUMN_TYPES: &[&str] = &["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS: &[&str] = &["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
const WARNING_MAX: usize = 256;

/// How schemas are checked.
pub struct Schemas<'d> {
    pub strict: Strictness,
    pub new: &'d v1::CustomResourceDefinitionSpec,
    /// The definition before the update.
    pub old: Option<&'d v1::CustomResourceDefinitionSpec>,
}

impl Schemas<'_> {
    /// Checks the schema of a version, whose path is that of `openAPIV3Schema`.
    pub fn validate(&self, node: &Node, version: &str, has_status: bool, path: &Path, errors: &mut FieldErrors) {
        let may_have_rules = check::schema(node, has_status, self.strict, path, errors);
        if may_have_rules {
            let named = |spec: &v1::CustomResourceDefinitionSpec| {
                let found = spec.versions.iter().find(|other| other.name == version)?;
                found.schema.clone()
            };
            let unchanged = self.old.is_some_and(|old| named(old).is_some() && named(old) == named(self.new));
            rules::check::definition(node, unchanged, path, errors);
        }
    }
}

pub fn validate(
    spec: &v1::CustomResourceDefinitionSpec,
    version: &v1::CustomResourceDefinitionVersion,
    internal: &Internal,
    schemas: &Schemas,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let index = spec.versions.iter().position(|other| std::ptr::eq(other, version)).unwrap_or_default();
    deprecation(version, &path.child("deprecationWarning"), errors);
    let own = internal.own_schema(index);
    let schema = path.child("schema");
    if let Some(node) = own {
        let has_status = version.subresources.as_ref().is_some_and(|subresources| subresources.status.is_some());
        schemas.validate(node, &version.name, has_status, &schema.child("openAPIV3Schema"), errors);
    }
    if !internal.subresources {
        subresources(version, &path.child("subresources"), errors);
    }
    if !internal.columns {
        columns(version, &path.child("additionalPrinterColumns"), errors);
    }
    if !internal.selectable && !version.selectable_fields.is_empty() {
        let path = path.child("selectableFields");
        match own {
            Some(node) => selectable_fields(&paths(version), node, &path, errors),
            None => {
                let why = "selectableFields may only be set when version.schema.openAPIV3Schema is not included";
                errors.invalid(&path, "", why);
            }
        }
    }
}

pub fn paths(version: &v1::CustomResourceDefinitionVersion) -> Vec<String> {
    version.selectable_fields.iter().map(|field| field.json_path.clone()).collect()
}

fn deprecation(version: &v1::CustomResourceDefinitionVersion, path: &Path, errors: &mut FieldErrors) {
    let Some(warning) = &version.deprecation_warning else { return };
    if !version.deprecated {
        return errors.invalid(path, warning, "can only be set for deprecated versions");
    }
    if warning.len() > WARNING_MAX {
        errors.invalid(path, warning, format!("must be <= {WARNING_MAX} characters long"));
    }
    if warning.is_empty() {
        errors.invalid(path, warning, "must not be an empty string");
    }
    if let Some((at, _)) = warning.char_indices().find(|(_, c)| c.is_control() || (c.is_whitespace() && *c != ' ')) {
        let why = format!("must only contain printable UTF-8 characters; non-printable character found at index {at}");
        errors.invalid(path, warning, why);
    }
}

pub fn subresources(version: &v1::CustomResourceDefinitionVersion, path: &Path, errors: &mut FieldErrors) {
    let Some(scale) = version.subresources.as_ref().and_then(|subresources| subresources.scale.as_ref()) else {
        return;
    };
    let places = [
        ("scale.specReplicasPath", &scale.spec_replicas_path, ".spec."),
        ("scale.statusReplicasPath", &scale.status_replicas_path, ".status."),
    ];
    for (field, text, below) in places {
        let path = path.child(field);
        if text.is_empty() {
            errors.required(&path, "");
        } else if !text.starts_with('.') {
            errors.invalid(&path, text, "must be a simple json path starting with .");
        } else if !text.starts_with(below) {
            errors.invalid(&path, text, format!("should be a json path under {}", below.trim_end_matches('.')));
        }
    }
    let Some(text) = scale.label_selector_path.as_ref().filter(|text| !text.is_empty()) else { return };
    let path = path.child("scale.labelSelectorPath");
    if !text.starts_with('.') {
        errors.invalid(&path, text, "must be a simple json path starting with .");
    } else if !text.starts_with(".spec.") && !text.starts_with(".status.") {
        errors.invalid(&path, text, "should be a json path under either .spec or .status");
    }
}

pub fn columns(version: &v1::CustomResourceDefinitionVersion, path: &Path, errors: &mut FieldErrors) {
    for (index, column) in version.additional_printer_columns.iter().enumerate() {
        let path = path.index(index);
        if column.name.is_empty() {
            errors.required(&path.child("name"), "");
        }
        let types = format!("must be one of {}", COLUMN_TYPES.join(","));
        if column.type_.is_empty() {
            errors.required(&path.child("type"), types);
        } else if !COLUMN_TYPES.contains(&column.type_.as_str()) {
            errors.invalid(&path.child("type"), &column.type_, types);
        }
        if !column.format.is_empty() && !COLUMN_FORMATS.contains(&column.format.as_str()) {
            let formats = format!("must be one of {}", COLUMN_FORMATS.join(","));
            errors.invalid(&path.child("format"), &column.format, formats);
        }
        let json_path = path.child("JSONPath");
        if column.json_path.is_empty() {
            errors.required(&json_path, "");
        } else if !column.json_path.starts_with('.') {
            errors.invalid(&json_path, &column.json_path, "must be a simple json path starting with .");
        }
    }
}
