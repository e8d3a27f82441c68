//! PodDisruptionBudget.

use crate::{amounts, template};
use api_apps::policy::v1;
use kind::field::{Bare, quoted};
use kind::{
    Cell, Column, Context, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Subresource, Verb,
    Version, validate,
};
use schema::Time;

pub struct PodDisruptionBudget;

static NAMES: Names = Names {
    group: "policy",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short_names: &["pdb"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.policy.v1.PodDisruptionBudget" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("PodDisruptionBudget")],
};

static COLUMNS: &[Column<v1::PodDisruptionBudget>] = &[
    Column::NAME,
    Column::string("Min Available", "The minimum number of pods that must be available.", 0, min_available),
    Column::string("Max Unavailable", "The maximum number of pods that may be unavailable.", 0, max_unavailable),
    Column::integer(
        "Allowed Disruptions",
        "Calculated number of pods that may be disrupted at this time.",
        0,
        allowed_disruptions,
    ),
    Column::AGE,
];

impl Kind for PodDisruptionBudget {
    type Object = v1::PodDisruptionBudget;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::PodDisruptionBudget>] {
        COLUMNS
    }

    fn prepare_create(&self, object: &mut v1::PodDisruptionBudget, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::PodDisruptionBudget, old: &v1::PodDisruptionBudget, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(
        &self,
        new: &mut v1::PodDisruptionBudget,
        old: &v1::PodDisruptionBudget,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::PodDisruptionBudget, old: &v1::PodDisruptionBudget) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules {
            name: NameFormat::PathSegment,
            standard_finalizers: false,
            repeats_update: false,
            ..MetadataRules::COMMON
        }
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::PodDisruptionBudget, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        if spec.min_available.is_some() && spec.max_unavailable.is_some() {
            errors.invalid(&path, Bare(spec_shown(spec)), "minAvailable and maxUnavailable cannot be both set");
        }
        for (field, amount) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
            if let Some(amount) = amount {
                amounts::validate_amount(amount, &path.child(field), errors);
                amounts::validate_at_most_all(amount, &path.child(field), errors);
            }
        }
        if let Some(selector) = &spec.selector {
            validate::label_selector(selector, false, &path.child("selector"), errors);
        }
        let policy = spec.unhealthy_pod_eviction_policy.as_deref();
        if let Some(policy) = policy.filter(|policy| !matches!(*policy, "AlwaysAllow" | "IfHealthyBudget")) {
            let known = ["AlwaysAllow", "IfHealthyBudget"];
            errors.not_supported(&path.child("unhealthyPodEvictionPolicy"), policy, &known);
        }
    }

    fn validate_subresource(
        &self,
        new: &v1::PodDisruptionBudget,
        _old: &v1::PodDisruptionBudget,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        let status = &new.status;
        let counts = [
            ("disruptionsAllowed", i64::from(status.disruptions_allowed)),
            ("currentHealthy", i64::from(status.current_healthy)),
            ("desiredHealthy", i64::from(status.desired_healthy)),
            ("expectedPods", i64::from(status.expected_pods)),
        ];
        amounts::validate_counts(&counts, errors);
    }
}

fn min_available(object: &v1::PodDisruptionBudget, _now: Time) -> Cell {
    Cell::from(object.spec.min_available.as_ref().map_or_else(|| "N/A".to_owned(), ToString::to_string))
}

fn max_unavailable(object: &v1::PodDisruptionBudget, _now: Time) -> Cell {
    Cell::from(object.spec.max_unavailable.as_ref().map_or_else(|| "N/A".to_owned(), ToString::to_string))
}

fn allowed_disruptions(object: &v1::PodDisruptionBudget, _now: Time) -> Cell {
    Cell::from(object.status.disruptions_allowed)
}

/// As messages show the whole spec.
fn spec_shown(spec: &v1::PodDisruptionBudgetSpec) -> String {
    format!(
        "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
        amounts::shown_or_null(spec.min_available.as_ref()),
        template::shown_or_null(spec.selector.as_deref()).0,
        amounts::shown_or_null(spec.max_unavailable.as_ref()),
        spec.unhealthy_pod_eviction_policy.as_deref().map_or_else(|| "null".to_owned(), quoted),
    )
}
