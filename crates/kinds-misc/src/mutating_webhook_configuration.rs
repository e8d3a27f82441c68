//! MutatingWebhookConfiguration.

use crate::webhooks;
use api_misc::admissionregistration::v1;
use kind::{Cell, Column, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version};
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

    fn default(&self, object: &mut v1::MutatingWebhookConfiguration) {
        for webhook in &mut object.webhooks {
            webhook.failure_policy.get_or_insert_with(|| "Fail".into());
            webhook.match_policy.get_or_insert_with(|| "Equivalent".into());
            webhook.namespace_selector.get_or_insert_default();
            webhook.object_selector.get_or_insert_default();
            webhook.timeout_seconds.get_or_insert(10);
            for rule in &mut webhook.rules {
                rule.scope.get_or_insert_with(|| "*".into());
            }
            if let Some(service) = &mut webhook.client_config.service {
                service.port.get_or_insert(443);
            }
            webhook.reinvocation_policy.get_or_insert_with(|| "Never".into());
        }
    }

    fn spec_changed(
        &self,
        new: &v1::MutatingWebhookConfiguration,
        old: &v1::MutatingWebhookConfiguration,
    ) -> Option<bool> {
        Some(new.webhooks != old.webhooks)
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { standard_finalizers: false, repeats_update: false, ..MetadataRules::COMMON }
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::MutatingWebhookConfiguration, errors: &mut FieldErrors) {
        let path = Path::root("webhooks");
        let mut seen = std::collections::BTreeSet::new();
        for (index, webhook) in object.webhooks.iter().enumerate() {
            let path = path.index(index);
            webhooks::validate(
                &webhooks::Webhook {
                    name: &webhook.name,
                    review_versions: &webhook.admission_review_versions,
                    client: &webhook.client_config,
                    rules: &webhook.rules,
                    failure_policy: webhook.failure_policy.as_deref(),
                    match_policy: webhook.match_policy.as_deref(),
                    side_effects: webhook.side_effects.as_deref(),
                    timeout_seconds: webhook.timeout_seconds,
                    namespace_selector: webhook.namespace_selector.as_deref(),
                    object_selector: webhook.object_selector.as_deref(),
                    match_conditions: &webhook.match_conditions,
                },
                &path,
                errors,
            );
            if let Some(policy) = webhook.reinvocation_policy.as_deref().filter(|p| !matches!(*p, "IfNeeded" | "Never"))
            {
                errors.not_supported(&path.child("reinvocationPolicy"), policy, &["IfNeeded", "Never"]);
            }
            if !seen.insert(&webhook.name) {
                errors.duplicate(&path.child("name"), &webhook.name);
            }
        }
    }
}

fn webhooks(object: &v1::MutatingWebhookConfiguration, _now: Time) -> Cell {
    Cell::from(object.webhooks.len() as i64)
}
