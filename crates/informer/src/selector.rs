//! Label selectors, ready to be matched.

use api_meta::v1::LabelSelector;
use std::collections::BTreeMap;

/// All requirements have to hold; none hold for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
    /// An operator that does not exist: nothing matches.
    Never,
}

impl Selector {
    /// As upstream reads it: absent selects nothing, empty selects everything.
    pub fn new(selector: Option<&LabelSelector>) -> Selector {
        let Some(selector) = selector else { return Selector { requirements: vec![Requirement::Never] } };
        let mut all = Selector::of_labels(&selector.match_labels);
        all.requirements.extend(selector.match_expressions.iter().map(|expression| {
            let (key, values) = (expression.key.clone(), expression.values.clone());
            match expression.operator.as_str() {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::DoesNotExist(key),
                _ => Requirement::Never,
            }
        }));
        all
    }

    /// Equality with each of the labels.
    pub fn of_labels(labels: &BTreeMap<String, String>) -> Selector {
        let requirements =
            labels.iter().map(|(key, value)| Requirement::In(key.clone(), vec![value.clone()])).collect();
        Selector { requirements }
    }

    /// Selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => labels.get(key).is_some_and(|have| values.contains(have)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|have| !values.contains(have)),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::DoesNotExist(key) => !labels.contains_key(key),
            Requirement::Never => false,
        })
    }
}
