//! The rules of a Job: which failures of pods fail it, which successes are enough.

use api_apps::batch::v1;
use kind::field::{Bare, FieldErrorKind};
use kind::{FieldError, FieldErrors, Path, validate};
use std::collections::BTreeSet;

const MAX_RULES: usize = 20;
const MAX_CONDITIONS: usize = 20;
const MAX_EXIT_CODES: usize = 255;
const MAX_INDEXES_BYTES: usize = 64 * 1024;
const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const STATUSES: &[&str] = &["False", "True", "Unknown"];

/// Both policies of a Job.
pub fn validate(spec: &v1::JobSpec, path: &Path, errors: &mut FieldErrors) {
    if let Some(policy) = &spec.pod_failure_policy {
        let policy_path = path.child("podFailurePolicy");
        let rules_path = policy_path.child("rules");
        if policy.rules.len() > MAX_RULES {
            errors.too_many(&rules_path, policy.rules.len(), MAX_RULES);
        }
        for (index, rule) in policy.rules.iter().enumerate() {
            validate_failure_rule(spec, rule, &rules_path.index(index), errors);
        }
    }
    if let Some(policy) = spec.success_policy.as_ref().filter(|_| spec.completion_mode.as_deref() == Some("Indexed")) {
        let policy_path = path.child("successPolicy");
        let rules_path = policy_path.child("rules");
        if policy.rules.is_empty() {
            errors.required(&rules_path, "at least one rules must be specified when the successPolicy is specified");
        }
        if policy.rules.len() > MAX_RULES {
            errors.too_many(&rules_path, policy.rules.len(), MAX_RULES);
        }
        for (index, rule) in policy.rules.iter().enumerate() {
            validate_success_rule(spec, rule, &rules_path.index(index), errors);
        }
    }
}

fn validate_choice(value: &str, known: &[&str], path: &Path, errors: &mut FieldErrors) {
    if value.is_empty() {
        let quoted: Vec<String> = known.iter().map(|known| format!("\"{known}\"")).collect();
        errors.required(path, format!("valid values: [{}]", quoted.join(" ")));
    } else if !known.contains(&value) {
        errors.not_supported(path, value, known);
    }
}

