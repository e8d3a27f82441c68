//! Tolerations: which says more than another, and lists of them put together.

use schema::Value;

/// Whether `a` tolerates everything that `b` does.
pub fn is_superset(a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    let text = |toleration: &Value, field: &str| toleration.str_at(&[field]).to_owned();
    let exists = text(a, "operator") == "Exists";
    if text(a, "key") != text(b, "key") && !(text(a, "key").is_empty() && exists) {
        return false;
    }
    if text(a, "effect") != text(b, "effect") && !text(a, "effect").is_empty() {
        return false;
    }
    let seconds = |toleration: &Value| toleration.at(&["tolerationSeconds"]).as_i64();
    if text(a, "effect") == "NoExecute"
        && let Some(limit) = seconds(a)
        && seconds(b).is_none_or(|seconds| seconds > limit)
    {
        return false;
    }
    match text(a, "operator").as_str() {
        "Exists" => true,
        "Equal" | "" => text(b, "operator") == "Equal" && text(a, "value") == text(b, "value"),
        _ => false,
    }
}

/// Both, without those that others include.
pub fn merge(first: &[Value], second: &[Value]) -> Vec<Value> {
    let all: Vec<&Value> = first.iter().chain(second).collect();
    let mut merged: Vec<Value> = Vec::new();
    for (index, toleration) in all.iter().enumerate() {
        let later = &all[index + 1..];
        let redundant = merged.iter().any(|kept| is_superset(kept, toleration))
            || later.iter().any(|other| other != toleration && is_superset(other, toleration));
        if !redundant {
            merged.push((*toleration).clone());
        }
    }
    merged
}
