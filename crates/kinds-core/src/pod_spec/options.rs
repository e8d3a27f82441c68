//! What the validation of a spec depends on besides the spec.

use super::{affinity, scheduling};
use api_core::v1::PodSpec;
use kind::{FieldErrors, Path};

/// Made by [`Options::pod`] or [`Options::template`]; for an update followed by [`Options::tolerating`].
///
/// A flag lets pass what stored objects may have from older versions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The spec is a pod's, not a template's.
    pub is_pod: bool,
    pub allow_invalid_selector_values: bool,
    pub allow_invalid_spread_selector: bool,
    pub allow_any_token_path: bool,
    /// Sysctls of a namespace that the pod shares with the host.
    pub allow_host_sysctls: bool,
}

impl Options {
    pub fn pod() -> Options {
        Options { is_pod: true, ..Options::default() }
    }

    pub fn template() -> Options {
        Options::default()
    }

    /// Lets pass what the old spec already has.
    pub fn tolerating(self, old: &PodSpec) -> Options {
        let path = Path::object();
        let wrong = |check: &dyn Fn(&mut FieldErrors)| {
            let mut errors = FieldErrors::new();
            check(&mut errors);
            !errors.is_empty()
        };
        let tokens = || {
            let projected = old.volumes.iter().filter_map(|volume| volume.projected.as_ref());
            projected
                .flat_map(|projected| &projected.sources)
                .filter_map(|source| source.service_account_token.as_ref())
        };
        let shares_host = old.host_network || old.host_ipc;
        let has_sysctls = old.security_context.as_ref().is_some_and(|context| !context.sysctls.is_empty());
        Options {
            allow_invalid_selector_values: old
                .affinity
                .as_ref()
                .is_some_and(|affinity| wrong(&|errors| affinity::validate(affinity, false, &path, errors))),
            allow_invalid_spread_selector: wrong(&|errors| {
                let constraints = &old.topology_spread_constraints;
                scheduling::validate_topology_spread(constraints, false, &path, errors);
            }),
            allow_any_token_path: tokens()
                .any(|token| wrong(&|errors| super::check::local_path(&token.path, &path, errors))),
            allow_host_sysctls: shares_host && has_sysctls,
            ..self
        }
    }
}
