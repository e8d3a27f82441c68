//! The document of version 2 as protobuf, message `openapi.v2.Document` of gnostic: what clients before 1.24 ask for.
//!
//! The JSON document is written by tables of fields, one table a message. They have the fields that the document
//! uses; one that they lack would get lost, for which the tests look.

use schema::{Value, json};

/// How a member of the JSON document is written.
enum Form {
    Text,
    Texts,
    Bool,
    Int,
    Double,
    /// A value of any kind, as YAML, which JSON is.
    Any,
    Anys,
    One(&'static Message),
    /// A list.
    Many(&'static Message),
    /// A text or a list of texts, in a message of their own.
    TextItem,
    /// A schema, in messages that say which of several things it is.
    Wrapped(&'static [u32], &'static Message),
    /// A list of schemas, or one.
    Items,
    /// A map, its entries as pairs of name and value.
    Named(Option<&'static Message>),
    Parameters,
    /// A list of maps of names to lists of texts.
    Requirements,
    SecurityDefinitions,
}

use Form::{
    Any, Anys, Bool, Double, Int, Items, Many, Named, One, Parameters, Requirements, Text, TextItem, Texts, Wrapped,
};

struct Message {
    /// Name in JSON, tag, form.
    fields: &'static [(&'static str, u32, Form)],
    /// Where members go that start with `x-`; and where all others, in messages that are maps.
    extensions: u32,
    /// The tag of entries that no field names, with the messages in between and the message of each.
    entries: Option<(u32, &'static [u32], &'static Message)>,
}

const fn message(fields: &'static [(&'static str, u32, Form)], extensions: u32) -> Message {
    Message { fields, extensions, entries: None }
}

static DOCUMENT: Message = message(
    &[
        ("swagger", 1, Text),
        ("info", 2, One(&INFO)),
        ("paths", 8, One(&PATHS)),
        ("definitions", 9, Named(Some(&SCHEMA))),
        ("parameters", 10, Named(None)),
        ("security", 12, Requirements),
        ("securityDefinitions", 13, Form::SecurityDefinitions),
    ],
    16,
);

static INFO: Message = message(&[("title", 1, Text), ("version", 2, Text), ("description", 3, Text)], 7);

static PATHS: Message = Message { fields: &[], extensions: 1, entries: Some((2, &[], &PATH_ITEM)) };

static PATH_ITEM: Message = message(
    &[
        ("get", 2, One(&OPERATION)),
        ("put", 3, One(&OPERATION)),
        ("post", 4, One(&OPERATION)),
        ("delete", 5, One(&OPERATION)),
        ("options", 6, One(&OPERATION)),
        ("head", 7, One(&OPERATION)),
        ("patch", 8, One(&OPERATION)),
        ("parameters", 9, Parameters),
    ],
    10,
);

static OPERATION: Message = message(
    &[
        ("tags", 1, Texts),
        ("summary", 2, Text),
        ("description", 3, Text),
        ("operationId", 5, Text),
        ("produces", 6, Texts),
        ("consumes", 7, Texts),
        ("parameters", 8, Parameters),
        ("responses", 9, One(&RESPONSES)),
        ("schemes", 10, Texts),
        ("deprecated", 11, Bool),
    ],
    13,
);

static RESPONSES: Message = Message { fields: &[], extensions: 2, entries: Some((1, &[1], &RESPONSE)) };

static RESPONSE: Message = message(&[("description", 1, Text), ("schema", 2, Wrapped(&[1], &SCHEMA))], 5);

static BODY: Message = message(
    &[("description", 1, Text), ("name", 2, Text), ("in", 3, Text), ("required", 4, Bool), ("schema", 5, One(&SCHEMA))],
    6,
);

static QUERY_PARAMETER: Message = message(
    &[
        ("required", 1, Bool),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("type", 6, Text),
        ("format", 7, Text),
        ("uniqueItems", 20, Bool),
    ],
    23,
);

static PATH_PARAMETER: Message = message(
    &[
        ("required", 1, Bool),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("type", 5, Text),
        ("format", 6, Text),
        ("uniqueItems", 19, Bool),
    ],
    22,
);

static REFERENCE: Message = message(&[("$ref", 1, Text), ("description", 2, Text)], 0);

static API_KEY: Message =
    message(&[("type", 1, Text), ("name", 2, Text), ("in", 3, Text), ("description", 4, Text)], 5);

static SCHEMA: Message = message(
    &[
        ("$ref", 1, Text),
        ("format", 2, Text),
        ("title", 3, Text),
        ("description", 4, Text),
        ("default", 5, Any),
        ("multipleOf", 6, Double),
        ("maximum", 7, Double),
        ("exclusiveMaximum", 8, Bool),
        ("minimum", 9, Double),
        ("exclusiveMinimum", 10, Bool),
        ("maxLength", 11, Int),
        ("minLength", 12, Int),
        ("pattern", 13, Text),
        ("maxItems", 14, Int),
        ("minItems", 15, Int),
        ("uniqueItems", 16, Bool),
        ("maxProperties", 17, Int),
        ("minProperties", 18, Int),
        ("required", 19, Texts),
        ("enum", 20, Anys),
        ("additionalProperties", 21, Wrapped(&[1], &SCHEMA)),
        ("type", 22, TextItem),
        ("items", 23, Items),
        ("allOf", 24, Many(&SCHEMA)),
        ("properties", 25, Named(Some(&SCHEMA))),
    ],
    31,
);

