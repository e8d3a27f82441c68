//! `AuthenticationConfiguration`: whose tokens are taken beside the cluster's own, and where nobody needs any.

use crate::strict::{self, Fields};
use kind::{FieldErrors, Path};
use std::collections::BTreeSet;

const VERSIONS: &[&str] =
    &["apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1", "apiserver.config.k8s.io/v1alpha1"];
const MAX_AUTHENTICATORS: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationConfig {
    pub jwt: Vec<JwtAuthenticator>,
    pub anonymous: Option<Anonymous>,
}

/// Who may come without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anonymous {
    pub enabled: bool,
    /// The only paths where; empty: all.
    pub paths: Vec<String>,
}

/// One issuer of tokens, and what its claims mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtAuthenticator {
    pub issuer: Issuer,
    pub claim_validation_rules: Vec<ClaimRule>,
    pub username: Mapping,
    pub groups: Mapping,
    pub uid: Mapping,
    pub extra: Vec<ExtraMapping>,
    pub user_validation_rules: Vec<UserRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issuer {
    pub url: String,
    /// Where the discovery document is, if not below `url`.
    pub discovery_url: String,
    /// PEM; empty: the machine's authorities.
    pub certificate_authority: String,
    pub audiences: Vec<String>,
    pub audience_match_policy: String,
    pub egress_selector_type: String,
}

/// A claim that must have a value, or an expression that must be true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimRule {
    pub claim: String,
    pub required_value: String,
    pub expression: String,
    pub message: String,
}

/// A claim, with a prefix, or an expression over the claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    pub claim: String,
    pub prefix: Option<String>,
    pub expression: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraMapping {
    pub key: String,
    pub value_expression: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRule {
    pub expression: String,
    pub message: String,
}

impl AuthenticationConfig {
    /// Reads and checks a file. `disallowed`: issuers that are the cluster's own.
    pub fn parse(text: &[u8], disallowed: &[String]) -> Result<AuthenticationConfig, String> {
        let config = strict::document(text, "AuthenticationConfiguration", VERSIONS, |fields| AuthenticationConfig {
            jwt: fields.objects("jwt", authenticator),
            anonymous: fields.object("anonymous", |anonymous| Anonymous {
                enabled: anonymous.flag("enabled"),
                paths: anonymous.objects("conditions", |condition| condition.text("path")),
            }),
        })?;
        let mut errors = FieldErrors::new();
        config.check(disallowed, &mut errors);
        if errors.is_empty() {
            return Ok(config);
        }
        let texts: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.body())).collect();
        Err(texts.join(", "))
    }

    fn check(&self, disallowed: &[String], errors: &mut FieldErrors) {
        let root = Path::root("jwt");
        if self.jwt.len() > MAX_AUTHENTICATORS {
            errors.too_many(&root, self.jwt.len(), MAX_AUTHENTICATORS);
            return;
        }
        let (mut issuers, mut discoveries) = (BTreeSet::new(), BTreeSet::new());
        for (index, jwt) in self.jwt.iter().enumerate() {
            let path = root.index(index);
            jwt.check(disallowed, &path, errors);
            let issuer = path.child("issuer");
            if !issuers.insert(&jwt.issuer.url) {
                errors.duplicate(&issuer.child("url"), &jwt.issuer.url);
            }
            if !jwt.issuer.discovery_url.is_empty() && !discoveries.insert(&jwt.issuer.discovery_url) {
                errors.duplicate(&issuer.child("discoveryURL"), &jwt.issuer.discovery_url);
            }
        }
        if let Some(anonymous) = self.anonymous.as_ref().filter(|one| !one.enabled && !one.paths.is_empty()) {
            let why = "enabled should be set to true when conditions are defined";
            errors.invalid(&Path::root("anonymous").child("conditions"), anonymous.paths.join(","), why);
        }
    }
}

fn authenticator(fields: &Fields) -> JwtAuthenticator {
    let mut jwt = JwtAuthenticator::default();
    let issuer = fields.object("issuer", |issuer| Issuer {
        url: issuer.text("url"),
        discovery_url: issuer.text("discoveryURL"),
        certificate_authority: issuer.text("certificateAuthority"),
        audiences: issuer.texts("audiences"),
        audience_match_policy: issuer.text("audienceMatchPolicy"),
        egress_selector_type: issuer.text("egressSelectorType"),
    });
    jwt.issuer = issuer.unwrap_or_default();
    jwt.claim_validation_rules = fields.objects("claimValidationRules", |rule| ClaimRule {
        claim: rule.text("claim"),
        required_value: rule.text("requiredValue"),
        expression: rule.text("expression"),
        message: rule.text("message"),
    });
    let prefixed = |mapping: &Fields| Mapping {
        claim: mapping.text("claim"),
        prefix: mapping.optional_text("prefix"),
        expression: mapping.text("expression"),
    };
    fields.object("claimMappings", |mappings| {
        jwt.username = mappings.object("username", prefixed).unwrap_or_default();
        jwt.groups = mappings.object("groups", prefixed).unwrap_or_default();
        let plain = |mapping: &Fields| Mapping {
            claim: mapping.text("claim"),
            prefix: None,
            expression: mapping.text("expression"),
        };
        jwt.uid = mappings.object("uid", plain).unwrap_or_default();
        jwt.extra = mappings.objects("extra", |extra| ExtraMapping {
            key: extra.text("key"),
            value_expression: extra.text("valueExpression"),
        });
    });
    jwt.user_validation_rules = fields.objects("userValidationRules", |rule| UserRule {
        expression: rule.text("expression"),
        message: rule.text("message"),
    });
    jwt
}

