//! `/healthz`, `/livez`, `/readyz`: named checks, alone or together.

use crate::metrics::Metrics;
use http::StatusCode;
use registry::BoxFuture;
use std::fmt::Write;
use std::sync::Arc;

type Run = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// One check.
pub struct Check {
    name: &'static str,
    part: Part,
    /// What is wrong, if anything is.
    run: Run,
}

/// Of which endpoints a check is a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Everywhere,
    /// What fails here is cured by waiting, not by a restart.
    ReadinessOnly,
    /// What fails here is no reason to send clients elsewhere.
    NotReadiness,
}

impl Check {
    pub fn new(
        name: &'static str,
        part: Part,
        run: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) -> Check {
        Check { name, part, run: Box::new(run) }
    }

    /// One that need not wait.
    pub fn now(name: &'static str, part: Part, run: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Check {
        Check::new(name, part, move || Box::pin(std::future::ready(run())))
    }

    fn is_part_of(&self, endpoint: &str) -> bool {
        match self.part {
            Part::Everywhere => true,
            Part::ReadinessOnly => endpoint == "readyz",
            Part::NotReadiness => endpoint != "readyz",
        }
    }
}

/// The checks of one server.
#[derive(Clone)]
pub struct Health {
    checks: Arc<Vec<Check>>,
    metrics: Arc<Metrics>,
}

/// What is asked for: `?verbose`, `?exclude=NAME`.
#[derive(Default)]
pub struct Asked<'a> {
    pub verbose: bool,
    pub exclude: Vec<&'a str>,
}

impl Health {
    pub fn new(checks: Vec<Check>, metrics: Arc<Metrics>) -> Health {
        Health { checks: Arc::new(checks), metrics }
    }

    /// Of an endpoint such as `readyz`.
    pub fn names(&self, endpoint: &str) -> impl Iterator<Item = &'static str> {
        self.checks.iter().filter(move |check| check.is_part_of(endpoint)).map(|check| check.name)
    }

    /// Answers a path such as `/readyz` or `/readyz/etcd`; none: there is no such check.
    pub async fn answer(&self, path: &str, asked: &Asked<'_>) -> Option<(StatusCode, String)> {
        let rest = path.strip_prefix('/')?;
        let (endpoint, name) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(endpoint, "healthz" | "livez" | "readyz") {
            return None;
        }
        if name.is_empty() {
            return Some(self.all(endpoint, asked).await);
        }
        let check = self.checks.iter().filter(|check| check.is_part_of(endpoint)).find(|check| check.name == name)?;
        Some(match self.run(check, endpoint).await {
            Ok(()) => (StatusCode::OK, "ok".into()),
            Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, format!("internal server error: {why}\n")),
        })
    }

    async fn run(&self, check: &Check, endpoint: &str) -> Result<(), String> {
        let result = (check.run)().await;
        self.metrics.checked(check.name, endpoint, result.is_ok());
        result
    }

    async fn all(&self, endpoint: &str, asked: &Asked<'_>) -> (StatusCode, String) {
        let (mut lines, mut failed) = (String::new(), false);
        let mut unknown: Vec<&str> = asked.exclude.clone();
        for check in self.checks.iter().filter(|check| check.is_part_of(endpoint)) {
            unknown.retain(|name| *name != check.name);
            let line = if asked.exclude.contains(&check.name) {
                format!("[+]{} excluded: ok\n", check.name)
            } else if let Err(why) = self.run(check, endpoint).await {
                tracing::debug!(check = check.name, %why, "health check failed");
                failed = true;
                format!("[-]{} failed: reason withheld\n", check.name)
            } else {
                format!("[+]{} ok\n", check.name)
            };
            lines.push_str(&line);
        }
        if !unknown.is_empty() {
            let names: Vec<String> = unknown.iter().map(|name| format!("\"{name}\"")).collect();
            let warning = format!("warn: some health checks cannot be excluded: no matches for {}\n", names.join(","));
            lines.push_str(&warning);
        }
        if failed {
            writeln!(lines, "{endpoint} check failed").expect("writing to a string cannot fail");
            return (StatusCode::INTERNAL_SERVER_ERROR, lines);
        }
        if !asked.verbose {
            return (StatusCode::OK, "ok".into());
        }
        writeln!(lines, "{endpoint} check passed").expect("writing to a string cannot fail");
        (StatusCode::OK, lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn health(etcd: Result<(), String>) -> Health {
        let checks = vec![
            Check::now("ping", Part::Everywhere, || Ok(())),
            Check::now("etcd", Part::NotReadiness, move || etcd.clone()),
            Check::now("shutdown", Part::ReadinessOnly, || Err("going".into())),
        ];
        Health::new(checks, Metrics::new(0, "", &BTreeMap::new()))
    }

    #[tokio::test]
    async fn one_failing_check_fails_what_it_belongs_to() {
        let (health, asked) = (health(Err("down".into())), Asked::default());
        for (path, code) in [
            ("/livez", Some(500)),
            ("/readyz", Some(500)),
            ("/readyz/ping", Some(200)),
            ("/livez/etcd", Some(500)),
            ("/readyz/etcd", None),
            ("/livez/shutdown", None),
            ("/readyz/nope", None),
        ] {
            assert_eq!(health.answer(path, &asked).await.map(|(code, _)| code.as_u16()), code, "{path}");
        }
    }

    #[tokio::test]
    async fn verbose_names_every_check_and_exclusions_that_match_nothing() {
        let asked = Asked { verbose: true, exclude: vec!["etcd", "nope"] };
        let (_, text) = health(Ok(())).answer("/livez", &asked).await.unwrap();
        let expected = "[+]ping ok\n[+]etcd excluded: ok\nwarn: some health checks cannot be excluded: no matches for \
                        \"nope\"\nlivez check passed\n";
        assert_eq!(text, expected);
    }
}
