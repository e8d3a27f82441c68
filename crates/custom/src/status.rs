//! What the server says of definitions: which names are theirs, and the conditions.
//!
//! Pure: the shell asks with all definitions of a group and writes what comes out.

#[cfg(test)]
mod tests;

use api_misc::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionCondition as Condition, CustomResourceDefinitionNames as Names,
    CustomResourceDefinitionStatus as Status,
};
use kind::field::quoted;
use schema::Time;
use std::collections::BTreeSet;

pub const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";
pub const APPROVED_ANNOTATION: &str = "api-approved.kubernetes.io";

/// The status that a definition should have, given the others of its group. The same: nothing is to be written.
pub fn settled<'d>(
    definition: &CustomResourceDefinition,
    others: impl Iterator<Item = &'d CustomResourceDefinition>,
    now: Time,
) -> Status {
    let mut status = definition.status.clone();
    settle_names(definition, others, &mut status, now);
    if let Some(condition) = approval_condition(definition) {
        set_condition(&mut status, condition, now);
    }
    status
}

fn settle_names<'d>(
    definition: &CustomResourceDefinition,
    others: impl Iterator<Item = &'d CustomResourceDefinition>,
    status: &mut Status,
    now: Time,
) {
    let asked = &definition.spec.names;
    let was_accepted = is_true(status, "NamesAccepted") && is_true(status, "Established");
    if *asked == status.accepted_names && was_accepted {
        return;
    }
    let (mut resources, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for other in others.filter(|other| other.metadata.name != definition.metadata.name) {
        let names = &other.status.accepted_names;
        resources.extend([names.plural.as_str(), names.singular.as_str()]);
        resources.extend(names.short_names.iter().map(String::as_str));
        kinds.extend([names.kind.as_str(), names.list_kind.as_str()]);
    }
    let conflict = accept(asked, &mut status.accepted_names, &resources, &kinds);
    let accepted = conflict.is_none();
    let (reason, message) = conflict.unwrap_or(("NoConflicts", "no conflicts found".to_owned()));
    set_condition(status, condition("NamesAccepted", accepted, reason, &message), now);
    if is_true(status, "Established") {
        return;
    }
    let established = match accepted {
        true => condition("Established", true, "InitialNamesAccepted", "the initial names have been accepted"),
        false => condition("Established", false, "NotAccepted", "not all names are accepted"),
    };
    set_condition(status, established, now);
}

/// Takes over the names that no one else has; gives the last conflict.
fn accept(
    asked: &Names,
    accepted: &mut Names,
    resources: &BTreeSet<&str>,
    kinds: &BTreeSet<&str>,
) -> Option<(&'static str, String)> {
    let mut conflict = None;
    let mut take = |asked: &String, accepted: &mut String, used: &BTreeSet<&str>, reason: &'static str| {
        if asked != accepted && used.contains(asked.as_str()) {
            conflict = Some((reason, in_use(asked)));
        } else {
            accepted.clone_from(asked);
        }
    };
    take(&asked.plural, &mut accepted.plural, resources, "PluralConflict");
    take(&asked.singular, &mut accepted.singular, resources, "SingularConflict");
    if asked.short_names != accepted.short_names {
        let taken: Vec<String> = asked
            .short_names
            .iter()
            .filter(|name| !accepted.short_names.contains(name) && resources.contains(name.as_str()))
            .map(|name| in_use(name))
            .collect();
        match taken.as_slice() {
            [] => accepted.short_names.clone_from(&asked.short_names),
            [one] => conflict = Some(("ShortNamesConflict", one.clone())),
            several => conflict = Some(("ShortNamesConflict", format!("[{}]", several.join(", ")))),
        }
    }
    let mut take = |asked: &String, accepted: &mut String, reason: &'static str| {
        if asked != accepted && kinds.contains(asked.as_str()) {
            conflict = Some((reason, in_use(asked)));
        } else {
            accepted.clone_from(asked);
        }
    };
    take(&asked.kind, &mut accepted.kind, "KindConflict");
    take(&asked.list_kind, &mut accepted.list_kind, "ListKindConflict");
    accepted.categories.clone_from(&asked.categories);
    conflict
}

fn in_use(name: &str) -> String {
    format!("{} is already in use", quoted(name))
}

pub fn condition(ty: &str, holds: bool, reason: &str, message: &str) -> Condition {
    Condition {
        type_: ty.to_owned(),
        status: if holds { "True" } else { "False" }.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        ..Condition::default()
    }
}

pub fn is_true(status: &Status, ty: &str) -> bool {
    status.conditions.iter().any(|condition| condition.type_ == ty && condition.status == "True")
}

/// The time of transition stays where the condition's status does.
pub fn set_condition(status: &mut Status, mut new: Condition, now: Time) {
    new.last_transition_time = Some(now);
    let Some(old) = status.conditions.iter_mut().find(|condition| condition.type_ == new.type_) else {
        status.conditions.push(new);
        return;
    };
    if old.status == new.status {
        new.last_transition_time = old.last_transition_time;
    }
    *old = new;
}

/// How a definition in a group of Kubernetes' own says that it may be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    Missing,
    Bypassed,
    Approved,
    Invalid,
}

pub fn is_protected_group(group: &str) -> bool {
    ["k8s.io", "kubernetes.io"].iter().any(|owned| group == *owned || group.ends_with(&format!(".{owned}")))
}

pub fn approval(definition: &CustomResourceDefinition) -> (Approval, String) {
    let annotation = definition.metadata.annotations.get(APPROVED_ANNOTATION).map(String::as_str).unwrap_or_default();
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let has_host = annotation.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && !rest.split(['/', '?', '#']).next().unwrap_or_default().is_empty()
    });
    if annotation.is_empty() {
        let why = format!("protected groups must have approval annotation \"{APPROVED_ANNOTATION}\", {see}");
        (Approval::Missing, why)
    } else if annotation.starts_with("unapproved") {
        (Approval::Bypassed, format!("not approved: {}", quoted(annotation)))
    } else if has_host && crate::formats::is_uri(annotation) {
        (Approval::Approved, format!("approved in {annotation}"))
    } else {
        let why = format!(
            "protected groups must have approval annotation \"{APPROVED_ANNOTATION}\" with either a URL or a reason starting with \"unapproved\", {see}"
        );
        (Approval::Invalid, why)
    }
}

fn approval_condition(definition: &CustomResourceDefinition) -> Option<Condition> {
    if !is_protected_group(&definition.spec.group) {
        return None;
    }
    let (approval, message) = approval(definition);
    let (holds, reason) = match approval {
        Approval::Approved => (true, "ApprovedAnnotation"),
        Approval::Bypassed => (false, "UnapprovedAnnotation"),
        Approval::Missing => (false, "MissingAnnotation"),
        Approval::Invalid => (false, "InvalidAnnotation"),
    };
    Some(condition("KubernetesAPIApprovalPolicyConformant", holds, reason, &message))
}
