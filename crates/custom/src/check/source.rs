//! A schema as upstream's messages show it: the JSON of its internal form, with Go's names of the fields.

use crate::node::{Additional, Node, Rule};
use schema::{Value, json};
use std::collections::BTreeMap;

pub fn internal_json(node: &Node) -> String {
    let mut out = String::new();
    write_node(node, &mut out);
    out
}

/// `{"A":1,"B":null}` of fields that are JSON already.
pub fn object(fields: &[(&str, String)]) -> String {
    let members: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// A rule, as messages about it show it.
pub fn rule_json(rule: &Rule) -> String {
    object(&[
        ("Rule", text(&rule.rule)),
        ("Message", text(&rule.message)),
        ("MessageExpression", text(&rule.message_expression)),
        ("Reason", optional(rule.reason.as_deref().map(text))),
        ("FieldPath", text(&rule.field_path)),
        ("OptionalOldSelf", optional(rule.optional_old_self.map(|flag| flag.to_string()))),
    ])
}

/// As Go's encoder writes a string: with `<`, `>` and `&` escaped.
pub fn text(text: &str) -> String {
    let mut out = Vec::new();
    json::write(&Value::str(text), &mut out);
    let written = String::from_utf8_lossy(&out).into_owned();
    written.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

pub fn optional(value: Option<String>) -> String {
    value.unwrap_or_else(|| "null".into())
}

fn value(value: &Value) -> String {
    let mut out = Vec::new();
    json::write(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn number(number: Option<f64>) -> String {
    optional(
        number
            .map(|number| value(&if number.fract() == 0.0 { Value::Int(number as i64) } else { Value::Float(number) })),
    )
}

fn list(items: Vec<String>) -> String {
    if items.is_empty() { "null".into() } else { format!("[{}]", items.join(",")) }
}

fn nodes(nodes: &[Node]) -> String {
    list(nodes.iter().map(internal_json).collect())
}

fn keyed(nodes: &BTreeMap<String, Node>) -> String {
    if nodes.is_empty() {
        return "null".into();
    }
    let members: Vec<String> =
        nodes.iter().map(|(key, node)| format!("{}:{}", text(key), internal_json(node))).collect();
    format!("{{{}}}", members.join(","))
}

fn additional(additional: &Option<Additional>) -> String {
    optional(additional.as_ref().map(|additional| match additional {
        Additional::Allowed(allowed) => object(&[("Allows", allowed.to_string()), ("Schema", "null".into())]),
        Additional::Of(node) => object(&[("Allows", "true".into()), ("Schema", internal_json(node))]),
    }))
}

fn items(node: &Node) -> String {
    match (&node.items, node.items_list.is_empty()) {
        (None, true) => "null".into(),
        (items, _) => object(&[
            ("Schema", optional(items.as_ref().map(|items| internal_json(items)))),
            ("JSONSchemas", nodes(&node.items_list)),
        ]),
    }
}

fn write_node(node: &Node, out: &mut String) {
    let count = |count: Option<i64>| optional(count.map(|count| count.to_string()));
    let texts = |texts: &[String]| list(texts.iter().map(|item| text(item)).collect());
    let fields = [
        ("ID", text(&node.id)),
        ("Schema", text(&node.schema_url)),
        ("Ref", optional(node.reference.as_deref().map(text))),
        ("Description", text(&node.description)),
        ("Type", text(&node.ty)),
        ("Nullable", node.nullable.to_string()),
        ("Format", text(&node.format)),
        ("Title", text(&node.title)),
        ("Default", optional(node.default.as_ref().map(value))),
        ("Maximum", number(node.maximum)),
        ("ExclusiveMaximum", node.exclusive_maximum.to_string()),
        ("Minimum", number(node.minimum)),
        ("ExclusiveMinimum", node.exclusive_minimum.to_string()),
        ("MaxLength", count(node.max_length)),
        ("MinLength", count(node.min_length)),
        ("Pattern", text(&node.pattern.source)),
        ("MaxItems", count(node.max_items)),
        ("MinItems", count(node.min_items)),
        ("UniqueItems", node.unique_items.to_string()),
        ("MultipleOf", number(node.multiple_of)),
        ("Enum", list(node.enumeration.iter().map(value).collect())),
        ("MaxProperties", count(node.max_properties)),
        ("MinProperties", count(node.min_properties)),
        ("Required", texts(&node.required)),
        ("Items", items(node)),
        ("AllOf", nodes(&node.all_of)),
        ("OneOf", nodes(&node.one_of)),
        ("AnyOf", nodes(&node.any_of)),
        ("Not", optional(node.not.as_ref().map(|not| internal_json(not)))),
        ("Properties", keyed(&node.properties)),
        ("AdditionalProperties", additional(&node.additional)),
        ("PatternProperties", keyed(&node.pattern_properties)),
        ("Dependencies", "null".into()),
        ("AdditionalItems", additional(&node.additional_items)),
        ("Definitions", keyed(&node.definitions)),
        ("ExternalDocs", "null".into()),
        ("Example", optional(node.example.as_ref().map(value))),
        ("XPreserveUnknownFields", optional(node.preserve_unknown.map(|flag| flag.to_string()))),
        ("XEmbeddedResource", node.embedded.to_string()),
        ("XIntOrString", node.int_or_string.to_string()),
        ("XListMapKeys", texts(&node.list_map_keys)),
        ("XListType", optional(node.list_type.as_deref().map(text))),
        ("XMapType", optional(node.map_type.as_deref().map(text))),
        ("XValidations", list(node.rules.iter().map(rule_json).collect())),
    ];
    out.push_str(&object(&fields));
}