impl JwtAuthenticator {
    fn check(&self, disallowed: &[String], path: &Path, errors: &mut FieldErrors) {
        self.issuer.check(disallowed, &path.child("issuer"), errors);
        let rules = path.child("claimValidationRules");
        let (mut claims, mut expressions) = (BTreeSet::new(), BTreeSet::new());
        for (index, rule) in self.claim_validation_rules.iter().enumerate() {
            let path = rules.index(index);
            match (rule.claim.as_str(), rule.expression.as_str()) {
                ("", "") => errors.required(&path, "claim or expression is required"),
                (claim, "") => {
                    if !rule.message.is_empty() {
                        errors.invalid(&path.child("message"), &rule.message, "may not be specified when claim is set");
                    }
                    if !claims.insert(claim) {
                        errors.duplicate(&path.child("claim"), claim);
                    }
                }
                ("", expression) => {
                    if !rule.required_value.is_empty() {
                        let why = "may not be specified when expression is set";
                        errors.invalid(&path.child("requiredValue"), &rule.required_value, why);
                    }
                    if !expressions.insert(expression) {
                        errors.duplicate(&path.child("expression"), expression);
                    }
                }
                (claim, _) => errors.invalid(&path, claim, "claim and expression can't both be set"),
            }
        }
        self.check_mappings(&path.child("claimMappings"), errors);
        let rules = path.child("userValidationRules");
        let mut expressions = BTreeSet::new();
        for (index, rule) in self.user_validation_rules.iter().enumerate() {
            let path = rules.index(index);
            let path = path.child("expression");
            if rule.expression.is_empty() {
                errors.required(&path, "");
            } else if !expressions.insert(&rule.expression) {
                errors.duplicate(&path, &rule.expression);
            }
        }
    }

    fn check_mappings(&self, path: &Path, errors: &mut FieldErrors) {
        check_prefixed(&self.username, true, &path.child("username"), errors);
        check_prefixed(&self.groups, false, &path.child("groups"), errors);
        if !self.uid.claim.is_empty() && !self.uid.expression.is_empty() {
            errors.invalid(&path.child("uid"), "", "claim and expression can't both be set");
        }
        let list = path.child("extra");
        let mut keys = BTreeSet::new();
        for (index, extra) in self.extra.iter().enumerate() {
            let path = list.index(index);
            let key_path = path.child("key");
            for sentence in domain_prefixed_path(&extra.key) {
                errors.invalid(&key_path, &extra.key, sentence);
            }
            if extra.key != extra.key.to_lowercase() {
                errors.invalid(&key_path, &extra.key, "must be lowercase");
            }
            let domain = extra.key.split_once('/').map_or("", |(domain, _)| domain);
            let is_in = |parent: &str| domain == parent || domain.ends_with(&format!(".{parent}"));
            if is_in("kubernetes.io") || is_in("k8s.io") {
                let why = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use";
                errors.invalid(&key_path, &extra.key, why);
            }
            if !keys.insert(&extra.key) {
                errors.duplicate(&key_path, &extra.key);
            } else if extra.value_expression.is_empty() {
                errors.required(&path.child("valueExpression"), "");
            }
        }
    }
}

fn check_prefixed(mapping: &Mapping, required: bool, path: &Path, errors: &mut FieldErrors) {
    match (mapping.claim.is_empty(), mapping.expression.is_empty()) {
        (false, false) => errors.invalid(path, "", "claim and expression can't both be set"),
        (true, true) if required => errors.required(path, "claim or expression is required"),
        (true, true) => {}
        (true, false) => {
            if let Some(prefix) = &mapping.prefix {
                errors.invalid(&path.child("prefix"), prefix, "may not be specified when expression is set");
            }
        }
        (false, true) => {
            if mapping.prefix.is_none() {
                let why = "prefix is required when claim is set. It can be set to an empty string to disable prefixing";
                errors.required(&path.child("prefix"), why);
            }
        }
    }
}