/// The bytes of the document.
pub fn encode(document: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(&DOCUMENT, document, &mut out);
    out
}

fn write(message: &Message, value: &Value, out: &mut Vec<u8>) {
    for (name, tag, form) in message.fields {
        if let Some(member) = value.get(name) {
            field(*tag, form, member, out);
        }
    }
    for (name, member) in value.as_map().into_iter().flat_map(schema::Map::iter) {
        if name.starts_with("x-") {
            named(message.extensions, name, out, |out| any(member, out));
        } else if let Some((tag, between, of)) = &message.entries {
            named(*tag, name, out, |out| wrapped(between, out, |out| write(of, member, out)));
        }
    }
}

fn field(tag: u32, form: &Form, value: &Value, out: &mut Vec<u8>) {
    match form {
        Text => text(tag, value, out),
        Texts => value.items().iter().for_each(|item| text(tag, item, out)),
        Bool => number(tag, u64::from(value.as_bool().unwrap_or_default()), out),
        // A negative number is the two's complement.
        Int => number(tag, value.as_i64().unwrap_or_default() as u64, out),
        Double => double(tag, value.as_f64().unwrap_or_default(), out),
        Any => nested(tag, out, |out| any(value, out)),
        Anys => value.items().iter().for_each(|item| nested(tag, out, |out| any(item, out))),
        One(of) => nested(tag, out, |out| write(of, value, out)),
        Many(of) => value.items().iter().for_each(|item| nested(tag, out, |out| write(of, item, out))),
        TextItem => nested(tag, out, |out| match value {
            Value::List(_) => value.items().iter().for_each(|item| text(1, item, out)),
            _ => text(1, value, out),
        }),
        Wrapped(between, of) => nested(tag, out, |out| wrapped(between, out, |out| write(of, value, out))),
        Items => nested(tag, out, |out| nested(1, out, |out| write(&SCHEMA, value, out))),
        Named(of) => nested(tag, out, |out| {
            for (name, member) in value.as_map().into_iter().flat_map(schema::Map::iter) {
                named(1, name, out, |out| match of {
                    Some(of) => write(of, member, out),
                    None => parameter(member, out),
                });
            }
        }),
        Parameters => value.items().iter().for_each(|item| {
            nested(tag, out, |out| match item.get("$ref") {
                Some(_) => nested(2, out, |out| write(&REFERENCE, item, out)),
                None => nested(1, out, |out| parameter(item, out)),
            });
        }),
        Requirements => value.items().iter().for_each(|item| nested(tag, out, |out| requirement(item, out))),
        Form::SecurityDefinitions => nested(tag, out, |out| {
            for (name, member) in value.as_map().into_iter().flat_map(schema::Map::iter) {
                named(1, name, out, |out| nested(2, out, |out| write(&API_KEY, member, out)));
            }
        }),
    }
}

fn requirement(value: &Value, out: &mut Vec<u8>) {
    for (name, scopes) in value.as_map().into_iter().flat_map(schema::Map::iter) {
        named(1, name, out, |out| field(1, &Texts, scopes, out));
    }
}

fn parameter(value: &Value, out: &mut Vec<u8>) {
    match value.str_at(&["in"]) {
        "body" => nested(1, out, |out| write(&BODY, value, out)),
        "path" => nested(2, out, |out| nested(4, out, |out| write(&PATH_PARAMETER, value, out))),
        _ => nested(2, out, |out| nested(3, out, |out| write(&QUERY_PARAMETER, value, out))),
    }
}

/// The field `yaml` of the message `Any`.
fn any(value: &Value, out: &mut Vec<u8>) {
    let mut yaml = Vec::new();
    json::write(value, &mut yaml);
    bytes(2, &yaml, out);
}

/// A pair of name and value.
fn named(tag: u32, name: &str, out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    nested(tag, out, |out| {
        bytes(1, name.as_bytes(), out);
        nested(2, out, value);
    });
}

/// The value in messages that each have nothing but one field.
fn wrapped(tags: &[u32], out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    value(&mut inner);
    for tag in tags.iter().rev() {
        let mut outer = Vec::new();
        bytes(*tag, &inner, &mut outer);
        inner = outer;
    }
    out.extend(inner);
}

fn nested(tag: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    write(&mut inner);
    bytes(tag, &inner, out);
}

fn text(tag: u32, value: &Value, out: &mut Vec<u8>) {
    let text = value.as_str().unwrap_or_default();
    if !text.is_empty() {
        bytes(tag, text.as_bytes(), out);
    }
}

fn bytes(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    varint(u64::from(tag << 3 | 2), out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn number(tag: u32, number: u64, out: &mut Vec<u8>) {
    if number != 0 {
        varint(u64::from(tag << 3), out);
        varint(number, out);
    }
}

fn double(tag: u32, number: f64, out: &mut Vec<u8>) {
    if number != 0.0 {
        varint(u64::from(tag << 3 | 1), out);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests;
