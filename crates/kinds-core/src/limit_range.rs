//! LimitRange.

mod validation;

use crate::pod_spec;
use api_core::v1;
use kind::{Column, FieldErrors, Kind, MetadataRules, Names, Scope, Verb, Version};

pub struct LimitRange;

static NAMES: Names = Names {
    group: "",
    kind: "LimitRange",
    plural: "limitranges",
    singular: "limitrange",
    short_names: &["limits"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.LimitRange" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::LimitRange>] = &[Column::NAME, Column::CREATED_AT];

impl Kind for LimitRange {
    type Object = v1::LimitRange;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::LimitRange>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::LimitRange) {
        object.spec.limits.iter_mut().for_each(default_item);
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_create: true, repeats_update: false, ..MetadataRules::COMMON }
    }

    fn validate(&self, object: &v1::LimitRange, errors: &mut FieldErrors) {
        validation::validate(object, errors);
    }

    fn creates_on_update(&self) -> bool {
        true
    }
}

fn default_item(item: &mut v1::LimitRangeItem) {
    if item.type_ == "Container" {
        for (name, amount) in &item.max {
            item.default.entry(name.clone()).or_insert_with(|| amount.clone());
        }
        for (name, amount) in item.default.iter().chain(&item.min) {
            item.default_request.entry(name.clone()).or_insert_with(|| amount.clone());
        }
    }
    let amounts = [
        &mut item.max,
        &mut item.min,
        &mut item.default,
        &mut item.default_request,
        &mut item.max_limit_request_ratio,
    ];
    amounts.into_iter().for_each(pod_spec::round_up);
}
