// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    AdmissionRequest = "io.k8s.api.admission.v1.AdmissionRequest" {
        "dryRun" dry_run: Option<bool>,
        "kind" kind: api_meta::v1::GroupVersionKind,
        "name" name: String,
        "namespace" namespace: String,
        "object" object: schema::Value,
        "oldObject" old_object: schema::Value,
        "operation" operation: String,
        "options" options: schema::Value,
        "requestKind" request_kind: Option<Box<api_meta::v1::GroupVersionKind>>,
        "requestResource" request_resource: Option<Box<api_meta::v1::GroupVersionResource>>,
        "requestSubResource" request_sub_resource: String,
        "resource" resource: api_meta::v1::GroupVersionResource,
        "subResource" sub_resource: String,
        "uid" uid: String,
        "userInfo" user_info: crate::authentication::v1::UserInfo,
    }
}

schema::typed_struct! {
    AdmissionResponse = "io.k8s.api.admission.v1.AdmissionResponse" {
        "allowed" allowed: bool,
        "auditAnnotations" audit_annotations: BTreeMap<String, String>,
        "patch" patch: schema::Bytes,
        "patchType" patch_type: Option<String>,
        "status" status: Option<Box<api_meta::v1::Status>>,
        "uid" uid: String,
        "warnings" warnings: Vec<String>,
    }
}

schema::typed_struct! {
    AdmissionReview = "io.k8s.api.admission.v1.AdmissionReview", kind "admission.k8s.io/v1" "AdmissionReview" {
        "request" request: Option<Box<AdmissionRequest>>,
        "response" response: Option<Box<AdmissionResponse>>,
    }
}
