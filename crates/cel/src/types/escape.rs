//! Names of fields as expressions write them: what is no identifier, or is reserved, is escaped as Kubernetes does.

use std::borrow::Cow;

/// Words that the grammar keeps for itself.
pub const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The name to write for a field: `a-b` is `a__dash__b`. None where no expression can name the field.
pub fn escape(field: &str) -> Option<Cow<'_, str>> {
    if field.is_empty() || field.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if RESERVED.contains(&field) {
        return Some(format!("__{field}__").into());
    }
    if !field.contains("__") && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Some(field.into());
    }
    let mut name = String::with_capacity(field.len() + 16);
    let mut characters = field.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '_' if characters.next_if_eq(&'_').is_some() => name.push_str("__underscores__"),
            '.' => name.push_str("__dot__"),
            '-' => name.push_str("__dash__"),
            '/' => name.push_str("__slash__"),
            '_' => name.push('_'),
            letter if letter.is_ascii_alphanumeric() => name.push(letter),
            _ => return None,
        }
    }
    Some(name.into())
}

/// The field that a name stands for, where [`escape`] gives that name for one.
pub fn unescape(name: &str) -> Option<Cow<'_, str>> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if RESERVED.contains(&name) {
        return None;
    }
    if let Some(word) = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"))
        && RESERVED.contains(&word)
    {
        return Some(word.to_string().into());
    }
    if !name.contains("__") {
        return Some(name.into());
    }
    let (mut field, mut rest) = (String::with_capacity(name.len()), name);
    while let Some(at) = rest.find("__") {
        field.push_str(&rest[..at]);
        rest = &rest[at..];
        let sequences = [("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")];
        let (sequence, text) = sequences.into_iter().find(|(sequence, _)| rest.starts_with(sequence))?;
        field.push_str(text);
        rest = &rest[sequence.len()..];
    }
    field.push_str(rest);
    Some(field.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (field, name) in [
            ("spec", "spec"),
            ("a-b.c/d", "a__dash__b__dot__c__slash__d"),
            ("a__b", "a__underscores__b"),
            ("a___b", "a__underscores___b"),
            ("namespace", "__namespace__"),
            ("while", "__while__"),
            ("__namespace__", "__underscores__namespace__underscores__"),
        ] {
            assert_eq!(escape(field).unwrap(), name);
            assert_eq!(unescape(name).unwrap(), field);
        }
        for field in ["", "1a", "a b", "é"] {
            assert_eq!(escape(field), None, "{field}");
        }
        for name in ["", "1a", "namespace", "a__b"] {
            assert_eq!(unescape(name), None, "{name}");
        }
    }
}
