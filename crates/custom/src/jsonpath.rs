//! JSONPath as columns use it: fields, indices, slices, wildcards, recursive descent, filters.

use kind::field::Shown;
use schema::{Time, Value};

/// Steps of one path; more is no column.
const MAX_STEPS: usize = 100;
/// Values that one path may find in an object.
const MAX_FOUND: usize = 10_000;

#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Fields(Vec<String>),
    Wildcard,
    Recursive,
    Indices(Vec<i64>),
    Slice(Option<i64>, Option<i64>, i64),
    Filter(Filter),
}

#[derive(Clone, Debug, PartialEq)]
struct Filter {
    left: Operand,
    operator: Option<(Operator, Operand)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Path(JsonPath),
    Literal(Value),
}

impl JsonPath {
    /// None: it cannot be read; such a column is empty.
    pub fn parse(text: &str) -> Option<JsonPath> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        rest = rest.strip_prefix('$').unwrap_or(rest);
        while !rest.is_empty() {
            if steps.len() == MAX_STEPS {
                return None;
            }
            rest = step(rest, &mut steps)?;
        }
        Some(JsonPath(steps))
    }

    /// All that the path finds; missing fields find nothing.
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.0 {
            let mut next = Vec::new();
            for value in found {
                step.follow(value, &mut next);
            }
            next.truncate(MAX_FOUND);
            found = next;
        }
        found
    }
}

fn step<'t>(rest: &'t str, steps: &mut Vec<Step>) -> Option<&'t str> {
    if let Some(after) = rest.strip_prefix("..") {
        steps.push(Step::Recursive);
        return if after.starts_with('[') { Some(after) } else { field(after, steps) };
    }
    if let Some(after) = rest.strip_prefix('.') {
        return if after.starts_with('[') || after.is_empty() { Some(after) } else { field(after, steps) };
    }
    match rest.strip_prefix('[') {
        Some(after) => bracket(after, steps),
        None => field(rest, steps),
    }
}

/// A name up to the next step; a backslash takes the next character as it is.
fn field<'t>(rest: &'t str, steps: &mut Vec<Step>) -> Option<&'t str> {
    if let Some(after) = rest.strip_prefix('*') {
        steps.push(Step::Wildcard);
        return Some(after);
    }
    let mut name = String::new();
    let mut chars = rest.char_indices();
    let mut end = rest.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?.1),
            '.' | '[' => {
                end = at;
                break;
            }
            c if c.is_whitespace() || matches!(c, '{' | '}' | '|') => return None,
            c => name.push(c),
        }
    }
    if name.is_empty() {
        return None;
    }
    steps.push(Step::Fields(vec![name]));
    Some(&rest[end..])
}

fn bracket<'t>(rest: &'t str, steps: &mut Vec<Step>) -> Option<&'t str> {
    if let Some(after) = rest.strip_prefix("?(") {
        let end = closing(after)?;
        steps.push(Step::Filter(filter(&after[..end])?));
        return after[end + 1..].strip_prefix(']');
    }
    let end = unquoted(rest, ']')?;
    let (inner, after) = (rest[..end].trim(), &rest[end + 1..]);
    let step = if inner == "*" {
        Step::Wildcard
    } else if inner.starts_with(['\'', '"']) {
        Step::Fields(inner.split(',').map(|name| unquote(name.trim())).collect::<Option<_>>()?)
    } else if inner.contains(':') {
        let mut parts = inner.split(':').map(|part| part.trim().parse::<i64>().ok());
        let (start, stop) = (parts.next().flatten(), parts.next().flatten());
        Step::Slice(start, stop, parts.next().flatten().unwrap_or(1))
    } else {
        Step::Indices(inner.split(',').map(|index| index.trim().parse().ok()).collect::<Option<_>>()?)
    };
    steps.push(step);
    Some(after)
}

fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inner.replace("\\'", "'").replace("\\\"", "\""))
}

