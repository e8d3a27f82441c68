// Made by cargo xtask codegen.

schema::typed_struct! {
    ExemptPriorityLevelConfiguration = "io.k8s.api.flowcontrol.v1.ExemptPriorityLevelConfiguration" {
        "lendablePercent" lendable_percent: Option<i32>,
        "nominalConcurrencyShares" nominal_concurrency_shares: Option<i32>,
    }
}

schema::typed_struct! {
    FlowDistinguisherMethod = "io.k8s.api.flowcontrol.v1.FlowDistinguisherMethod" {
        "type" type_: String,
    }
}

schema::typed_struct! {
    FlowSchema = "io.k8s.api.flowcontrol.v1.FlowSchema", kind "flowcontrol.apiserver.k8s.io/v1" "FlowSchema" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: FlowSchemaSpec,
        "status" status: FlowSchemaStatus,
    }
}

schema::typed_object! { FlowSchema, api_meta::v1::ObjectMeta, cluster "flowschemas" "flowcontrol.apiserver.k8s.io" "v1" "FlowSchema" }

schema::typed_struct! {
    FlowSchemaCondition = "io.k8s.api.flowcontrol.v1.FlowSchemaCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    FlowSchemaSpec = "io.k8s.api.flowcontrol.v1.FlowSchemaSpec" {
        "distinguisherMethod" distinguisher_method: Option<Box<FlowDistinguisherMethod>>,
        "matchingPrecedence" matching_precedence: i32,
        "priorityLevelConfiguration" priority_level_configuration: PriorityLevelConfigurationReference,
        "rules" rules: Vec<PolicyRulesWithSubjects>,
    }
}

schema::typed_struct! {
    FlowSchemaStatus = "io.k8s.api.flowcontrol.v1.FlowSchemaStatus" {
        "conditions" conditions: Vec<FlowSchemaCondition>,
    }
}

schema::typed_struct! {
    GroupSubject = "io.k8s.api.flowcontrol.v1.GroupSubject" {
        "name" name: String,
    }
}

schema::typed_struct! {
    LimitResponse = "io.k8s.api.flowcontrol.v1.LimitResponse" {
        "queuing" queuing: Option<Box<QueuingConfiguration>>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    LimitedPriorityLevelConfiguration = "io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration" {
        "borrowingLimitPercent" borrowing_limit_percent: Option<i32>,
        "lendablePercent" lendable_percent: Option<i32>,
        "limitResponse" limit_response: LimitResponse,
        "nominalConcurrencyShares" nominal_concurrency_shares: Option<i32>,
    }
}

schema::typed_struct! {
    NonResourcePolicyRule = "io.k8s.api.flowcontrol.v1.NonResourcePolicyRule" {
        "nonResourceURLs" non_resource_urls: Vec<String>,
        "verbs" verbs: Vec<String>,
    }
}

schema::typed_struct! {
    PolicyRulesWithSubjects = "io.k8s.api.flowcontrol.v1.PolicyRulesWithSubjects" {
        "nonResourceRules" non_resource_rules: Vec<NonResourcePolicyRule>,
        "resourceRules" resource_rules: Vec<ResourcePolicyRule>,
        "subjects" subjects: Vec<Subject>,
    }
}

schema::typed_struct! {
    PriorityLevelConfiguration = "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration", kind "flowcontrol.apiserver.k8s.io/v1" "PriorityLevelConfiguration" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: PriorityLevelConfigurationSpec,
        "status" status: PriorityLevelConfigurationStatus,
    }
}

schema::typed_object! { PriorityLevelConfiguration, api_meta::v1::ObjectMeta, cluster "prioritylevelconfigurations" "flowcontrol.apiserver.k8s.io" "v1" "PriorityLevelConfiguration" }

schema::typed_struct! {
    PriorityLevelConfigurationCondition = "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    PriorityLevelConfigurationReference = "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationReference" {
        "name" name: String,
    }
}

schema::typed_struct! {
    PriorityLevelConfigurationSpec = "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec" {
        "exempt" exempt: Option<Box<ExemptPriorityLevelConfiguration>>,
        "limited" limited: Option<Box<LimitedPriorityLevelConfiguration>>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    PriorityLevelConfigurationStatus = "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationStatus" {
        "conditions" conditions: Vec<PriorityLevelConfigurationCondition>,
    }
}

schema::typed_struct! {
    QueuingConfiguration = "io.k8s.api.flowcontrol.v1.QueuingConfiguration" {
        "handSize" hand_size: i32,
        "queueLengthLimit" queue_length_limit: i32,
        "queues" queues: i32,
    }
}

schema::typed_struct! {
    ResourcePolicyRule = "io.k8s.api.flowcontrol.v1.ResourcePolicyRule" {
        "apiGroups" api_groups: Vec<String>,
        "clusterScope" cluster_scope: bool,
        "namespaces" namespaces: Vec<String>,
        "resources" resources: Vec<String>,
        "verbs" verbs: Vec<String>,
    }
}

schema::typed_struct! {
    ServiceAccountSubject = "io.k8s.api.flowcontrol.v1.ServiceAccountSubject" {
        "name" name: String,
        "namespace" namespace: String,
    }
}

schema::typed_struct! {
    Subject = "io.k8s.api.flowcontrol.v1.Subject" {
        "group" group: Option<Box<GroupSubject>>,
        "kind" kind: String,
        "serviceAccount" service_account: Option<Box<ServiceAccountSubject>>,
        "user" user: Option<Box<UserSubject>>,
    }
}

schema::typed_struct! {
    UserSubject = "io.k8s.api.flowcontrol.v1.UserSubject" {
        "name" name: String,
    }
}
