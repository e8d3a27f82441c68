//! Users that a proxy in front has authenticated, named in headers.
//!
//! That the proxy is one (its certificate, its name) is checked by whoever calls [`user`]; the headers of anybody else are no
//! more than noise.

use crate::UserInfo;
use crate::impersonation::unescape;
use http::HeaderMap;
use http::header::HeaderName;

/// `--requestheader-*-headers`
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub username: Vec<String>,
    pub uid: Vec<String>,
    pub group: Vec<String>,
    pub extra_prefix: Vec<String>,
}

/// The user that the headers name, if they do; they are taken out.
pub fn user(headers: &mut HeaderMap, names: &Names) -> Option<UserInfo> {
    let first = |headers: &HeaderMap, names: &[String]| {
        let values = names.iter().filter_map(|name| headers.get(name.as_str()));
        values.filter_map(|value| value.to_str().ok()).find(|text| !text.is_empty()).map(str::to_owned)
    };
    let name = first(headers, &names.username)?;
    let uid = first(headers, &names.uid).unwrap_or_default();
    let mut user = UserInfo { name, uid, ..UserInfo::default() };
    for name in &names.group {
        let values = headers.get_all(name.as_str()).iter();
        user.groups.extend(values.filter_map(|value| value.to_str().ok()).map(str::to_owned));
    }
    let prefixes: Vec<String> = names.extra_prefix.iter().map(|prefix| prefix.to_lowercase()).collect();
    for (header, value) in headers.iter() {
        for prefix in &prefixes {
            let Some(key) = header.as_str().strip_prefix(prefix.as_str()) else { continue };
            let value = value.to_str().unwrap_or_default().to_owned();
            user.extra.entry(unescape(key)).or_default().push(value);
        }
    }
    remove(headers, names, &prefixes);
    Some(user.authenticated())
}

fn remove(headers: &mut HeaderMap, names: &Names, prefixes: &[String]) {
    for name in names.username.iter().chain(&names.uid).chain(&names.group) {
        headers.remove(name.as_str());
    }
    let is_extra = |name: &&HeaderName| prefixes.iter().any(|prefix| name.as_str().starts_with(prefix.as_str()));
    let extras: Vec<HeaderName> = headers.keys().filter(is_extra).cloned().collect();
    for name in extras {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_a_user_once() {
        let one = |text: &str| vec![text.to_owned()];
        let names = Names {
            username: one("X-Remote-User"),
            uid: one("X-Remote-Uid"),
            group: one("X-Remote-Group"),
            extra_prefix: one("X-Remote-Extra-"),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-remote-user", "eve"),
            ("x-remote-group", "dev"),
            ("x-remote-group", "ops"),
            ("x-remote-extra-acme.com%2fteam", "a"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let user = user(&mut headers, &names).unwrap();
        assert_eq!((user.name.as_str(), user.groups.join(" ")), ("eve", "dev ops system:authenticated".into()));
        assert_eq!(user.extra["acme.com/team"], ["a"]);
        assert!(headers.is_empty());
        assert_eq!(super::user(&mut headers, &names), None);
    }
}
