//! Who asks what: the facts of a request that the steps share.

use crate::query::Query;
use crate::record::Record;
use crate::request_info::RequestInfo;
use authn::UserInfo;
use http::{HeaderMap, Method, header};
use parking_lot::Mutex;
use schema::Time;
use std::sync::Arc;

/// Who calls; put into the request's extensions by whoever authenticated it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    pub user: UserInfo,
    /// Address of the peer, for proxies and logs.
    pub peer: String,
}

/// At most this many different warnings go to a client.
const MAX_WARNINGS: usize = 100;

/// One request.
pub struct RequestContext {
    pub info: RequestInfo,
    pub query: Query,
    pub method: Method,
    pub headers: HeaderMap,
    pub caller: Caller,
    pub now: Time,
    /// Nanoseconds since the Unix epoch.
    pub now_nanos: i64,
    /// Where the audit log has notes taken, if it records this request.
    pub record: Option<Arc<Record>>,
    warnings: Mutex<Vec<String>>,
}

impl RequestContext {
    pub fn new(
        info: RequestInfo,
        query: Query,
        method: Method,
        headers: HeaderMap,
        caller: Caller,
        now_nanos: i64,
    ) -> RequestContext {
        let now = Time::from_unix(now_nanos.div_euclid(1_000_000_000));
        RequestContext {
            info,
            query,
            method,
            headers,
            caller,
            now,
            now_nanos,
            record: None,
            warnings: Mutex::default(),
        }
    }

    /// Notes something for the audit log.
    pub fn annotate(&self, key: impl Into<String>, value: impl Into<String>) {
        if let Some(record) = &self.record {
            record.annotate(key, value);
        }
    }

    /// Tells the client something beside the answer; each text once.
    pub fn warn(&self, text: impl Into<String>) {
        let text = text.into();
        let mut warnings = self.warnings.lock();
        if !text.is_empty() && warnings.len() < MAX_WARNINGS && !warnings.contains(&text) {
            warnings.push(text);
        }
    }

    pub fn warn_all(&self, texts: impl IntoIterator<Item = String>) {
        texts.into_iter().for_each(|text| self.warn(text));
    }

    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.warnings.lock())
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whom managedFields name: what the client says, else the first word of its User-Agent.
    pub fn field_manager(&self, asked: &str) -> String {
        if !asked.is_empty() {
            return asked.to_owned();
        }
        let agent = self.header(header::USER_AGENT);
        let name = agent.split('/').next().unwrap_or_default();
        let printable: String = name.chars().filter(|c| !c.is_control()).collect();
        let end = (0..=printable.len().min(128)).rev().find(|&at| printable.is_char_boundary(at)).unwrap_or(0);
        printable[..end].to_owned()
    }
}
