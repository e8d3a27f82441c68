//! `/metrics`: the requests that were answered, under upstream's names.
//!
//! Deliberately absent: durations and sizes.

use parking_lot::Mutex;
use registry::query::Query;
use registry::request_info::RequestInfo;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Label sets that are counted; what comes after that many different ones is counted under `other`.
const MAX_SERIES: usize = 10_000;

/// Counters of one server.
#[derive(Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<Labels, u64>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    code: u16,
    dry_run: String,
    group: String,
    resource: String,
    scope: &'static str,
    subresource: String,
    verb: String,
    version: String,
}

impl Metrics {
    /// Counts one answer.
    pub fn count(&self, method: &str, uri: &http::Uri, code: u16) {
        let query = Query::parse(uri.query().unwrap_or_default());
        let Ok(info) = RequestInfo::new(method, uri.path(), &query) else { return };
        let dry_run = query.get("dryRun").unwrap_or_default().to_owned();
        let labels = labels(info, code, dry_run);
        let mut requests = self.requests.lock();
        let full = requests.len() >= MAX_SERIES && !requests.contains_key(&labels);
        let labels = if full { Labels { verb: "other".to_owned(), ..Labels::default() } } else { labels };
        *requests.entry(labels).or_default() += 1;
    }

    /// In Prometheus' text format.
    pub fn text(&self) -> String {
        let mut out = String::from(
            "# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.\n# TYPE apiserver_request_total counter\n",
        );
        for (labels, count) in self.requests.lock().iter() {
            let Labels { code, dry_run, group, resource, scope, subresource, verb, version } = labels;
            writeln!(
                out,
                "apiserver_request_total{{code=\"{code}\",component=\"apiserver\",dry_run=\"{}\",group=\"{group}\",resource=\"{resource}\",scope=\"{scope}\",subresource=\"{subresource}\",verb=\"{verb}\",version=\"{version}\"}} {count}",
                escaped(dry_run)
            )
            .expect("writing to a string cannot fail");
        }
        out
    }
}

fn labels(info: RequestInfo, code: u16, dry_run: String) -> Labels {
    let verb = match info.verb.as_str() {
        "create" => "POST".to_owned(),
        "update" => "PUT".to_owned(),
        other => other.to_uppercase(),
    };
    if !info.is_resource {
        return Labels { code, dry_run, verb, ..Labels::default() };
    }
    // Only what is served is counted by name: names of others are the client's invention.
    if matches!(code, 401 | 403 | 404) {
        return Labels { code, verb, scope: scope(&info), ..Labels::default() };
    }
    let scope = scope(&info);
    let RequestInfo { group, resource, subresource, version, .. } = info;
    Labels { code, dry_run, group, resource, scope, subresource, verb, version }
}

fn scope(info: &RequestInfo) -> &'static str {
    match (info.name.is_empty(), info.namespace.is_empty()) {
        (false, _) => "resource",
        (true, false) => "namespace",
        (true, true) => "cluster",
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn answers_are_counted_by_what_they_are_about() {
        let metrics = Metrics::default();
        let uri = "/api/v1/namespaces/n/pods?limit=1".parse().unwrap();
        metrics.count("GET", &uri, 200);
        metrics.count("GET", &uri, 200);
        let line = "apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"pods\",scope=\"namespace\",subresource=\"\",verb=\"LIST\",version=\"v1\"} 2\n";
        assert!(metrics.text().ends_with(line), "{}", metrics.text());
    }
}
