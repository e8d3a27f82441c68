//! Conditions of a webhook or a policy, which must all hold.

use super::{Bindings, evaluate};
use api_misc::admissionregistration::v1::MatchCondition;
use cel::cost::MATCH_CONDITIONS_BUDGET;
use cel::{Budget, Program, Val};
use policy::{Compiler, Declared, Wanted};

/// Compiled.
pub struct Conditions {
    conditions: Vec<Condition>,
}

struct Condition {
    name: String,
    expression: String,
    program: Result<Program, String>,
}

/// What conditions came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    /// The condition of this name does not.
    Not(String),
    /// One could not be evaluated, and none is false.
    Failed(String),
}

impl Conditions {
    /// `compiler` knows the variables that they may name.
    pub fn compile(conditions: &[MatchCondition], compiler: &Compiler, declared: Declared) -> Conditions {
        let condition = |condition: &MatchCondition| Condition {
            name: condition.name.clone(),
            expression: condition.expression.trim().to_owned(),
            program: compiler.compile(condition.expression.trim(), Wanted::Bool, declared),
        };
        Conditions { conditions: conditions.iter().map(condition).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// One that is false decides, whatever went wrong with others.
    pub async fn evaluate(&self, bindings: &Bindings) -> Outcome {
        if self.is_empty() {
            return Outcome::Holds;
        }
        bindings.asking.settled(|| self.evaluate_now(&bindings.renewed())).await
    }

    fn evaluate_now(&self, bindings: &Bindings) -> Outcome {
        let mut budget = Budget::new(MATCH_CONDITIONS_BUDGET);
        let mut failures = Vec::new();
        for Condition { name, expression, program } in &self.conditions {
            let value = match program {
                Ok(program) => evaluate(program, expression, bindings, &mut budget),
                Err(why) => Ok(Err(format!("compilation error: {why}"))),
            };
            match value {
                Err(why) => return Outcome::Failed(why),
                Ok(Ok(Val::Bool(true))) => {}
                Ok(Ok(_)) => return Outcome::Not(name.clone()),
                Ok(Err(why)) => failures.push(why),
            }
        }
        match failures.as_slice() {
            [] => Outcome::Holds,
            [one] => Outcome::Failed(one.clone()),
            several => Outcome::Failed(format!("[{}]", several.join(", "))),
        }
    }
}
