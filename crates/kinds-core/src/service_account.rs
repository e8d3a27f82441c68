//! ServiceAccount.

use api_core::v1;
use kind::{Column, Context, Kind, MetadataRules, Names, Scope, Subresource, Verb, Version};

pub struct ServiceAccount;

static NAMES: Names = Names {
    group: "",
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short_names: &["sa"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.ServiceAccount" }],
    verbs: Verb::ALL,
    subresources: &[Subresource {
        name: "token",
        group: "authentication.k8s.io",
        version: "v1",
        kind: "TokenRequest",
        verbs: Verb::CREATE,
        only_version: "",
    }],
};

static COLUMNS: &[Column<v1::ServiceAccount>] = &[Column::NAME, Column::AGE];

impl Kind for ServiceAccount {
    type Object = v1::ServiceAccount;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ServiceAccount>] {
        COLUMNS
    }

    fn prepare_create(&self, object: &mut v1::ServiceAccount, _context: &Context) {
        keep_names(object);
    }

    fn prepare_update(&self, new: &mut v1::ServiceAccount, _old: &v1::ServiceAccount, _context: &Context) {
        keep_names(new);
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_create: true, ..MetadataRules::COMMON }
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn warnings(&self, new: &v1::ServiceAccount, old: Option<&v1::ServiceAccount>) -> Vec<String> {
        warnings(new, old)
    }
}

/// Of the references to secrets only the names mean something.
fn keep_names(object: &mut v1::ServiceAccount) {
    for secret in &mut object.secrets {
        *secret = v1::ObjectReference { name: std::mem::take(&mut secret.name), ..v1::ObjectReference::default() };
    }
}

const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

fn warnings(new: &v1::ServiceAccount, old: Option<&v1::ServiceAccount>) -> Vec<String> {
    let has = |object: &v1::ServiceAccount| object.metadata.annotations.contains_key(ENFORCE);
    if has(new) && old.is_none_or(|old| !has(old)) {
        return vec![format!(
            "metadata.annotations[{ENFORCE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        )];
    }
    Vec::new()
}
