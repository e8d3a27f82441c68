//! One version of a custom resource.

use crate::compile::VersionSchema;
use crate::defaults;
use crate::intern::Has;
use crate::jsonpath::JsonPath;
use crate::node::Node;
use crate::rules::Validator;
use api_misc::apiextensions::v1;
use kind::columns::{AGE_DESCRIPTION, NAME_DESCRIPTION};
use kind::dynamic::ColumnInfo;
use schema::{Typed, Value};

pub struct VersionInfo {
    /// `v1`
    pub name: String,
    /// `example.com/v1`
    pub api_version: String,
    pub type_name: String,
    pub served: bool,
    /// With defaults pruned.
    pub node: Node,
    pub rules: Option<Validator>,
    /// The schema as its author wrote it.
    pub source: Value,
    /// Whether there is a status subresource.
    pub status: bool,
    pub scale: Option<Scale>,
    pub columns: Vec<Column>,
    /// Paths such as `.spec.color`.
    pub selectable: Vec<String>,
    /// What each request of this version is warned of.
    pub deprecation: Option<String>,
}

/// Where an object has its replicas; paths such as `.spec.replicas`.
#[derive(Clone, Debug)]
pub struct Scale {
    pub spec_replicas: String,
    pub status_replicas: String,
    /// Empty: there is none.
    pub label_selector: String,
}

pub struct Column {
    pub name: String,
    pub ty: String,
    pub format: String,
    pub description: String,
    pub priority: i32,
    /// None: upstream shows nothing for a path that it cannot read.
    pub path: Option<JsonPath>,
}

impl VersionInfo {
    pub fn new(spec: &v1::CustomResourceDefinitionSpec, version: &v1::CustomResourceDefinitionVersion) -> VersionInfo {
        let schema = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
        let source = schema.map(|schema| schema.to_value()).unwrap_or_default();
        let mut node = Node::parse(&source);
        if spec.preserve_unknown_fields {
            node.preserve_unknown = Some(true);
        }
        prune_defaults(&mut node);
        let subresources = version.subresources.as_ref();
        let group: Vec<&str> = spec.group.split('.').rev().collect();
        VersionInfo {
            name: version.name.clone(),
            api_version: format!("{}/{}", spec.group, version.name),
            type_name: format!("{}.{}.{}", group.join("."), version.name, spec.names.kind),
            served: version.served,
            rules: Validator::new(&node, true),
            node,
            source,
            status: subresources.is_some_and(|subresources| subresources.status.is_some()),
            scale: subresources.and_then(|subresources| subresources.scale.as_ref()).map(|scale| Scale {
                spec_replicas: scale.spec_replicas_path.clone(),
                status_replicas: scale.status_replicas_path.clone(),
                label_selector: scale.label_selector_path.clone().unwrap_or_default(),
            }),
            columns: columns(&version.additional_printer_columns),
            selectable: version.selectable_fields.iter().map(|field| field.json_path.clone()).collect(),
            deprecation: version.deprecated.then(|| deprecation(spec, version)),
        }
    }

    pub fn schema(&self) -> VersionSchema<'_> {
        VersionSchema { api_version: self.api_version.clone(), type_name: self.type_name.clone(), node: &self.node }
    }

    pub fn subresources(&self) -> Has {
        Has { version: self.name.clone(), status: self.status, scale: self.scale.is_some() }
    }

    /// The first is the name.
    pub fn column(&self, index: usize) -> ColumnInfo<'_> {
        match index.checked_sub(1).and_then(|index| self.columns.get(index)) {
            None => {
                ColumnInfo { name: "Name", kind: "string", format: "name", description: NAME_DESCRIPTION, priority: 0 }
            }
            Some(column) => ColumnInfo {
                name: &column.name,
                kind: &column.ty,
                format: &column.format,
                description: &column.description,
                priority: column.priority,
            },
        }
    }
}

/// Stored definitions may have defaults with fields that their schema does not know.
fn prune_defaults(node: &mut Node) {
    if let Some(mut default) = node.default.take() {
        defaults::prune(node, &mut default, node.embedded);
        defaults::apply(node, &mut default);
        node.default = Some(default);
    }
    node.properties.values_mut().for_each(prune_defaults);
    if let Some(items) = &mut node.items {
        prune_defaults(items);
    }
    if let Some(crate::node::Additional::Of(member)) = &mut node.additional {
        prune_defaults(member);
    }
}

fn columns(definitions: &[v1::CustomResourceColumnDefinition]) -> Vec<Column> {
    if definitions.is_empty() {
        return vec![Column {
            name: "Age".into(),
            ty: "date".into(),
            format: String::new(),
            description: AGE_DESCRIPTION.into(),
            priority: 0,
            path: JsonPath::parse(".metadata.creationTimestamp"),
        }];
    }
    let column = |definition: &v1::CustomResourceColumnDefinition| {
        let path = &definition.json_path;
        let described = !definition.description.is_empty();
        let generic = || format!("Custom resource definition column (in JSONPath format): {path}");
        Column {
            name: definition.name.clone(),
            ty: definition.type_.clone(),
            format: definition.format.clone(),
            description: if described { definition.description.clone() } else { generic() },
            priority: definition.priority,
            path: JsonPath::parse(path),
        }
    };
    definitions.iter().map(column).collect()
}

fn deprecation(spec: &v1::CustomResourceDefinitionSpec, version: &v1::CustomResourceDefinitionVersion) -> String {
    if let Some(warning) = &version.deprecation_warning {
        return warning.clone();
    }
    let (group, kind) = (&spec.group, &spec.names.kind);
    let newer = |other: &&v1::CustomResourceDefinitionVersion| {
        other.served && !other.deprecated && stdx::version::compare_kube(&version.name, &other.name).is_lt()
    };
    let best = spec.versions.iter().filter(newer).max_by(|a, b| stdx::version::compare_kube(&a.name, &b.name));
    let warning = format!("{group}/{} {kind} is deprecated", version.name);
    match best {
        Some(best) => format!("{warning}; use {group}/{} {kind}", best.name),
        None => warning,
    }
}
