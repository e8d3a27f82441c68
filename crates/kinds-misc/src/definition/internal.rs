//! Upstream's internal form of a definition: what all versions have alike stands above them.

use super::node_of;
use api_misc::apiextensions::v1;
use custom::Node;
use custom::check::{internal_json, json_object, json_optional, json_text};

pub struct Internal {
    /// Outer: the versions' schemas are alike (or absent alike); inner: there is one.
    pub schema: Option<Option<Node>>,
    /// By version, where they differ.
    pub own: Vec<Option<Node>>,
    pub subresources: bool,
    pub columns: bool,
    pub selectable: bool,
}

impl Internal {
    pub fn new(spec: &v1::CustomResourceDefinitionSpec) -> Internal {
        let versions = &spec.versions;
        let alike = |same: &dyn Fn(&v1::CustomResourceDefinitionVersion) -> bool| versions.iter().all(same);
        let Some(first) = versions.first() else {
            return Internal {
                schema: Some(None),
                own: Vec::new(),
                subresources: true,
                columns: true,
                selectable: true,
            };
        };
        let schemas_alike = alike(&|version| version.schema == first.schema);
        Internal {
            schema: schemas_alike.then(|| node_of(first)),
            own: if schemas_alike { Vec::new() } else { versions.iter().map(node_of).collect() },
            subresources: alike(&|version| version.subresources == first.subresources),
            columns: alike(&|version| version.additional_printer_columns == first.additional_printer_columns),
            selectable: alike(&|version| version.selectable_fields == first.selectable_fields),
        }
    }

    /// The schema that stands in a version itself.
    pub fn own_schema(&self, index: usize) -> Option<&Node> {
        self.own.get(index)?.as_ref()
    }

    pub fn schemas(self) -> Vec<Node> {
        self.schema.flatten().into_iter().chain(self.own.into_iter().flatten()).collect()
    }
}

/// `spec.versions` as messages show it.
pub fn versions_json(spec: &v1::CustomResourceDefinitionSpec, internal: &Internal) -> String {
    if spec.versions.is_empty() {
        return "null".into();
    }
    let shown: Vec<String> =
        spec.versions.iter().enumerate().map(|(index, v)| version_json(v, index, internal)).collect();
    format!("[{}]", shown.join(","))
}

fn version_json(version: &v1::CustomResourceDefinitionVersion, index: usize, internal: &Internal) -> String {
    let schema = internal.own_schema(index).map(|node| json_object(&[("OpenAPIV3Schema", internal_json(node))]));
    let subresources = version.subresources.as_ref().filter(|_| !internal.subresources).map(|subresources| {
        let scale = subresources.scale.as_ref().map(|scale| {
            json_object(&[
                ("SpecReplicasPath", json_text(&scale.spec_replicas_path)),
                ("StatusReplicasPath", json_text(&scale.status_replicas_path)),
                ("LabelSelectorPath", json_optional(scale.label_selector_path.as_deref().map(json_text))),
            ])
        });
        let status = subresources.status.as_ref().map(|_| "{}".to_owned());
        json_object(&[("Status", json_optional(status)), ("Scale", json_optional(scale))])
    });
    let columns = version.additional_printer_columns.iter().filter(|_| !internal.columns).map(|column| {
        json_object(&[
            ("Name", json_text(&column.name)),
            ("Type", json_text(&column.type_)),
            ("Format", json_text(&column.format)),
            ("Description", json_text(&column.description)),
            ("Priority", column.priority.to_string()),
            ("JSONPath", json_text(&column.json_path)),
        ])
    });
    let fields = version.selectable_fields.iter().filter(|_| !internal.selectable);
    let fields = fields.map(|field| json_object(&[("JSONPath", json_text(&field.json_path))]));
    json_object(&[
        ("Name", json_text(&version.name)),
        ("Served", version.served.to_string()),
        ("Storage", version.storage.to_string()),
        ("Deprecated", version.deprecated.to_string()),
        ("DeprecationWarning", json_optional(version.deprecation_warning.as_deref().map(json_text))),
        ("Schema", json_optional(schema)),
        ("Subresources", json_optional(subresources)),
        ("AdditionalPrinterColumns", list(columns.collect())),
        ("SelectableFields", list(fields.collect())),
    ])
}

fn list(items: Vec<String>) -> String {
    if items.is_empty() { "null".into() } else { format!("[{}]", items.join(",")) }
}
