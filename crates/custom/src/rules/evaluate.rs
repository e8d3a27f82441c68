//! Evaluating rules on objects.

use super::compiled::{Compiled, compile};
use super::decl::{Decl, list_type};
use crate::lists;
use crate::node::Node;
use cel::cost::RUNTIME_BUDGET;
use cel::{Budget, EvalError, Program, Type, Val, Variables};
use kind::field::{Bare, Shown, quoted};
use kind::{FieldError, FieldErrorKind, FieldErrors, Path};
use schema::{ListType, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a messageExpression may come to, in bytes.
const MAX_MESSAGE: usize = 5 * 1024;
const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// The rules of a schema, where it has some, and of what is below.
pub struct Validator {
    rules: Vec<Compiled>,
    /// None where expressions cannot speak of the value.
    ty: Option<Type>,
    /// The schema's type, which messages show.
    schema_type: String,
    list_type: ListType,
    /// For correlation of items with older ones.
    node: Keys,
    granular: bool,
    items: Option<Box<Validator>>,
    additional: Option<Box<Validator>>,
    properties: BTreeMap<String, Validator>,
}

/// What tells items of a list apart.
struct Keys(Node);

/// What came of the rules.
#[derive(Default)]
pub struct Findings {
    pub errors: FieldErrors,
    /// Failures that an update may leave as they were.
    pub warnings: Vec<String>,
}

/// Whether what a value is was so before: failures of what did not change are warnings.
#[derive(Clone, Copy)]
struct Correlation {
    here: Option<bool>,
    above: Option<bool>,
    is_root: bool,
}

impl Correlation {
    /// Of a member or item, given whether it is correlated and equal.
    fn below(self, unchanged: Option<bool>) -> Correlation {
        match self.here {
            None => self,
            Some(_) => Correlation { here: unchanged, above: self.here, is_root: false },
        }
    }

    fn ratchets(self) -> bool {
        self.here.or(self.above).unwrap_or(false)
    }
}

/// The budget is spent.
struct Spent;

struct Names {
    this: Val,
    old: Option<Val>,
}

impl Variables for Names {
    fn get(&self, name: &str, _budget: &mut Budget) -> Option<Result<Val, EvalError>> {
        match name {
            "self" => Some(Ok(self.this.clone())),
            "oldSelf" => self.old.clone().map(Ok),
            _ => None,
        }
    }
}

impl Validator {
    /// None: there are no rules here and below.
    pub fn new(node: &Node, is_resource: bool) -> Option<Validator> {
        if !node.any(&|node| !node.rules.is_empty()) {
            return None;
        }
        let decl = if node.rules.is_empty() { None } else { Decl::new(node, is_resource) };
        let below = |node: &Node| Validator::new(node, node.embedded);
        let properties = node.properties.iter().filter_map(|(name, node)| Some((name.clone(), below(node)?)));
        Some(Validator {
            rules: decl.as_ref().map(|decl| compile(node, decl)).unwrap_or_default(),
            ty: decl.map(|decl| decl.ty),
            schema_type: node.ty.clone(),
            list_type: list_type(node),
            node: Keys(Node {
                list_type: node.list_type.clone(),
                list_map_keys: node.list_map_keys.clone(),
                ..Node::default()
            }),
            granular: node.is_granular_map(),
            items: node.items.as_deref().and_then(below).map(Box::new),
            additional: node.additional_schema().and_then(below).map(Box::new),
            properties: properties.collect(),
        })
    }

    /// Evaluates all rules. With `old`, transition rules too, and what did not change is not held against the object.
    pub fn validate(&self, value: &Value, old: Option<&Value>) -> Findings {
        let mut run = Run { budget: Budget::new(RUNTIME_BUDGET), findings: Findings::default() };
        let here = old.map(|old| old == value);
        let correlation = Correlation { here, above: None, is_root: true };
        // That the budget is spent is among the errors.
        let _ = run.walk(self, value, old, correlation, &Path::object());
        run.findings
    }

    /// For a default value, which is as it was.
    pub fn validate_default(&self, value: &Value, path: &Path, errors: &mut FieldErrors) {
        let mut run = Run { budget: Budget::new(RUNTIME_BUDGET), findings: Findings::default() };
        let correlation = Correlation { here: None, above: None, is_root: false };
        let _ = run.walk(self, value, Some(value), correlation, path);
        errors.extend(run.findings.errors);
    }
}

struct Run {
    budget: Budget,
    findings: Findings,
}

impl Run {
    fn walk(
        &mut self,
        validator: &Validator,
        value: &Value,
        old: Option<&Value>,
        correlation: Correlation,
        path: &Path,
    ) -> Result<(), Spent> {
        if value.is_null() {
            return Ok(());
        }
        let old = old.filter(|old| !old.is_null());
        if !validator.rules.is_empty() {
            self.rules(validator, value, old, correlation, path)?;
        }
        match value {
            Value::List(items) => self.list(validator, items, old, correlation, path),
            Value::Map(map) => {
                let of_old = |key: &str| old.filter(|_| validator.granular).and_then(|old| old.get(key));
                for (key, value) in map.iter() {
                    let (below, path) = match (validator.properties.get(key), &validator.additional) {
                        (Some(property), _) => (property, path.child(key)),
                        (None, Some(additional)) => (&**additional, path.key(key)),
                        _ => continue,
                    };
                    let old = of_old(key);
                    let hidden = correlation.is_root && matches!(key, "apiVersion" | "kind");
                    let unchanged = old.filter(|_| !hidden).map(|old| old == value);
                    self.walk(below, value, old, correlation.below(unchanged), &path)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn list(
        &mut self,
        validator: &Validator,
        items: &[Value],
        old: Option<&Value>,
        correlation: Correlation,
        path: &Path,
    ) -> Result<(), Spent> {
        let Some(below) = &validator.items else { return Ok(()) };
        let old_items = old.map(Value::items).unwrap_or_default();
        for (index, value) in items.iter().enumerate() {
            let old = lists::correlated(&validator.node.0, value, old_items);
            let unchanged = old.map(|old| old == value);
            self.walk(below, value, old, correlation.below(unchanged), &path.index(index))?;
        }
        Ok(())
    }

    fn rules(
        &mut self,
        validator: &Validator,
        value: &Value,
        old: Option<&Value>,
        correlation: Correlation,
        path: &Path,
    ) -> Result<(), Spent> {
        let Some(ty) = &validator.ty else { return Ok(()) };
        if self.budget.remaining() == 0 {
            return self.spent(validator, path, OUT_OF_BUDGET);
        }
        let val = |value: &Value| Val::of_list_type(&Arc::new(value.clone()), ty, &validator.list_type);
        let (this, before) = (val(value), old.map(val));
        for compiled in &validator.rules {
            if let Some(why) = &compiled.error {
                self.invalid(validator, path, format!("rule compile error: {why}"));
                continue;
            }
            let Some(program) = &compiled.program else { continue };
            let optional = compiled.rule.optional_old_self == Some(true);
            if compiled.uses_old_self && old.is_none() && !optional {
                continue;
            }
            let before = match (optional, &before) {
                (true, Some(before)) => Some(Val::some(before.clone())),
                (true, None) => Some(Val::NONE),
                (false, before) => before.clone(),
            };
            let names = Names { this: this.clone(), old: before };
            let Ok(result) = self.evaluate(program, &names) else {
                return self.spent(validator, path, OUT_OF_BUDGET);
            };
            match result {
                Ok(Val::Bool(true)) => {}
                Ok(_) => self.failed(validator, compiled, value, &names, correlation, path)?,
                Err(error) => self.broken(validator, compiled, &error, path)?,
            }
        }
        Ok(())
    }

    /// The outer failure: the budget for all rules is spent.
    fn evaluate(&mut self, program: &Program, names: &Names) -> Result<Result<Val, EvalError>, ()> {
        let result = program.evaluate(names, &mut self.budget);
        if self.budget.is_exhausted() { Err(()) } else { Ok(result) }
    }

    fn broken(
        &mut self,
        validator: &Validator,
        compiled: &Compiled,
        error: &EvalError,
        path: &Path,
    ) -> Result<(), Spent> {
        let rule = shown_rule(compiled);
        let text = error.to_string();
        if text.starts_with("no such overload") {
            let why = format!(
                "'{text}': call arguments did not match a supported operator, function or macro signature for rule: {rule}"
            );
            self.invalid(validator, path, why);
            return Ok(());
        }
        if matches!(error, EvalError::CostExceeded) {
            let why = format!(
                "'{text}': no further validation rules will be run due to call cost exceeds limit for rule: {rule}"
            );
            return self.spent(validator, path, &why);
        }
        self.invalid(validator, path, format!("{text} evaluating rule: {rule}"));
        Ok(())
    }

    /// A rule does not hold.
    fn failed(
        &mut self,
        validator: &Validator,
        compiled: &Compiled,
        value: &Value,
        names: &Names,
        correlation: Correlation,
        path: &Path,
    ) -> Result<(), Spent> {
        let own = compiled.field_path.as_deref();
        let field = match (own, path.to_string()) {
            (Some(below), path) if path.is_empty() => below.to_owned(),
            (Some(below), path) => format!("{path}.{below}"),
            (None, path) if path.is_empty() => "<nil>".to_owned(),
            (None, path) => path,
        };
        let ratchets = !compiled.uses_old_self && correlation.ratchets();
        let mut detail = None;
        if let Some(message) = &compiled.message {
            match self.message(message, &compiled.rule.message_expression, names) {
                Ok(found) => detail = found,
                Err(why) => {
                    let value = Some(validator.schema_type.shown());
                    self.add(FieldError { kind: FieldErrorKind::Invalid, field, value, detail: why }, ratchets);
                    return Err(Spent);
                }
            }
        }
        let detail = detail.unwrap_or_else(|| match compiled.rule.message.trim() {
            "" => format!("failed rule: {}", compiled.rule.rule.trim()),
            message => message.to_owned(),
        });
        let composite = matches!(validator.schema_type.as_str(), "object" | "array");
        let shown = (!composite).then(|| value.shown());
        let (kind, value, detail) = match compiled.rule.reason.as_deref() {
            Some("FieldValueForbidden") => (FieldErrorKind::Forbidden, None, detail),
            Some("FieldValueRequired") => (FieldErrorKind::Required, None, detail),
            Some("FieldValueDuplicate") => (FieldErrorKind::Duplicate, shown, String::new()),
            _ => (FieldErrorKind::Invalid, shown, detail),
        };
        self.add(FieldError { kind, field, value, detail }, ratchets);
        Ok(())
    }

    /// None: the expression gives nothing that can be shown. Err: nothing more can be evaluated.
    fn message(&mut self, program: &Program, source: &str, names: &Names) -> Result<Option<String>, String> {
        let out = "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run";
        let result = self.evaluate(program, names).map_err(|()| out.to_owned())?;
        match result {
            Err(EvalError::CostExceeded) => Err(format!(
                "no further validation rules will be run due to call cost exceeds limit for messageExpression: {}",
                quoted(source)
            )),
            Err(_) => Ok(None),
            Ok(value) => {
                let text = value.as_str().map(str::trim).unwrap_or_default();
                let fits = !text.is_empty() && text.len() <= MAX_MESSAGE && !text.contains(['\n', '\r']);
                Ok(fits.then(|| text.to_owned()))
            }
        }
    }

    fn add(&mut self, error: FieldError, ratchets: bool) {
        if ratchets {
            self.findings.warnings.push(error.to_string());
        } else {
            self.findings.errors.push(error);
        }
    }

    fn invalid(&mut self, validator: &Validator, path: &Path, why: impl Into<String>) {
        let field = path.to_string();
        let field = if field.is_empty() { "<nil>".to_owned() } else { field };
        let value = Some(Bare(validator.schema_type.shown()).shown());
        self.findings.errors.push(FieldError { kind: FieldErrorKind::Invalid, field, value, detail: why.into() });
    }

    fn spent(&mut self, validator: &Validator, path: &Path, why: &str) -> Result<(), Spent> {
        self.invalid(validator, path, why);
        Err(Spent)
    }
}

/// A rule as messages name it.
fn shown_rule(compiled: &Compiled) -> &str {
    match compiled.rule.message.trim() {
        "" => compiled.rule.rule.trim(),
        message => message,
    }
}
