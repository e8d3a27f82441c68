//! MutatingWebhookConfiguration.

use api_misc::admissionregistration::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct MutatingWebhookConfiguration;

static NAMES: Names = Names {
    group: "admissionregistration.k8s.io",
    kind: "MutatingWebhookConfiguration",
    plural: "mutatingwebhookconfigurations",
    singular: "mutatingwebhookconfiguration",
    short_names: &[],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::MutatingWebhookConfiguration>] =
    &[Column::NAME, Column::integer("Webhooks", WEBHOOKS_DESCRIPTION, 0, webhooks), Column::AGE];

const WEBHOOKS_DESCRIPTION: &str = "Webhooks indicates the number of webhooks registered in this configuration";

impl Kind for MutatingWebhookConfiguration {
    type Object = v1::MutatingWebhookConfiguration;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::MutatingWebhookConfiguration>] {
        COLUMNS
    }
}

fn webhooks(object: &v1::MutatingWebhookConfiguration, _now: Time) -> Cell {
    Cell::from(object.webhooks.len() as i64)
}