fn validate_failure_rule(spec: &v1::JobSpec, rule: &v1::PodFailurePolicyRule, path: &Path, errors: &mut FieldErrors) {
    let action_path = path.child("action");
    if rule.action == "FailIndex" && spec.backoff_limit_per_index.is_none() {
        errors.invalid(&action_path, &rule.action, "requires the backoffLimitPerIndex to be set");
    } else {
        validate_choice(&rule.action, ACTIONS, &action_path, errors);
    }
    if let Some(codes) = &rule.on_exit_codes {
        validate_exit_codes(spec, codes, &path.child("onExitCodes"), errors);
    }
    let conditions = path.child("onPodConditions");
    if rule.on_pod_conditions.len() > MAX_CONDITIONS {
        errors.too_many(&conditions, rule.on_pod_conditions.len(), MAX_CONDITIONS);
    }
    for (index, pattern) in rule.on_pod_conditions.iter().enumerate() {
        let path = conditions.index(index);
        for problem in validate::qualified_name(&pattern.type_) {
            errors.invalid(&path.child("type"), &pattern.type_, problem);
        }
        validate_choice(&pattern.status, STATUSES, &path.child("status"), errors);
    }
    let wrong = match (&rule.on_exit_codes, rule.on_pod_conditions.is_empty()) {
        (Some(_), false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (None, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return,
    };
    let (kind, field) = (FieldErrorKind::Invalid, path.to_string());
    errors.push(FieldError { kind, field, value: None, detail: wrong.to_owned() });
}

fn validate_exit_codes(
    spec: &v1::JobSpec,
    codes: &v1::PodFailurePolicyOnExitCodesRequirement,
    path: &Path,
    errors: &mut FieldErrors,
) {
    validate_choice(&codes.operator, OPERATORS, &path.child("operator"), errors);
    let pod = &spec.template.spec;
    if let Some(name) = &codes.container_name
        && !pod.containers.iter().chain(&pod.init_containers).any(|container| container.name == *name)
    {
        let why = "must be one of the container or initContainer names in the pod template";
        errors.invalid(&path.child("containerName"), name, why);
    }
    let values_path = path.child("values");
    let values = &codes.values;
    if values.is_empty() {
        return errors.invalid(&values_path, list(values), "at least one value is required");
    }
    if values.len() > MAX_EXIT_CODES {
        return errors.too_many(&values_path, values.len(), MAX_EXIT_CODES);
    }
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let path = values_path.index(index);
        if codes.operator == "In" && *value == 0 {
            errors.invalid(&path, *value, "must not be 0 for the In operator");
        }
        if !seen.insert(*value) {
            errors.duplicate(&path, *value);
        }
    }
    if !values.is_sorted() {
        errors.invalid(&values_path, list(values), "must be ordered");
    }
}

/// A list as a message shows it.
fn list(values: &[i32]) -> Bare<String> {
    let texts: Vec<String> = values.iter().map(i32::to_string).collect();
    Bare(if texts.is_empty() { "null".to_owned() } else { format!("[{}]", texts.join(",")) })
}

fn validate_success_rule(spec: &v1::JobSpec, rule: &v1::SuccessPolicyRule, path: &Path, errors: &mut FieldErrors) {
    if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
        errors.required(path, "at least one of succeededCount or succeededIndexes must be specified");
    }
    let completions = spec.completions.unwrap_or_default();
    let mut total = 0;
    if let Some(indexes) = &rule.succeeded_indexes {
        let path = path.child("succeededIndexes");
        if indexes.len() > MAX_INDEXES_BYTES {
            errors.too_long(&path, MAX_INDEXES_BYTES);
        }
        match count_indexes(indexes, completions) {
            Ok(count) => total = count,
            Err(why) => errors.invalid(&path, indexes, format!("error parsing succeededIndexes: {why}")),
        }
    }
    let Some(count) = rule.succeeded_count else { return };
    let path = path.child("succeededCount");
    validate::not_negative(i64::from(count), &path, errors);
    if count > completions {
        let why = format!("must be less than or equal to {completions} (the number of specified completions)");
        errors.invalid(&path, count, why);
    }
    if rule.succeeded_indexes.is_some() && count > total {
        let why = format!(
            "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
        );
        errors.invalid(&path, count, why);
    }
}

/// How many indexes a text such as `0,2-5` names; each below `completions`, in order.
fn count_indexes(text: &str, completions: i32) -> Result<i32, String> {
    let (mut total, mut last) = (0, None::<i32>);
    for interval in text.split(',').filter(|_| !text.is_empty()) {
        let limits: Vec<&str> = interval.split('-').collect();
        if limits.len() > 2 {
            return Err(format!(
                "the fragment \"{interval}\" violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        let first = index(limits[0], completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        let end = match limits.get(1) {
            None => first,
            Some(limit) => match index(limit, completions)? {
                end if end <= first => {
                    return Err(format!("non-increasing order, previous: {first}, current: {end}"));
                }
                end => end,
            },
        };
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

fn index(text: &str, completions: i32) -> Result<i32, String> {
    let index: i32 = text.parse().map_err(|_| format!("cannot convert string to integer for index: \"{text}\""))?;
    if index >= completions { Err(format!("too large index: \"{text}\"")) } else { Ok(index) }
}

#[cfg(test)]
mod tests {
    use super::count_indexes;

    #[test]
    fn indexes_are_below_the_completions_and_in_order() {
        assert_eq!(count_indexes("", 3), Ok(0));
        assert_eq!(count_indexes("0,2-4", 5), Ok(4));
        assert_eq!(count_indexes("5-1", 3), Err("too large index: \"5\"".to_owned()));
        assert_eq!(count_indexes("1,1", 3), Err("non-increasing order, previous: 1, current: 1".to_owned()));
        assert_eq!(count_indexes("x", 3), Err("cannot convert string to integer for index: \"x\"".to_owned()));
    }
}
