//! The spec of a pod, in pods and in the templates of workloads: defaults, validation, warnings.
//!
//! Everything here is shared by all kinds that hold a pod template. What holds of pods alone is in [`crate::pod`].

mod defaults;
mod image;
mod options;

pub use defaults::{default, round_up};
pub use options::Options;

use api_core::v1::{PodSpec, PodTemplateSpec};
use api_meta::v1::ObjectMeta;
use kind::{FieldErrors, Path, validate};

/// The defaults of a template, to be called from a kind's own `default`.
pub fn default_template(template: &mut PodTemplateSpec) {
    default(&mut template.spec);
}

/// Validates a spec; `meta` is that of the pod or template around it.
pub fn validate(spec: &PodSpec, meta: &ObjectMeta, path: &Path, options: &Options, errors: &mut FieldErrors) {
    let _ = (meta, options);
    if spec.containers.is_empty() {
        errors.required(&path.child("containers"), "");
    }
}

/// Validates a template: labels, annotations and spec.
pub fn validate_template(template: &PodTemplateSpec, path: &Path, options: &Options, errors: &mut FieldErrors) {
    let metadata = path.child("metadata");
    validate::labels(&template.metadata.labels, &metadata.child("labels"), errors);
    validate::annotations(&template.metadata.annotations, &metadata.child("annotations"), errors);
    validate(&template.spec, &template.metadata, &path.child("spec"), options, errors);
}

/// Warnings about a template, such as duplicate environment variables; `path` is that of the template.
pub fn template_warnings(_template: &PodTemplateSpec, _path: &Path, _old: Option<&PodTemplateSpec>) -> Vec<String> {
    Vec::new()
}
