//! Go's names of types, for error texts.

use crate::{Scalar, Shape, TypeRef};

/// `v1.Container` of `io.k8s.api.core.v1.Container`.
pub(super) fn type_name(name: &str) -> &str {
    let mut dots = name.rmatch_indices('.');
    dots.next();
    dots.next().map_or(name, |(at, _)| &name[at + 1..])
}

/// `Container` of `io.k8s.api.core.v1.Container`.
pub(super) fn struct_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The name of what is expected where a value has the shape. `named` is the name that the descriptor gives it.
pub(super) fn shape_name(ty: TypeRef<'_>, shape: &Shape, named: Option<&str>) -> String {
    match named {
        Some(name) => name.to_owned(),
        None => match shape {
            // These read their own text, so that Go's decoder speaks of that instead.
            Shape::Scalar(Scalar::Time | Scalar::MicroTime | Scalar::Duration) => "string".into(),
            Shape::Scalar(Scalar::IntOrString) => "int32".into(),
            _ => whole_name(ty, shape),
        },
    }
}

fn whole_name(ty: TypeRef<'_>, shape: &Shape) -> String {
    match shape {
        Shape::Scalar(scalar) => match scalar {
            Scalar::Bool => "bool",
            Scalar::Int32 => "int32",
            Scalar::Int64 => "int64",
            Scalar::Float => "float64",
            Scalar::String => "string",
            Scalar::Bytes => "[]uint8",
            Scalar::Time => "v1.Time",
            Scalar::MicroTime => "v1.MicroTime",
            Scalar::Duration => "v1.Duration",
            Scalar::Quantity => "resource.Quantity",
            Scalar::IntOrString => "intstr.IntOrString",
            Scalar::Raw => "runtime.RawExtension",
            Scalar::Json => "v1.JSON",
            Scalar::FieldsV1 => "v1.FieldsV1",
        }
        .into(),
        Shape::Struct(id) => type_name(ty.resolve(*id).name()).into(),
        Shape::List(item) | Shape::WrappedList(item) => format!("[]{}", whole_name(ty, item)),
        Shape::Map(item) => format!("map[string]{}", whole_name(ty, item)),
        Shape::SchemaOr(_, id) => type_name(ty.resolve(*id).name()).into(),
        Shape::Any => "interface {}".into(),
    }
}

/// The name of the elements of a list or map, where the name of the whole tells it.
pub(super) fn element_name<'n>(shape: &Shape, named: Option<&'n str>) -> Option<&'n str> {
    let prefix = if matches!(shape, Shape::Map(_)) { "map[string]" } else { "[]" };
    named?.strip_prefix(prefix)
}
