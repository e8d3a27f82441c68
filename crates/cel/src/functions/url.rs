//! URLs: `kubernetes.URL`, with Go's reading of them.

use super::formatting::go_quoted;
use super::{Library, error, function, member, no_such_overload, overload};
use crate::decl::Function;
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Key, Opaque, Val};
use std::any::Any;
use std::collections::BTreeMap;

const URL: Type = Type::Opaque("kubernetes.URL");

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Url {
    scheme: String,
    user: String,
    host: String,
    /// Escaped.
    path: String,
    query: String,
    opaque: String,
    fragment: String,
}

impl Opaque for Url {
    fn type_name(&self) -> &str {
        "kubernetes.URL"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

pub(super) fn library() -> Library {
    Library {
        functions: declarations(),
        implementations: vec![
            ("url", |_, args| match args {
                [Val::String(text)] => parse(text).map(Val::opaque),
                _ => no_such_overload(),
            }),
            ("isURL", |_, args| match args {
                [Val::String(text)] => Ok(Val::Bool(parse_request_uri(text).is_ok())),
                _ => no_such_overload(),
            }),
            ("getScheme", |_, args| one(args, |url| Val::str(&url.scheme))),
            ("getHost", |_, args| one(args, |url| Val::str(&url.host))),
            ("getHostname", |_, args| one(args, |url| Val::str(url.host_and_port().0))),
            ("getPort", |_, args| one(args, |url| Val::str(url.host_and_port().1))),
            ("getEscapedPath", |_, args| one(args, |url| Val::str(&url.path))),
            ("getQuery", |_, args| one(args, |url| url.query_values())),
        ],
    }
}

fn declarations() -> Vec<Function> {
    let text = |name, id| function(name, vec![member(id, &[URL], Type::String)]);
    vec![
        function("url", vec![overload("string_to_url", &[Type::String], URL)]),
        function("isURL", vec![overload("is_url_string", &[Type::String], Type::Bool)]),
        text("getScheme", "url_get_scheme"),
        text("getHost", "url_get_host"),
        text("getHostname", "url_get_hostname"),
        text("getPort", "url_get_port"),
        text("getEscapedPath", "url_get_escaped_path"),
        function("getQuery", vec![member("url_get_query", &[URL], Type::map(Type::String, Type::list(Type::String)))]),
    ]
}

fn one(args: &[Val], of: fn(&Url) -> Val) -> Result<Val, EvalError> {
    match args {
        [value] => value.downcast::<Url>().map(of).ok_or(EvalError::NoSuchOverload),
        _ => no_such_overload(),
    }
}

fn parse(text: &str) -> Result<Url, EvalError> {
    let whole = |why| error(format!("URL parse error during conversion from string: {why}"));
    // A fragment is part of the path to the strict reading, and is none to the lenient one.
    if let Err(why) = parse_request_uri(text) {
        return whole(why);
    }
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    match parse_request_uri(before) {
        Ok(url) => Ok(Url { fragment: fragment.to_owned(), ..url }),
        Err(why) => whole(why),
    }
}

/// Go's `url.ParseRequestURI`: an absolute URL, or an absolute path.
pub(super) fn parse_request_uri(text: &str) -> Result<Url, String> {
    read(text).map_err(|why| format!("parse {}: {why}", go_quoted(text)))
}

fn read(text: &str) -> Result<Url, String> {
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if text.is_empty() {
        return Err("empty url".to_owned());
    }
    if text == "*" {
        return Ok(Url { path: "*".to_owned(), ..Url::default() });
    }
    let (scheme, rest) = split_scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut url = Url { scheme: scheme.to_ascii_lowercase(), query: query.to_owned(), ..Url::default() };
    if !rest.starts_with('/') {
        if url.scheme.is_empty() {
            return Err("invalid URI for request".to_owned());
        }
        url.opaque = rest.to_owned();
        return Ok(url);
    }
    let mut path = rest;
    if !url.scheme.is_empty()
        && let Some(after) = rest.strip_prefix("//")
    {
        let (authority, after) = after.split_at(after.find('/').unwrap_or(after.len()));
        path = after;
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        url.user = user.to_owned();
        url.host = read_host(host)?;
    }
    url.path = escaped_path(path)?;
    Ok(url)
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn read_host(host: &str) -> Result<String, String> {
    let port = if host.starts_with('[') {
        let Some(end) = host.rfind(']') else {
            return Err("missing ']' in host".to_owned());
        };
        &host[end + 1..]
    } else {
        host.rfind(':').map_or("", |at| &host[at..])
    };
    let is_port = port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !port.is_empty() && !is_port {
        return Err(format!("invalid port {} after host", go_quoted(port)));
    }
    if let Some(bad) = host.chars().find(|c| matches!(c, ' ' | '\\' | '^' | '`' | '{' | '|' | '}')) {
        return Err(format!("invalid character {} in host name", go_quoted(&bad.to_string())));
    }
    unescape(host, false)
}

/// As it was written where that is a right escaping, else escaped anew.
fn escaped_path(path: &str) -> Result<String, String> {
    let plain = unescape(path, false)?;
    let right = |byte: u8| byte == b'%' || b"[]".contains(&byte) || !escapes_in_path(byte);
    if path.bytes().all(right) {
        return Ok(path.to_owned());
    }
    let mut out = String::new();
    for byte in plain.bytes() {
        if escapes_in_path(byte) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(byte.into());
        }
    }
    Ok(out)
}

fn escapes_in_path(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*".contains(&byte))
}

fn unescape(text: &str, plus_is_space: bool) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
                match digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                    Some(digits) => out.push(u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?),
                    None => {
                        let bad = String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 3)]);
                        return Err(format!("invalid URL escape {}", go_quoted(&bad)));
                    }
                }
                at += 3;
                continue;
            }
            b'+' if plus_is_space => out.push(b' '),
            byte => out.push(byte),
        }
        at += 1;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

impl Url {
    fn host_and_port(&self) -> (&str, &str) {
        let (host, port) = match self.host.rfind(':') {
            Some(at) if !self.host[at..].contains(']') => (&self.host[..at], &self.host[at + 1..]),
            _ => (&*self.host, ""),
        };
        (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
    }

    /// What does not read as a query is left out, as Go does.
    fn query_values(&self) -> Val {
        let mut values: BTreeMap<Key, Vec<Val>> = BTreeMap::new();
        for part in self.query.split('&').filter(|part| !part.is_empty() && !part.contains(';')) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            if let (Ok(key), Ok(value)) = (unescape(key, true), unescape(value, true)) {
                values.entry(Key::from(&*key)).or_default().push(Val::from(value));
            }
        }
        Val::map(values.into_iter().map(|(key, values)| (key, Val::list(values))))
    }
}
