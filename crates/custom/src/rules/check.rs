//! Whether the rules of a definition compile, and what they can cost at the most.

use super::compiled::{Compiled, compile};
use super::decl::Decl;
use crate::check::{Strictness, has_errors, rule_json};
use crate::node::{Additional, Node, Rule};
use kind::field::Bare;
use kind::{FieldError, FieldErrorKind, FieldErrors, Path};

/// The estimated cost of one expression, for all the times that it can run on one object.
const EXPRESSION_LIMIT: u64 = 10_000_000;
/// Of all expressions of a version together.
const TOTAL_LIMIT: u64 = 100_000_000;
/// As many of the most expensive are named.
const MAX_NAMED: usize = 4;

const ADVICE: &str = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";

/// Checks the rules of a version's schema, which is structural. `path` is that of `openAPIV3Schema`; `unchanged`: the
/// schema was let pass before, and may stay as expensive as it is.
pub fn definition(node: &Node, unchanged: bool, path: &Path, errors: &mut FieldErrors) {
    let mut checks = Checks { unchanged, total: 0, most_expensive: Vec::new() };
    let place = Place { cardinality: Some(1), is_resource: true, uncorrelatable: None };
    checks.walk(node, &place, path, errors);
    if checks.total <= TOTAL_LIMIT {
        return;
    }
    for (_, field) in checks.most_expensive {
        let detail = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema".into();
        errors.push(FieldError { kind: FieldErrorKind::Forbidden, field, value: None, detail });
    }
    let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    errors.forbidden(path, too_expensive(what, checks.total, TOTAL_LIMIT));
}

struct Checks {
    unchanged: bool,
    total: u64,
    most_expensive: Vec<(u64, String)>,
}

/// Where the walk is.
struct Place {
    /// How often the value can be there; None: there is no limit but a request's size.
    cardinality: Option<u64>,
    is_resource: bool,
    /// The first place above whose old value cannot be told.
    uncorrelatable: Option<String>,
}

impl Checks {
    fn walk(&mut self, node: &Node, place: &Place, path: &Path, errors: &mut FieldErrors) {
        let cardinality = place.cardinality.and_then(|cardinality| Some(cardinality.saturating_mul(factor(node)?)));
        let below = |node: &Node, uncorrelatable: Option<String>| Place {
            cardinality,
            is_resource: node.embedded,
            uncorrelatable: place.uncorrelatable.clone().or(uncorrelatable),
        };
        if let Some(Additional::Of(member)) = &node.additional {
            self.walk(member, &below(member, None), &path.child("additionalProperties"), errors);
        }
        for (name, property) in &node.properties {
            let atomic = (!node.is_granular_map()).then(|| path.to_string());
            self.walk(property, &below(property, atomic), &path.child("properties").key(name), errors);
        }
        if let Some(items) = &node.items {
            let unkeyed = (!node.is_keyed_list()).then(|| path.to_string());
            self.walk(items, &below(items, unkeyed), &path.child("items"), errors);
        }
        if !node.rules.is_empty() && !has_errors(node, Strictness::ALL) {
            self.rules(node, place, &path.child("x-kubernetes-validations"), errors);
        }
    }

    fn rules(&mut self, node: &Node, place: &Place, path: &Path, errors: &mut FieldErrors) {
        let Some(decl) = Decl::new(node, place.is_resource) else {
            let why = "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";
            return errors.internal(path, why);
        };
        let times = place.cardinality.unwrap_or_else(|| decl.max_cardinality());
        for (index, compiled) in compile(node, &decl).iter().enumerate() {
            let path = path.index(index);
            self.cost(compiled.max_cost.saturating_mul(times), "estimated rule cost", &path.child("rule"), errors);
            failures(compiled, &path, errors);
            if compiled.message.is_some() && compiled.message_error.is_none() {
                let path = path.child("messageExpression");
                self.cost(compiled.message_max_cost, "estimated messageExpression cost", &path, errors);
            }
            let rule = path.child("rule");
            if let Some(above) = place.uncorrelatable.as_ref().filter(|_| compiled.uses_old_self) {
                let why = format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {above}");
                errors.invalid(&rule, &compiled.rule.rule, why);
            }
            if let Some(optional) = compiled.rule.optional_old_self.filter(|_| !compiled.uses_old_self) {
                let why = "may not be set if oldSelf is not used in rule";
                errors.invalid(&path.child("optionalOldSelf"), optional, why);
            }
        }
    }

    fn cost(&mut self, cost: u64, what: &str, path: &Path, errors: &mut FieldErrors) {
        if cost > EXPRESSION_LIMIT && !self.unchanged {
            errors.forbidden(path, too_expensive(what, cost, EXPRESSION_LIMIT));
        }
        self.total = self.total.saturating_add(cost);
        if cost >= TOTAL_LIMIT / 100 {
            self.most_expensive.push((cost, path.to_string()));
            self.most_expensive.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
            self.most_expensive.truncate(MAX_NAMED);
        }
    }
}

fn failures(compiled: &Compiled, path: &Path, errors: &mut FieldErrors) {
    let shown = |rule: &Rule| Bare(rule_json(rule));
    if let Some(why) = &compiled.error {
        errors.invalid(&path.child("rule"), shown(&compiled.rule), why);
    }
    if let Some(why) = &compiled.message_error {
        errors.invalid(&path.child("messageExpression"), shown(&compiled.rule), why);
    }
}

/// By how much a schema multiplies what is below it; None: without a limit.
fn factor(node: &Node) -> Option<u64> {
    let bound = |bound: Option<i64>| bound.map(|bound| u64::try_from(bound).unwrap_or(0));
    match node.ty.as_str() {
        "object" if node.additional.is_some() => bound(node.max_properties),
        "array" => bound(node.max_items),
        _ => Some(1),
    }
}

fn too_expensive(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!("{what} exceeds budget by factor of {factor} {ADVICE}")
}
