//! How objects get from one version to another.

use api_misc::admissionregistration::v1::ServiceReference;
use api_misc::apiextensions::v1;
use custom::status::is_true;
use kind::field::{Bare, Shown};
use kind::{FieldErrors, Path, validate};

const ACCEPTED: &[&str] = &["v1", "v1beta1"];

pub fn validate(
    spec: &v1::CustomResourceDefinitionSpec,
    conversion: Option<&v1::CustomResourceConversion>,
    old: Option<&v1::CustomResourceDefinition>,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let Some(conversion) = conversion else { return };
    let strategy = path.child("strategy");
    if conversion.strategy != "None" && spec.preserve_unknown_fields {
        let why = "must be None if spec.preserveUnknownFields is true";
        errors.invalid(&strategy, &conversion.strategy, why);
    }
    match conversion.strategy.as_str() {
        "" => errors.required(&strategy, ""),
        "None" | "Webhook" => {}
        other => errors.not_supported(&strategy, other, &["None", "Webhook"]),
    }
    let webhook = conversion.webhook.as_deref();
    let config = webhook.and_then(|webhook| webhook.client_config.as_deref());
    let reviews = webhook.map(|webhook| webhook.conversion_review_versions.as_slice()).unwrap_or_default();
    let (config_path, reviews_path) = (path.child("webhookClientConfig"), path.child("conversionReviewVersions"));
    if conversion.strategy != "Webhook" {
        let why = "should not be set when strategy is not set to Webhook";
        if config.is_some() {
            errors.forbidden(&config_path, why);
        }
        if !reviews.is_empty() {
            errors.forbidden(&reviews_path, why);
        }
        return;
    }
    match config {
        None => errors.required(&config_path, "required when strategy is set to Webhook"),
        Some(config) => validate_client(config, may_have_bad_bundle(old), &config_path, errors),
    }
    validate_reviews(reviews, recognizes_none(old), &reviews_path, errors);
}

/// A bundle that is none may stay one, and be there before the definition is served.
fn may_have_bad_bundle(old: Option<&v1::CustomResourceDefinition>) -> bool {
    let Some(old) = old.filter(|old| is_true(&old.status, "Established")) else { return true };
    let webhook = old.spec.conversion.as_ref().and_then(|conversion| conversion.webhook.as_ref());
    let bundle = webhook.and_then(|webhook| webhook.client_config.as_ref()).map(|config| &config.ca_bundle.0);
    bundle.is_some_and(|bundle| !bundle.is_empty() && !has_certificate(bundle))
}

/// Whether the definition before named no version of reviews that upstream's servers understand.
fn recognizes_none(old: Option<&v1::CustomResourceDefinition>) -> bool {
    let conversion = old.and_then(|old| old.spec.conversion.as_ref());
    let webhook = conversion.and_then(|conversion| conversion.webhook.as_ref());
    webhook.is_some_and(|webhook| {
        let versions = &webhook.conversion_review_versions;
        !versions.is_empty() && !versions.iter().any(|version| ACCEPTED.contains(&version.as_str()))
    })
}

fn has_certificate(bundle: &[u8]) -> bool {
    String::from_utf8_lossy(bundle).contains("-----BEGIN CERTIFICATE-----")
}

fn validate_client(config: &v1::WebhookClientConfig, lax: bool, path: &Path, errors: &mut FieldErrors) {
    match (&config.url, &config.service) {
        (Some(_), Some(_)) | (None, None) => errors.required(path, "exactly one of url or service is required"),
        (Some(url), None) => crate::webhooks::validate_url(url, &path.child("url"), errors),
        (None, Some(service)) => {
            let service = ServiceReference {
                name: service.name.clone(),
                namespace: service.namespace.clone(),
                path: service.path.clone(),
                port: service.port,
            };
            crate::webhooks::validate_service(&service, &path.child("service"), errors);
        }
    }
    if !lax && !config.ca_bundle.0.is_empty() && !has_certificate(&config.ca_bundle.0) {
        let why = "unable to load root certificates: unable to parse bytes as PEM block";
        errors.invalid(&path.child("caBundle"), Bare("<caBundle>"), why);
    }
}

fn validate_reviews(versions: &[String], lax: bool, path: &Path, errors: &mut FieldErrors) {
    if versions.is_empty() {
        return errors.required(path, "");
    }
    for (index, version) in versions.iter().enumerate() {
        if versions[..index].contains(version) {
            errors.invalid(&path.index(index), version, "duplicate version");
            continue;
        }
        for sentence in validate::dns1035_label(version) {
            errors.invalid(&path.index(index), version, sentence);
        }
    }
    if !lax && !versions.iter().any(|version| ACCEPTED.contains(&version.as_str())) {
        let shown = Bare(format!("[{}]", versions.iter().map(Shown::shown).collect::<Vec<_>>().join(",")));
        errors.invalid(path, shown, format!("must include at least one of {}", ACCEPTED.join(", ")));
    }
}
