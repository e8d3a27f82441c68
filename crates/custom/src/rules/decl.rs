//! What expressions see of a schema: types, and how large values can be.

use crate::node::{Additional, Node};
use cel::estimate::{Range, SizeHints};
use cel::types::{FieldType, Fields, ObjectType, Type, escape};
use schema::{ListType, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The largest request.
const MAX_REQUEST: u64 = 3 * 1024 * 1024;
/// Sizes of values as JSON text, quotes included.
const MIN_STRING: u64 = 2;
const MIN_BOOL: u64 = 4;
const MIN_NUMBER: u64 = 1;
const MIN_COLLECTION: u64 = 2;
const MIN_DURATION: u64 = 3;
const MAX_DURATION: u64 = 32;
const DATE: u64 = 12;
const MIN_DATE_TIME: u64 = 21;
const MAX_DATE_TIME: u64 = 32;
/// Of what has no size of its own, as upstream has it: comparing such values is free.
const NONE: u64 = 0;

/// A schema as CEL sees it.
#[derive(Debug)]
pub struct Decl {
    pub ty: Type,
    /// The least that a value takes as JSON.
    pub min_size: u64,
    /// Characters, items or members, at the most.
    max_elements: u64,
    below: Below,
}

#[derive(Debug)]
enum Below {
    Nothing,
    /// The items of a list, the values of a map.
    Elements(Box<Decl>),
    /// By the name that expressions write.
    Fields(BTreeMap<String, Decl>),
}

impl Decl {
    /// None: rules cannot speak of such a value. `is_resource`: it has apiVersion, kind and metadata.
    pub fn new(node: &Node, is_resource: bool) -> Option<Decl> {
        declare(node, is_resource, "selfType")
    }

    /// How often a value can stand in one request.
    pub fn max_cardinality(&self) -> u64 {
        MAX_REQUEST / (self.min_size + 1)
    }

    fn simple(ty: Type, min_size: u64, max_elements: u64) -> Decl {
        Decl { ty, min_size, max_elements, below: Below::Nothing }
    }
}

/// The path begins with `self` or `oldSelf`.
impl SizeHints for Decl {
    fn size(&self, path: &[Arc<str>], _ty: &Type) -> Option<Range> {
        let mut at = self;
        for (index, name) in path.iter().enumerate().skip(1) {
            at = match (&at.below, &**name) {
                (Below::Elements(elements), "@items" | "@values") => elements,
                (Below::Elements(_), "@keys") if index + 1 == path.len() => {
                    return Some(Range { min: 0, max: NONE });
                }
                (Below::Fields(fields), name) => fields.get(name)?,
                _ => return None,
            };
        }
        (!path.is_empty()).then_some(Range { min: 0, max: at.max_elements })
    }
}

/// `name`: of the type of an object; types of the same name are the same.
fn declare(node: &Node, is_resource: bool, name: &str) -> Option<Decl> {
    if node.int_or_string {
        return Some(Decl::simple(Type::Dyn, 1, MAX_REQUEST - 2));
    }
    match node.ty.as_str() {
        "array" => {
            let items = node.items.as_ref()?;
            let elements = declare(items, items.embedded, &format!("{name}.@idx"))?;
            let max = bound(node.max_items).unwrap_or((MAX_REQUEST - 2) / (elements.min_size + 1));
            let ty = Type::list(elements.ty.clone());
            Some(Decl { ty, min_size: MIN_COLLECTION, max_elements: max, below: Below::Elements(Box::new(elements)) })
        }
        "object" => match &node.additional {
            Some(Additional::Of(member)) if !is_resource => {
                let elements = declare(member, member.embedded, &format!("{name}.@elem"))?;
                let max = bound(node.max_properties).unwrap_or((MAX_REQUEST - 2) / (elements.min_size + 6));
                let ty = Type::map(Type::String, elements.ty.clone());
                let below = Below::Elements(Box::new(elements));
                Some(Decl { ty, min_size: MIN_COLLECTION, max_elements: max, below })
            }
            _ => Some(object(node, is_resource, name)),
        },
        "string" => Some(string(node)),
        "boolean" => Some(Decl::simple(Type::Bool, MIN_BOOL, NONE)),
        "number" => Some(Decl::simple(Type::Double, MIN_NUMBER, NONE)),
        "integer" => Some(Decl::simple(Type::Int, MIN_NUMBER, NONE)),
        _ if is_resource && !node.properties.is_empty() => Some(object(node, is_resource, name)),
        _ => None,
    }
}

fn bound(bound: Option<i64>) -> Option<u64> {
    bound.map(|bound| u64::try_from(bound).unwrap_or(0))
}

fn object(node: &Node, is_resource: bool, name: &str) -> Decl {
    let (mut fields, mut types) = (BTreeMap::new(), BTreeMap::new());
    let mut min_size = MIN_COLLECTION;
    let mut add = |key: &str, decl: Decl, list_type: ListType| {
        let Some(escaped) = escape(key) else { return };
        let max_elements = Some(decl.max_elements);
        let field = FieldType { ty: decl.ty.clone(), json: key.into(), max_elements, list_type };
        types.insert(Arc::from(&*escaped), field);
        fields.insert(escaped.into_owned(), decl);
    };
    let text = || Decl::simple(Type::String, MIN_STRING, MAX_REQUEST - 2);
    for (key, property) in &node.properties {
        if is_resource && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let Some(decl) = declare(property, property.embedded, &format!("{name}.{key}")) else { continue };
        if node.required.contains(key) && property.default.is_none() {
            min_size += key.len() as u64 + decl.min_size + 4;
        }
        add(key, decl, list_type(property));
    }
    if is_resource {
        add("apiVersion", text(), ListType::Atomic);
        add("kind", text(), ListType::Atomic);
        add("metadata", metadata(node.property("metadata"), &format!("{name}.metadata")), ListType::Atomic);
    }
    let ty = Type::Object(Arc::new(ObjectType { name: name.into(), fields: Fields::Known(types) }));
    Decl { ty, min_size, max_elements: NONE, below: Below::Fields(fields) }
}

/// Rules see the names in the metadata, and nothing else.
fn metadata(node: Option<&Node>, name: &str) -> Decl {
    let (mut fields, mut types) = (BTreeMap::new(), BTreeMap::new());
    for key in ["name", "generateName"] {
        let stated = node.and_then(|node| node.property(key)).filter(|node| node.ty == "string").map(string);
        let decl = stated.unwrap_or_else(|| Decl::simple(Type::String, MIN_STRING, MAX_REQUEST - 2));
        let max_elements = Some(decl.max_elements);
        let field = FieldType { ty: Type::String, json: key.into(), max_elements, list_type: ListType::Atomic };
        types.insert(Arc::from(key), field);
        fields.insert(key.to_owned(), decl);
    }
    let ty = Type::Object(Arc::new(ObjectType { name: name.into(), fields: Fields::Known(types) }));
    Decl { ty, min_size: MIN_COLLECTION, max_elements: NONE, below: Below::Fields(fields) }
}

fn string(node: &Node) -> Decl {
    let max = bound(node.max_length);
    match node.format.as_str() {
        "byte" => Decl::simple(Type::Bytes, MIN_STRING, max.unwrap_or(MAX_REQUEST - 2)),
        "duration" => Decl::simple(Type::Duration, MIN_DURATION, MAX_DURATION),
        "date" => Decl::simple(Type::Timestamp, DATE, DATE),
        "date-time" => Decl::simple(Type::Timestamp, MIN_DATE_TIME, MAX_DATE_TIME),
        _ => {
            let longest = node.enumeration.iter().filter_map(|value| value.as_str().map(str::len)).max();
            let of_enumeration = longest.map(|longest| longest as u64);
            Decl::simple(Type::String, MIN_STRING, max.or(of_enumeration).unwrap_or(MAX_REQUEST - 2))
        }
    }
}

/// How a list compares and adds.
pub fn list_type(node: &Node) -> ListType {
    match node.list_type.as_deref() {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(node.list_map_keys.iter().map(|key| Text::from(key.as_str())).collect()),
        _ => ListType::Atomic,
    }
}
