//! Impersonation: a caller acts as somebody else, if it may `impersonate` each part of that identity.

use crate::{AUTHENTICATED, UNAUTHENTICATED, UserInfo};
use http::HeaderMap;

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA_PREFIX: &str = "impersonate-extra-";

/// One thing the real caller must have the right to `impersonate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// `""` for users, groups and service accounts, `authentication.k8s.io` for uids and extras.
    pub api_group: &'static str,
    pub resource: &'static str,
    /// The key of a user extra.
    pub subresource: String,
    pub namespace: String,
    pub name: String,
}

/// Whom the headers ask to be, and what that takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    pub user: UserInfo,
    pub required: Vec<Required>,
}

/// Reads the impersonation headers: `None` where there are none, an error where there are parts without a user.
pub fn requested(headers: &HeaderMap) -> Result<Option<Requested>, String> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (name, uid) = (text(USER), text(UID));
    let groups: Vec<String> =
        headers.get_all(GROUP).iter().filter_map(|v| v.to_str().ok()).map(str::to_owned).collect();
    let mut user = UserInfo { name, uid, groups, ..UserInfo::default() };
    for (header, value) in headers {
        let Some(key) = header.as_str().strip_prefix(EXTRA_PREFIX) else { continue };
        let value = value.to_str().unwrap_or_default().to_owned();
        user.extra.entry(unescape(key).to_lowercase()).or_default().push(value);
    }
    if user.name.is_empty() {
        let parts = !user.groups.is_empty() || !user.uid.is_empty() || !user.extra.is_empty();
        return if parts { Err("requested impersonation without impersonating a user".into()) } else { Ok(None) };
    }
    let required = required(&user);
    add_implied_groups(&mut user);
    Ok(Some(Requested { user, required }))
}

fn required(user: &UserInfo) -> Vec<Required> {
    let one = |api_group, resource, subresource: &str, namespace: &str, name: &str| Required {
        api_group,
        resource,
        subresource: subresource.into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    let mut all = Vec::new();
    match crate::service_account::split_username(&user.name) {
        Some((namespace, name)) => all.push(one("", "serviceaccounts", "", namespace, name)),
        None => all.push(one("", "users", "", "", &user.name)),
    }
    all.extend(user.groups.iter().map(|group| one("", "groups", "", "", group)));
    for (key, values) in &user.extra {
        all.extend(values.iter().map(|value| one("authentication.k8s.io", "userextras", key, "", value)));
    }
    if !user.uid.is_empty() {
        all.push(one("authentication.k8s.io", "uids", "", "", &user.uid));
    }
    all
}

/// A service account without groups gets its own; everybody named gets system:authenticated, the anonymous user its opposite.
fn add_implied_groups(user: &mut UserInfo) {
    if user.groups.is_empty()
        && let Some((namespace, _)) = crate::service_account::split_username(&user.name)
    {
        user.groups = crate::service_account::groups(namespace);
    }
    let implied = if user.name == crate::ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED };
    if !user.in_group(AUTHENTICATED) && !user.in_group(UNAUTHENTICATED) {
        user.groups.push(implied.into());
    }
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
        assert_eq!(requested(&headers(&[("accept", "*/*")])), Ok(None));
    }

    #[test]
    fn parts_without_a_user_are_refused() {
        assert!(requested(&headers(&[("impersonate-group", "g")])).is_err());
        assert!(requested(&headers(&[("impersonate-extra-a", "g")])).is_err());
    }

    #[test]
    fn a_user_with_groups_and_extras() {
        let asked = headers(&[
            ("impersonate-user", "eve"),
            ("impersonate-group", "dev"),
            ("impersonate-extra-acme.com%2fproject", "x"),
        ]);
        let asked = requested(&asked).unwrap().unwrap();
        assert_eq!(asked.user.groups, ["dev", "system:authenticated"]);
        assert_eq!(asked.user.extra["acme.com/project"], ["x"]);
        let rights: Vec<_> = asked.required.iter().map(|r| (r.resource, r.name.as_str())).collect();
        assert_eq!(rights, [("users", "eve"), ("groups", "dev"), ("userextras", "x")]);
    }

    #[test]
    fn a_service_account_gets_its_groups() {
        let asked = requested(&headers(&[("impersonate-user", "system:serviceaccount:a:b")])).unwrap().unwrap();
        assert_eq!(asked.user.groups, ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"]);
        assert_eq!((asked.required[0].resource, asked.required[0].namespace.as_str()), ("serviceaccounts", "a"));
    }
}
