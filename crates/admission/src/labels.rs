//! Label selectors, parsed once.

use api_meta::v1::LabelSelector;
use schema::Value;

/// What labels must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

/// An operator that there is not.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0:?} is not a valid label selector operator")]
pub struct UnknownOperator(String);

impl Selector {
    pub fn of(selector: &LabelSelector) -> Result<Selector, UnknownOperator> {
        let equal = selector
            .match_labels
            .iter()
            .map(|(key, value)| Requirement { key: key.clone(), operator: Operator::In(vec![value.clone()]) });
        let mut requirements: Vec<Requirement> = equal.collect();
        for expression in &selector.match_expressions {
            let values = expression.values.clone();
            let operator = match expression.operator.as_str() {
                "In" => Operator::In(values),
                "NotIn" => Operator::NotIn(values),
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(UnknownOperator(other.to_owned())),
            };
            requirements.push(Requirement { key: expression.key.clone(), operator });
        }
        Ok(Selector { requirements })
    }

    /// Of the selector in an object; what is not there selects everything.
    pub fn read(selector: &Value) -> Result<Selector, UnknownOperator> {
        Selector::of(&schema::typed::Part::read(selector))
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// `labels`: the map, or Null for none.
    pub fn matches(&self, labels: &Value) -> bool {
        self.requirements.iter().all(|requirement| {
            let have = labels.get(&requirement.key).and_then(Value::as_str);
            match &requirement.operator {
                Operator::In(values) => have.is_some_and(|have| values.iter().any(|value| value == have)),
                Operator::NotIn(values) => have.is_none_or(|have| values.iter().all(|value| value != have)),
                Operator::Exists => have.is_some(),
                Operator::DoesNotExist => have.is_none(),
            }
        })
    }
}
