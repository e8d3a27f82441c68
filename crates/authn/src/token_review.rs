//! Asking others whose token it is: what is sent to a webhook, and what its answer means.

use crate::{Authenticated, AuthnError, UserInfo};
use serde_json::{Value, json};

/// The review that is sent. `version`: `v1` or `v1beta1`.
pub fn request(version: &str, token: &str, audiences: &[String]) -> Value {
    let mut spec = json!({ "token": token });
    if !audiences.is_empty() {
        spec["audiences"] = json!(audiences);
    }
    json!({
        "kind": "TokenReview", "apiVersion": format!("authentication.k8s.io/{version}"),
        "metadata": { "creationTimestamp": null }, "spec": spec, "status": { "user": {} }
    })
}

/// Who the answer says it is; `audiences`: those that the server answers to.
pub fn answer(review: &Value, audiences: &[String]) -> Result<Option<Authenticated>, AuthnError> {
    let status = &review["status"];
    if status["authenticated"] != true {
        return match status["error"].as_str().filter(|error| !error.is_empty()) {
            Some(error) => Err(AuthnError::Token(error.to_owned())),
            None => Ok(None),
        };
    }
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let answered = texts(&status["audiences"]);
    // A webhook that knows of no audiences speaks for the server's own.
    let granted: Vec<String> = if answered.is_empty() {
        audiences.to_vec()
    } else {
        answered.into_iter().filter(|audience| audiences.contains(audience)).collect()
    };
    if granted.is_empty() && !audiences.is_empty() {
        return Ok(None);
    }
    let user = &status["user"];
    let text = |key: &str| user[key].as_str().unwrap_or_default().to_owned();
    let extra = user["extra"].as_object().into_iter().flatten();
    let user = UserInfo {
        name: text("username"),
        uid: text("uid"),
        groups: texts(&user["groups"]),
        extra: extra.map(|(key, values)| (key.clone(), texts(values))).collect(),
    };
    Ok(Some(Authenticated { user: user.authenticated(), audiences: granted }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_user_nobody_or_an_error() {
        let ours = ["api".to_owned()];
        let good = json!({ "status": { "authenticated": true, "user": {
            "username": "eve", "groups": ["dev"], "extra": { "a": ["b"] }
        } } });
        let found = answer(&good, &ours).unwrap().unwrap();
        assert_eq!((found.user.name.as_str(), found.audiences), ("eve", ours.to_vec()));
        assert_eq!(found.user.extra["a"], ["b"]);
        let for_others = json!({ "status": { "authenticated": true, "audiences": ["vault"] } });
        assert!(answer(&for_others, &ours).unwrap().is_none());
        assert!(answer(&json!({ "status": {} }), &ours).unwrap().is_none());
        assert!(answer(&json!({ "status": { "error": "no" } }), &ours).is_err());
    }
}
