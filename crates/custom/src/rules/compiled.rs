//! Rules that were compiled.

use super::decl::Decl;
use crate::field_path;
use crate::node::{Node, Rule};
use cel::{Env, Program, Type};

/// What came of a rule.
pub struct Compiled {
    pub rule: Rule,
    /// None: the rule is empty, or does not compile.
    pub program: Option<Program>,
    pub error: Option<String>,
    pub message: Option<Program>,
    pub message_error: Option<String>,
    pub uses_old_self: bool,
    pub max_cost: u64,
    pub message_max_cost: u64,
    /// Where failures are shown, below the rule's own place.
    pub field_path: Option<String>,
}

/// Compiles the rules of a node.
pub fn compile(node: &Node, decl: &Decl) -> Vec<Compiled> {
    if node.rules.is_empty() {
        return Vec::new();
    }
    let with = |old: Type| Env::base().extend().variable("self", decl.ty.clone()).variable("oldSelf", old).build();
    let plain = with(decl.ty.clone());
    let optional = with(Type::optional(decl.ty.clone()));
    let compile = |rule: &Rule| {
        let env = if rule.optional_old_self == Some(true) { &optional } else { &plain };
        let path =
            (!rule.field_path.is_empty()).then(|| field_path::resolve(&rule.field_path, node, true).ok()).flatten();
        Compiled { field_path: path.map(|(path, _)| path.to_string()), ..one(rule, env, decl) }
    };
    node.rules.iter().map(compile).collect()
}

fn one(rule: &Rule, env: &Env, decl: &Decl) -> Compiled {
    let mut compiled = Compiled {
        rule: rule.clone(),
        program: None,
        error: None,
        message: None,
        message_error: None,
        uses_old_self: false,
        max_cost: 0,
        message_max_cost: 0,
        field_path: None,
    };
    if rule.rule.trim().is_empty() {
        return compiled;
    }
    let program = match env.compile(&rule.rule) {
        Ok(program) => program,
        Err(error) => {
            compiled.error = Some(format!("compilation failed: {error}"));
            return compiled;
        }
    };
    if *program.output() != Type::Bool {
        compiled.error = Some("cel expression must evaluate to a bool".into());
        return compiled;
    }
    compiled.uses_old_self = program.references.values().any(|reference| reference.name.as_deref() == Some("oldSelf"));
    compiled.max_cost = program.estimate(decl).max;
    compiled.program = Some(program);
    if !rule.message_expression.is_empty() {
        match env.compile(&rule.message_expression) {
            Err(error) => compiled.message_error = Some(format!("messageExpression compilation failed: {error}")),
            Ok(message) if *message.output() != Type::String => {
                compiled.message_error = Some("messageExpression must evaluate to a string".into());
            }
            Ok(message) => {
                compiled.message_max_cost = message.estimate(decl).max;
                compiled.message = Some(message);
            }
        }
    }
    compiled
}
