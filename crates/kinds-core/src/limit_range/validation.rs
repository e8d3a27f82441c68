//! What limits must satisfy, each for itself and against each other.

use crate::pod_spec::{self, check};
use api_core::v1;
use kind::{FieldErrors, Path};
use schema::Quantity;
use std::collections::{BTreeMap, BTreeSet};

pub fn validate(range: &v1::LimitRange, errors: &mut FieldErrors) {
    let root = Path::root("spec");
    let list = root.child("limits");
    let mut types = BTreeSet::new();
    for (index, item) in range.spec.limits.iter().enumerate() {
        let path = list.index(index);
        let type_path = path.child("type");
        check::all(kind::validate::qualified_name(&item.type_), &item.type_, &type_path, errors);
        if !item.type_.contains('/') && !matches!(item.type_.as_str(), "Pod" | "Container" | "PersistentVolumeClaim") {
            let detail = "must be a standard limit type or fully qualified";
            errors.invalid(&type_path, &item.type_, detail);
        }
        if !types.insert(&item.type_) {
            errors.duplicate(&type_path, &item.type_);
        }
        validate_names(item, &path, errors);
        if item.type_ == "PersistentVolumeClaim"
            && !item.min.contains_key("storage")
            && !item.max.contains_key("storage")
        {
            let detail = "either minimum or maximum storage value is required, but neither was provided";
            errors.required(&path.child("limits"), detail);
        }
        let pod = item.type_ == "Pod";
        let tables = [Some(&item.max), Some(&item.min), (!pod).then_some(&item.default)];
        let more = [(!pod).then_some(&item.default_request), Some(&item.max_limit_request_ratio)];
        let names: BTreeSet<&String> = tables.into_iter().chain(more).flatten().flat_map(BTreeMap::keys).collect();
        for name in names {
            validate_resource(item, name, &path, errors);
        }
    }
}

fn validate_names(item: &v1::LimitRangeItem, path: &Path, errors: &mut FieldErrors) {
    let mut names = |amounts: &BTreeMap<String, Quantity>, field: &str| {
        let at = path.child(field);
        for name in amounts.keys() {
            let at = at.key(name);
            match item.type_.as_str() {
                "Pod" | "Container" => pod_spec::validate_container_resource_name(name, &at, errors),
                _ => {
                    pod_spec::validate_resource_name(name, &at, errors);
                }
            }
        }
    };
    names(&item.max, "max");
    names(&item.min, "min");
    if item.type_ != "Pod" {
        names(&item.default, "default");
        names(&item.default_request, "defaultRequest");
    }
    names(&item.max_limit_request_ratio, "maxLimitRequestRatio");
    if item.type_ == "Pod" {
        for (amounts, field) in [(&item.default, "default"), (&item.default_request, "defaultRequest")] {
            if !amounts.is_empty() {
                errors.forbidden(&path.child(field), "may not be specified when `type` is 'Pod'");
            }
        }
    }
}

/// The limits of one resource.
fn validate_resource(item: &v1::LimitRangeItem, name: &str, path: &Path, errors: &mut FieldErrors) {
    let pod = item.type_ == "Pod";
    let (min, max) = (item.min.get(name), item.max.get(name));
    let default = item.default.get(name).filter(|_| !pod);
    let request = item.default_request.get(name).filter(|_| !pod);
    let mut above =
        |low: Option<&Quantity>, high: Option<&Quantity>, words: (&str, &str), field: &str, shows_low: bool| {
            if let (Some(low), Some(high)) = (low, high)
                && low > high
            {
                let detail = format!("{} value {low} is greater than {} value {high}", words.0, words.1);
                let shown = if shows_low { low } else { high };
                errors.invalid(&path.child(field).key(name), shown.to_string(), detail);
            }
        };
    above(min, max, ("min", "max"), "min", true);
    above(min, request, ("min", "default request"), "defaultRequest", false);
    above(request, max, ("default request", "max"), "defaultRequest", true);
    above(request, default, ("default request", "default limit"), "defaultRequest", true);
    above(min, default, ("min", "default"), "default", true);
    above(default, max, ("default", "max"), "default", false);
    if let Some(ratio) = item.max_limit_request_ratio.get(name) {
        validate_ratio(ratio, min, max, &path.child("maxLimitRequestRatio").key(name), errors);
    }
    if let (Some(default), Some(request)) = (default, request)
        && default != request
        && !pod_spec::is_overcommittable(name)
    {
        let detail = format!("default value {default} must equal to defaultRequest value {request} in {name}");
        errors.invalid(&path.child("defaultRequest").key(name), request.to_string(), detail);
    }
}

fn validate_ratio(
    ratio: &Quantity,
    min: Option<&Quantity>,
    max: Option<&Quantity>,
    path: &Path,
    errors: &mut FieldErrors,
) {
    if *ratio < Quantity::from_units(1) {
        errors.invalid(path, ratio.to_string(), format!("ratio {ratio} is less than 1"));
    }
    if let (Some(min), Some(max)) = (min, max) {
        let most = max.as_f64() / min.as_f64();
        if ratio.as_f64() > most {
            errors.invalid(path, ratio.to_string(), format!("ratio {ratio} is greater than max/min = {most:.6}"));
        }
    }
}
