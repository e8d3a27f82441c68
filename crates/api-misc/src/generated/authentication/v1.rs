// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    BoundObjectReference = "io.k8s.api.authentication.v1.BoundObjectReference" {
        "apiVersion" api_version: String,
        "kind" kind: String,
        "name" name: String,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    SelfSubjectReview = "io.k8s.api.authentication.v1.SelfSubjectReview", kind "authentication.k8s.io/v1" "SelfSubjectReview" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "status" status: SelfSubjectReviewStatus,
    }
}

schema::typed_object! { SelfSubjectReview, api_meta::v1::ObjectMeta, cluster "selfsubjectreviews" "authentication.k8s.io" "v1" "SelfSubjectReview" }

schema::typed_struct! {
    SelfSubjectReviewStatus = "io.k8s.api.authentication.v1.SelfSubjectReviewStatus" {
        "userInfo" user_info: UserInfo,
    }
}

schema::typed_struct! {
    TokenRequest = "io.k8s.api.authentication.v1.TokenRequest", kind "authentication.k8s.io/v1" "TokenRequest" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: TokenRequestSpec,
        "status" status: TokenRequestStatus,
    }
}

schema::typed_struct! {
    TokenRequestSpec = "io.k8s.api.authentication.v1.TokenRequestSpec" {
        "audiences" audiences: Vec<String>,
        "boundObjectRef" bound_object_ref: Option<Box<BoundObjectReference>>,
        "expirationSeconds" expiration_seconds: Option<i64>,
    }
}

schema::typed_struct! {
    TokenRequestStatus = "io.k8s.api.authentication.v1.TokenRequestStatus" {
        "expirationTimestamp" expiration_timestamp: Option<schema::Time>,
        "token" token: String,
    }
}

schema::typed_struct! {
    TokenReview = "io.k8s.api.authentication.v1.TokenReview", kind "authentication.k8s.io/v1" "TokenReview" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: TokenReviewSpec,
        "status" status: TokenReviewStatus,
    }
}

schema::typed_object! { TokenReview, api_meta::v1::ObjectMeta, cluster "tokenreviews" "authentication.k8s.io" "v1" "TokenReview" }

schema::typed_struct! {
    TokenReviewSpec = "io.k8s.api.authentication.v1.TokenReviewSpec" {
        "audiences" audiences: Vec<String>,
        "token" token: String,
    }
}

schema::typed_struct! {
    TokenReviewStatus = "io.k8s.api.authentication.v1.TokenReviewStatus" {
        "audiences" audiences: Vec<String>,
        "authenticated" authenticated: bool,
        "error" error: String,
        "user" user: UserInfo,
    }
}

schema::typed_struct! {
    UserInfo = "io.k8s.api.authentication.v1.UserInfo" {
        "extra" extra: BTreeMap<String, Vec<String>>,
        "groups" groups: Vec<String>,
        "uid" uid: String,
        "username" username: String,
    }
}
