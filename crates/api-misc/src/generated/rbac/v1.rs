// Made by cargo xtask codegen.

schema::typed_struct! {
    AggregationRule = "io.k8s.api.rbac.v1.AggregationRule" {
        "clusterRoleSelectors" cluster_role_selectors: Vec<api_meta::v1::LabelSelector>,
    }
}

schema::typed_struct! {
    ClusterRole = "io.k8s.api.rbac.v1.ClusterRole", kind "rbac.authorization.k8s.io/v1" "ClusterRole" {
        "aggregationRule" aggregation_rule: Option<Box<AggregationRule>>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "rules" rules: Vec<PolicyRule>,
    }
}

schema::typed_object! { ClusterRole, api_meta::v1::ObjectMeta, cluster "clusterroles" "rbac.authorization.k8s.io" "v1" "ClusterRole" }

schema::typed_struct! {
    ClusterRoleBinding = "io.k8s.api.rbac.v1.ClusterRoleBinding", kind "rbac.authorization.k8s.io/v1" "ClusterRoleBinding" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "roleRef" role_ref: RoleRef,
        "subjects" subjects: Vec<Subject>,
    }
}

schema::typed_object! { ClusterRoleBinding, api_meta::v1::ObjectMeta, cluster "clusterrolebindings" "rbac.authorization.k8s.io" "v1" "ClusterRoleBinding" }

schema::typed_struct! {
    PolicyRule = "io.k8s.api.rbac.v1.PolicyRule" {
        "apiGroups" api_groups: Vec<String>,
        "nonResourceURLs" non_resource_urls: Vec<String>,
        "resourceNames" resource_names: Vec<String>,
        "resources" resources: Vec<String>,
        "verbs" verbs: Vec<String>,
    }
}

schema::typed_struct! {
    Role = "io.k8s.api.rbac.v1.Role", kind "rbac.authorization.k8s.io/v1" "Role" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "rules" rules: Vec<PolicyRule>,
    }
}

schema::typed_object! { Role, api_meta::v1::ObjectMeta, namespaced "roles" "rbac.authorization.k8s.io" "v1" "Role" }

schema::typed_struct! {
    RoleBinding = "io.k8s.api.rbac.v1.RoleBinding", kind "rbac.authorization.k8s.io/v1" "RoleBinding" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "roleRef" role_ref: RoleRef,
        "subjects" subjects: Vec<Subject>,
    }
}

schema::typed_object! { RoleBinding, api_meta::v1::ObjectMeta, namespaced "rolebindings" "rbac.authorization.k8s.io" "v1" "RoleBinding" }

schema::typed_struct! {
    RoleRef = "io.k8s.api.rbac.v1.RoleRef" {
        "apiGroup" api_group: String,
        "kind" kind: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    Subject = "io.k8s.api.rbac.v1.Subject" {
        "apiGroup" api_group: String,
        "kind" kind: String,
        "name" name: String,
        "namespace" namespace: String,
    }
}
