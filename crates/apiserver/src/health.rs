//! `/healthz`, `/livez`, `/readyz`: named checks, alone or together.

use http::StatusCode;
use std::fmt::Write;
use std::sync::Arc;

/// One check.
pub struct Check {
    pub name: &'static str,
    /// Not part of `/livez`: what fails here is cured by waiting, not by a restart.
    pub ready_only: bool,
    /// What is wrong, if anything is.
    pub run: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
}

/// The checks of one server.
#[derive(Clone, Default)]
pub struct Health {
    checks: Arc<Vec<Check>>,
}

/// What is asked for: `?verbose`, `?exclude=NAME`.
#[derive(Default)]
pub struct Asked<'a> {
    pub verbose: bool,
    pub exclude: Vec<&'a str>,
}

impl Health {
    pub fn new(checks: Vec<Check>) -> Health {
        Health { checks: Arc::new(checks) }
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.checks.iter().map(|check| check.name)
    }

    /// Answers a path such as `/readyz` or `/readyz/etcd`; none: there is no such check.
    pub fn answer(&self, path: &str, asked: &Asked) -> Option<(StatusCode, String)> {
        let rest = path.strip_prefix('/')?;
        let (endpoint, name) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(endpoint, "healthz" | "livez" | "readyz") {
            return None;
        }
        let relevant = |check: &&Check| endpoint != "livez" || !check.ready_only;
        if !name.is_empty() {
            let check = self.checks.iter().filter(relevant).find(|check| check.name == name)?;
            return Some(match (check.run)() {
                Ok(()) => (StatusCode::OK, "ok".into()),
                Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, format!("internal server error: {why}\n")),
            });
        }
        Some(self.all(endpoint, asked, self.checks.iter().filter(relevant)))
    }

    fn all<'a>(&self, endpoint: &str, asked: &Asked, checks: impl Iterator<Item = &'a Check>) -> (StatusCode, String) {
        let (mut lines, mut failed) = (String::new(), false);
        let mut unknown: Vec<&str> = asked.exclude.clone();
        for check in checks {
            unknown.retain(|name| *name != check.name);
            let line = if asked.exclude.contains(&check.name) {
                format!("[+]{} excluded\n", check.name)
            } else if let Err(why) = (check.run)() {
                tracing::warn!(check = check.name, %why, "health check failed");
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

    fn health(etcd: Result<(), String>) -> Health {
        let check = |name, ready_only, result: Result<(), String>| Check {
            name,
            ready_only,
            run: Box::new(move || result.clone()),
        };
        Health::new(vec![check("ping", false, Ok(())), check("etcd", true, etcd)])
    }

    #[test]
    fn one_failing_check_fails_what_it_belongs_to() {
        let health = health(Err("down".into()));
        let code = |path: &str| health.answer(path, &Asked::default()).map(|(code, _)| code.as_u16());
        assert_eq!(code("/livez"), Some(200));
        assert_eq!(code("/readyz"), Some(500));
        assert_eq!(code("/readyz/ping"), Some(200));
        assert_eq!(code("/readyz/etcd"), Some(500));
        assert_eq!(code("/readyz/nope"), None);
    }

    #[test]
    fn verbose_names_every_check_and_exclusions_that_match_nothing() {
        let asked = Asked { verbose: true, exclude: vec!["etcd", "nope"] };
        let (_, text) = health(Ok(())).answer("/readyz", &asked).unwrap();
        let expected = "[+]ping ok\n[+]etcd excluded\nwarn: some health checks cannot be excluded: no matches for \
                        \"nope\"\nreadyz check passed\n";
        assert_eq!(text, expected);
    }
}
