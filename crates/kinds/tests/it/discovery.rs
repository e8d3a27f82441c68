//! Every group, version, kind and verb of the real server's discovery, and nothing besides.

use kind::{Names, Verb};
use schema::Value;
use std::collections::BTreeSet;

#[test]
fn kinds_are_those_of_the_reference() {
    let Some(folder) = crate::beside("reference/discovery") else { return };
    let mut expected = BTreeSet::new();
    for file in crate::files(&folder) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if !name.contains("__") {
            continue;
        }
        let list = crate::read(&file);
        let group_version = list.str_at(&["groupVersion"]);
        expected.extend(list["resources"].items().iter().map(|resource| recorded(group_version, resource)));
    }
    let ours: BTreeSet<String> = kinds::KINDS.iter().flat_map(|kind| lines(kind.names())).collect();
    let missing: Vec<&String> = expected.difference(&ours).collect();
    let wrong: Vec<&String> = ours.difference(&expected).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "missing: {missing:#?}\nnot in the reference: {wrong:#?}");
}

#[test]
fn no_kind_comes_twice() {
    let mut seen = BTreeSet::new();
    for kind in kinds::KINDS {
        let names = kind.names();
        assert!(seen.insert((names.group, names.plural)), "{} twice", names.qualified());
        for version in names.versions {
            assert!(kind.type_of(version.name).is_some(), "no type {}", version.type_name);
        }
    }
}

fn recorded(group_version: &str, resource: &Value) -> String {
    let texts = |field: &str| -> Vec<&str> { resource[field].items().iter().filter_map(Value::as_str).collect() };
    line(
        group_version,
        resource.str_at(&["name"]),
        resource.str_at(&["singularName"]),
        resource.str_at(&["kind"]),
        resource["namespaced"] == Value::Bool(true),
        (resource.str_at(&["group"]), resource.str_at(&["version"])),
        &texts("verbs"),
        &texts("shortNames"),
        &texts("categories"),
    )
}

fn lines(names: &Names) -> Vec<String> {
    let verbs = |verbs: &[Verb]| -> Vec<&'static str> {
        let mut verbs: Vec<&str> = verbs.iter().map(|verb| verb.as_str()).collect();
        verbs.sort_unstable();
        verbs
    };
    let mut lines = Vec::new();
    for version in names.versions {
        let group_version = names.api_version(version.name);
        let namespaced = names.namespaced();
        if !names.verbs.is_empty() {
            let (short, categories) = (names.short_names, names.categories);
            let own = verbs(names.verbs);
            let (plural, singular) = (names.plural, names.singular);
            lines.push(line(
                &group_version,
                plural,
                singular,
                names.kind,
                namespaced,
                ("", ""),
                &own,
                short,
                categories,
            ));
        }
        for sub in names.subresources {
            if sub.only_version.is_empty() || sub.only_version == version.name {
                let path = format!("{}/{}", names.plural, sub.name);
                let of = (sub.group, sub.version);
                lines.push(line(&group_version, &path, "", sub.kind, namespaced, of, &verbs(sub.verbs), &[], &[]));
            }
        }
    }
    lines
}

#[allow(clippy::too_many_arguments)]
fn line(
    group_version: &str,
    path: &str,
    singular: &str,
    kind: &str,
    namespaced: bool,
    of: (&str, &str),
    verbs: &[&str],
    short: &[&str],
    categories: &[&str],
) -> String {
    let scope = if namespaced { "namespaced" } else { "cluster" };
    format!("{group_version} {path} ({singular}) {kind} {scope} of {of:?} {verbs:?} {short:?} {categories:?}")
}
