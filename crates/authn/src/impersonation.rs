//! Impersonation: whom the headers of a request ask to be. Whether the caller may is `authz`'s question.

use crate::UserInfo;
use http::HeaderMap;
use http::header::HeaderName;

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA_PREFIX: &str = "impersonate-extra-";

/// Takes the impersonation headers out: `None` where there are none, an error where there are parts without a user. The
/// user is as it was asked for; groups that it implies are not added.
pub fn requested(headers: &mut HeaderMap) -> Result<Option<UserInfo>, String> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (name, uid) = (text(USER), text(UID));
    let groups: Vec<String> =
        headers.get_all(GROUP).iter().filter_map(|v| v.to_str().ok()).map(str::to_owned).collect();
    let mut user = UserInfo { name, uid, groups, ..UserInfo::default() };
    for (header, value) in headers.iter() {
        let Some(key) = header.as_str().strip_prefix(EXTRA_PREFIX) else { continue };
        let value = value.to_str().unwrap_or_default().to_owned();
        user.extra.entry(unescape(key)).or_default().push(value);
    }
    if user.name.is_empty() {
        let parts = !user.groups.is_empty() || !user.uid.is_empty() || !user.extra.is_empty();
        let why = || format!("requested {} without impersonating a user name", shown(&user));
        return if parts { Err(why()) } else { Ok(None) };
    }
    let is_ours =
        |name: &&HeaderName| matches!(name.as_str(), USER | GROUP | UID) || name.as_str().starts_with(EXTRA_PREFIX);
    let ours: Vec<HeaderName> = headers.keys().filter(is_ours).cloned().collect();
    for name in ours {
        headers.remove(name);
    }
    Ok(Some(user))
}

/// As Go's %#v shows it.
fn shown(user: &UserInfo) -> String {
    let list = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
        if texts.is_empty() { "[]string(nil)".to_owned() } else { format!("[]string{{{}}}", texts.join(", ")) }
    };
    let extra: Vec<String> = user.extra.iter().map(|(key, values)| format!("{key:?}:{}", list(values))).collect();
    let extra = match extra.as_slice() {
        [] => "map[string][]string(nil)".to_owned(),
        some => format!("map[string][]string{{{}}}", some.join(", ")),
    };
    let groups = list(&user.groups);
    format!("&user.DefaultInfo{{Name:{:?}, UID:{:?}, Groups:{groups}, Extra:{extra}}}", user.name, user.uid)
}

/// Percent-decoding of the key of an extra; what does not decode stays as it is.
pub(crate) fn unescape(key: &str) -> String {
    let bytes = key.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| key.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn nothing_asked() {
        assert_eq!(requested(&mut headers(&[("accept", "*/*")])), Ok(None));
    }

    #[test]
    fn parts_without_a_user_are_refused() {
        assert_eq!(
            requested(&mut headers(&[("impersonate-group", "g")])).unwrap_err(),
            "requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{\"g\"}, Extra:map[string][]string(nil)} \
             without impersonating a user name"
        );
        assert!(requested(&mut headers(&[("impersonate-extra-a", "g")])).is_err());
    }

    #[test]
    fn a_user_with_groups_and_extras_is_taken_out_of_the_headers() {
        let mut asked = headers(&[
            ("accept", "*/*"),
            ("impersonate-user", "eve"),
            ("impersonate-group", "dev"),
            ("impersonate-group", "ops"),
            ("impersonate-extra-acme.com%2fproject", "x"),
        ]);
        let user = requested(&mut asked).unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.groups.join(" ")), ("eve", "dev ops".to_owned()));
        assert_eq!(user.extra["acme.com/project"], ["x"]);
        assert_eq!(asked.len(), 1);
    }
}
