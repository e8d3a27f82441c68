//! Options of list and watch.

use crate::error::{parse_int, parse_uint};
use crate::query::Query;
use crate::selector::{FieldSelector, LabelSelector};
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD};
use kind::{ApiError, FieldErrors, Path};
use schema::{Value, json};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOptions {
    pub labels: LabelSelector,
    pub fields: FieldSelector,
    pub watch: bool,
    pub allow_bookmarks: bool,
    /// As it came; empty: not given.
    pub resource_version: String,
    pub version_match: Option<VersionMatch>,
    pub timeout_seconds: Option<i64>,
    /// 0: no limit.
    pub limit: usize,
    pub continue_token: String,
    pub send_initial_events: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionMatch {
    Exact,
    NotOlderThan,
}

/// Upstream's largest limit that is kept as it is.
const MAX_LIMIT: i64 = i64::MAX;

impl ListOptions {
    pub fn parse(query: &Query, watch: bool) -> Result<ListOptions, ApiError> {
        let number = |key: &str| match query.get(key) {
            Some(text) if !text.is_empty() => parse_int(text).map(Some).map_err(ApiError::bad_request),
            _ => Ok(None),
        };
        let timeout_seconds = number("timeoutSeconds")?;
        let limit = number("limit")?.unwrap_or(0).clamp(0, MAX_LIMIT) as usize;
        let labels =
            LabelSelector::parse(query.get("labelSelector").unwrap_or_default()).map_err(ApiError::bad_request)?;
        let fields =
            FieldSelector::parse(query.get("fieldSelector").unwrap_or_default()).map_err(ApiError::bad_request)?;
        let options = ListOptions {
            labels,
            fields,
            watch: watch || query.flag("watch"),
            allow_bookmarks: query.flag("allowWatchBookmarks"),
            resource_version: query.get("resourceVersion").unwrap_or_default().to_owned(),
            version_match: match query.get("resourceVersionMatch") {
                Some("Exact") => Some(VersionMatch::Exact),
                Some("NotOlderThan") => Some(VersionMatch::NotOlderThan),
                _ => None,
            },
            timeout_seconds,
            limit,
            continue_token: query.get("continue").unwrap_or_default().to_owned(),
            send_initial_events: query.optional_flag("sendInitialEvents"),
        };
        options.check(query.get("resourceVersionMatch").unwrap_or_default())?;
        Ok(options)
    }

    fn check(&self, version_match: &str) -> Result<(), ApiError> {
        let mut errors = FieldErrors::new();
        if self.watch {
            self.check_watch(version_match, &mut errors);
        } else {
            self.check_list(version_match, &mut errors);
        }
        if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid("meta.k8s.io", "ListOptions", "", &errors)) }
    }

    fn check_list(&self, version_match: &str, errors: &mut FieldErrors) {
        let path = Path::root("resourceVersionMatch");
        if !version_match.is_empty() {
            if self.resource_version.is_empty() {
                errors.forbidden(&path, "resourceVersionMatch is forbidden unless resourceVersion is provided");
            }
            if !self.continue_token.is_empty() {
                errors.forbidden(&path, "resourceVersionMatch is forbidden when continue is provided");
            }
            if self.version_match.is_none() {
                errors.not_supported(&path, version_match, &["Exact", "NotOlderThan", ""]);
            }
            if self.version_match == Some(VersionMatch::Exact) && self.resource_version == "0" {
                errors.forbidden(&path, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
            }
        }
        if self.send_initial_events.is_some() {
            errors.forbidden(&Path::root("sendInitialEvents"), "sendInitialEvents is forbidden for list");
        }
    }

    fn check_watch(&self, version_match: &str, errors: &mut FieldErrors) {
        let path = Path::root("resourceVersionMatch");
        let not_older = self.version_match == Some(VersionMatch::NotOlderThan);
        if self.send_initial_events.is_some() && !not_older {
            errors.forbidden(&path, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }
        if version_match.is_empty() {
            return;
        }
        if self.send_initial_events.is_none() {
            errors.forbidden(&path, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }
        if !not_older {
            errors.not_supported(&path, version_match, &["NotOlderThan"]);
        }
        if !self.continue_token.is_empty() {
            errors.forbidden(&path, "resourceVersionMatch is forbidden when continue is provided");
        }
    }

    /// The version asked for: none if not given.
    pub fn version(&self) -> Result<Option<u64>, String> {
        match self.resource_version.as_str() {
            "" => Ok(None),
            text => parse_uint(text).map(Some).map_err(|why| invalid_version(text, &why)),
        }
    }
}

/// `resourceVersion: Invalid value: "abc": why`
pub(crate) fn invalid_version(text: &str, why: &str) -> String {
    format!("resourceVersion: Invalid value: {}: {why}", kind::field::quoted(text))
}

/// As Go reads it: what the last digit says too much is passed over.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

fn base64_words(why: &base64::DecodeError, text: &str) -> String {
    let at = match why {
        base64::DecodeError::InvalidByte(at, _) => *at,
        _ => text.len(),
    };
    format!("illegal base64 data at input byte {at}")
}

/// Where a list goes on: bound to a revision, opaque to clients, upstream's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinueToken {
    /// None: at whatever revision is newest.
    pub revision: Option<u64>,
    /// The key to start from, without the list's prefix.
    pub start: String,
}

impl ContinueToken {
    pub fn encode(&self) -> String {
        let revision = self.revision.map_or(-1, |revision| revision as i64);
        let start = json::to_string(&Value::from(self.start.as_str()));
        let text = format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{revision},\"start\":{start}}}");
        URL_SAFE_NO_PAD.encode(text)
    }

    pub fn decode(text: &str) -> Result<ContinueToken, ApiError> {
        let fail =
            |why: String| ApiError::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let bytes = LENIENT.decode(text.trim_end_matches('=')).map_err(|why| fail(base64_words(&why, text)))?;
        // Go shows a byte that is no JSON as the character of its number.
        if let Some(byte) = bytes.first().filter(|byte| **byte >= 0x80) {
            let shown = char::from(*byte).escape_default().to_string().replace("\\u{", "\\u00").replace('}', "");
            return Err(fail(format!("invalid character '{shown}' looking for beginning of value")));
        }
        let token = json::parse(&bytes, json::Limits::default()).map_err(|why| fail(why.to_string()))?;
        let version = token.str_at(&["v"]);
        if version != "meta.k8s.io/v1" {
            return Err(fail(format!(
                "server does not recognize this encoded version {}",
                kind::field::quoted(version)
            )));
        }
        let revision = token["rv"].as_i64().unwrap_or_default();
        if revision == 0 {
            return Err(fail("incorrect encoded start resourceVersion (version meta.k8s.io/v1)".into()));
        }
        let start = token.str_at(&["start"]);
        if start.is_empty() {
            return Err(fail("encoded start key empty (version meta.k8s.io/v1)".into()));
        }
        if start.starts_with('/') || start.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(fail(start.to_owned()));
        }
        Ok(ContinueToken { revision: u64::try_from(revision).ok(), start: start.to_owned() })
    }
}
