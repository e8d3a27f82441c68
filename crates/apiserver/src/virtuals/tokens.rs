//! `serviceaccounts/token`: a token for a service account, bound to a pod, a node or a secret.

use crate::late::Late;
use api_misc::authentication::v1;
use authn::service_account::{Bound, Claims, Signer};
use bytes::Bytes;
use kind::{ApiError, FieldErrors, Path};
use patch::managed::FieldManager;
use registry::{BoxFuture, Outcome, RequestContext, Virtual};
use schema::{Time, Typed, Value};
use std::sync::Arc;
use stdx::Rng;

const DEFAULT_SECONDS: i64 = 3600;
const MIN_SECONDS: i64 = 600;
const MAX_SECONDS: i64 = 1 << 32;
/// What the ServiceAccount admission asks for, by which tokens of old clients are told: they are kept alive for longer.
const EXTENDABLE_SECONDS: i64 = 3607;
const EXTENDED_SECONDS: i64 = 365 * 24 * 3600;

pub struct TokenRequest {
    pub signer: Arc<Signer>,
    /// Of tokens that ask for none: the server's own.
    pub audiences: Vec<String>,
    /// Zero: no limit.
    pub max_seconds: i64,
    /// Tokens of pods live on for clients that do not renew them.
    pub extends: bool,
    pub rng: Arc<dyn Rng>,
    pub registry: Late,
}

impl Virtual for TokenRequest {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move { self.issue(context, v1::TokenRequest::from_value(&body)) })
    }
}

impl TokenRequest {
    fn issue(&self, context: &RequestContext, mut request: v1::TokenRequest) -> Result<Outcome, ApiError> {
        let (namespace, name) = (&context.info.namespace, &context.info.name);
        let seconds = *request.spec.expiration_seconds.get_or_insert(DEFAULT_SECONDS);
        let mut request = tracked(context, request);
        check_meta(&request, namespace, name)?;
        let account = self.find("serviceaccounts", namespace, name)?;
        if request.spec.audiences.is_empty() {
            request.spec.audiences = self.audiences.clone();
        }
        validate(seconds)?;
        let mut claims = self.claims(context.now, namespace, &account);
        if let Some(bound) = &request.spec.bound_object_ref {
            self.bind(&mut claims, bound)?;
        }
        let seconds = self.limited(context, &mut request, seconds);
        claims.audiences = request.spec.audiences.clone();
        claims.expires_at = claims.issued_at + seconds;
        let for_us = request.spec.audiences.iter().all(|audience| self.audiences.contains(audience));
        if self.extends && seconds == EXTENDABLE_SECONDS && claims.pod.is_some() && for_us {
            claims.warn_after = Some(claims.expires_at);
            claims.expires_at = claims.issued_at + EXTENDED_SECONDS;
        }
        request.status.token = self.signer.sign(&claims).map_err(ApiError::internal)?;
        request.status.expiration_timestamp = Some(Time::from_unix(claims.issued_at + seconds));
        request.metadata.name = name.clone();
        request.metadata.namespace = namespace.clone();
        request.metadata.uid = uid(&account);
        request.metadata.creation_timestamp = Some(context.now);
        Ok(Outcome::created(request.to_value()))
    }

    /// For how long the token is good; less than what was asked for is told.
    fn limited(&self, context: &RequestContext, request: &mut v1::TokenRequest, seconds: i64) -> i64 {
        if self.max_seconds == 0 || seconds <= self.max_seconds {
            return seconds;
        }
        let max = self.max_seconds;
        context.warn(format!("requested expiration of {seconds} seconds shortened to {max} seconds"));
        request.spec.expiration_seconds = Some(max);
        max
    }

    fn claims(&self, now: Time, namespace: &str, account: &Value) -> Claims {
        Claims {
            namespace: namespace.to_owned(),
            service_account: Bound { name: account.str_at(&["metadata", "name"]).to_owned(), uid: uid(account) },
            pod: None,
            node: None,
            secret: None,
            audiences: Vec::new(),
            issued_at: now.unix(),
            expires_at: now.unix(),
            warn_after: None,
            id: stdx::uuid_v4(&*self.rng),
        }
    }

