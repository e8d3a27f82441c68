//! Writing the model in the text form that `schema::Schema` parses; that form is described there.

use super::model::{FieldDef, ListKind, Model, Shape};
use serde_json::Value;
use std::fmt::Write as _;

pub fn write(model: &Model) -> String {
    let mut out = String::from("# Made by cargo xtask codegen.\n");
    for (name, def) in &model.types {
        let _ = writeln!(out, "type {name}{}", if def.atomic { " atomic" } else { "" });
        for field in &def.fields {
            out.push_str(&line(field));
        }
    }
    for ((version, kind), name) in &model.kinds {
        let _ = writeln!(out, "gvk {version} {kind} {name}");
    }
    out
}

fn line(field: &FieldDef) -> String {
    let tags: Vec<String> = field.tags.iter().map(u64::to_string).collect();
    let tags = if tags.is_empty() { "0".into() } else { tags.join(".") };
    let mut words = vec!["f".into(), field.json.clone(), tags, shape(&field.shape)];
    let mut flag = |wanted: bool, word: &str| {
        if wanted {
            words.push(word.into());
        }
    };
    flag(field.pointer, "ptr");
    flag(field.omit_empty, "omit");
    flag(!field.omit_empty, "always");
    flag(field.required, "req");
    flag(field.atomic, "atomic");
    flag(field.granular, "granular");
    if let Some(default) = &field.default {
        words.push(format!("def={default}"));
    }
    if !field.enumeration.is_empty() {
        words.push(format!("enum={}", field.enumeration.join("|").replace(' ', "%20")));
    }
    match &field.list {
        ListKind::Atomic => {}
        ListKind::Set => words.push("list=set".into()),
        ListKind::Map(keys) => words.push(format!("list=map:{}", keys.join(","))),
    }
    if let Some(strategy) = &field.patch_strategy {
        words.push(format!("patch={strategy}"));
    }
    if let Some(key) = &field.patch_merge_key {
        words.push(format!("mkey={key}"));
    }
    if let Some(go) = &field.go {
        words.push(format!("go={go}"));
    }
    if let Some(embedded) = &field.embedded {
        words.push(format!("in={embedded}"));
    }
    debug_assert!(field.default.as_ref().is_none_or(|default: &Value| !default.to_string().contains(' ')));
    words.join(" ") + "\n"
}

fn shape(shape_: &Shape) -> String {
    match shape_ {
        Shape::Scalar(name) => (*name).into(),
        Shape::Struct(name) => format!("@{name}"),
        Shape::List(item) => format!("[]{}", shape(item)),
        Shape::WrappedList(item) => format!("[w]{}", shape(item)),
        Shape::Map(item) => format!("{{}}{}", shape(item)),
    }
}
