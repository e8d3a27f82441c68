//! IPAddress.

use crate::formats;
use api_misc::networking::v1;
use kind::field::{Bare, quoted};
use kind::{Cell, Column, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Verb, Version, validate};
use schema::Time;

pub struct IPAddress;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "IPAddress",
    plural: "ipaddresses",
    singular: "ipaddress",
    short_names: &["ip"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.IPAddress" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::IPAddress>] =
    &[Column::NAME, Column::string("ParentRef", PARENT_REF_DESCRIPTION, 0, parent_ref), Column::UNANNOUNCED_AGE];

const PARENT_REF_DESCRIPTION: &str =
    "ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.";

impl Kind for IPAddress {
    type Object = v1::IPAddress;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::IPAddress>] {
        COLUMNS
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::named(NameFormat::Custom(name_problems))
    }

    fn validate(&self, object: &v1::IPAddress, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        let path = path.child("parentRef");
        let Some(parent) = &object.spec.parent_ref else { return errors.required(&path, "") };
        if !parent.group.is_empty() {
            formats::subdomain(&parent.group, &path.child("group"), errors);
        }
        for (field, text) in [("resource", &parent.resource), ("name", &parent.name)] {
            let path = path.child(field);
            if text.is_empty() {
                errors.required(&path, "");
            } else {
                for sentence in validate::path_segment_name(text) {
                    errors.invalid(&path, text, sentence);
                }
            }
        }
        if !parent.namespace.is_empty() {
            for sentence in validate::path_segment_name(&parent.namespace) {
                errors.invalid(&path.child("namespace"), &parent.namespace, sentence);
            }
        }
    }

    fn validate_update(&self, new: &v1::IPAddress, old: &v1::IPAddress, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        if new.spec.parent_ref != old.spec.parent_ref {
            let shown = new.spec.parent_ref.as_ref().map_or_else(
                || "null".to_owned(),
                |parent| {
                    let [group, resource, namespace, name] =
                        [&parent.group, &parent.resource, &parent.namespace, &parent.name].map(|text| quoted(text));
                    format!("{{\"Group\":{group},\"Resource\":{resource},\"Namespace\":{namespace},\"Name\":{name}}}")
                },
            );
            errors.invalid(&path.child("parentRef"), Bare(shown), "field is immutable");
        }
    }
}

fn parent_ref(object: &v1::IPAddress, _now: Time) -> Cell {
    let Some(parent) = &object.spec.parent_ref else { return Cell::from("<none>") };
    let resource =
        if parent.group.is_empty() { parent.resource.clone() } else { format!("{}.{}", parent.resource, parent.group) };
    let parts = [resource.as_str(), &parent.namespace, &parent.name];
    Cell::from(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

/// The name is the address, in its canonical form.
fn name_problems(name: &str, _prefix: bool) -> Vec<String> {
    match name.parse::<std::net::IpAddr>() {
        Ok(address) if address.to_string() == name => Vec::new(),
        Ok(address) => vec![format!("must be in canonical form (\"{address}\")")],
        Err(_) => validate::ip_address(name),
    }
}
