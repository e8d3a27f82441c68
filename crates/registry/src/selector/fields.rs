//! Field selectors: `metadata.name=x,status.phase!=Running`.

/// Terms that all must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    field: String,
    equal: bool,
    value: String,
}

impl FieldSelector {
    pub fn parse(text: &str) -> Result<FieldSelector, String> {
        let mut terms = Vec::new();
        for part in split_terms(text) {
            if part.is_empty() {
                continue;
            }
            let Some((field, operator, value)) = split_term(part) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
            };
            terms.push(Term { field: field.to_owned(), equal: operator != "!=", value: unescape(value)? });
        }
        terms.sort_by(|a, b| a.field.cmp(&b.field));
        Ok(FieldSelector { terms })
    }

    /// A selector for one name.
    pub fn name(name: &str) -> FieldSelector {
        FieldSelector { terms: vec![Term { field: "metadata.name".into(), equal: true, value: name.into() }] }
    }

    /// Names fields otherwise.
    pub fn rename(&mut self, name: impl Fn(&str) -> String) {
        self.terms.iter_mut().for_each(|term| term.field = name(&term.field));
    }

    /// The terms as an authorizer sees them.
    pub fn requirements(&self) -> Vec<authz::Requirement> {
        let operator = |equal| if equal { authz::Operator::In } else { authz::Operator::NotIn };
        let terms = self.terms.iter().map(|term| authz::Requirement {
            key: term.field.clone(),
            operator: operator(term.equal),
            values: vec![term.value.clone()],
        });
        terms.collect()
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| term.field.as_str())
    }

    /// The value that `field` must equal, if some term says so.
    pub fn exact(&self, field: &str) -> Option<&str> {
        self.terms.iter().find(|term| term.equal && term.field == field).map(|term| term.value.as_str())
    }

    /// `value_of` gives the value of a field; none counts as empty.
    pub fn matches<'v>(&self, value_of: impl Fn(&str) -> Option<&'v str>) -> bool {
        self.terms.iter().all(|term| (value_of(&term.field).unwrap_or_default() == term.value) == term.equal)
    }
}

/// At commas that are not escaped.
fn split_terms(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn split_term(part: &str) -> Option<(&str, &'static str, &str)> {
    part.char_indices().find_map(|(at, _)| {
        let operator = ["!=", "==", "="].into_iter().find(|operator| part[at..].starts_with(operator))?;
        Some((&part[..at], operator, &part[at + operator.len()..]))
    })
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                Some(c) => return Err(format!("invalid field selector: invalid escape sequence: \\{c}")),
                None => return Err("invalid field selector: invalid escape sequence: \\".to_owned()),
            },
            ',' | '=' => {
                return Err(format!("invalid field selector: unescaped character in value: {c}"));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}
