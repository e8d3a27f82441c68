// Made by cargo xtask codegen.

schema::typed_struct! {
    ApplyConfiguration = "io.k8s.api.admissionregistration.v1.ApplyConfiguration" {
        "expression" expression: String,
    }
}

schema::typed_struct! {
    AuditAnnotation = "io.k8s.api.admissionregistration.v1.AuditAnnotation" {
        "key" key: String,
        "valueExpression" value_expression: String,
    }
}

schema::typed_struct! {
    ExpressionWarning = "io.k8s.api.admissionregistration.v1.ExpressionWarning" {
        "fieldRef" field_ref: String,
        "warning" warning: String,
    }
}

schema::typed_struct! {
    JSONPatch = "io.k8s.api.admissionregistration.v1.JSONPatch" {
        "expression" expression: String,
    }
}

schema::typed_struct! {
    MatchCondition = "io.k8s.api.admissionregistration.v1.MatchCondition" {
        "expression" expression: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    MatchResources = "io.k8s.api.admissionregistration.v1.MatchResources" {
        "excludeResourceRules" exclude_resource_rules: Vec<NamedRuleWithOperations>,
        "matchPolicy" match_policy: Option<String>,
        "namespaceSelector" namespace_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "objectSelector" object_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "resourceRules" resource_rules: Vec<NamedRuleWithOperations>,
    }
}

schema::typed_struct! {
    MutatingAdmissionPolicy = "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy", kind "admissionregistration.k8s.io/v1" "MutatingAdmissionPolicy" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: MutatingAdmissionPolicySpec,
    }
}

schema::typed_object! { MutatingAdmissionPolicy, api_meta::v1::ObjectMeta, cluster "mutatingadmissionpolicies" "admissionregistration.k8s.io" "v1" "MutatingAdmissionPolicy" }

schema::typed_struct! {
    MutatingAdmissionPolicyBinding = "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding", kind "admissionregistration.k8s.io/v1" "MutatingAdmissionPolicyBinding" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: MutatingAdmissionPolicyBindingSpec,
    }
}

schema::typed_object! { MutatingAdmissionPolicyBinding, api_meta::v1::ObjectMeta, cluster "mutatingadmissionpolicybindings" "admissionregistration.k8s.io" "v1" "MutatingAdmissionPolicyBinding" }

schema::typed_struct! {
    MutatingAdmissionPolicyBindingSpec = "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec" {
        "matchResources" match_resources: Option<Box<MatchResources>>,
        "paramRef" param_ref: Option<Box<ParamRef>>,
        "policyName" policy_name: String,
    }
}

schema::typed_struct! {
    MutatingAdmissionPolicySpec = "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicySpec" {
        "failurePolicy" failure_policy: Option<String>,
        "matchConditions" match_conditions: Vec<MatchCondition>,
        "matchConstraints" match_constraints: Option<Box<MatchResources>>,
        "mutations" mutations: Vec<Mutation>,
        "paramKind" param_kind: Option<Box<ParamKind>>,
        "reinvocationPolicy" reinvocation_policy: String,
        "variables" variables: Vec<Variable>,
    }
}

schema::typed_struct! {
    MutatingWebhook = "io.k8s.api.admissionregistration.v1.MutatingWebhook" {
        "admissionReviewVersions" admission_review_versions: Vec<String>,
        "clientConfig" client_config: WebhookClientConfig,
        "failurePolicy" failure_policy: Option<String>,
        "matchConditions" match_conditions: Vec<MatchCondition>,
        "matchPolicy" match_policy: Option<String>,
        "name" name: String,
        "namespaceSelector" namespace_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "objectSelector" object_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "reinvocationPolicy" reinvocation_policy: Option<String>,
        "rules" rules: Vec<RuleWithOperations>,
        "sideEffects" side_effects: Option<String>,
        "timeoutSeconds" timeout_seconds: Option<i32>,
    }
}

schema::typed_struct! {
    MutatingWebhookConfiguration = "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration", kind "admissionregistration.k8s.io/v1" "MutatingWebhookConfiguration" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "webhooks" webhooks: Vec<MutatingWebhook>,
    }
}

schema::typed_object! { MutatingWebhookConfiguration, api_meta::v1::ObjectMeta, cluster "mutatingwebhookconfigurations" "admissionregistration.k8s.io" "v1" "MutatingWebhookConfiguration" }

schema::typed_struct! {
    Mutation = "io.k8s.api.admissionregistration.v1.Mutation" {
        "applyConfiguration" apply_configuration: Option<Box<ApplyConfiguration>>,
        "jsonPatch" json_patch: Option<Box<JSONPatch>>,
        "patchType" patch_type: String,
    }
}

schema::typed_struct! {
    NamedRuleWithOperations = "io.k8s.api.admissionregistration.v1.NamedRuleWithOperations" {
        "apiGroups" api_groups: Vec<String>,
        "apiVersions" api_versions: Vec<String>,
        "operations" operations: Vec<String>,
        "resourceNames" resource_names: Vec<String>,
        "resources" resources: Vec<String>,
        "scope" scope: Option<String>,
    }
}

schema::typed_struct! {
    ParamKind = "io.k8s.api.admissionregistration.v1.ParamKind" {
        "apiVersion" api_version: String,
        "kind" kind: String,
    }
}

