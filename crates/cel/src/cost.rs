//! What evaluation costs: cel-go's cost of a step, and Kubernetes' of a call of its libraries.
//!
//! A unit is about 50 nanoseconds of upstream's time. Clients see these numbers when a limit stops an expression, so they
//! follow upstream's exactly, also where our work is less. Deliberately absent: estimates before anything runs.

use crate::eval::EvalError;
use crate::functions::formats::NamedFormat;
use crate::value::{Fuel, Val};

/// One evaluation may cost this much (`PerCallLimit`).
pub const PER_CALL_LIMIT: u64 = 1_000_000;
/// All rules of one object, or all expressions of one policy, may cost this much together (`RuntimeCELCostBudget`).
pub const RUNTIME_BUDGET: u64 = 10_000_000;
/// All match conditions of one webhook or policy (`RuntimeCELCostBudgetMatchConditions`).
pub const MATCH_CONDITIONS_BUDGET: u64 = 2_500_000;

/// A name, a field, an element.
pub const ATTRIBUTE: u64 = 1;
pub const LIST: u64 = 10;
pub const MAP: u64 = 30;
pub const STRUCT: u64 = 40;

const STRING_TRAVERSAL: f64 = 0.1;
const REGEX_LENGTH: f64 = 0.25;
/// An authorization check costs so much that an expression can make two.
const AUTHORIZATION_CHECK: u64 = 350_000;
/// Steps between two looks at the interrupt.
const STEPS_PER_LOOK: u32 = 1024;
/// Bytes of long texts that functions may make in one evaluation. Upstream's cost of `replace` and `format` does not see
/// how long their results are.
const MAX_MADE: usize = 128 << 20;
const LONG_TEXT: usize = 1 << 10;
/// Patterns that may be compiled on one budget, besides those that are compiled already.
const MAX_PATTERNS: u32 = 1_000;

/// What expressions may cost: each evaluation up to a limit of its own, and all that share the budget together.
///
/// An evaluation ends with [`EvalError::CostExceeded`] when it alone is over its limit. Whether the sum is over the
/// budget is for the caller to ask between evaluations ([`Budget::is_exhausted`]), as upstream does.
pub struct Budget {
    total: u64,
    per_call: u64,
    used: u64,
    /// Of the evaluation that runs now.
    call: u64,
    steps: u32,
    /// For comparisons of the evaluation that runs now.
    fuel: Fuel,
    /// Bytes of long texts that it has made.
    made: usize,
    patterns: u32,
    interrupt: Option<Box<dyn FnMut() -> bool + Send>>,
}

impl Budget {
    pub fn new(total: u64) -> Budget {
        Budget {
            total,
            per_call: PER_CALL_LIMIT,
            used: 0,
            call: 0,
            steps: 0,
            fuel: Fuel::default(),
            made: 0,
            patterns: 0,
            interrupt: None,
        }
    }

    /// Another limit of one evaluation than [`PER_CALL_LIMIT`].
    pub fn with_per_call(mut self, limit: u64) -> Budget {
        self.per_call = limit;
        self
    }

    /// Evaluation ends with [`EvalError::Interrupted`] soon after `interrupt` returns true; it is asked every so many steps.
    pub fn with_interrupt(mut self, interrupt: impl FnMut() -> bool + Send + 'static) -> Budget {
        self.interrupt = Some(Box::new(interrupt));
        self
    }

    /// By all evaluations so far, with the one that runs.
    pub fn used(&self) -> u64 {
        self.used
    }

    pub fn remaining(&self) -> u64 {
        self.total.saturating_sub(self.used)
    }

    pub fn is_exhausted(&self) -> bool {
        self.used > self.total
    }

    /// For costs that are not of an expression.
    pub fn spend(&mut self, cost: u64) {
        self.used = self.used.saturating_add(cost);
    }

    /// Runs one evaluation with a limit of its own; another that runs meanwhile does not count for the outer one. What
    /// will be evaluated again, because an answer was missing, costs nothing yet.
    pub(crate) fn call(&mut self, run: impl FnOnce(&mut Budget) -> Result<Val, EvalError>) -> Result<Val, EvalError> {
        let outer = std::mem::take(&mut self.call);
        let outer_made = std::mem::take(&mut self.made);
        let outer_fuel = std::mem::take(&mut self.fuel);
        let used = self.used;
        let result = run(self);
        (self.call, self.made, self.fuel) = (outer, outer_made, outer_fuel);
        if let Err(EvalError::Unanswered) = result {
            self.used = used;
        }
        result
    }

    pub(crate) fn charge(&mut self, cost: u64) -> Result<(), EvalError> {
        self.used = self.used.saturating_add(cost);
        self.call = self.call.saturating_add(cost);
        if self.call > self.per_call { Err(EvalError::CostExceeded) } else { Ok(()) }
    }

    pub(crate) fn fuel(&mut self) -> &mut Fuel {
        &mut self.fuel
    }

    /// Counts the memory of what a function made.
    pub(crate) fn make(&mut self, value: &Val) -> Result<(), EvalError> {
        if let Val::String(text) = value
            && text.len() > LONG_TEXT
        {
            self.made = self.made.saturating_add(text.len());
        }
        if self.made > MAX_MADE { Err(EvalError::CostExceeded) } else { Ok(()) }
    }

    /// Counts a pattern that is compiled.
    pub(crate) fn pattern(&mut self) -> Result<(), EvalError> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS { Err(EvalError::CostExceeded) } else { Ok(()) }
    }

    /// Counts a step of the evaluator.
    pub(crate) fn step(&mut self) -> Result<(), EvalError> {
        self.steps = self.steps.wrapping_add(1);
        if self.steps.is_multiple_of(STEPS_PER_LOOK)
            && let Some(interrupt) = &mut self.interrupt
            && interrupt()
        {
            return Err(EvalError::Interrupted);
        }
        Ok(())
    }
}

