//! From claims to a user: by names of claims with prefixes, or by expressions.

use super::{Expression, Expressions, Over};
use crate::config::{JwtAuthenticator, Mapping};
use crate::{AuthnError, UserInfo};
use serde_json::{Value, json};

/// The expressions of one issuer.
pub(super) struct Mappings {
    username: Option<Box<dyn Expression>>,
    groups: Option<Box<dyn Expression>>,
    uid: Option<Box<dyn Expression>>,
    /// Key, source text, expression.
    extra: Vec<(String, String, Box<dyn Expression>)>,
    claim_rules: Vec<Rule>,
    user_rules: Vec<Rule>,
}

struct Rule {
    expression: Box<dyn Expression>,
    text: String,
    message: String,
}

impl Mappings {
    pub fn compile(config: &JwtAuthenticator, expressions: &dyn Expressions) -> Result<Mappings, AuthnError> {
        let compile = |text: &str, over: Over, what: &str| {
            expressions
                .compile(text, over)
                .map_err(|error| AuthnError::Config(format!("{what}: Invalid value: {text:?}: {error}")))
        };
        let mapped = |mapping: &Mapping, what: &str| match mapping.expression.as_str() {
            "" => Ok(None),
            text => compile(text, Over::Claims, &format!("claimMappings.{what}.expression")).map(Some),
        };
        let mut extra = Vec::new();
        for (index, mapping) in config.extra.iter().enumerate() {
            let text = &mapping.value_expression;
            let compiled = compile(text, Over::Claims, &format!("claimMappings.extra[{index}].valueExpression"))?;
            extra.push((mapping.key.clone(), text.clone(), compiled));
        }
        let mut claim_rules = Vec::new();
        for (index, rule) in config.claim_validation_rules.iter().enumerate().filter(|(_, r)| !r.expression.is_empty())
        {
            let expression =
                compile(&rule.expression, Over::Claims, &format!("claimValidationRules[{index}].expression"))?;
            claim_rules.push(Rule { expression, text: rule.expression.clone(), message: rule.message.clone() });
        }
        let mut user_rules = Vec::new();
        for (index, rule) in config.user_validation_rules.iter().enumerate() {
            let expression =
                compile(&rule.expression, Over::User, &format!("userValidationRules[{index}].expression"))?;
            user_rules.push(Rule { expression, text: rule.expression.clone(), message: rule.message.clone() });
        }
        let mappings = Mappings {
            username: mapped(&config.username, "username")?,
            groups: mapped(&config.groups, "groups")?,
            uid: mapped(&config.uid, "uid")?,
            extra,
            claim_rules,
            user_rules,
        };
        mappings.check_email(config)?;
        Ok(mappings)
    }

    /// Who names users by their email must look at whether it was verified.
    fn check_email(&self, config: &JwtAuthenticator) -> Result<(), AuthnError> {
        let Some(username) = self.username.as_ref().filter(|username| username.reads_claim("email")) else {
            return Ok(());
        };
        let extra = self.extra.iter().map(|(_, _, expression)| expression);
        let rules = self.claim_rules.iter().map(|rule| &rule.expression);
        let mut all = std::iter::once(username).chain(extra).chain(rules);
        if all.any(|expression| expression.reads_claim("email_verified")) {
            return Ok(());
        }
        let why = "claims.email_verified must be used in claimMappings.username.expression or \
                   claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used \
                   in claimMappings.username.expression";
        let text = &config.username.expression;
        Err(AuthnError::Config(format!("claimMappings.username.expression: Invalid value: {text:?}: {why}")))
    }

    pub fn user(&self, config: &JwtAuthenticator, claims: &Value) -> Result<UserInfo, String> {
        let mut user = UserInfo {
            name: self.username(config, claims)?,
            groups: self.groups(config, claims)?,
            uid: self.uid(config, claims)?,
            ..UserInfo::default()
        };
        for (key, text, expression) in &self.extra {
            let values = expression.evaluate(claims).and_then(|value| texts(&value));
            let values =
                values.map_err(|error| format!("oidc: error evaluating extra claim expression: {text}: {error}"))?;
            if !values.is_empty() {
                user.extra.insert(key.clone(), values);
            }
        }
        self.check_claims(config, claims)?;
        self.check_user(&user)?;
        Ok(user.authenticated())
    }

