//! What the kinds of admission policies and their bindings share.

use api_misc::admissionregistration::v1::ParamRef;

/// The parameters of a binding, for a column.
pub fn param_ref_text(param_ref: Option<&ParamRef>) -> String {
    let Some(param_ref) = param_ref else { return "<unset>".into() };
    if !param_ref.name.is_empty() {
        let namespace = if param_ref.namespace.is_empty() { "*" } else { &param_ref.namespace };
        return format!("{namespace}/{}", param_ref.name);
    }
    match &param_ref.selector {
        None => "<unset>".into(),
        Some(selector) => kind::columns::label_selector_text(Some(selector)),
    }
}
