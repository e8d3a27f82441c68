//! Writing the typed structs: which types get one, in which crate and module, with which Rust types.

use super::Files;
use super::facts::{Facts, Resource};
use super::model::{FieldDef, Model, Shape, TypeDef};
use super::names;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const HEADER: &str = "// Made by cargo xtask codegen.\n";

/// Types that logic needs although OpenAPI does not publish them.
const EXTRA: [&str; 7] = [
    "io.k8s.api.admission.v1.AdmissionReview",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ConversionReview",
    "io.k8s.apimachinery.pkg.apis.meta.v1.CreateOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.GetOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.ListOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.PatchOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.UpdateOptions",
];

/// The groups of crate api-apps; what is not named here or in [`Place::of`] goes to api-misc.
const APPS: [&str; 4] = ["apps", "autoscaling", "batch", "policy"];

const CRATES: [(&str, &str); 4] = [
    (
        "api-meta",
        "what every object carries (metadata, conditions, selectors) and what every request may carry or answer",
    ),
    ("api-core", "the core group"),
    ("api-apps", "the workload groups apps, autoscaling, batch and policy"),
    ("api-misc", "every group that has no crate of its own"),
];

pub fn write(facts: &Facts, model: &Model, files: &mut Files) -> anyhow::Result<()> {
    let mut modules: BTreeMap<Place, String> = BTreeMap::new();
    let wanted = wanted(facts, model);
    for &name in &wanted {
        let def = &model.types[name];
        let place = Place::of(name);
        let out = modules.entry(place.clone()).or_default();
        out.push_str(&one_struct(model, &place, name, def)?);
        for resource in facts.resources.iter().filter(|resource| serves(model, resource, name)) {
            out.push_str(&one_object(&place, short(name), resource));
        }
    }
    files.insert("crates/api-misc/tests/it/kinds.rs".into(), test_table(model, &wanted));
    for (crate_name, about) in CRATES {
        let lib = format!("//! Typed objects of Kubernetes v1.36: {about}.\n//!\n{LIB}");
        files.insert(format!("crates/{crate_name}/src/lib.rs").into(), lib);
        let mut parents: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (place, code) in modules.iter().filter(|(place, _)| place.crate_name == crate_name) {
            let mut path = format!("crates/{crate_name}/src/generated");
            for module in &place.modules {
                parents.entry(format!("{path}.rs")).or_default().insert(module);
                let _ = write!(path, "/{module}");
            }
            let uses = if code.contains("BTreeMap<") { "\nuse std::collections::BTreeMap;\n" } else { "" };
            files.insert(format!("{path}.rs").into(), format!("{HEADER}{uses}{code}"));
        }
        for (path, children) in parents {
            let list: String = children.iter().map(|child| format!("pub mod {child};\n")).collect();
            files.insert(path.into(), format!("{HEADER}\n{list}"));
        }
    }
    Ok(())
}

const LIB: &str = "\
//! Made by cargo xtask codegen, this file too. Deliberately absent: lists (a list is a header and items), the fields
//! `apiVersion` and `kind` (the type says them, and they are written wherever such a type is), behaviour of any sort.

mod generated;

pub use generated::*;
";

/// Where a struct stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    crate_name: &'static str,
    modules: Vec<String>,
}

impl Place {
    fn of(name: &str) -> Place {
        let parts: Vec<&str> = name.split('.').collect();
        let version = parts[parts.len() - 2].to_owned();
        let group = parts[parts.len() - 3].replace('-', "");
        let (crate_name, modules) = match group.as_str() {
            "meta" | "pkg" => ("api-meta", vec![version]),
            "core" => ("api-core", vec![version]),
            apps if APPS.contains(&apps) => ("api-apps", vec![group, version]),
            _ => ("api-misc", vec![group, version]),
        };
        Place { crate_name, modules }
    }

    /// How code in this place calls a type.
    fn path_to(&self, name: &str) -> String {
        let there = Place::of(name);
        if *self == there {
            return short(name).into();
        }
        let root =
            if self.crate_name == there.crate_name { "crate".into() } else { there.crate_name.replace('-', "_") };
        format!("{root}::{}::{}", there.modules.join("::"), short(name))
    }
}

