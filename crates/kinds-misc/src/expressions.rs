//! What the expressions of webhooks and admission policies must satisfy.

use api_misc::admissionregistration::v1::{MatchCondition, Variable};
use cel::types::RESERVED;
use kind::{FieldErrors, Path, validate};
use policy::{Compiler, Declared, Wanted};
use std::collections::BTreeSet;

const MAX_CONDITIONS: usize = 64;

/// Conditions are evaluated before anything else of a policy: they name no variables.
pub fn validate_conditions(conditions: &[MatchCondition], params: bool, path: &Path, errors: &mut FieldErrors) {
    if conditions.len() > MAX_CONDITIONS {
        errors.too_many(path, conditions.len(), MAX_CONDITIONS);
    }
    let names = Declared { params, authorizer: true, patches: false };
    let mut seen = BTreeSet::new();
    for (index, condition) in conditions.iter().enumerate() {
        let item = path.index(index);
        let expression = condition.expression.trim();
        if expression.is_empty() {
            errors.required(&item.child("expression"), "");
        } else {
            check(&Compiler::default(), expression, Wanted::Bool, names, &item.child("expression"), errors);
        }
        if condition.name.is_empty() {
            errors.required(&item.child("name"), "");
            continue;
        }
        for sentence in validate::qualified_name(&condition.name) {
            errors.invalid(&item.child("name"), &condition.name, sentence);
        }
        if !seen.insert(&condition.name) {
            errors.duplicate(&item.child("name"), &condition.name);
        }
    }
}

/// Compiles the variables of a policy, for the expressions that name them.
pub fn validate_variables(variables: &[Variable], names: Declared, path: &Path, errors: &mut FieldErrors) -> Compiler {
    let mut compiler = Compiler::default();
    for (index, variable) in variables.iter().enumerate() {
        let item = path.index(index);
        if variable.name.trim().is_empty() {
            errors.required(&item.child("name"), "name is not specified");
        } else if !is_identifier(&variable.name) {
            errors.invalid(&item.child("name"), &variable.name, "must be a valid CEL identifier");
        }
        if variable.expression.trim().is_empty() {
            errors.required(&item.child("expression"), "expression is not specified");
        } else if let Err(why) = compiler.variable(&variable.name, &variable.expression, names) {
            errors.invalid(&item.child("expression"), &variable.expression, why);
        }
    }
    compiler
}

/// Reports an expression that does not compile or gives something else than is wanted.
pub fn check(
    compiler: &Compiler,
    expression: &str,
    wanted: Wanted,
    names: Declared,
    path: &Path,
    errors: &mut FieldErrors,
) {
    if let Err(why) = compiler.compile(expression, wanted, names) {
        errors.invalid(path, expression, why);
    }
}

fn is_identifier(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_word) && !name.starts_with(|c: char| c.is_ascii_digit()) && !RESERVED.contains(&name)
}
