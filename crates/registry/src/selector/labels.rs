//! Label selectors: `a=b,c!=d,e in (f,g),!h,i>3`.

use kind::validate::{label_value, qualified_name};
use schema::Text;
use std::collections::BTreeSet;

/// Requirements that all must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Exists,
    Absent,
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Greater(i64),
    Less(i64),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    /// `, ! ( ) = == != < >`
    Sign(&'static str),
    End,
}

/// The grammar's keywords, as the error for an unexpected word lists them.
const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

impl LabelSelector {
    pub fn parse(text: &str) -> Result<LabelSelector, String> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        let mut requirements = parser.requirements()?;
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(LabelSelector { requirements })
    }

    /// The requirements as an authorizer sees them; comparisons of numbers are not among them.
    pub fn requirements(&self) -> Vec<authz::Requirement> {
        use authz::Operator;
        let of = |requirement: &Requirement| {
            let (operator, values) = match &requirement.test {
                Test::Exists => (Operator::Exists, None),
                Test::Absent => (Operator::DoesNotExist, None),
                Test::In(values) => (Operator::In, Some(values)),
                Test::NotIn(values) => (Operator::NotIn, Some(values)),
                Test::Greater(_) | Test::Less(_) => return None,
            };
            let values = values.map(|values| values.iter().cloned().collect()).unwrap_or_default();
            Some(authz::Requirement { key: requirement.key.clone(), operator, values })
        };
        self.requirements.iter().filter_map(of).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// `labels` sorted by key.
    pub fn matches(&self, labels: &[(Text, Text)]) -> bool {
        self.requirements.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &[(Text, Text)]) -> bool {
        let found = labels.binary_search_by(|(key, _)| key.as_str().cmp(&self.key)).ok();
        let value = found.map(|at| labels[at].1.as_str());
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::In(wanted) => value.is_some_and(|value| wanted.contains(value)),
            Test::NotIn(unwanted) => value.is_none_or(|value| !unwanted.contains(value)),
            Test::Greater(bound) => number().is_some_and(|n| n > *bound),
            Test::Less(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, String> {
        let mut found = Vec::new();
        loop {
            match self.peek() {
                Token::Word(_) | Token::Sign("!") => {
                    let requirement =
                        self.requirement().map_err(|why| format!("unable to parse requirement: {why}"))?;
                    found.push(requirement);
                    match self.next() {
                        Token::End => return Ok(found),
                        Token::Sign(",") => {
                            let after = self.peek().clone();
                            if !matches!(after, Token::Word(_) | Token::Sign("!")) {
                                return Err(format!("found '{}', expected: identifier after ','", after.text()));
                            }
                        }
                        other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
                    }
                }
                Token::End => return Ok(found),
                other => return Err(format!("found '{}', expected: !, identifier, or 'end of string'", other.text())),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = *self.peek() == Token::Sign("!");
        if negated {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => key,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        check_key(&key)?;
        let bare = matches!(self.peek(), Token::End | Token::Sign(","));
        if negated || bare {
            let test = if negated { Test::Absent } else { Test::Exists };
            return Ok(Requirement { key, test });
        }
        let operator = self.operator()?;
        let values = match operator {
            "in" | "notin" => self.values()?,
            _ => BTreeSet::from([self.exact_value()?]),
        };
        let test = test(operator, &key, values)?;
        Ok(Requirement { key, test })
    }

    fn operator(&mut self) -> Result<&'static str, String> {
        Ok(match self.next() {
            Token::Word(word) if word == "in" => "in",
            Token::Word(word) if word == "notin" => "notin",
            Token::Sign("=" | "==") => "=",
            Token::Sign("!=") => "!=",
            Token::Sign(">") => "gt",
            Token::Sign("<") => "lt",
            other => return Err(format!("found '{}', expected: {OPERATORS}", other.text())),
        })
    }

    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        let open = self.next();
        if open != Token::Sign("(") {
            return Err(format!("found '{}' expected: '('", open.text()));
        }
        let mut values = BTreeSet::new();
        match self.peek().clone() {
            Token::Word(_) | Token::Sign(",") => {
                self.identifiers(&mut values)?;
                let close = self.next();
                if close != Token::Sign(")") {
                    return Err(format!("found '{}', expected: ')'", close.text()));
                }
            }
            Token::Sign(")") => {
                self.next();
                values.insert(String::new());
            }
            other => return Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
        }
        Ok(values)
    }

    fn identifiers(&mut self, values: &mut BTreeSet<String>) -> Result<(), String> {
        loop {
            match self.next() {
                Token::Word(word) => {
                    values.insert(word);
                    match self.peek().clone() {
                        Token::Sign(",") => {}
                        Token::Sign(")") => return Ok(()),
                        other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
                    }
                }
                Token::Sign(",") => {
                    if values.is_empty() {
                        values.insert(String::new());
                    }
                    match self.peek().clone() {
                        Token::Sign(")") => {
                            values.insert(String::new());
                            return Ok(());
                        }
                        Token::Sign(",") => {
                            self.next();
                            values.insert(String::new());
                        }
                        _ => {}
                    }
                }
                other => return Err(format!("found '{}', expected: ',', or identifier", other.text())),
            }
        }
    }

    fn exact_value(&mut self) -> Result<String, String> {
        match self.peek().clone() {
            Token::End | Token::Sign(",") => Ok(String::new()),
            Token::Word(word) => {
                self.next();
                Ok(word)
            }
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }
}

fn check_key(key: &str) -> Result<(), String> {
    match qualified_name(key).into_iter().next() {
        None => Ok(()),
        Some(_) => {
            let problems = qualified_name(key).join("; ");
            Err(format!("<nil>: Invalid value: {}: {problems}", kind::field::quoted(key)))
        }
    }
}

fn test(operator: &str, key: &str, values: BTreeSet<String>) -> Result<Test, String> {
    let first = values.first().cloned().unwrap_or_default();
    let number = || {
        first.parse::<i64>().map_err(|_| {
            format!(
                "values[0][{key}]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be an integer",
                kind::field::quoted(&first)
            )
        })
    };
    for (index, value) in values.iter().enumerate() {
        let problems = label_value(value);
        if !problems.is_empty() {
            return Err(format!(
                "values[{index}][{key}]: Invalid value: {}: {}",
                kind::field::quoted(value),
                problems.join("; ")
            ));
        }
    }
    Ok(match operator {
        "in" | "=" => Test::In(values),
        "notin" | "!=" => Test::NotIn(values),
        "gt" => Test::Greater(number()?),
        _ => Test::Less(number()?),
    })
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Sign(sign) => sign,
            Token::End => "",
        }
    }
}

const SPECIAL: &[u8] = b"=!(),<>";

fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let next = bytes.get(at + 1);
        let sign = match (bytes[at], next) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {
                at += 1;
                continue;
            }
            (b'=', Some(b'=')) => "==",
            (b'!', Some(b'=')) => "!=",
            (b'=', _) => "=",
            (b'!', _) => "!",
            (b'(', _) => "(",
            (b')', _) => ")",
            (b',', _) => ",",
            (b'<', _) => "<",
            (b'>', _) => ">",
            _ => {
                let start = at;
                while at < bytes.len() && !SPECIAL.contains(&bytes[at]) && !bytes[at].is_ascii_whitespace() {
                    at += 1;
                }
                found.push(Token::Word(text[start..at].to_owned()));
                continue;
            }
        };
        found.push(Token::Sign(sign));
        at += sign.len();
    }
    found
}
