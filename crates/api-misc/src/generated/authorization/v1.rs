// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    FieldSelectorAttributes = "io.k8s.api.authorization.v1.FieldSelectorAttributes" {
        "rawSelector" raw_selector: String,
        "requirements" requirements: Vec<api_meta::v1::FieldSelectorRequirement>,
    }
}

schema::typed_struct! {
    LabelSelectorAttributes = "io.k8s.api.authorization.v1.LabelSelectorAttributes" {
        "rawSelector" raw_selector: String,
        "requirements" requirements: Vec<api_meta::v1::LabelSelectorRequirement>,
    }
}

schema::typed_struct! {
    LocalSubjectAccessReview = "io.k8s.api.authorization.v1.LocalSubjectAccessReview", kind "authorization.k8s.io/v1" "LocalSubjectAccessReview" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: SubjectAccessReviewSpec,
        "status" status: SubjectAccessReviewStatus,
    }
}

schema::typed_object! { LocalSubjectAccessReview, api_meta::v1::ObjectMeta, namespaced "localsubjectaccessreviews" "authorization.k8s.io" "v1" "LocalSubjectAccessReview" }

schema::typed_struct! {
    NonResourceAttributes = "io.k8s.api.authorization.v1.NonResourceAttributes" {
        "path" path: String,
        "verb" verb: String,
    }
}

schema::typed_struct! {
    NonResourceRule = "io.k8s.api.authorization.v1.NonResourceRule" {
        "nonResourceURLs" non_resource_urls: Vec<String>,
        "verbs" verbs: Vec<String>,
    }
}

schema::typed_struct! {
    ResourceAttributes = "io.k8s.api.authorization.v1.ResourceAttributes" {
        "fieldSelector" field_selector: Option<Box<FieldSelectorAttributes>>,
        "group" group: String,
        "labelSelector" label_selector: Option<Box<LabelSelectorAttributes>>,
        "name" name: String,
        "namespace" namespace: String,
        "resource" resource: String,
        "subresource" subresource: String,
        "verb" verb: String,
        "version" version: String,
    }
}

schema::typed_struct! {
    ResourceRule = "io.k8s.api.authorization.v1.ResourceRule" {
        "apiGroups" api_groups: Vec<String>,
        "resourceNames" resource_names: Vec<String>,
        "resources" resources: Vec<String>,
        "verbs" verbs: Vec<String>,
    }
}

schema::typed_struct! {
    SelfSubjectAccessReview = "io.k8s.api.authorization.v1.SelfSubjectAccessReview", kind "authorization.k8s.io/v1" "SelfSubjectAccessReview" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: SelfSubjectAccessReviewSpec,
        "status" status: SubjectAccessReviewStatus,
    }
}

schema::typed_object! { SelfSubjectAccessReview, api_meta::v1::ObjectMeta, cluster "selfsubjectaccessreviews" "authorization.k8s.io" "v1" "SelfSubjectAccessReview" }

schema::typed_struct! {
    SelfSubjectAccessReviewSpec = "io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec" {
        "nonResourceAttributes" non_resource_attributes: Option<Box<NonResourceAttributes>>,
        "resourceAttributes" resource_attributes: Option<Box<ResourceAttributes>>,
    }
}

schema::typed_struct! {
    SelfSubjectRulesReview = "io.k8s.api.authorization.v1.SelfSubjectRulesReview", kind "authorization.k8s.io/v1" "SelfSubjectRulesReview" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: SelfSubjectRulesReviewSpec,
        "status" status: SubjectRulesReviewStatus,
    }
}

schema::typed_object! { SelfSubjectRulesReview, api_meta::v1::ObjectMeta, cluster "selfsubjectrulesreviews" "authorization.k8s.io" "v1" "SelfSubjectRulesReview" }

schema::typed_struct! {
    SelfSubjectRulesReviewSpec = "io.k8s.api.authorization.v1.SelfSubjectRulesReviewSpec" {
        "namespace" namespace: String,
    }
}

schema::typed_struct! {
    SubjectAccessReview = "io.k8s.api.authorization.v1.SubjectAccessReview", kind "authorization.k8s.io/v1" "SubjectAccessReview" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: SubjectAccessReviewSpec,
        "status" status: SubjectAccessReviewStatus,
    }
}

schema::typed_object! { SubjectAccessReview, api_meta::v1::ObjectMeta, cluster "subjectaccessreviews" "authorization.k8s.io" "v1" "SubjectAccessReview" }

schema::typed_struct! {
    SubjectAccessReviewSpec = "io.k8s.api.authorization.v1.SubjectAccessReviewSpec" {
        "extra" extra: BTreeMap<String, Vec<String>>,
        "groups" groups: Vec<String>,
        "nonResourceAttributes" non_resource_attributes: Option<Box<NonResourceAttributes>>,
        "resourceAttributes" resource_attributes: Option<Box<ResourceAttributes>>,
        "uid" uid: String,
        "user" user: String,
    }
}

schema::typed_struct! {
    SubjectAccessReviewStatus = "io.k8s.api.authorization.v1.SubjectAccessReviewStatus" {
        "allowed" allowed: bool,
        "denied" denied: bool,
        "evaluationError" evaluation_error: String,
        "reason" reason: String,
    }
}

schema::typed_struct! {
    SubjectRulesReviewStatus = "io.k8s.api.authorization.v1.SubjectRulesReviewStatus" {
        "evaluationError" evaluation_error: String,
        "incomplete" incomplete: bool,
        "nonResourceRules" non_resource_rules: Vec<NonResourceRule>,
        "resourceRules" resource_rules: Vec<ResourceRule>,
    }
}
