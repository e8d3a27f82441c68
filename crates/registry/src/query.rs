//! A request's query, as Go's `url.ParseQuery` reads it.

use std::borrow::Cow;

/// Keys and values in the order of the URL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    pairs: Vec<(String, String)>,
    raw: String,
}

impl Query {
    /// Pairs that are not well formed are passed over.
    pub fn parse(raw: &str) -> Query {
        let pairs = raw
            .split('&')
            .filter(|part| !part.is_empty() && !part.contains(';'))
            .filter_map(|part| {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                Some((unescape(key, true)?.into_owned(), unescape(value, true)?.into_owned()))
            })
            .collect();
        Query { pairs, raw: raw.to_owned() }
    }

    /// As it came, without the question mark.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(have, _)| have == key).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(have, _)| have == key).map(|(_, value)| value.as_str())
    }

    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// As upstream reads a boolean parameter: everything but `false`, `0` and absence is true.
    pub fn flag(&self, key: &str) -> bool {
        self.optional_flag(key).unwrap_or(false)
    }

    pub fn optional_flag(&self, key: &str) -> Option<bool> {
        self.get(key).map(|value| !(value == "0" || value.eq_ignore_ascii_case("false")))
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// Resolves `%xx` (and `+`, in a query); none if an escape is malformed. Bytes that are not UTF-8 become replacements.
pub fn unescape(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    let escaped = text.contains('%') || (plus && text.contains('+'));
    if !escaped {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| (b as char).to_digit(16));
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                out.push((high * 16 + low) as u8);
            }
            b'+' if plus => out.push(b' '),
            other => out.push(other),
        }
    }
    Some(Cow::Owned(String::from_utf8_lossy(&out).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_and_malformed_pairs_dropped() {
        let query = Query::parse("labelSelector=a%3Db+c&watch&limit=5&bad=%zz&watch=0");
        assert_eq!(query.get("labelSelector"), Some("a=b c"));
        assert_eq!(query.get("bad"), None);
        assert!(query.flag("watch"));
        assert!(!query.flag("none"));
    }
}
