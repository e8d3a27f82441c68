//! SelfSubjectReview and TokenReview: who am I; whose token is this.

use crate::authentication::Tokens;
use api_misc::authentication::v1;
use authn::UserInfo;
use bytes::Bytes;
use kind::ApiError;
use registry::{BoxFuture, Outcome, RequestContext, Virtual};
use schema::{Typed, Value};
use std::sync::Arc;

pub struct SelfSubjectReview;

pub struct TokenReview {
    pub tokens: Arc<Tokens>,
    /// The server's own.
    pub audiences: Vec<String>,
}

impl Virtual for SelfSubjectReview {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        _body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let mut review = v1::SelfSubjectReview::default();
            review.metadata.creation_timestamp = Some(context.now);
            review.status.user_info = info(&context.caller.user);
            Ok(Outcome::created(review.to_value()))
        })
    }
}

impl Virtual for TokenReview {
    fn call<'a>(
        &'a self,
        _context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let mut review = v1::TokenReview::from_value(&body);
            if review.spec.token.is_empty() {
                return Err(ApiError::bad_request("token is required for TokenReview in authentication"));
            }
            let spec = &review.spec;
            let wanted = if spec.audiences.is_empty() { &self.audiences } else { &spec.audiences };
            match self.tokens.authenticate(&spec.token, wanted).await {
                Ok(Some(found)) => {
                    if !wanted.is_empty() && !found.audiences.iter().any(|audience| wanted.contains(audience)) {
                        return Err(ApiError::internal("failed to validate audience"));
                    }
                    review.status.authenticated = true;
                    review.status.user = info(&found.user);
                    review.status.audiences = found.audiences;
                }
                // The server has an authenticator for itself before all others, which has refused the token too.
                Ok(None) => review.status.error = "invalid bearer token".into(),
                Err(error) => review.status.error = format!("[invalid bearer token, {error}]"),
            }
            Ok(Outcome::created(review.to_value()))
        })
    }
}

fn info(user: &UserInfo) -> v1::UserInfo {
    v1::UserInfo {
        username: user.name.clone(),
        uid: user.uid.clone(),
        groups: user.groups.clone(),
        extra: user.extra.clone(),
    }
}
