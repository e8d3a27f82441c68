//! `ApiError`: a failure as clients read it, always a `Status`, in upstream's words.

use crate::field::quoted;
use crate::{FieldErrors, Names};
use api_meta::v1::{Status, StatusCause, StatusDetails};

/// A Status with `status: Failure`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct ApiError(pub Box<Status>);

impl ApiError {
    pub fn new(code: i32, reason: &str, message: impl Into<String>) -> ApiError {
        ApiError(Box::new(Status {
            status: "Failure".into(),
            code,
            reason: reason.into(),
            message: message.into(),
            ..Status::default()
        }))
    }

    pub fn code(&self) -> i32 {
        self.0.code
    }

    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    pub fn is_not_found(&self) -> bool {
        self.reason() == "NotFound"
    }

    pub fn is_conflict(&self) -> bool {
        self.reason() == "Conflict"
    }

    pub fn is_already_exists(&self) -> bool {
        self.reason() == "AlreadyExists"
    }

    /// `pods "x" not found`; `resource` is `pods` or `deployments.apps` as [`Names::qualified`] gives it.
    pub fn not_found(names: &Names, name: &str) -> ApiError {
        let message = format!("{} {} not found", names.qualified(), quoted(name));
        ApiError::new(404, "NotFound", message).about(names.group, names.plural, name)
    }

    pub fn already_exists(names: &Names, name: &str) -> ApiError {
        let message = format!("{} {} already exists", names.qualified(), quoted(name));
        ApiError::new(409, "AlreadyExists", message).about(names.group, names.plural, name)
    }

    pub fn conflict(names: &Names, name: &str, why: &str) -> ApiError {
        let message = format!("Operation cannot be fulfilled on {} {}: {why}", names.qualified(), quoted(name));
        ApiError::new(409, "Conflict", message).about(names.group, names.plural, name)
    }

    /// An update that lost the race for the object's version.
    pub fn version_conflict(names: &Names, name: &str) -> ApiError {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        ApiError::conflict(names, name, why)
    }

    /// `Pod "x" is invalid: ...` with one cause a field.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &FieldErrors) -> ApiError {
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let mut error = ApiError::new(422, "Invalid", format!("{qualified} {} is invalid: {errors}", quoted(name)))
            .about(group, kind, name);
        error.details().causes = errors.iter().map(|e| e.cause()).collect();
        error
    }

    /// `pods "x" is forbidden: why`, or without a name `pods is forbidden: why`.
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> ApiError {
        let qualified = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        let message = match (resource, name) {
            ("", _) => format!("forbidden: {why}"),
            (_, "") => format!("{qualified} is forbidden: {why}"),
            _ => format!("{qualified} {} is forbidden: {why}", quoted(name)),
        };
        ApiError::new(403, "Forbidden", message).about(group, resource, name)
    }

    pub fn unauthorized() -> ApiError {
        ApiError::new(401, "Unauthorized", "Unauthorized")
    }

    pub fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "BadRequest", message)
    }

    pub fn internal(why: impl std::fmt::Display) -> ApiError {
        let mut error = ApiError::new(500, "InternalError", format!("Internal error occurred: {why}"));
        error.details().causes = vec![StatusCause { message: why.to_string(), ..StatusCause::default() }];
        error
    }

    pub fn method_not_supported(names: &Names, verb: &str) -> ApiError {
        let message = format!("{verb} is not supported on resources of kind \"{}\"", names.qualified());
        ApiError::new(405, "MethodNotAllowed", message).about(names.group, names.plural, "")
    }

    /// 410 with reason Expired: the version asked for is no longer held.
    pub fn expired(message: impl Into<String>) -> ApiError {
        ApiError::new(410, "Expired", message)
    }

    pub fn service_unavailable(message: impl Into<String>) -> ApiError {
        ApiError::new(503, "ServiceUnavailable", message)
    }

    /// Fills in what the failure is about.
    pub fn about(mut self, group: &str, kind: &str, name: &str) -> ApiError {
        let details = self.details();
        details.group = group.into();
        details.kind = kind.into();
        details.name = name.into();
        self
    }

    pub fn with_uid(mut self, uid: &str) -> ApiError {
        self.details().uid = uid.into();
        self
    }

    pub fn retry_after_seconds(mut self, seconds: i32) -> ApiError {
        self.details().retry_after_seconds = seconds;
        self
    }

    /// The details, made if there are none.
    pub fn details(&mut self) -> &mut StatusDetails {
        self.0.details.get_or_insert_default()
    }
}
