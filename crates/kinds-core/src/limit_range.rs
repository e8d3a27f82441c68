//! LimitRange.

mod validation;

use crate::pod_spec;
use api_core::v1;
use kind::{Column, Context, FieldErrors, Kind, MetadataRules, Names, Scope, Verb, Version};

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

    fn prepare_create(&self, object: &mut v1::LimitRange, _context: &Context) {
        if object.metadata.name.is_empty() {
            object.metadata.name = name_from(&object.metadata.uid);
        }
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

/// Alone among the kinds, limits need no name; upstream makes a random identifier. The object's own, each digit of its
/// first part turned around, is as unlike all others and not the same.
fn name_from(uid: &str) -> String {
    let turned = |digit: char| digit.to_digit(16).and_then(|value| char::from_digit(15 - value, 16)).unwrap_or(digit);
    let (first, rest) = uid.split_at_checked(8).unwrap_or((uid, ""));
    first.chars().map(turned).chain(rest.chars()).collect()
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
    let amounts =
        [&mut item.max, &mut item.min, &mut item.default, &mut item.default_request, &mut item.max_limit_request_ratio];
    amounts.into_iter().for_each(pod_spec::round_up);
}