impl Issuer {
    fn check(&self, disallowed: &[String], path: &Path, errors: &mut FieldErrors) {
        if self.url.is_empty() {
            errors.required(&path.child("url"), "");
        } else {
            check_url(&self.url, disallowed, &path.child("url"), errors);
        }
        if !self.discovery_url.is_empty() {
            let path = path.child("discoveryURL");
            if self.url.trim_end_matches('/') == self.discovery_url.trim_end_matches('/') {
                errors.invalid(&path, &self.discovery_url, "discoveryURL must be different from URL");
            }
            check_url(&self.discovery_url, &[], &path, errors);
        }
        self.check_audiences(path, errors);
        let ca = self.certificate_authority.as_str();
        if !ca.is_empty() && !ca.contains("-----BEGIN CERTIFICATE-----") {
            let why = "data does not contain any valid RSA or ECDSA certificates";
            errors.invalid(&path.child("certificateAuthority"), "<omitted>", why);
        }
        if !matches!(self.egress_selector_type.as_str(), "" | "controlplane" | "cluster") {
            let why = "egress selector must be either controlplane or cluster";
            errors.invalid(&path.child("egressSelectorType"), &self.egress_selector_type, why);
        }
    }

    fn check_audiences(&self, path: &Path, errors: &mut FieldErrors) {
        let list = path.child("audiences");
        if self.audiences.is_empty() {
            errors.required(&list, format!("at least one {list} is required"));
            return;
        }
        let mut seen = BTreeSet::new();
        for (index, audience) in self.audiences.iter().enumerate() {
            let path = list.index(index);
            if audience.is_empty() {
                errors.required(&path, "");
            }
            if !seen.insert(audience) {
                errors.duplicate(&path, audience);
            }
        }
        let (policy, path) = (self.audience_match_policy.as_str(), path.child("audienceMatchPolicy"));
        if self.audiences.len() > 1 && policy != "MatchAny" {
            errors.invalid(&path, policy, "audienceMatchPolicy must be MatchAny for multiple audiences");
        }
        if self.audiences.len() == 1 && !matches!(policy, "" | "MatchAny") {
            errors.invalid(&path, policy, "audienceMatchPolicy must be empty or MatchAny for single audience");
        }
    }
}

fn check_url(url: &str, disallowed: &[String], path: &Path, errors: &mut FieldErrors) {
    if disallowed.iter().any(|other| other == url) {
        let why = format!("URL must not overlap with disallowed issuers: [{}]", disallowed.join(" "));
        errors.invalid(path, url, why);
    }
    let Ok(parsed) = url.parse::<http::Uri>() else {
        errors.invalid(path, url, "invalid URL");
        return;
    };
    if parsed.scheme_str() != Some("https") {
        errors.invalid(path, url, "URL scheme must be https");
    }
    if parsed.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        errors.invalid(path, url, "URL must not contain a username or password");
    }
    if parsed.query().is_some_and(|query| !query.is_empty()) {
        errors.invalid(path, url, "URL must not contain a query");
    }
    if url.split_once('#').is_some_and(|(_, fragment)| !fragment.is_empty()) {
        errors.invalid(path, url, "URL must not contain a fragment");
    }
}

/// `example.org/foo`
pub fn domain_prefixed_path(key: &str) -> Vec<String> {
    let Some((domain, rest)) = key.split_once('/') else {
        return vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".to_owned()];
    };
    let mut sentences = kind::validate::dns1123_subdomain(domain);
    let segment = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%@/".contains(&byte);
    if rest.is_empty() || !rest.bytes().all(segment) {
        sentences.push("Invalid path".to_owned());
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous: {enabled: true, conditions: [{path: /livez}]}
jwt:
- issuer: {url: 'https://idp.example', audiences: [kube]}
  claimMappings:
    username: {claim: sub, prefix: 'idp:'}
    groups: {claim: groups, prefix: ''}
";

    #[test]
    fn a_good_file_reads() {
        let config = AuthenticationConfig::parse(GOOD.as_bytes(), &[]).unwrap();
        assert_eq!(config.anonymous.unwrap().paths, ["/livez"]);
        assert_eq!(config.jwt[0].username.prefix.as_deref(), Some("idp:"));
    }

    #[test]
    fn what_is_wrong_is_told_in_upstreams_words() {
        let check = |from: &str, to: &str, why: &str| {
            let text = GOOD.replace(from, to);
            let error = AuthenticationConfig::parse(text.as_bytes(), &["https://own".into()]).unwrap_err();
            assert!(error.contains(why), "{to}: {error}");
        };
        check("https://idp.example", "http://idp.example", "URL scheme must be https");
        check("https://idp.example", "https://own", "URL must not overlap with disallowed issuers: [https://own]");
        check(
            "[kube]",
            "[]",
            "jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required",
        );
        check("[kube]", "[kube, b]", "audienceMatchPolicy must be MatchAny for multiple audiences");
        check("prefix: 'idp:'", "expression: x", "claim and expression can't both be set");
        check(", prefix: 'idp:'", "", "prefix is required when claim is set");
        check("enabled: true", "enabled: false", "enabled should be set to true when conditions are defined");
    }
}