/// Where `wanted` stands outside of quotes.
fn unquoted(text: &str, wanted: char) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c == wanted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Where the parenthesis before `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return Some(at),
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn filter(text: &str) -> Option<Filter> {
    const OPERATORS: &[(&str, Operator)] = &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    for (sign, operator) in OPERATORS {
        let first = sign.chars().next()?;
        let Some(at) = unquoted(text, first).filter(|&at| text[at..].starts_with(sign)) else { continue };
        let (left, right) = (operand(&text[..at])?, operand(&text[at + sign.len()..])?);
        return Some(Filter { left, operator: Some((*operator, right)) });
    }
    Some(Filter { left: operand(text)?, operator: None })
}

fn operand(text: &str) -> Option<Operand> {
    let text = text.trim();
    if let Some(path) = text.strip_prefix('@') {
        return JsonPath::parse(path).map(Operand::Path);
    }
    let literal = match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) => Value::Float(number),
            _ => Value::str(unquote(text)?),
        },
    };
    Some(Operand::Literal(literal))
}

impl Step {
    fn follow<'v>(&self, value: &'v Value, found: &mut Vec<&'v Value>) {
        match (self, value) {
            (Step::Fields(names), Value::Map(map)) => found.extend(names.iter().filter_map(|name| map.get(name))),
            (Step::Wildcard, Value::Map(map)) => found.extend(map.iter().map(|(_, value)| value)),
            (Step::Wildcard, Value::List(items)) => found.extend(items),
            (Step::Recursive, value) => descend(value, found),
            (Step::Indices(indices), Value::List(items)) => {
                found.extend(indices.iter().filter_map(|index| items.get(position(*index, items.len())?)));
            }
            (Step::Slice(start, stop, step), Value::List(items)) if *step > 0 => {
                let at = |index: i64| if index < 0 { index + items.len() as i64 } else { index };
                let start = at(start.unwrap_or(0)).max(0) as usize;
                let stop = (at(stop.unwrap_or(items.len() as i64)).max(0) as usize).min(items.len());
                found.extend(items.get(start..stop).unwrap_or_default().iter().step_by(*step as usize));
            }
            (Step::Filter(filter), Value::List(items)) => found.extend(items.iter().filter(|item| filter.keeps(item))),
            (Step::Filter(filter), Value::Map(map)) => {
                found.extend(map.iter().map(|(_, value)| value).filter(|value| filter.keeps(value)));
            }
            _ => {}
        }
    }
}

fn position(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { index + length as i64 } else { index };
    usize::try_from(index).ok()
}

fn descend<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    if found.len() >= MAX_FOUND {
        return;
    }
    found.push(value);
    match value {
        Value::Map(map) => map.iter().for_each(|(_, value)| descend(value, found)),
        Value::List(items) => items.iter().for_each(|value| descend(value, found)),
        _ => {}
    }
}

impl Filter {
    fn keeps(&self, value: &Value) -> bool {
        let left = self.left.of(value);
        match &self.operator {
            None => left.is_some(),
            Some((operator, right)) => match (left, right.of(value)) {
                (Some(left), Some(right)) => operator.holds(&left, &right),
                _ => false,
            },
        }
    }
}

impl Operand {
    fn of(&self, value: &Value) -> Option<Value> {
        match self {
            Operand::Path(path) => path.find(value).first().map(|value| (*value).clone()),
            Operand::Literal(literal) => Some(literal.clone()),
        }
    }
}

impl Operator {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let ordering = match (left, right) {
            (Value::Str(left), Value::Str(right)) => Some(left.cmp(right)),
            (left, right) => match (left.as_f64(), right.as_f64()) {
                (Some(left), Some(right)) => left.partial_cmp(&right),
                _ => None,
            },
        };
        match self {
            Operator::Equal => ordering.map_or(left == right, |ordering| ordering.is_eq()),
            Operator::NotEqual => ordering.map_or(left != right, |ordering| ordering.is_ne()),
            Operator::Less => ordering.is_some_and(|ordering| ordering.is_lt()),
            Operator::LessOrEqual => ordering.is_some_and(|ordering| ordering.is_le()),
            Operator::Greater => ordering.is_some_and(|ordering| ordering.is_gt()),
            Operator::GreaterOrEqual => ordering.is_some_and(|ordering| ordering.is_ge()),
        }
    }
}

/// The cell of a column of type `ty`.
pub fn cell(path: Option<&JsonPath>, ty: &str, value: &Value, now: Time) -> Value {
    let Some(first) = path.and_then(|path| path.find(value).first().copied()) else { return Value::Null };
    match (ty, first) {
        ("string", Value::Str(_)) => first.clone(),
        ("string", Value::Null) => Value::str("<nil>"),
        ("string", other) => Value::str(other.shown()),
        ("integer", Value::Int(_)) => first.clone(),
        ("integer", Value::Float(number)) => Value::Int(*number as i64),
        ("number", Value::Int(number)) => Value::Float(*number as f64),
        ("number", Value::Float(_)) => first.clone(),
        ("boolean", Value::Bool(_)) => first.clone(),
        ("date", Value::Str(text)) => match Time::parse(text) {
            Ok(time) => Value::str(kind::age(Some(time), now)),
            Err(_) => Value::str("<invalid>"),
        },
        _ => Value::Null,
    }
}

/// The value at a path of plain names (`.spec.replicas`).
pub fn at_simple<'v>(value: &'v Value, path: &str) -> &'v Value {
    let names: Vec<&str> = path.trim_start_matches('.').split('.').collect();
    value.at(&names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::value;

    #[test]
    fn paths_of_columns() {
        let object = value!({
            "spec": { "l": ["p", "q"], "a.b": 1, "n": 2 },
            "status": { "conditions": [{ "type": "Ready", "status": "True" }, { "type": "X", "status": "False" }] }
        });
        for (path, wanted) in [
            (".spec.l[0]", vec!["\"p\""]),
            (".spec.l[-1]", vec!["\"q\""]),
            (".spec.l[*]", vec!["\"p\"", "\"q\""]),
            (".spec.l[0:1]", vec!["\"p\""]),
            (".spec['a.b']", vec!["1"]),
            (".spec.a\\.b", vec!["1"]),
            (".status.conditions[?(@.type==\"Ready\")].status", vec!["\"True\""]),
            (".status.conditions[?(@.type=='X')].status", vec!["\"False\""]),
            ("..n", vec!["2"]),
            (".none.at.all", vec![]),
        ] {
            let found: Vec<String> =
                JsonPath::parse(path).unwrap().find(&object).iter().map(|value| value.shown()).collect();
            assert_eq!(found, wanted, "{path}");
        }
        for path in [".a b", ".x[", ".x[?(@.a==", ".x[a]"] {
            assert_eq!(JsonPath::parse(path), None, "{path}");
        }
    }
}
