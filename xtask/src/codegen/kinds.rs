//! Which `apiVersion` and `kind` mean which type.
//!
//! OpenAPI says it for what is served; the other kinds follow from the group of their Go package, which OpenAPI tells
//! by a sibling version and the fixtures by the first label of the group's name.

use super::facts::Facts;
use super::model::{TypeDef, resolve_struct};
use super::names;
use anyhow::{Context, ensure};
use std::collections::BTreeMap;

type Kinds = BTreeMap<(String, String), String>;

const META: &str = "k8s.io/apimachinery/pkg/apis/meta";

pub fn bind(facts: &Facts, types: &BTreeMap<String, TypeDef>) -> anyhow::Result<Kinds> {
    let mut kinds = Kinds::new();
    let mut groups: BTreeMap<String, String> = BTreeMap::new();
    for (name, def) in types {
        let (package, _) = package(&def.go);
        for bound in facts.definitions.get(name).map_or(&[][..], kinds_of) {
            let text = |key: &str| bound[key].as_str().unwrap_or_default();
            if package != META {
                groups.insert(package.into(), text("group").into());
            }
            add(&mut kinds, api_version(text("group"), text("version")), text("kind"), name)?;
        }
    }
    for (version, _) in &facts.fixtures {
        if let Some((group, _)) = version.split_once('/') {
            let label = group.split('.').next().unwrap_or_default();
            groups.entry(format!("k8s.io/api/{label}")).or_insert_with(|| group.into());
        }
    }
    for (name, def) in types.iter().filter(|(_, def)| def.type_meta) {
        let (package, version) = package(&def.go);
        let (_, kind) = names::split_go(&def.go);
        if package == META {
            add(&mut kinds, format!("meta.k8s.io/{version}"), kind, name)?;
            if version == "v1" {
                add(&mut kinds, version.into(), kind, name)?;
            }
            continue;
        }
        let group = groups.get(package).with_context(|| format!("no group is known for {package}"))?;
        add(&mut kinds, api_version(group, version), kind, name)?;
    }
    for go in facts.go_named.keys().filter(|go| go.starts_with(META)) {
        let target = names::openapi(&resolve_struct(facts, go));
        if types.get(&target).is_some_and(|def| def.type_meta) {
            let (_, version) = package(go);
            add(&mut kinds, format!("meta.k8s.io/{version}"), names::split_go(go).1, &target)?;
        }
    }
    for (version, kind) in &facts.fixtures {
        let known = kinds.contains_key(&(version.clone(), kind.clone()));
        ensure!(known, "a fixture has the kind {version} {kind}, which no type is bound to");
    }
    Ok(kinds)
}

fn kinds_of(definition: &serde_json::Value) -> &[serde_json::Value] {
    definition["x-kubernetes-group-version-kind"].as_array().map_or(&[], Vec::as_slice)
}

fn add(kinds: &mut Kinds, version: String, kind: &str, name: &str) -> anyhow::Result<()> {
    let had = kinds.insert((version.clone(), kind.into()), name.into());
    ensure!(had.as_deref().is_none_or(|had| had == name), "{version} {kind} is {had:?} and {name}");
    Ok(())
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.into() } else { format!("{group}/{version}") }
}

/// A Go type's package without the version, and the version.
fn package(go: &str) -> (&str, &str) {
    let (package, _) = names::split_go(go);
    package.rsplit_once('/').unwrap_or((package, ""))
}
