//! CertificateSigningRequest.

use api_misc::certificates::v1;
use kind::columns::human_duration;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
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
