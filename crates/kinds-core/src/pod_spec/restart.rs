//! When a single container restarts: its own policy, and rules by exit code.

use super::check;
use api_core::v1::Container;
use kind::{FieldErrors, Path};

const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;

pub fn validate(container: &Container, path: &Path, errors: &mut FieldErrors) {
    let policy = path.child("restartPolicy");
    match &container.restart_policy {
        Some(given) => check::known(given, &["Always", "Never", "OnFailure"], &policy, errors),
        None if !container.restart_policy_rules.is_empty() => {
            errors.required(&policy, "must specify restartPolicy when restart rules are used");
        }
        None => {}
    }
    let rules = path.child("restartPolicyRules");
    if container.restart_policy_rules.len() > MAX_RULES {
        errors.too_many(&rules, container.restart_policy_rules.len(), MAX_RULES);
    }
    for (index, rule) in container.restart_policy_rules.iter().enumerate() {
        let path = rules.index(index);
        check::known(&rule.action, &["Restart", "RestartAllContainers"], &path.child("action"), errors);
        let at = path.child("exitCodes");
        let Some(codes) = &rule.exit_codes else {
            errors.required(&at, "must be specified");
            continue;
        };
        check::known(&codes.operator, &["In", "NotIn"], &at.child("operator"), errors);
        let values = at.child("values");
        match codes.values.len() {
            0 => errors.required(&values, "must have at least one value"),
            MAX_EXIT_CODES.. => errors.too_many(&values, codes.values.len(), MAX_EXIT_CODES),
            _ => {}
        }
    }
}
