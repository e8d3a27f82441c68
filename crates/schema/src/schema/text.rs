//! Reading the text form of a schema.

use super::{Builder, Field, ListType, Scalar, Schema, SchemaOr, Shape, Type, TypeId};
use crate::{Text, Value};

const JSON_SCHEMA: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

#[derive(Debug, thiserror::Error)]
#[error("schema line {line}: {what}")]
pub struct ParseError {
    line: usize,
    what: String,
}

pub(super) fn parse(text: &str) -> Result<Schema, ParseError> {
    let mut builder = Builder::default();
    let mut open: Option<(TypeId, Type)> = None;
    for (index, line) in text.lines().enumerate() {
        let fail = |what: String| ParseError { line: index + 1, what };
        let mut words = line.split(' ');
        match words.next() {
            Some("type") => {
                if let Some((id, done)) = open.take() {
                    builder.define(id, done);
                }
                let name = words.next().ok_or_else(|| fail("a type without a name".into()))?;
                let atomic = words.next() == Some("atomic");
                open = Some((builder.declare(name), Type { atomic, ..Type::default() }));
            }
            Some("f") => {
                let (_, content) = open.as_mut().ok_or_else(|| fail("a field before any type".into()))?;
                content.fields.push(field(&mut builder, words).map_err(fail)?);
            }
            Some("gvk") => {
                let [Some(version), Some(kind), Some(name)] = [words.next(), words.next(), words.next()] else {
                    return Err(fail("gvk takes a version, a kind and a type".into()));
                };
                let id = builder.declare(name);
                builder.bind(version, kind, id);
            }
            Some("" | "#") | None => {}
            Some(other) => return Err(fail(format!("unknown word {other}"))),
        }
    }
    if let Some((id, done)) = open.take() {
        builder.define(id, done);
    }
    Ok(builder.finish())
}

fn field<'a>(builder: &mut Builder, mut words: impl Iterator<Item = &'a str>) -> Result<Field, String> {
    let [Some(json), Some(tags), Some(written)] = [words.next(), words.next(), words.next()] else {
        return Err("a field takes a name, a tag and a shape".into());
    };
    let mut field = Field::new(json, shape(builder, written)?);
    if tags != "0" {
        field.tags =
            tags.split('.').map(|tag| tag.parse().map_err(|_| format!("bad tag {tags}"))).collect::<Result<_, _>>()?;
    }
    for flag in words {
        let (name, argument) = flag.split_once('=').unwrap_or((flag, ""));
        match name {
            "ptr" => field.pointer = true,
            "omit" => field.omit_empty = true,
            "always" => field.omit_empty = false,
            "req" => field.required = true,
            "atomic" => field.atomic = true,
            "granular" => field.granular = true,
            "def" => field.default = Some(default(argument)?),
            "enum" => field.enumeration = argument.split('|').map(|value| value.replace("%20", " ").into()).collect(),
            "list" => field.list_type = list_type(argument)?,
            "in" => field.embedded = Some(argument.into()),
            "go" => field.go = Some(argument.into()),
            "mkey" => field.patch_merge_key = Some(argument.into()),
            "patch" => {
                for strategy in argument.split(',') {
                    match strategy {
                        "merge" => field.patch_merge = true,
                        "replace" => field.patch_replace = true,
                        "retainKeys" => field.patch_retain_keys = true,
                        other => return Err(format!("unknown patch strategy {other}")),
                    }
                }
            }
            other => return Err(format!("unknown flag {other}")),
        }
    }
    Ok(field)
}

fn list_type(written: &str) -> Result<ListType, String> {
    match written.split_once(':') {
        Some(("map", keys)) => Ok(ListType::Map(keys.split(',').map(Text::from).collect())),
        None if written == "set" => Ok(ListType::Set),
        None if written == "atomic" => Ok(ListType::Atomic),
        _ => Err(format!("unknown list type {written}")),
    }
}

/// Defaults are scalars or an empty object; no default of v1.36 has a space in it.
fn default(written: &str) -> Result<Value, String> {
    Ok(match written {
        "{}" => Value::map(),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(text) => Value::str(text),
            None => Value::Int(written.parse().map_err(|_| format!("unknown default {written}"))?),
        },
    })
}

fn shape(builder: &mut Builder, written: &str) -> Result<Shape, String> {
    if let Some(name) = written.strip_prefix('@') {
        return Ok(Shape::Struct(builder.declare(name)));
    }
    if let Some(item) = written.strip_prefix("[]") {
        return Ok(Shape::List(Box::new(shape(builder, item)?)));
    }
    if let Some(item) = written.strip_prefix("[w]") {
        return Ok(Shape::WrappedList(Box::new(shape(builder, item)?)));
    }
    if let Some(item) = written.strip_prefix("{}") {
        return Ok(Shape::Map(Box::new(shape(builder, item)?)));
    }
    Ok(match written {
        "bool" => Shape::Scalar(Scalar::Bool),
        "i32" => Shape::Scalar(Scalar::Int32),
        "i64" => Shape::Scalar(Scalar::Int64),
        "f64" => Shape::Scalar(Scalar::Float),
        "string" => Shape::Scalar(Scalar::String),
        "bytes" => Shape::Scalar(Scalar::Bytes),
        "time" => Shape::Scalar(Scalar::Time),
        "microtime" => Shape::Scalar(Scalar::MicroTime),
        "duration" => Shape::Scalar(Scalar::Duration),
        "quantity" => Shape::Scalar(Scalar::Quantity),
        "intorstring" => Shape::Scalar(Scalar::IntOrString),
        "raw" => Shape::Scalar(Scalar::Raw),
        "json" => Shape::Scalar(Scalar::Json),
        "fieldsv1" => Shape::Scalar(Scalar::FieldsV1),
        "schema-or-array" => Shape::SchemaOr(SchemaOr::Array, builder.declare(JSON_SCHEMA)),
        "schema-or-bool" => Shape::SchemaOr(SchemaOr::Bool, builder.declare(JSON_SCHEMA)),
        "schema-or-strings" => Shape::SchemaOr(SchemaOr::Strings, builder.declare(JSON_SCHEMA)),
        other => return Err(format!("unknown shape {other}")),
    })
}