/// Everything that the server publishes by default and the extra types, with all that they hold.
fn wanted<'m>(facts: &'m Facts, model: &'m Model) -> BTreeSet<&'m str> {
    let published = facts.default_definitions.iter().map(String::as_str);
    let mut queue: Vec<&str> = published.chain(EXTRA).collect();
    let mut wanted = BTreeSet::new();
    while let Some(name) = queue.pop() {
        let Some((name, def)) = model.types.get_key_value(name) else { continue };
        if def.is_list() || !wanted.insert(name.as_str()) {
            continue;
        }
        queue.extend(def.fields.iter().filter_map(|field| field.shape.struct_name()));
    }
    wanted
}

fn one_struct(model: &Model, place: &Place, name: &str, def: &TypeDef) -> anyhow::Result<String> {
    let mut out = format!("\nschema::typed_struct! {{\n    {} = \"{name}\"", short(name));
    if def.type_meta {
        let (version, kind) = own_kind(model, name).with_context(|| format!("{name} has no kind"))?;
        let _ = write!(out, ", kind \"{version}\" \"{kind}\"");
    }
    out.push_str(" {\n");
    let mut fields: Vec<&FieldDef> = def.fields.iter().collect();
    fields.sort_by(|a, b| a.json.cmp(&b.json));
    for field in fields {
        if def.type_meta && ["apiVersion", "kind"].contains(&field.json.as_str()) {
            continue;
        }
        let rust = names::rust_field(&field.json);
        let _ = writeln!(out, "        \"{}\" {rust}: {},", field.json, field_type(place, field));
    }
    out.push_str("    }\n}\n");
    Ok(out)
}

/// Of the kinds that mean a type, the one that it is written as: the core group's before the shortest other one.
fn own_kind<'m>(model: &'m Model, name: &str) -> Option<(&'m str, &'m str)> {
    let bound = model.kinds.iter().filter(|(_, bound)| *bound == name).map(|((version, kind), _)| (version, kind));
    bound
        .min_by_key(|(version, _)| (version.contains('/'), version.len()))
        .map(|(version, kind)| (version.as_str(), kind.as_str()))
}

fn serves(model: &Model, resource: &Resource, name: &str) -> bool {
    let version = match resource.group.as_str() {
        "" => resource.version.clone(),
        group => format!("{group}/{}", resource.version),
    };
    model.kinds.get(&(version, resource.kind.clone())).is_some_and(|bound| bound == name)
}

fn one_object(place: &Place, name: &str, resource: &Resource) -> String {
    let Resource { group, version, kind, plural, namespaced } = resource;
    let meta = place.path_to("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    let scope = if *namespaced { "namespaced" } else { "cluster" };
    format!("\nschema::typed_object! {{ {name}, {meta}, {scope} \"{plural}\" \"{group}\" \"{version}\" \"{kind}\" }}\n")
}

/// Every kind that has a struct, for the test that takes the fixtures through the structs.
fn test_table(model: &Model, wanted: &BTreeSet<&str>) -> String {
    let mut out = format!("{HEADER}\nkinds! {{\n");
    for name in wanted.iter().filter(|name| model.types[**name].type_meta) {
        let place = Place::of(name);
        let root = place.crate_name.replace('-', "_");
        let _ = writeln!(out, "    {root}::{}::{},", place.modules.join("::"), short(name));
    }
    out + "}\n"
}

fn field_type(place: &Place, field: &FieldDef) -> String {
    let inner = item_type(place, &field.shape);
    match &field.shape {
        Shape::Struct(_) if field.pointer => format!("Option<Box<{inner}>>"),
        Shape::Scalar("raw" | "json" | "fieldsv1" | "schema-or-array" | "schema-or-bool" | "schema-or-strings") => {
            inner
        }
        Shape::Scalar("time" | "microtime") => inner,
        _ if field.pointer => format!("Option<{inner}>"),
        _ => inner,
    }
}

fn item_type(place: &Place, shape: &Shape) -> String {
    match shape {
        Shape::Struct(name) => place.path_to(name),
        Shape::List(item) | Shape::WrappedList(item) => format!("Vec<{}>", item_type(place, item)),
        Shape::Map(item) => format!("BTreeMap<String, {}>", item_type(place, item)),
        Shape::Scalar(scalar) => match *scalar {
            "string" => "String".into(),
            "bytes" => "schema::Bytes".into(),
            // Go's zero time is null in JSON: no time at all, with or without a pointer, and in a map too.
            "time" => "Option<schema::Time>".into(),
            "microtime" => "Option<schema::MicroTime>".into(),
            "duration" => "schema::Duration".into(),
            "quantity" => "schema::Quantity".into(),
            "intorstring" => "schema::IntOrString".into(),
            "bool" | "i32" | "i64" | "f64" => (*scalar).into(),
            _ => "schema::Value".into(),
        },
    }
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
