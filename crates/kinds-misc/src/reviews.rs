//! The reviews of authentication.k8s.io and authorization.k8s.io: asked and answered, never stored.

use kind::{Names, Scope, Verb, Version, VirtualKind};

pub static SELF_SUBJECT_REVIEW: VirtualKind = VirtualKind(&SELF_SUBJECT_REVIEW_NAMES, &[]);
pub static TOKEN_REVIEW: VirtualKind = VirtualKind(&TOKEN_REVIEW_NAMES, &[]);
pub static LOCAL_SUBJECT_ACCESS_REVIEW: VirtualKind = VirtualKind(&LOCAL_SUBJECT_ACCESS_REVIEW_NAMES, &[]);
pub static SELF_SUBJECT_ACCESS_REVIEW: VirtualKind = VirtualKind(&SELF_SUBJECT_ACCESS_REVIEW_NAMES, &[]);
pub static SELF_SUBJECT_RULES_REVIEW: VirtualKind = VirtualKind(&SELF_SUBJECT_RULES_REVIEW_NAMES, &[]);
pub static SUBJECT_ACCESS_REVIEW: VirtualKind = VirtualKind(&SUBJECT_ACCESS_REVIEW_NAMES, &[]);

static SELF_SUBJECT_REVIEW_NAMES: Names = review(
    "authentication.k8s.io",
    "SelfSubjectReview",
    "selfsubjectreviews",
    "selfsubjectreview",
    Scope::Cluster,
    &[Version { name: "v1", type_name: "io.k8s.api.authentication.v1.SelfSubjectReview" }],
);
static TOKEN_REVIEW_NAMES: Names = review(
    "authentication.k8s.io",
    "TokenReview",
    "tokenreviews",
    "tokenreview",
    Scope::Cluster,
    &[Version { name: "v1", type_name: "io.k8s.api.authentication.v1.TokenReview" }],
);
static LOCAL_SUBJECT_ACCESS_REVIEW_NAMES: Names = review(
    "authorization.k8s.io",
    "LocalSubjectAccessReview",
    "localsubjectaccessreviews",
    "localsubjectaccessreview",
    Scope::Namespaced,
    &[Version { name: "v1", type_name: "io.k8s.api.authorization.v1.LocalSubjectAccessReview" }],
);
static SELF_SUBJECT_ACCESS_REVIEW_NAMES: Names = review(
    "authorization.k8s.io",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    "selfsubjectaccessreview",
    Scope::Cluster,
    &[Version { name: "v1", type_name: "io.k8s.api.authorization.v1.SelfSubjectAccessReview" }],
);
static SELF_SUBJECT_RULES_REVIEW_NAMES: Names = review(
    "authorization.k8s.io",
    "SelfSubjectRulesReview",
    "selfsubjectrulesreviews",
    "selfsubjectrulesreview",
    Scope::Cluster,
    &[Version { name: "v1", type_name: "io.k8s.api.authorization.v1.SelfSubjectRulesReview" }],
);
static SUBJECT_ACCESS_REVIEW_NAMES: Names = review(
    "authorization.k8s.io",
    "SubjectAccessReview",
    "subjectaccessreviews",
    "subjectaccessreview",
    Scope::Cluster,
    &[Version { name: "v1", type_name: "io.k8s.api.authorization.v1.SubjectAccessReview" }],
);

const fn review(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    scope: Scope,
    versions: &'static [Version],
) -> Names {
    Names {
        group,
        kind,
        plural,
        singular,
        short_names: &[],
        categories: &[],
        scope,
        versions,
        verbs: Verb::CREATE,
        subresources: &[],
    }
}