schema::typed_struct! {
    ParamRef = "io.k8s.api.admissionregistration.v1.ParamRef" {
        "name" name: String,
        "namespace" namespace: String,
        "parameterNotFoundAction" parameter_not_found_action: Option<String>,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
    }
}

schema::typed_struct! {
    RuleWithOperations = "io.k8s.api.admissionregistration.v1.RuleWithOperations" {
        "apiGroups" api_groups: Vec<String>,
        "apiVersions" api_versions: Vec<String>,
        "operations" operations: Vec<String>,
        "resources" resources: Vec<String>,
        "scope" scope: Option<String>,
    }
}

schema::typed_struct! {
    ServiceReference = "io.k8s.api.admissionregistration.v1.ServiceReference" {
        "name" name: String,
        "namespace" namespace: String,
        "path" path: Option<String>,
        "port" port: Option<i32>,
    }
}

schema::typed_struct! {
    TypeChecking = "io.k8s.api.admissionregistration.v1.TypeChecking" {
        "expressionWarnings" expression_warnings: Vec<ExpressionWarning>,
    }
}

schema::typed_struct! {
    ValidatingAdmissionPolicy = "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy", kind "admissionregistration.k8s.io/v1" "ValidatingAdmissionPolicy" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ValidatingAdmissionPolicySpec,
        "status" status: ValidatingAdmissionPolicyStatus,
    }
}

schema::typed_object! { ValidatingAdmissionPolicy, api_meta::v1::ObjectMeta, cluster "validatingadmissionpolicies" "admissionregistration.k8s.io" "v1" "ValidatingAdmissionPolicy" }

schema::typed_struct! {
    ValidatingAdmissionPolicyBinding = "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding", kind "admissionregistration.k8s.io/v1" "ValidatingAdmissionPolicyBinding" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ValidatingAdmissionPolicyBindingSpec,
    }
}

schema::typed_object! { ValidatingAdmissionPolicyBinding, api_meta::v1::ObjectMeta, cluster "validatingadmissionpolicybindings" "admissionregistration.k8s.io" "v1" "ValidatingAdmissionPolicyBinding" }

schema::typed_struct! {
    ValidatingAdmissionPolicyBindingSpec = "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec" {
        "matchResources" match_resources: Option<Box<MatchResources>>,
        "paramRef" param_ref: Option<Box<ParamRef>>,
        "policyName" policy_name: String,
        "validationActions" validation_actions: Vec<String>,
    }
}

schema::typed_struct! {
    ValidatingAdmissionPolicySpec = "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec" {
        "auditAnnotations" audit_annotations: Vec<AuditAnnotation>,
        "failurePolicy" failure_policy: Option<String>,
        "matchConditions" match_conditions: Vec<MatchCondition>,
        "matchConstraints" match_constraints: Option<Box<MatchResources>>,
        "paramKind" param_kind: Option<Box<ParamKind>>,
        "validations" validations: Vec<Validation>,
        "variables" variables: Vec<Variable>,
    }
}

schema::typed_struct! {
    ValidatingAdmissionPolicyStatus = "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyStatus" {
        "conditions" conditions: Vec<api_meta::v1::Condition>,
        "observedGeneration" observed_generation: i64,
        "typeChecking" type_checking: Option<Box<TypeChecking>>,
    }
}

schema::typed_struct! {
    ValidatingWebhook = "io.k8s.api.admissionregistration.v1.ValidatingWebhook" {
        "admissionReviewVersions" admission_review_versions: Vec<String>,
        "clientConfig" client_config: WebhookClientConfig,
        "failurePolicy" failure_policy: Option<String>,
        "matchConditions" match_conditions: Vec<MatchCondition>,
        "matchPolicy" match_policy: Option<String>,
        "name" name: String,
        "namespaceSelector" namespace_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "objectSelector" object_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "rules" rules: Vec<RuleWithOperations>,
        "sideEffects" side_effects: Option<String>,
        "timeoutSeconds" timeout_seconds: Option<i32>,
    }
}

schema::typed_struct! {
    ValidatingWebhookConfiguration = "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration", kind "admissionregistration.k8s.io/v1" "ValidatingWebhookConfiguration" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "webhooks" webhooks: Vec<ValidatingWebhook>,
    }
}

schema::typed_object! { ValidatingWebhookConfiguration, api_meta::v1::ObjectMeta, cluster "validatingwebhookconfigurations" "admissionregistration.k8s.io" "v1" "ValidatingWebhookConfiguration" }

schema::typed_struct! {
    Validation = "io.k8s.api.admissionregistration.v1.Validation" {
        "expression" expression: String,
        "message" message: String,
        "messageExpression" message_expression: String,
        "reason" reason: Option<String>,
    }
}

schema::typed_struct! {
    Variable = "io.k8s.api.admissionregistration.v1.Variable" {
        "expression" expression: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    WebhookClientConfig = "io.k8s.api.admissionregistration.v1.WebhookClientConfig" {
        "caBundle" ca_bundle: schema::Bytes,
        "service" service: Option<Box<ServiceReference>>,
        "url" url: Option<String>,
    }
}
