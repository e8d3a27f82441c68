//! Paths and queries.

use informer::Resource;
use schema::{Typed, Value};
use std::fmt::Write;

/// The path of a collection, an object (`name`) or what is below it (`subresource`). An empty namespace means all of them.
pub(crate) fn path(resource: &Resource, namespace: &str, name: &str, subresource: &str) -> String {
    let mut path = String::with_capacity(96);
    if resource.group.is_empty() {
        path.push_str("/api/");
    } else {
        path.push_str("/apis/");
        path.push_str(&resource.group);
        path.push('/');
    }
    path.push_str(&resource.version);
    if resource.namespaced && !namespace.is_empty() {
        path.push_str("/namespaces");
        push_segment(&mut path, namespace);
    }
    path.push('/');
    path.push_str(&resource.plural);
    if !name.is_empty() {
        push_segment(&mut path, name);
    }
    if !subresource.is_empty() {
        path.push('/');
        path.push_str(subresource);
    }
    path
}

fn push_segment(path: &mut String, segment: &str) {
    path.push('/');
    encode(path, segment, b"-._~:@!$&'()*+,;=");
}

/// Appends an options object as a query: one parameter a field, one each for the items of a list.
pub(crate) fn push_query<T: Typed>(path: &mut String, options: &T) {
    let value = options.to_value();
    let Some(map) = value.as_map() else { return };
    for (key, value) in map.iter().filter(|(key, _)| !matches!(*key, "apiVersion" | "kind")) {
        match value {
            Value::List(items) => items.iter().for_each(|item| push_parameter(path, key, item)),
            value => push_parameter(path, key, value),
        }
    }
}

fn push_parameter(path: &mut String, key: &str, value: &Value) {
    path.push(if path.contains('?') { '&' } else { '?' });
    path.push_str(key);
    path.push('=');
    match value {
        Value::Str(text) => encode(path, text, b"-._~:/,"),
        Value::Int(n) => write!(path, "{n}").expect("writing to a string cannot fail"),
        Value::Bool(b) => path.push_str(if *b { "true" } else { "false" }),
        _ => {}
    }
}

fn encode(out: &mut String, text: &str, plain: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(byte.into());
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
}
