//! Schemas to `schema::Schema`: what decoding, pruning and field management go by.
//!
//! Fields are sorted by name, for upstream writes custom resources from maps; the metadata's type is the built-in one.

use crate::node::{Additional, Node};
use schema::schema::Builder;
use schema::{Field, ListType, Scalar, Schema, Shape, Text, Type, TypeId, TypeRef};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
/// Of objects whose members are all unknown.
const NOTHING: &str = "nothing";

/// One version of a kind.
pub struct VersionSchema<'n> {
    /// `example.com/v1`
    pub api_version: String,
    pub type_name: String,
    pub node: &'n Node,
}

/// The types of all versions of a kind.
pub fn compile(kind: &str, versions: &[VersionSchema]) -> Schema {
    let mut compiler = Compiler { builder: Builder::default(), metadata: None, made: 0 };
    for version in versions {
        let id = compiler.builder.declare(&version.type_name);
        let content = compiler.object(version.node, true, &version.type_name);
        compiler.builder.define(id, content);
        compiler.builder.bind(version.api_version.as_str(), kind, id);
    }
    compiler.builder.finish()
}

struct Compiler {
    builder: Builder,
    /// The type of metadata, once it is there.
    metadata: Option<TypeId>,
    /// Types made so far, for names of their own.
    made: usize,
}

impl Compiler {
    fn object(&mut self, node: &Node, is_resource: bool, name: &str) -> Type {
        let mut fields: Vec<Field> = Vec::with_capacity(node.properties.len() + 3);
        for (key, property) in &node.properties {
            if !(is_resource && matches!(key.as_str(), "apiVersion" | "kind" | "metadata")) {
                fields.push(self.field(key, property, name));
            }
        }
        if is_resource {
            fields.push(field_of("apiVersion", Shape::Scalar(Scalar::String)));
            fields.push(field_of("kind", Shape::Scalar(Scalar::String)));
            let metadata = self.metadata();
            fields.push(field_of("metadata", Shape::Struct(metadata)));
        }
        fields.sort_by(|a, b| a.json.cmp(&b.json));
        let additional = match &node.additional {
            Some(Additional::Of(member)) => Some(self.shape(member, name, "additional")),
            Some(Additional::Allowed(true)) => Some(self.nothing()),
            _ => None,
        };
        let mut content = Type::default();
        content.fields = fields;
        content.atomic = node.map_type.as_deref() == Some("atomic");
        content.preserves_unknown = node.preserves_unknown();
        content.additional = additional;
        content
    }

    fn field(&mut self, key: &str, node: &Node, parent: &str) -> Field {
        let mut field = field_of(key, self.shape(node, parent, key));
        field.nullable = node.nullable;
        field.default = node.default.clone();
        field.atomic = node.map_type.as_deref() == Some("atomic");
        field.list_type = list_type(node);
        field
    }

    fn shape(&mut self, node: &Node, parent: &str, key: &str) -> Shape {
        if node.int_or_string {
            return Shape::Scalar(Scalar::IntOrString);
        }
        match node.ty.as_str() {
            "string" => Shape::Scalar(Scalar::String),
            "boolean" => Shape::Scalar(Scalar::Bool),
            "integer" => Shape::Scalar(Scalar::Int64),
            "number" => Shape::Scalar(Scalar::Float),
            "array" => {
                let item = match &node.items {
                    Some(item) => self.shape(item, parent, key),
                    None => Shape::Any,
                };
                Shape::List(Box::new(item))
            }
            "object" => self.object_shape(node, parent, key),
            _ if node.preserves_unknown() && node.properties.is_empty() && !node.embedded => Shape::Any,
            _ if !node.properties.is_empty() || node.embedded => self.object_shape(node, parent, key),
            _ => Shape::Any,
        }
    }

    fn object_shape(&mut self, node: &Node, parent: &str, key: &str) -> Shape {
        if node.properties.is_empty() && !node.embedded && !node.preserves_unknown() {
            match &node.additional {
                Some(Additional::Of(member)) => return Shape::Map(Box::new(self.shape(member, parent, key))),
                Some(Additional::Allowed(_)) => return Shape::Map(Box::new(self.nothing())),
                None => {}
            }
        }
        self.made += 1;
        let name = format!("{parent}.{key}.{}", self.made);
        let id = self.builder.declare(&name);
        let content = self.object(node, node.embedded, &name);
        self.builder.define(id, content);
        Shape::Struct(id)
    }

    /// An object all of whose members are pruned; anything else passes.
    fn nothing(&mut self) -> Shape {
        Shape::Struct(self.builder.declare(NOTHING))
    }

    fn metadata(&mut self) -> TypeId {
        if let Some(id) = self.metadata {
            return id;
        }
        let ty = Schema::builtin().by_name(OBJECT_META).expect("the built-in schema has ObjectMeta");
        let id = self.import(ty);
        self.metadata = Some(id);
        id
    }

    /// Copies a built-in type and those that it refers to.
    fn import(&mut self, ty: TypeRef) -> TypeId {
        let id = self.builder.declare(ty.name());
        let def = ty.def();
        let mut fields = def.fields.clone();
        fields.sort_by(|a, b| a.json.cmp(&b.json));
        for field in &mut fields {
            field.shape = self.imported(ty, &field.shape);
            field.omit_empty = true;
        }
        let mut content = Type::default();
        content.fields = fields;
        content.atomic = def.atomic;
        content.built_in = true;
        self.builder.define(id, content);
        id
    }

    /// Metadata's types do not refer to themselves.
    fn imported(&mut self, ty: TypeRef, shape: &Shape) -> Shape {
        match shape {
            Shape::Struct(id) => Shape::Struct(self.import(ty.resolve(*id))),
            Shape::List(item) => Shape::List(Box::new(self.imported(ty, item))),
            Shape::WrappedList(item) => Shape::WrappedList(Box::new(self.imported(ty, item))),
            Shape::Map(item) => Shape::Map(Box::new(self.imported(ty, item))),
            other => other.clone(),
        }
    }
}

/// What is present is kept, zero or not.
fn field_of(key: &str, shape: Shape) -> Field {
    Field { pointer: true, ..Field::new(key, shape) }
}

fn list_type(node: &Node) -> ListType {
    match node.list_type.as_deref() {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(node.list_map_keys.iter().map(|key| Text::from(key.as_str())).collect()),
        _ => ListType::Atomic,
    }
}
