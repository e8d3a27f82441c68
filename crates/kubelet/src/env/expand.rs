//! References to variables in values, commands and arguments: `$(NAME)`, with `$$` for a dollar sign.

/// Replaces the references that `lookup` knows; others stay as they are.
pub fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    expand_with(text, |name, out| match lookup(name) {
        Some(value) => out.push_str(&value),
        None => {
            out.push_str("$(");
            out.push_str(name);
            out.push(')');
        }
    })
}

/// Command or arguments of a container; `env` is sorted by name.
pub fn words(words: &[String], env: &[(String, String)]) -> Vec<String> {
    words.iter().map(|word| expand(word, |name| find(env, name))).collect()
}

/// The same where every reference must be known; the error is upstream's.
pub fn strict(text: &str, env: &[(String, String)]) -> Result<String, String> {
    let mut missing = Vec::new();
    let expanded = expand_with(text, |name, out| match find(env, name) {
        Some(value) => out.push_str(&value),
        None => missing.push(name.to_owned()),
    });
    match missing.as_slice() {
        [] => Ok(expanded),
        [name] => Err(format!("missing value for {name:?}")),
        [name, ..] => Err(format!("missing value for {name:?} and others")),
    }
}

fn find(env: &[(String, String)], name: &str) -> Option<String> {
    env.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone())
}

fn expand_with(text: &str, mut put: impl FnMut(&str, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some(inner) = after.strip_prefix('(') {
            match inner.find(')') {
                Some(end) => {
                    put(&inner[..end], &mut out);
                    rest = &inner[end + 1..];
                }
                // Never closed: the text as it is.
                None => {
                    out.push_str("$(");
                    rest = inner;
                }
            }
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_escapes_are_not() {
        let table = [
            ("no references", "no references"),
            ("$(A)", "a"),
            ("x$(A)y$(B)z", "xaybz"),
            ("$(GONE)", "$(GONE)"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$a"),
            ("$$$$(A)", "$$(A)"),
            ("$", "$"),
            ("$$", "$"),
            ("$A", "$A"),
            ("$(A", "$(A"),
            ("$(A$(B)", "$(A$(B)"),
            ("$((A))", "$((A))"),
            ("$()", "$()"),
            ("ü$(A)ö", "üaö"),
        ];
        let env = |name: &str| match name {
            "A" => Some("a".to_owned()),
            "B" => Some("b".to_owned()),
            _ => None,
        };
        for (text, expected) in table {
            assert_eq!(expand(text, env), expected, "{text}");
        }
    }

    #[test]
    fn strict_expansion_names_what_is_missing() {
        let env = [("A".to_owned(), "a".to_owned())];
        assert_eq!(strict("x/$(A)", &env).unwrap(), "x/a");
        assert_eq!(strict("$(B)", &env).unwrap_err(), "missing value for \"B\"");
        assert_eq!(words(&["$(A)$(B)".to_owned()], &env), ["a$(B)"]);
    }
}