    /// Binds the token to an object, which must exist and be the one meant.
    fn bind(&self, claims: &mut Claims, reference: &v1::BoundObjectReference) -> Result<(), ApiError> {
        let resource = match (reference.api_version.as_str(), reference.kind.as_str()) {
            ("v1", "Pod") => "pods",
            ("v1", "Secret") => "secrets",
            ("v1", "Node") => "nodes",
            (version, kind) => {
                let version = if version.contains('/') { version.to_owned() } else { format!("/{version}") };
                let message = format!("cannot bind token to object of type {version}, Kind={kind}");
                return Err(ApiError::bad_request(message));
            }
        };
        let namespace = if resource == "nodes" { "" } else { claims.namespace.as_str() };
        let object = self.find(resource, namespace, &reference.name)?;
        let found = uid(&object);
        if !reference.uid.is_empty() && reference.uid != found {
            let why = format!(
                "the UID in the bound object reference ({}) does not match the UID in record. The object might have been \
                 deleted and then recreated",
                reference.uid
            );
            let kind = &reference.kind;
            let message = format!("Operation cannot be fulfilled on {kind} \"{}\": {why}", reference.name);
            return Err(ApiError::new(409, "Conflict", message).about("", kind, &reference.name));
        }
        let bound = Bound { name: reference.name.clone(), uid: found };
        match resource {
            "pods" => {
                let account = object.str_at(&["spec", "serviceAccountName"]);
                if account != claims.service_account.name {
                    let message = format!(
                        "cannot bind token for serviceaccount \"{}\" to pod running with different serviceaccount name.",
                        claims.service_account.name
                    );
                    return Err(ApiError::bad_request(message));
                }
                claims.pod = Some(bound);
                claims.node = self.node_of(&object);
            }
            "secrets" => claims.secret = Some(bound),
            _ => claims.node = Some(bound),
        }
        Ok(())
    }

    fn node_of(&self, pod: &Value) -> Option<Bound> {
        let name = pod.str_at(&["spec", "nodeName"]);
        if name.is_empty() {
            return None;
        }
        // A node that is not there any more is named without its uid.
        let uid = self.find("nodes", "", name).map(|node| uid(&node)).unwrap_or_default();
        Some(Bound { name: name.to_owned(), uid })
    }

    fn find(&self, resource: &str, namespace: &str, name: &str) -> Result<Arc<Value>, ApiError> {
        self.registry.find(resource, namespace, name)?.ok_or_else(|| {
            let message = format!("{resource} \"{name}\" not found");
            ApiError::new(404, "NotFound", message).about("", resource, name)
        })
    }
}

/// With the managedFields of what the client sent.
fn tracked(context: &RequestContext, request: v1::TokenRequest) -> v1::TokenRequest {
    let manager = FieldManager {
        ty: v1::TokenRequest::type_ref(),
        api_version: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        subresource: "token",
        reset: &[],
        versions: None,
    };
    let mut value = request.to_value();
    let name = context.field_manager(context.query.get("fieldManager").unwrap_or_default());
    manager.on_update(&Value::Null, &mut value, &name, context.now);
    v1::TokenRequest::from_value(&value)
}

/// What the body says of itself must be what the path says.
fn check_meta(request: &v1::TokenRequest, namespace: &str, name: &str) -> Result<(), ApiError> {
    let meta = &request.metadata;
    let path = Path::root("metadata");
    let mut errors = FieldErrors::new();
    if !meta.name.is_empty() && meta.name != name {
        errors.invalid(&path.child("name"), &meta.name, "must match the service account name if specified");
    }
    if !meta.namespace.is_empty() && meta.namespace != namespace {
        let why = "must match the service account namespace if specified";
        errors.invalid(&path.child("namespace"), &meta.namespace, why);
    }
    refused(&errors, name)
}

fn uid(object: &Value) -> String {
    object.str_at(&["metadata", "uid"]).to_owned()
}

fn validate(seconds: i64) -> Result<(), ApiError> {
    let path = Path::root("spec");
    let mut errors = FieldErrors::new();
    if seconds < MIN_SECONDS {
        let why = "may not specify a duration less than 10 minutes";
        errors.invalid(&path.child("expirationSeconds"), seconds, why);
    }
    if seconds > MAX_SECONDS {
        let why = "may not specify a duration larger than 2^32 seconds";
        errors.invalid(&path.child("expirationSeconds"), seconds, why);
    }
    refused(&errors, "")
}

fn refused(errors: &FieldErrors, name: &str) -> Result<(), ApiError> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(ApiError::invalid("authentication.k8s.io", "TokenRequest", name, errors))
    }
}
