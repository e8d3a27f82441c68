//! Where in the descriptor a merge stands, and the patch strategy of what lies below.

use crate::PatchError;
use schema::{Shape, TypeRef};

/// A place in the tree of types.
#[derive(Clone, Copy)]
pub(crate) enum Place<'s> {
    Struct(TypeRef<'s>),
    /// The type only resolves the names inside the shape.
    Shape(TypeRef<'s>, &'s Shape),
}

/// One member of a struct or map.
pub(crate) struct Member<'s> {
    pub place: Place<'s>,
    /// Lists are merged.
    pub merges: bool,
    /// Maps are replaced.
    pub replaces: bool,
    /// The merge key of a list of maps; empty where there is none.
    pub key: &'s str,
}

impl<'s> Place<'s> {
    /// The member `name`, an error where the type cannot have it.
    pub fn member(self, name: &str) -> Result<Member<'s>, PatchError> {
        let plain = |place| Member { place, merges: false, replaces: false, key: "" };
        match self {
            Place::Struct(ty) => match (ty.field(name), &ty.def().additional) {
                (Some(field), _) => Ok(Member {
                    place: Place::of(ty, &field.shape),
                    merges: field.patch_merge,
                    replaces: field.patch_replace,
                    key: field.patch_merge_key.as_deref().unwrap_or_default(),
                }),
                (None, Some(shape)) => Ok(plain(Place::of(ty, shape))),
                (None, None) => Err(unknown(go_name(ty), name)),
            },
            Place::Shape(ty, Shape::Map(item)) => Ok(plain(Place::of(ty, item))),
            Place::Shape(ty, Shape::Any) => Ok(plain(Place::Shape(ty, &Shape::Any))),
            Place::Shape(_, shape) => Err(unknown(shape_name(shape), name)),
        }
    }

    /// The items of a list here.
    pub fn item(self) -> Place<'s> {
        match self {
            Place::Shape(ty, Shape::List(item) | Shape::WrappedList(item)) => Place::of(ty, item),
            other => other,
        }
    }

    fn of(ty: TypeRef<'s>, shape: &'s Shape) -> Place<'s> {
        match shape {
            Shape::Struct(id) | Shape::SchemaOr(_, id) => Place::Struct(ty.resolve(*id)),
            shape => Place::Shape(ty, shape),
        }
    }
}

fn unknown(type_name: &str, field: &str) -> PatchError {
    PatchError::Internal(format!("unable to find api field in struct {type_name} for the json field {field:?}"))
}

/// The last part of OpenAPI's name is that of the Go type.
fn go_name(ty: TypeRef<'_>) -> &str {
    ty.name().rsplit('.').next().unwrap_or_default()
}

fn shape_name(shape: &Shape) -> &'static str {
    use schema::Scalar;
    match shape {
        Shape::Scalar(Scalar::Raw) => "RawExtension",
        Shape::Scalar(Scalar::Json) => "JSON",
        Shape::Scalar(Scalar::FieldsV1) => "FieldsV1",
        _ => "",
    }
}
