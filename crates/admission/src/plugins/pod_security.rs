//! PodSecurity: what the labels of a namespace say about its pods, by the Pod Security Standards.
//!
//! ```text
//!   labels of the namespace -> Policy { enforce, audit, warn } -> checks of the level and version -> refusal, warnings
//! ```
//!
//! A configuration may say what holds where labels say nothing, and whom and what none of it concerns.

mod baseline;
mod checks;
mod policy;
mod restricted;

use crate::{Attributes, Lookup, Operation, Plugin};
use checks::{Pod, violations};
use kind::{ApiError, FieldErrors};
use policy::{Level, Policy, Standard};
use schema::Value;

/// What holds everywhere, and what is exempt.
#[derive(Debug, Default)]
pub struct PodSecurity {
    defaults: Policy,
    namespaces: Vec<String>,
    users: Vec<String>,
    runtime_classes: Vec<String>,
}

/// As upstream: of a namespace with more pods, only the first are looked at when its level changes.
const MAX_PODS_CHECKED: usize = 3000;

/// Subresources of pods that do not change what runs.
const IGNORED: &[&str] = &["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

impl Plugin for PodSecurity {
    fn name(&self) -> &'static str {
        "PodSecurity"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "namespaces")]
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        match (attributes.group, attributes.resource, attributes.subresource) {
            ("", "namespaces", "") => self.check_namespace(attributes, lookup),
            ("", "pods", subresource) if IGNORED.contains(&subresource) => Ok(()),
            ("", "pods", _) => self.check_pod(attributes, lookup),
            (group, resource, "") => match template_path(group, resource) {
                Some(path) => self.check_template(attributes, lookup, path),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl PodSecurity {
    /// From a PodSecurityConfiguration.
    pub fn new(configuration: &Value) -> Result<PodSecurity, String> {
        let standard = |mode: &str| {
            let text = |field: &str| configuration.str_at(&["defaults", field]).to_owned();
            Standard::configured(&text(mode), &text(&format!("{mode}-version")))
                .map_err(|why| format!("defaults.{mode}: Invalid value: {why}"))
        };
        let list = |field: &str| {
            let items = configuration.at(&["exemptions", field]).items().iter();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        Ok(PodSecurity {
            defaults: Policy { enforce: standard("enforce")?, audit: standard("audit")?, warn: standard("warn")? },
            namespaces: list("namespaces"),
            users: list("usernames"),
            runtime_classes: list("runtimeClasses"),
        })
    }

    /// By what a write is exempt.
    fn exempt(&self, attributes: &Attributes, pod: &Value) -> Option<&'static str> {
        let has = |list: &[String], text: &str| list.iter().any(|item| item == text);
        let class = pod.str_at(&["spec", "runtimeClassName"]);
        if has(&self.namespaces, attributes.namespace) {
            Some("namespace")
        } else if has(&self.users, &attributes.user.name) {
            Some("user")
        } else if has(&self.runtime_classes, class) {
            Some("runtimeClass")
        } else {
            None
        }
    }

    fn check_namespace(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let (new, errors) = Policy::of(attributes.object.at(&["metadata", "labels"]), &self.defaults);
        let creates = attributes.operation == Operation::Create;
        let (old, old_errors) = Policy::of(attributes.old.at(&["metadata", "labels"]), &self.defaults);
        if !errors.is_empty() && (creates || errors.to_string() != old_errors.to_string()) {
            return Err(invalid(attributes, &errors));
        }
        let relaxed = new.enforce.version == old.enforce.version && new.enforce.level <= old.enforce.level;
        let exempt = self.namespaces.iter().any(|name| name == attributes.namespace);
        if creates || new.enforce.level == Level::Privileged || relaxed || exempt {
            return Ok(());
        }
        let warnings = warnings_of_existing(attributes.namespace, new.enforce, lookup);
        attributes.warnings.extend(warnings);
        Ok(())
    }

    fn policy_of(&self, attributes: &Attributes, lookup: &dyn Lookup) -> Result<Policy, ApiError> {
        let namespace = lookup.get("", "namespaces", "", attributes.namespace);
        let namespace = namespace
            .ok_or_else(|| ApiError::internal(format!("failed to lookup namespace {}", attributes.namespace)))?;
        Ok(Policy::of(namespace.at(&["metadata", "labels"]), &self.defaults).0)
    }

    fn check_pod(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if let Some(why) = self.exempt(attributes, &attributes.object) {
            annotate(attributes, "exempt", why);
            return Ok(());
        }
        let policy = self.policy_of(attributes, lookup)?;
        if attributes.operation == Operation::Update && !changes_what_runs(&attributes.object, attributes.old) {
            return Ok(());
        }
        annotate(attributes, "enforce-policy", policy.enforce);
        if let Some(text) = warning(policy.audit, &Pod::of(&attributes.object)) {
            annotate(attributes, "audit-violations", text);
        }
        let found = violations(policy.enforce, &Pod::of(&attributes.object));
        if !found.is_empty() {
            let why = format!("violates PodSecurity \"{}\": {}", policy.enforce, checks::told(&found));
            return Err(attributes.forbidden(why));
        }
        let warnings = warning(policy.warn, &Pod::of(&attributes.object));
        attributes.warnings.extend(warnings);
        Ok(())
    }

    /// A workload is stored whatever its pods look like; its author is told.
    fn check_template(&self, attributes: &mut Attributes, lookup: &dyn Lookup, path: &[&str]) -> Result<(), ApiError> {
        let template = attributes.object.at(path);
        if let Some(why) = self.exempt(attributes, template) {
            annotate(attributes, "exempt", why);
            return Ok(());
        }
        let policy = self.policy_of(attributes, lookup)?;
        let template = attributes.object.at(path);
        if !template.is_null() {
            let (audited, warnings) =
                (warning(policy.audit, &Pod::of(template)), warning(policy.warn, &Pod::of(template)));
            attributes.warnings.extend(warnings);
            if let Some(text) = audited {
                annotate(attributes, "audit-violations", text);
            }
        }
        Ok(())
    }
}

fn annotate(attributes: &mut Attributes, key: &str, value: impl std::fmt::Display) {
    attributes.annotations.push((format!("pod-security.kubernetes.io/{key}"), value.to_string()));
}

/// Where a workload holds the template of its pods.
fn template_path(group: &str, resource: &str) -> Option<&'static [&'static str]> {
    match (group, resource) {
        ("", "podtemplates") => Some(&["template"]),
        ("", "replicationcontrollers")
        | ("apps", "replicasets" | "deployments" | "statefulsets" | "daemonsets")
        | ("batch", "jobs") => Some(&["spec", "template"]),
        ("batch", "cronjobs") => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

fn invalid(attributes: &Attributes, errors: &FieldErrors) -> ApiError {
    ApiError::invalid(attributes.group, attributes.kind, attributes.name, errors)
}

/// Tells of the pods that would not be let in now; those with the same faults together.
fn warnings_of_existing(namespace: &str, standard: Standard, lookup: &dyn Lookup) -> Vec<String> {
    let mut pods = lookup.list("", "pods", namespace);
    pods.sort_by(|a, b| a.str_at(&["metadata", "name"]).cmp(b.str_at(&["metadata", "name"])));
    let mut groups: Vec<(String, String, usize)> = Vec::new();
    for pod in pods.iter().take(MAX_PODS_CHECKED) {
        let found = violations(standard, &Pod::of(pod));
        if found.is_empty() {
            continue;
        }
        let reasons = found.iter().map(|violation| violation.reason.as_str()).collect::<Vec<_>>().join(", ");
        match groups.iter_mut().find(|(_, other, _)| *other == reasons) {
            Some((_, _, others)) => *others += 1,
            None => groups.push((pod.str_at(&["metadata", "name"]).to_owned(), reasons, 0)),
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let head =
        format!("existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{standard}\"");
    let told = groups.into_iter().map(|(name, reasons, others)| match others {
        0 => format!("{name}: {reasons}"),
        1 => format!("{name} (and 1 other pod): {reasons}"),
        others => format!("{name} (and {others} other pods): {reasons}"),
    });
    std::iter::once(head).chain(told).collect()
}

fn warning(standard: Standard, pod: &Pod) -> Option<String> {
    let found = violations(standard, pod);
    (!found.is_empty()).then(|| format!("would violate PodSecurity \"{standard}\": {}", checks::told(&found)))
}

/// Of what may change in a pod: containers added, images, and the annotations that carried profiles.
fn changes_what_runs(new: &Value, old: &Value) -> bool {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let containers_differ = lists.iter().any(|list| {
        let (new, old) = (new.at(&["spec", list]).items(), old.at(&["spec", list]).items());
        new.len() != old.len() || new.iter().zip(old).any(|(new, old)| new.at(&["image"]) != old.at(&["image"]))
    });
    containers_differ || profile_annotations(new) != profile_annotations(old)
}

fn profile_annotations(pod: &Value) -> Vec<(&str, &Value)> {
    let annotations = pod.at(&["metadata", "annotations"]).as_map();
    let all = annotations.into_iter().flat_map(|annotations| annotations.iter());
    all.filter(|(key, _)| key.contains("seccomp.security.") || key.contains("apparmor.security.")).collect()
}

#[cfg(test)]
mod tests;
