//! SelfSubjectReview and TokenReview: who am I; whose token is this.

use api_misc::authentication::v1;
use authn::UserInfo;
use authn::service_account::{Lookup, Verifier};
use bytes::Bytes;
use kind::ApiError;
use registry::{BoxFuture, Outcome, RequestContext, Virtual};
use schema::{Typed, Value};
use std::sync::Arc;

pub struct SelfSubjectReview;

pub struct TokenReview {
    pub tokens: Arc<Verifier>,
    pub lookup: Arc<dyn Lookup + Send + Sync>,
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
        context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let mut review = v1::TokenReview::from_value(&body);
            if review.spec.token.is_empty() {
                return Err(ApiError::bad_request("token is required for TokenReview in authentication"));
            }
            match self.tokens.verify(&review.spec.token, &review.spec.audiences, context.now.unix(), &*self.lookup) {
                Ok((user, audiences)) => {
                    review.status.authenticated = true;
                    review.status.user = info(&user);
                    review.status.audiences = audiences;
                }
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