    fn username(&self, config: &JwtAuthenticator, claims: &Value) -> Result<String, String> {
        if let Some(expression) = &self.username {
            let wrong = |error: &str| format!("oidc: error evaluating username claim expression: {error}");
            let value = expression.evaluate(claims).map_err(|error| wrong(&error))?;
            return match value {
                Value::String(name) if !name.is_empty() => Ok(name),
                Value::String(_) => Err("oidc: empty username via CEL expression is not allowed".into()),
                _ => Err(wrong("username claim expression must return a string")),
            };
        }
        let claim = &config.username.claim;
        let wrong = |error: String| format!("oidc: parse username claims {claim:?}: {error}");
        let name = text_claim(claims, claim).map_err(wrong)?;
        if claim == "email" {
            match &claims["email_verified"] {
                Value::Null | Value::Bool(true) => {}
                Value::Bool(false) => return Err("oidc: email not verified".into()),
                other => return Err(format!("oidc: parse 'email_verified' claim: {other} is not a boolean")),
            }
        }
        Ok(format!("{}{name}", config.username.prefix.as_deref().unwrap_or_default()))
    }

    fn groups(&self, config: &JwtAuthenticator, claims: &Value) -> Result<Vec<String>, String> {
        let (claim, prefix) = (&config.groups.claim, config.groups.prefix.as_deref().unwrap_or_default());
        if !claim.is_empty() && claims.get(claim).is_some() {
            let groups = match &claims[claim] {
                Value::String(one) => vec![one.clone()],
                Value::Array(list) if list.iter().all(Value::is_string) => texts(&claims[claim])?,
                other => return Err(format!("oidc: parse groups claim {claim:?}: {other} is no list of strings")),
            };
            return Ok(groups.into_iter().map(|group| format!("{prefix}{group}")).collect());
        }
        let Some(expression) = &self.groups else { return Ok(Vec::new()) };
        let groups = expression.evaluate(claims).and_then(|value| texts(&value));
        groups.map_err(|error| format!("oidc: error evaluating group claim expression: {error}"))
    }

    fn uid(&self, config: &JwtAuthenticator, claims: &Value) -> Result<String, String> {
        let claim = &config.uid.claim;
        if !claim.is_empty() {
            return text_claim(claims, claim).map_err(|error| format!("oidc: parse uid claim {claim:?}: {error}"));
        }
        let Some(expression) = &self.uid else { return Ok(String::new()) };
        let wrong = |error: &str| format!("oidc: error evaluating uid claim expression: {error}");
        match expression.evaluate(claims).map_err(|error| wrong(&error))? {
            Value::String(uid) => Ok(uid),
            _ => Err(wrong("uid claim expression must return a string")),
        }
    }

    fn check_claims(&self, config: &JwtAuthenticator, claims: &Value) -> Result<(), String> {
        for rule in config.claim_validation_rules.iter().filter(|rule| !rule.claim.is_empty()) {
            let (claim, wanted) = (&rule.claim, &rule.required_value);
            if claims.get(claim).is_none() {
                return Err(format!("oidc: required claim {claim} not present in ID token"));
            }
            let got = text_claim(claims, claim).map_err(|error| format!("oidc: parse claim {claim}: {error}"))?;
            if got != *wanted {
                return Err(format!("oidc: required claim {claim} value does not match. Got = {got}, want = {wanted}"));
            }
        }
        check(&self.claim_rules, claims)
            .map_err(|why| format!("oidc: error evaluating claim validation expression: {why}"))
    }

    fn check_user(&self, user: &UserInfo) -> Result<(), String> {
        if self.user_rules.is_empty() {
            return Ok(());
        }
        let shown = json!({
            "username": user.name, "uid": user.uid, "groups": user.groups, "extra": user.extra
        });
        check(&self.user_rules, &shown)
            .map_err(|why| format!("oidc: error evaluating user info validation rule: {why}"))
    }
}

fn check(rules: &[Rule], over: &Value) -> Result<(), String> {
    for rule in rules {
        match rule.expression.evaluate(over)? {
            Value::Bool(true) => {}
            Value::Bool(false) if rule.message.is_empty() => {
                return Err(format!("validation expression '{}' failed", rule.text));
            }
            Value::Bool(false) => {
                return Err(format!("validation expression '{}' failed: {}", rule.text, rule.message));
            }
            _ => return Err("validation expression must return true".to_owned()),
        }
    }
    Ok(())
}

fn text_claim(claims: &Value, claim: &str) -> Result<String, String> {
    match claims.get(claim) {
        None => Err("claim not present".to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(format!("{other} is not a string")),
    }
}

/// One text or several; nothing for null and for what is empty.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    let wrong = || "expression must return a string or a list of strings".to_owned();
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(list) => {
            let texts = list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong));
            Ok(texts.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|text| !text.is_empty()).collect())
        }
        _ => Err(wrong()),
    }
}
