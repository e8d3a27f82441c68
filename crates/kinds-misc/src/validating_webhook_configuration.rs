//! ValidatingWebhookConfiguration.

use api_misc::admissionregistration::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct ValidatingWebhookConfiguration;

static NAMES: Names = Names {
    group: "admissionregistration.k8s.io",
    kind: "ValidatingWebhookConfiguration",
    plural: "validatingwebhookconfigurations",
    singular: "validatingwebhookconfiguration",
    short_names: &[],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version {
        name: "v1",
        type_name: "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
    }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ValidatingWebhookConfiguration>] =
    &[Column::NAME, Column::integer("Webhooks", WEBHOOKS_DESCRIPTION, 0, webhooks), Column::AGE];

const WEBHOOKS_DESCRIPTION: &str = "Webhooks indicates the number of webhooks registered in this configuration";

impl Kind for ValidatingWebhookConfiguration {
    type Object = v1::ValidatingWebhookConfiguration;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ValidatingWebhookConfiguration>] {
        COLUMNS
    }
}

fn webhooks(object: &v1::ValidatingWebhookConfiguration, _now: Time) -> Cell {
    Cell::from(object.webhooks.len() as i64)
}
