//! Tokens of secrets: without an end, good while the secret holds them and names the account.

use super::{Lookup, Resource, groups, split_username, username};
use crate::{AuthnError, UserInfo};
use serde_json::Value;

/// Who made them.
pub const ISSUER: &str = "kubernetes/serviceaccount";

/// The user of a legacy token whose signature is good.
pub fn check(claims: &Value, token: &str, in_secret: bool, lookup: &dyn Lookup) -> Result<UserInfo, AuthnError> {
    let refused = |why: String| AuthnError::Token(why);
    let subject = claims["sub"].as_str().unwrap_or_default();
    if subject.is_empty() {
        return Err(refused("sub claim is missing".into()));
    }
    let claim = |key: &str, what: &str| {
        let text = claims[format!("kubernetes.io/serviceaccount/{key}")].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| refused(format!("{what} claim is missing")))
    };
    let namespace = claim("namespace", "namespace")?;
    let secret_name = claim("secret.name", "secretName")?;
    let name = claim("service-account.name", "serviceAccountName")?;
    let uid = claim("service-account.uid", "serviceAccountUID")?;
    if split_username(subject) != Some((&namespace, &name)) {
        return Err(refused("sub claim is invalid".into()));
    }
    if in_secret {
        check_secret(&namespace, &secret_name, &name, token, lookup)?;
        let account = lookup.find(Resource::ServiceAccount, &namespace, &name);
        let account = account.ok_or_else(|| refused(format!("serviceaccounts \"{name}\" not found")))?;
        if account.deleted_at.is_some() {
            return Err(refused(format!("ServiceAccount {namespace}/{name} has been deleted")));
        }
        if account.uid != uid {
            return Err(refused(format!("ServiceAccount UID ({}) does not match claim ({uid})", account.uid)));
        }
    }
    let user = UserInfo { name: username(&namespace, &name), uid, groups: groups(&namespace), ..UserInfo::default() };
    Ok(user.authenticated())
}

fn check_secret(
    namespace: &str,
    secret_name: &str,
    account: &str,
    token: &str,
    lookup: &dyn Lookup,
) -> Result<(), AuthnError> {
    let invalidated = || AuthnError::Token("Token has been invalidated".into());
    let secret = lookup.secret_token(namespace, secret_name).filter(|secret| !secret.deleted);
    let secret = secret.ok_or_else(invalidated)?;
    if secret.token != token.as_bytes() {
        return Err(AuthnError::Token("Token does not match server's copy".into()));
    }
    if secret.marked_invalid {
        let why = format!(
            "the token in secret {namespace}/{secret_name} for service account {namespace}/{account} has been marked \
             invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the \
             'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token"
        );
        return Err(AuthnError::Token(why));
    }
    Ok(())
}
