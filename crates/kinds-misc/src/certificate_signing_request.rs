//! CertificateSigningRequest.

use crate::signing_request as request;
use api_misc::certificates::v1;
use kind::columns::human_duration;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct CertificateSigningRequest;

static NAMES: Names = Names {
    group: "certificates.k8s.io",
    kind: "CertificateSigningRequest",
    plural: "certificatesigningrequests",
    singular: "certificatesigningrequest",
    short_names: &["csr"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.certificates.v1.CertificateSigningRequest" }],
    verbs: Verb::ALL,
    subresources: &[
        Subresource {
            name: "approval",
            group: "",
            version: "",
            kind: "CertificateSigningRequest",
            verbs: Verb::STATUS,
            only_version: "",
        },
        Subresource::status("CertificateSigningRequest"),
    ],
};

static COLUMNS: &[Column<v1::CertificateSigningRequest>] = &[
    Column::NAME,
    Column::AGE,
    Column::string("SignerName", SIGNER_NAME_DESCRIPTION, 0, signer_name),
    Column::string("Requestor", "Base64-encoded PKCS#10 CSR data", 0, requestor),
    Column::string("RequestedDuration", REQUESTED_DURATION_DESCRIPTION, 0, requested_duration),
    Column::string("Condition", "Conditions applied to the request, such as approval or denial.", 0, condition),
];

const SIGNER_NAME_DESCRIPTION: &str = "Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:\n 1. If it's a kubelet client certificate, it is assigned\n    \"kubernetes.io/kube-apiserver-client-kubelet\".\n 2. If it's a kubelet serving certificate, it is assigned\n    \"kubernetes.io/kubelet-serving\".\n 3. Otherwise, it is assigned \"kubernetes.io/legacy-unknown\".\nDistribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.";
const REQUESTED_DURATION_DESCRIPTION: &str = "expirationSeconds is the requested duration of validity of the issued certificate. The certificate signer may issue a certificate with a different validity duration so a client must check the delta between the notBefore and and notAfter fields in the issued certificate to determine the actual duration.\n\nThe v1.22+ in-tree implementations of the well-known Kubernetes signers will honor this field as long as the requested duration is not greater than the maximum duration they will honor per the --cluster-signing-duration CLI flag to the Kubernetes controller manager.\n\nCertificate signers may not honor this field for various reasons:\n\n  1. Old signer that is unaware of the field (such as the in-tree\n     implementations prior to v1.22)\n  2. Signer whose configured maximum is shorter than the requested duration\n  3. Signer whose configured minimum is longer than the requested duration\n\nThe minimum valid value for expirationSeconds is 600, i.e. 10 minutes.";

impl Kind for CertificateSigningRequest {
    type Object = v1::CertificateSigningRequest;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CertificateSigningRequest>] {
        COLUMNS
    }

    /// Who asks is who sends the request.
    fn prepare_create(&self, object: &mut v1::CertificateSigningRequest, context: &Context) {
        object.status = Default::default();
        object.spec.username = context.user.to_owned();
        object.spec.groups = context.groups.to_vec();
        object.spec.uid = context.uid.to_owned();
        object.spec.extra = context.extra.clone();
    }

    fn prepare_update(
        &self,
        new: &mut v1::CertificateSigningRequest,
        old: &v1::CertificateSigningRequest,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
        new.status = old.status.clone();
    }

    /// A signer writes the certificate, an approver the conditions of approval; neither writes the other's.
    fn prepare_subresource(
        &self,
        new: &mut v1::CertificateSigningRequest,
        old: &v1::CertificateSigningRequest,
        context: &Context,
    ) {
        new.spec = old.spec.clone();
        if context.subresource == "approval" {
            let conditions = std::mem::take(&mut new.status.conditions);
            new.status = old.status.clone();
            new.status.conditions = conditions;
        } else {
            keep_decisions(&mut new.status.conditions, &old.status.conditions);
        }
        for condition in &mut new.status.conditions {
            if condition.status.is_empty() {
                condition.status = "True".into();
            }
            let was = old.status.conditions.iter().find(|old| old.type_ == condition.type_);
            if condition.last_transition_time.is_none() {
                let same = was.filter(|was| was.status == condition.status);
                condition.last_transition_time = same.and_then(|was| was.last_transition_time).or(Some(context.now));
            }
            if condition.last_update_time.is_none() {
                condition.last_update_time = Some(context.now);
            }
        }
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["spec"], &["status"]],
            "approval" => &[&["spec"], &["status", "certificate"]],
            _ => &[&["spec"]],
        }
    }

    fn validate(&self, object: &v1::CertificateSigningRequest, errors: &mut FieldErrors) {
        request::validate(&object.spec, errors);
    }

    fn validate_update(
        &self,
        new: &v1::CertificateSigningRequest,
        _old: &v1::CertificateSigningRequest,
        errors: &mut FieldErrors,
    ) {
        request::validate(&new.spec, errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::CertificateSigningRequest,
        old: &v1::CertificateSigningRequest,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        request::status::validate_update(&new.status, &old.status, errors);
    }

    fn selectable(&self, object: &v1::CertificateSigningRequest) -> Vec<(&'static str, String)> {
        vec![("spec.signerName", object.spec.signer_name.clone())]
    }
}

fn signer_name(object: &v1::CertificateSigningRequest, _now: Time) -> Cell {
    Cell::from(object.spec.signer_name.as_str())
}

fn requestor(object: &v1::CertificateSigningRequest, _now: Time) -> Cell {
    Cell::from(object.spec.username.as_str())
}

fn requested_duration(object: &v1::CertificateSigningRequest, _now: Time) -> Cell {
    Cell::from(
        object
            .spec
            .expiration_seconds
            .map_or_else(|| "<none>".to_owned(), |seconds| human_duration(i64::from(seconds))),
    )
}

fn condition(object: &v1::CertificateSigningRequest, _now: Time) -> Cell {
    let has = |type_: &str| object.status.conditions.iter().any(|condition| condition.type_ == type_);
    let mut text = match () {
        () if has("Denied") => "Denied",
        () if has("Approved") => "Approved",
        () => "Pending",
    }
    .to_owned();
    if has("Failed") {
        text.push_str(",Failed");
    }
    if !object.status.certificate.is_empty() {
        text.push_str(",Issued");
    }
    Cell::from(text)
}

fn is_decision(condition: &v1::CertificateSigningRequestCondition) -> bool {
    matches!(condition.type_.as_str(), "Approved" | "Denied")
}

/// A write of the status neither adds nor takes away a decision.
fn keep_decisions(
    new: &mut Vec<v1::CertificateSigningRequestCondition>,
    old: &[v1::CertificateSigningRequestCondition],
) {
    new.retain(|condition| !is_decision(condition));
    let decisions = old.iter().filter(|condition| is_decision(condition)).cloned();
    new.splice(0..0, decisions);
}
