//! Bootstrap tokens, by which a new node introduces itself: `id.secret`, held by a secret of the system's namespace.

use crate::{AuthnError, UserInfo};

/// Where their secrets are; each is named `bootstrap-token-<id>`.
pub const NAMESPACE: &str = "kube-system";
pub const SECRET_TYPE: &str = "bootstrap.kubernetes.io/token";
const USER_PREFIX: &str = "system:bootstrap:";
const GROUP: &str = "system:bootstrappers";
const GROUP_PREFIX: &str = "system:bootstrappers:";
const ID_LENGTH: usize = 6;
const SECRET_LENGTH: usize = 16;

/// A token that has the form of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootstrapToken<'a> {
    id: &'a str,
    secret: &'a str,
}

/// The secret that should hold it, as far as it matters here.
pub trait TokenSecret {
    fn secret_type(&self) -> &str;

    fn is_being_deleted(&self) -> bool;

    /// A value of its data, if that is text.
    fn value(&self, key: &str) -> Option<String>;
}

impl<'a> BootstrapToken<'a> {
    pub fn parse(token: &'a str) -> Option<BootstrapToken<'a>> {
        let (id, secret) = token.split_once('.')?;
        let is_good = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let right = id.len() == ID_LENGTH && secret.len() == SECRET_LENGTH && is_good(id) && is_good(secret);
        right.then_some(BootstrapToken { id, secret })
    }

    pub fn secret_name(&self) -> String {
        format!("bootstrap-token-{}", self.id)
    }

    /// The user of the token, if its secret says so; `expired`: whether a time (RFC 3339) has passed, if it is one.
    pub fn user(
        &self,
        secret: &dyn TokenSecret,
        expired: impl Fn(&str) -> Option<bool>,
    ) -> Result<Option<UserInfo>, AuthnError> {
        let value = |key: &str| secret.value(key).unwrap_or_default();
        let right = !secret.is_being_deleted()
            && secret.secret_type() == SECRET_TYPE
            && same(value("token-secret").as_bytes(), self.secret.as_bytes())
            && value("token-id") == self.id
            && value("usage-bootstrap-authentication") == "true";
        let expiration = value("expiration");
        // A time that cannot be read has passed, as upstream has it.
        if !right || (!expiration.is_empty() && expired(&expiration).unwrap_or(true)) {
            return Ok(None);
        }
        let mut groups = vec![GROUP.to_owned()];
        for group in value("auth-extra-groups").split(',').filter(|group| !group.is_empty()) {
            if !is_group(group) {
                let why = format!(
                    "bootstrap group {group:?} is invalid (must match \\Asystem:bootstrappers:[a-z0-9:-]{{0,255}}[a-z0-9]\\z)"
                );
                return Err(AuthnError::Token(why));
            }
            groups.push(group.to_owned());
        }
        groups[1..].sort();
        groups.dedup();
        let user = UserInfo { name: format!("{USER_PREFIX}{}", self.id), groups, ..UserInfo::default() };
        Ok(Some(user.authenticated()))
    }
}

fn is_group(group: &str) -> bool {
    let Some(rest) = group.strip_prefix(GROUP_PREFIX) else { return false };
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let last = rest.bytes().last().is_some_and(good);
    last && rest.len() <= 256 && rest.bytes().all(|byte| good(byte) || matches!(byte, b':' | b'-'))
}

/// In a time that does not depend on where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    struct Secret(HashMap<&'static str, &'static str>);

    impl TokenSecret for Secret {
        fn secret_type(&self) -> &str {
            SECRET_TYPE
        }
        fn is_being_deleted(&self) -> bool {
            false
        }
        fn value(&self, key: &str) -> Option<String> {
            self.0.get(key).map(|&text| text.to_owned())
        }
    }

    fn secret(more: &[(&'static str, &'static str)]) -> Secret {
        let mut data = HashMap::from([
            ("token-id", "abcdef"),
            ("token-secret", "0123456789abcdef"),
            ("usage-bootstrap-authentication", "true"),
        ]);
        data.extend(more.iter().copied());
        Secret(data)
    }

    #[test]
    fn a_token_is_what_its_secret_says() {
        let token = BootstrapToken::parse("abcdef.0123456789abcdef").unwrap();
        assert_eq!(token.secret_name(), "bootstrap-token-abcdef");
        let good = secret(&[("auth-extra-groups", "system:bootstrappers:kubeadm:default-node-token")]);
        let user = token.user(&good, |_| None).unwrap().unwrap();
        assert_eq!(user.name, "system:bootstrap:abcdef");
        let groups =
            ["system:bootstrappers", "system:bootstrappers:kubeadm:default-node-token", "system:authenticated"];
        assert_eq!(user.groups, groups);
        for bad in [
            [("token-secret", "another000000000")],
            [("usage-bootstrap-authentication", "false")],
            [("expiration", "2020-01-01T00:00:00Z")],
        ] {
            assert_eq!(token.user(&secret(&bad), |_| Some(true)).unwrap(), None, "{bad:?}");
        }
        assert!(token.user(&secret(&[("auth-extra-groups", "system:masters")]), |_| None).is_err());
    }

    #[test]
    fn only_the_right_form_is_a_token() {
        for bad in ["abcdef", "abcdef.0123", "ABCDEF.0123456789abcdef", "abcdef.0123456789abcdef.x", ""] {
            assert_eq!(BootstrapToken::parse(bad), None, "{bad}");
        }
    }
}
