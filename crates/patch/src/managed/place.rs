//! How field management sees a place in the descriptor: what is one value, and what has members of its own.
//!
//! A struct or map is granular unless it is marked atomic; a list is atomic unless it is a set or keyed. Embedded objects
//! and JSON values are atomic. Where a custom resource states no type, a map is granular and the rest atomic.

use super::element::PathElement;
use schema::{ListType, Scalar, Shape, Text, TypeRef, Value};

#[derive(Clone, Copy)]
pub(crate) enum Place<'s> {
    Struct {
        ty: TypeRef<'s>,
        atomic: bool,
    },
    Shape {
        /// Resolves the types that the shape names.
        ty: TypeRef<'s>,
        shape: &'s Shape,
        list: &'s ListType,
        atomic: bool,
    },
    /// The value tells.
    Deduced,
}

/// What stands at a place, given a value there.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'s> {
    Scalar(Check),
    /// An untyped value as a whole.
    Opaque,
    AtomicList(Items<'s>),
    Set(Items<'s>),
    Keyed(Items<'s>, &'s [Text]),
    AtomicMap(Members<'s>),
    Map(Members<'s>),
}

/// Which values a scalar takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Numeric,
    String,
    Boolean,
    Any,
}

#[derive(Clone, Copy)]
pub(crate) struct Items<'s>(Place<'s>);

#[derive(Clone, Copy)]
pub(crate) enum Members<'s> {
    Struct(TypeRef<'s>),
    /// All members are alike.
    Alike(Place<'s>),
}

const ATOMIC: &ListType = &ListType::Atomic;

impl<'s> Place<'s> {
    pub fn root(ty: TypeRef<'s>) -> Place<'s> {
        Place::Struct { ty, atomic: ty.def().atomic }
    }

    fn of(ty: TypeRef<'s>, shape: &'s Shape, list: &'s ListType, atomic: bool) -> Place<'s> {
        match shape {
            Shape::Struct(id) => {
                let ty = ty.resolve(*id);
                Place::Struct { ty, atomic: atomic || ty.def().atomic }
            }
            Shape::Any => Place::Deduced,
            shape => Place::Shape { ty, shape, list, atomic },
        }
    }

    pub fn kind(self, value: Option<&Value>) -> Kind<'s> {
        match self {
            Place::Struct { ty, atomic: false } => Kind::Map(Members::Struct(ty)),
            Place::Struct { ty, atomic: true } => Kind::AtomicMap(Members::Struct(ty)),
            Place::Deduced => match value {
                None | Some(Value::Null | Value::Map(_)) => Kind::Map(Members::Alike(Place::Deduced)),
                Some(Value::List(_)) => Kind::AtomicList(Items(Place::Deduced)),
                Some(_) => Kind::Scalar(Check::Any),
            },
            Place::Shape { ty, shape, list, atomic } => match shape {
                Shape::Scalar(scalar) => of_scalar(*scalar),
                Shape::List(item) | Shape::WrappedList(item) => {
                    let items = Items(Place::of(ty, item, ATOMIC, false));
                    match list {
                        ListType::Atomic => Kind::AtomicList(items),
                        ListType::Set => Kind::Set(items),
                        ListType::Map(keys) => Kind::Keyed(items, keys),
                    }
                }
                Shape::Map(item) => {
                    let members = Members::Alike(Place::of(ty, item, ATOMIC, false));
                    if atomic { Kind::AtomicMap(members) } else { Kind::Map(members) }
                }
                Shape::Struct(_) | Shape::SchemaOr(..) | Shape::Any => Kind::Opaque,
            },
        }
    }
}

fn of_scalar<'s>(scalar: Scalar) -> Kind<'s> {
    match scalar {
        Scalar::Bool => Kind::Scalar(Check::Boolean),
        Scalar::Int32 | Scalar::Int64 | Scalar::Float => Kind::Scalar(Check::Numeric),
        Scalar::String | Scalar::Bytes | Scalar::Duration => Kind::Scalar(Check::String),
        Scalar::Time | Scalar::MicroTime | Scalar::Quantity | Scalar::IntOrString => Kind::Scalar(Check::Any),
        Scalar::Raw | Scalar::Json => Kind::Opaque,
        Scalar::FieldsV1 => Kind::Map(Members::Alike(Place::Deduced)),
    }
}

impl<'s> Members<'s> {
    /// Where the member `name` stands; `None` if it is not declared.
    pub fn place(self, name: &str) -> Option<Place<'s>> {
        match self {
            Members::Alike(place) => Some(place),
            Members::Struct(ty) => match (ty.field(name), &ty.def().additional) {
                (Some(field), _) => Some(Place::of(ty, &field.shape, &field.list_type, field.atomic)),
                (None, Some(shape)) => Some(Place::of(ty, shape, ATOMIC, false)),
                (None, None) if ty.def().preserves_unknown => Some(Place::Deduced),
                (None, None) => None,
            },
        }
    }

    /// Whether `name` is a field of a struct, which belongs to no one by its mere presence.
    pub fn is_field(self, name: &str) -> bool {
        matches!(self, Members::Struct(ty) if ty.field(name).is_some())
    }
}

impl<'s> Items<'s> {
    pub fn place(self) -> Place<'s> {
        self.0
    }

    /// What stands for a key that an item leaves out.
    fn key_default(self, key: &str) -> Option<&'s Value> {
        match self.0 {
            Place::Struct { ty, .. } => ty.field(key)?.default.as_ref(),
            _ => None,
        }
    }
}

impl<'s> Kind<'s> {
    /// Whether both see a value in the same way, given that they stand for the same place.
    pub fn same(&self, other: &Kind) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The step to an item of a set or keyed list.
    pub fn item_element(&self, item: &Value) -> Result<PathElement, String> {
        match self {
            Kind::Set(_) => match item {
                Value::Map(_) => Err("associative list without keys has an element that's a map type".into()),
                Value::List(_) => Err("not supported: associative list with lists as elements".into()),
                Value::Null => Err("associative list without keys has an element that's an explicit null".into()),
                scalar => Ok(PathElement::Value(scalar.clone())),
            },
            Kind::Keyed(items, keys) => keyed_element(*items, keys, item),
            _ => Err("not an associative list".into()),
        }
    }

    pub fn items(&self) -> Option<Place<'s>> {
        match self {
            Kind::AtomicList(items) | Kind::Set(items) | Kind::Keyed(items, _) => Some(items.place()),
            _ => None,
        }
    }
}

fn keyed_element(items: Items, keys: &[Text], item: &Value) -> Result<PathElement, String> {
    let map = match item {
        Value::Map(map) => map,
        Value::Null => return Err("associative list with keys may not have a null element".into()),
        _ => return Err("associative list with keys may not have non-map elements".into()),
    };
    let mut members = Vec::with_capacity(keys.len());
    for key in keys {
        let value = map.get(key).or_else(|| items.key_default(key)).ok_or_else(|| {
            format!("associative list with keys has an element that omits key field {key:?} (and doesn't have default value)")
        })?;
        members.push((key.clone(), value.clone()));
    }
    members.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(PathElement::Key(members))
}
