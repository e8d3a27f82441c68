//! The selectors of a question: what a list is limited to, as the authorizers see it.
//!
//! What cannot be read limits nothing: the question is then about more, so that the answer is never too generous.

use api_meta::v1::{FieldSelectorRequirement, LabelSelectorRequirement};
use api_misc::authorization::v1::ResourceAttributes;
use authz::{Operator, Requirement};
use kind::validate::label_key;
use kind::{FieldErrors, Path};
use registry::selector::{FieldSelector, LabelSelector};

#[derive(Default)]
pub struct Limits {
    pub fields: Vec<Requirement>,
    pub labels: Vec<Requirement>,
    /// What was left out, in upstream's words.
    pub ignored: Vec<String>,
}

impl Limits {
    pub fn of(asked: &ResourceAttributes) -> Limits {
        let mut limits = Limits::default();
        if let Some(selector) = &asked.field_selector {
            let raw = |raw: &str| FieldSelector::parse(raw).ok().map(|selector| selector.requirements());
            let listed = selector.requirements.iter().map(field_requirement).collect();
            limits.fields = limits.read("fieldSelector", &selector.raw_selector, raw, listed);
        }
        if let Some(selector) = &asked.label_selector {
            let raw = |raw: &str| LabelSelector::parse(raw).ok().map(|selector| selector.requirements());
            let listed = selector.requirements.iter().map(label_requirement).collect();
            limits.labels = limits.read("labelSelector", &selector.raw_selector, raw, listed);
        }
        limits
    }

    fn read(
        &mut self,
        field: &str,
        raw: &str,
        parse: impl Fn(&str) -> Option<Vec<Requirement>>,
        listed: Vec<Option<Requirement>>,
    ) -> Vec<Requirement> {
        let count = listed.len();
        let (read, complete) = if listed.is_empty() {
            let parsed = if raw.is_empty() { Some(Vec::new()) } else { parse(raw) };
            (parsed.clone().unwrap_or_default(), parsed.is_some())
        } else {
            let read: Vec<Requirement> = listed.into_iter().flatten().collect();
            let complete = read.len() == count;
            (read, complete)
        };
        if !complete {
            let partially = if read.is_empty() { "" } else { "partially " };
            self.ignored.push(format!("spec.resourceAttributes.{field} {partially}ignored due to parse error"));
        }
        read
    }
}

/// Fields know one value, equal or not.
fn field_requirement(asked: &FieldSelectorRequirement) -> Option<Requirement> {
    let operator = Operator::parse(&asked.operator).filter(|op| matches!(op, Operator::In | Operator::NotIn))?;
    let [value] = asked.values.as_slice() else { return None };
    Some(Requirement { key: asked.key.clone(), operator, values: vec![value.clone()] })
}

fn label_requirement(asked: &LabelSelectorRequirement) -> Option<Requirement> {
    let operator = Operator::parse(&asked.operator)?;
    let mut values = asked.values.clone();
    values.sort();
    values.dedup();
    Some(Requirement { key: asked.key.clone(), operator, values })
}

/// Whether the selectors of a question are well-formed. Operators that are not known are let pass, as newer clients may
/// know more.
pub fn check(asked: &ResourceAttributes, path: &Path, errors: &mut FieldErrors) {
    if let Some(selector) = &asked.field_selector {
        let path = path.child("fieldSelector");
        check_one_form(&selector.raw_selector, selector.requirements.len(), &path, errors);
        let list = path.child("requirements");
        for (index, asked) in selector.requirements.iter().enumerate() {
            let path = list.index(index);
            if asked.key.is_empty() {
                errors.required(&path.child("key"), "must be specified");
            }
            check_values(&asked.operator, &asked.values, &path, errors);
        }
    }
    if let Some(selector) = &asked.label_selector {
        let path = path.child("labelSelector");
        check_one_form(&selector.raw_selector, selector.requirements.len(), &path, errors);
        let list = path.child("requirements");
        for (index, asked) in selector.requirements.iter().enumerate() {
            let path = list.index(index);
            check_values(&asked.operator, &asked.values, &path, errors);
            label_key(&asked.key, &path.child("key"), errors);
        }
    }
}

fn check_one_form(raw: &str, requirements: usize, path: &Path, errors: &mut FieldErrors) {
    match (raw, requirements) {
        ("", 0) => {
            let why = format!("when {path} is specified, requirements or rawSelector is required");
            errors.required(&path.child("requirements"), why);
        }
        ("", _) | (_, 0) => {}
        (raw, _) => {
            errors.invalid(&path.child("rawSelector"), raw, "may not specified at the same time as requirements");
        }
    }
}

fn check_values(operator: &str, values: &[String], path: &Path, errors: &mut FieldErrors) {
    let path = path.child("values");
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            errors.required(&path, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            errors.forbidden(&path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        _ => {}
    }
}