/// Of a call that gave `result`. `overload` is empty where the checker left several possible.
pub(crate) fn of_call(function: &str, overload: &str, args: &[Val], result: &Val) -> u64 {
    of_kubernetes(function, overload, args, result).unwrap_or_else(|| of_standard(overload, args))
}

fn of_kubernetes(function: &str, overload: &str, args: &[Val], result: &Val) -> Option<u64> {
    let first = args.first()?;
    Some(match function {
        "check" => AUTHORIZATION_CHECK,
        "serviceAccount" | "path" | "group" | "resource" | "subresource" | "namespace" | "name" | "allowed"
        | "reason" | "error" | "errored" => 1,
        "fieldSelector" | "labelSelector" => selector(size(args.get(1)?)),
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => tree(first, &mut Fuel::default(), 0),
        "url"
        | "isURL"
        | "lowerAscii"
        | "upperAscii"
        | "substring"
        | "trim"
        | "cidr"
        | "isIP"
        | "isCIDR"
        | "quantity"
        | "isQuantity"
        | "semver"
        | "isSemver"
        | "jsonpatch.escapeKey" => traverse(size(first)),
        "replace" | "split" | "ip.isCanonical" => scaled(size(first), 2.0 * STRING_TRAVERSAL),
        "join" => scaled(size(result), 2.0 * STRING_TRAVERSAL),
        "find" | "findAll" => regex(size(first), size(args.get(1)?)),
        "ip" if overload == "cidr_ip" => 1,
        "ip" => traverse(size(first)),
        "masked"
        | "prefixLength"
        | "family"
        | "isUnspecified"
        | "isLoopback"
        | "isLinkLocalMulticast"
        | "isLinkLocalUnicast"
        | "isGlobalUnicast" => 1,
        "containsIP" | "containsCIDR" => {
            let (network, other) = (size(first), size(args.get(1)?));
            let mut cost = traverse(2 * network);
            if function == "containsCIDR" {
                cost += traverse(network) + 1;
            }
            if overload.ends_with("_string") {
                cost += traverse(other);
            }
            cost
        }
        "validate" => regex(size(args.get(1)?), first.downcast::<NamedFormat>()?.regex_size()),
        "format.named" | "sign" | "asInteger" | "isInteger" | "asApproximateFloat" | "isGreaterThan" | "isLessThan"
        | "compareTo" | "add" | "sub" | "major" | "minor" | "patch" | "getScheme" | "getHostname" | "getHost"
        | "getPort" | "getEscapedPath" | "getQuery" => 1,
        "_==_" if matches!(first, Val::Opaque(_)) => 1,
        _ => return None,
    })
}

fn of_standard(overload: &str, args: &[Val]) -> u64 {
    let size_of = |index: usize| args.get(index).map_or(1, size);
    let (first, second) = (size_of(0), size_of(1));
    match overload {
        "starts_with_string" | "ends_with_string" | "string_to_bytes" | "bytes_to_string" | "strings_quote"
        | "string_format" => traverse(first),
        "in_list" => second,
        "less_string"
        | "greater_string"
        | "less_equals_string"
        | "greater_equals_string"
        | "less_bytes"
        | "greater_bytes"
        | "less_equals_bytes"
        | "greater_equals_bytes"
        | "equals"
        | "not_equals" => traverse(first.min(second)),
        "add_string" | "add_bytes" => traverse(first.saturating_add(second)),
        "matches_string" => regex(first, second),
        "contains_string" => traverse(first).saturating_mul(traverse(second)),
        "list_sets_contains_list" | "list_sets_intersects_list" => first.saturating_mul(second).saturating_add(1),
        "list_sets_equivalent_list" => first.saturating_mul(second).saturating_mul(2).saturating_add(1),
        _ => 1,
    }
}

/// As cel-go sizes: what has no size is 1.
fn size(value: &Val) -> u64 {
    value.size()
}

fn traverse(size: u64) -> u64 {
    scaled(size, STRING_TRAVERSAL)
}

/// A selector is read into a list of requirements, each a struct with a list; the shortest has two characters.
fn selector(length: u64) -> u64 {
    LIST + traverse(length) + scaled(length, 0.5).saturating_mul(LIST + STRUCT)
}

fn scaled(size: u64, factor: f64) -> u64 {
    (size as f64 * factor).ceil() as u64
}

fn regex(text: u64, pattern: u64) -> u64 {
    traverse(text.saturating_add(1)).saturating_mul(scaled(pattern, REGEX_LENGTH))
}

/// Of going through a whole value.
fn tree(value: &Val, fuel: &mut Fuel, depth: u32) -> u64 {
    const MAX_DEPTH: u32 = 600;
    if fuel.burn().is_err() || depth > MAX_DEPTH {
        return PER_CALL_LIMIT;
    }
    let each = |value: Option<Result<Val, EvalError>>, fuel: &mut Fuel| match value {
        Some(Ok(value)) => tree(&value, fuel, depth + 1),
        _ => 1,
    };
    match value {
        Val::String(text) => (text.len() as f64 * STRING_TRAVERSAL) as u64,
        Val::Bytes(bytes) => (bytes.len() as f64 * STRING_TRAVERSAL) as u64,
        Val::List(list) => list.iter().map(|item| each(Some(item), fuel)).sum(),
        Val::Map(map) => {
            map.keys().iter().map(|key| tree(&key.to_val(), fuel, depth + 1) + each(map.get(key), fuel)).sum()
        }
        _ => 1,
    }
}
