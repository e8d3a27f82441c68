// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    CertificateSigningRequest = "io.k8s.api.certificates.v1.CertificateSigningRequest", kind "certificates.k8s.io/v1" "CertificateSigningRequest" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: CertificateSigningRequestSpec,
        "status" status: CertificateSigningRequestStatus,
    }
}

schema::typed_object! { CertificateSigningRequest, api_meta::v1::ObjectMeta, cluster "certificatesigningrequests" "certificates.k8s.io" "v1" "CertificateSigningRequest" }

schema::typed_struct! {
    CertificateSigningRequestCondition = "io.k8s.api.certificates.v1.CertificateSigningRequestCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "lastUpdateTime" last_update_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    CertificateSigningRequestSpec = "io.k8s.api.certificates.v1.CertificateSigningRequestSpec" {
        "expirationSeconds" expiration_seconds: Option<i32>,
        "extra" extra: BTreeMap<String, Vec<String>>,
        "groups" groups: Vec<String>,
        "request" request: schema::Bytes,
        "signerName" signer_name: String,
        "uid" uid: String,
        "usages" usages: Vec<String>,
        "username" username: String,
    }
}

schema::typed_struct! {
    CertificateSigningRequestStatus = "io.k8s.api.certificates.v1.CertificateSigningRequestStatus" {
        "certificate" certificate: schema::Bytes,
        "conditions" conditions: Vec<CertificateSigningRequestCondition>,
    }
}
