//! Taints and tolerations.

use api_core::v1::{Taint, Toleration};

pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    if !toleration.effect.is_empty() && toleration.effect != taint.effect {
        return false;
    }
    if !toleration.key.is_empty() && toleration.key != taint.key {
        return false;
    }
    match toleration.operator.as_str() {
        "" | "Equal" => toleration.value == taint.value,
        "Exists" => true,
        _ => false,
    }
}

/// The first taint with one of these effects that nothing tolerates.
pub fn untolerated<'t>(taints: &'t [Taint], tolerations: &[Toleration], effects: &[&str]) -> Option<&'t Taint> {
    taints
        .iter()
        .filter(|taint| effects.contains(&taint.effect.as_str()))
        .find(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

/// How many taints that only advise nothing tolerates.
pub fn untolerated_preferences(taints: &[Taint], tolerations: &[Toleration]) -> i64 {
    let advises = taints.iter().filter(|taint| taint.effect == "PreferNoSchedule");
    let advice: Vec<&Toleration> =
        tolerations.iter().filter(|t| t.effect.is_empty() || t.effect == "PreferNoSchedule").collect();
    advises.filter(|taint| !advice.iter().any(|toleration| tolerates(toleration, taint))).count() as i64
}
