//! Paths that point into a schema: `fieldPath` of rules, `jsonPath` of selectable fields.

use crate::node::{Additional, Node};
use std::fmt;

/// Where a path leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Child(String),
    Key(String),
}

impl FieldPath {
    /// The first name.
    pub fn root(&self) -> &str {
        match self.0.first() {
            Some(Step::Child(name) | Step::Key(name)) => name,
            None => "",
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Child(name) if index == 0 => out.write_str(name)?,
                Step::Child(name) => write!(out, ".{name}")?,
                Step::Key(key) => write!(out, "[{key}]")?,
            }
        }
        Ok(())
    }
}

/// Reads a path against a schema: `.a.b`, and where brackets are permitted `['a']`. Errors are upstream's.
pub fn resolve<'n>(text: &str, node: &'n Node, brackets: bool) -> Result<(FieldPath, &'n Node), String> {
    let (mut path, mut at) = (FieldPath::default(), node);
    let mut tokens = Tokens { rest: text };
    let end = || "unexpected end of JSON path".to_owned();
    while let Some(token) = tokens.next() {
        match token {
            "[" if !brackets => return Err("array notation is not allowed".into()),
            "[" => {
                let token = tokens.next().ok_or_else(end)?;
                let quoted = token.len() >= 2 && token.starts_with('\'') && token.ends_with('\'');
                if !quoted {
                    return Err(format!("expected single quoted string but got {token}"));
                }
                at = step(&mut path, at, &unescaped(&token[1..token.len() - 1])?)?;
                match tokens.next().ok_or_else(end)? {
                    "]" => {}
                    other => return Err(format!("expected ] but got {other}")),
                }
            }
            "." => at = step(&mut path, at, tokens.next().ok_or_else(end)?)?,
            other => return Err(format!("expected [ or . but got: {other}")),
        }
    }
    Ok((path, at))
}

fn step<'n>(path: &mut FieldPath, node: &'n Node, name: &str) -> Result<&'n Node, String> {
    let nowhere = || "does not refer to a valid field".to_owned();
    if !node.properties.is_empty() {
        path.0.push(Step::Child(name.to_owned()));
        return node.property(name).ok_or_else(nowhere);
    }
    match &node.additional {
        Some(Additional::Of(member)) => {
            path.0.push(Step::Key(name.to_owned()));
            Ok(member)
        }
        _ => Err(nowhere()),
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | '\'' | '"')) => out.push(c),
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                _ => return Err("invalid string literal: invalid syntax".into()),
            },
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Delimiters, quoted texts and what stands between.
struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Tokens<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let first = self.rest.chars().next()?;
        let bytes = self.rest.as_bytes();
        let end = match first {
            '.' | '[' | ']' => 1,
            '\'' => {
                let closes = |at: &usize| bytes[*at] == b'\'' && bytes[at - 1] != b'\\';
                (1..bytes.len()).find(closes).map_or(bytes.len(), |at| at + 1)
            }
            _ => self.rest.find(['.', '[', ']']).unwrap_or(bytes.len()),
        };
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::value;

    #[test]
    fn paths_lead_to_fields() {
        let node = Node::parse(&value!({
            "type": "object",
            "properties": { "a": { "type": "object", "properties": { "b.c": { "type": "string" } } },
                            "m": { "type": "object", "additionalProperties": { "type": "string" } } }
        }));
        let found = |text: &str| resolve(text, &node, true).map(|(path, _)| path.to_string());
        assert_eq!(found(".a"), Ok("a".into()));
        assert_eq!(found(".a['b.c']"), Ok("a.b.c".into()));
        assert_eq!(found(".m.k"), Ok("m[k]".into()));
        assert_eq!(found(".none"), Err("does not refer to a valid field".into()));
        assert_eq!(found("a"), Err("expected [ or . but got: a".into()));
        assert_eq!(found(".a["), Err("unexpected end of JSON path".into()));
        assert_eq!(found(".a[x]"), Err("expected single quoted string but got x".into()));
        assert_eq!(resolve(".a['b.c']", &node, false).unwrap_err(), "array notation is not allowed");
    }
}
