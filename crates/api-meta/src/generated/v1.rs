// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    APIGroup = "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup", kind "v1" "APIGroup" {
        "name" name: String,
        "preferredVersion" preferred_version: GroupVersionForDiscovery,
        "serverAddressByClientCIDRs" server_address_by_client_cidrs: Vec<ServerAddressByClientCIDR>,
        "versions" versions: Vec<GroupVersionForDiscovery>,
    }
}

schema::typed_struct! {
    APIGroupList = "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList", kind "v1" "APIGroupList" {
        "groups" groups: Vec<APIGroup>,
    }
}

schema::typed_struct! {
    APIResource = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResource" {
        "categories" categories: Vec<String>,
        "group" group: String,
        "kind" kind: String,
        "name" name: String,
        "namespaced" namespaced: bool,
        "shortNames" short_names: Vec<String>,
        "singularName" singular_name: String,
        "storageVersionHash" storage_version_hash: String,
        "verbs" verbs: Vec<String>,
        "version" version: String,
    }
}

schema::typed_struct! {
    APIResourceList = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList", kind "v1" "APIResourceList" {
        "groupVersion" group_version: String,
        "resources" resources: Vec<APIResource>,
    }
}

schema::typed_struct! {
    APIVersions = "io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions", kind "v1" "APIVersions" {
        "serverAddressByClientCIDRs" server_address_by_client_cidrs: Vec<ServerAddressByClientCIDR>,
        "versions" versions: Vec<String>,
    }
}

schema::typed_struct! {
    Condition = "io.k8s.apimachinery.pkg.apis.meta.v1.Condition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "observedGeneration" observed_generation: i64,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    CreateOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.CreateOptions", kind "v1" "CreateOptions" {
        "dryRun" dry_run: Vec<String>,
        "fieldManager" field_manager: String,
        "fieldValidation" field_validation: String,
    }
}

schema::typed_struct! {
    DeleteOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions", kind "v1" "DeleteOptions" {
        "dryRun" dry_run: Vec<String>,
        "gracePeriodSeconds" grace_period_seconds: Option<i64>,
        "ignoreStoreReadErrorWithClusterBreakingPotential" ignore_store_read_error_with_cluster_breaking_potential: Option<bool>,
        "orphanDependents" orphan_dependents: Option<bool>,
        "preconditions" preconditions: Option<Box<Preconditions>>,
        "propagationPolicy" propagation_policy: Option<String>,
    }
}

schema::typed_struct! {
    FieldSelectorRequirement = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement" {
        "key" key: String,
        "operator" operator: String,
        "values" values: Vec<String>,
    }
}

schema::typed_struct! {
    GetOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.GetOptions", kind "v1" "GetOptions" {
        "resourceVersion" resource_version: String,
    }
}

schema::typed_struct! {
    GroupVersionForDiscovery = "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionForDiscovery" {
        "groupVersion" group_version: String,
        "version" version: String,
    }
}

schema::typed_struct! {
    GroupVersionKind = "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionKind" {
        "group" group: String,
        "kind" kind: String,
        "version" version: String,
    }
}

schema::typed_struct! {
    GroupVersionResource = "io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionResource" {
        "group" group: String,
        "resource" resource: String,
        "version" version: String,
    }
}

schema::typed_struct! {
    LabelSelector = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector" {
        "matchExpressions" match_expressions: Vec<LabelSelectorRequirement>,
        "matchLabels" match_labels: BTreeMap<String, String>,
    }
}

schema::typed_struct! {
    LabelSelectorRequirement = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement" {
        "key" key: String,
        "operator" operator: String,
        "values" values: Vec<String>,
    }
}

schema::typed_struct! {
    ListMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta" {
        "continue" continue_: String,
        "remainingItemCount" remaining_item_count: Option<i64>,
        "resourceVersion" resource_version: String,
        "selfLink" self_link: String,
        "shardInfo" shard_info: Option<Box<ShardInfo>>,
    }
}

schema::typed_struct! {
    ListOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.ListOptions", kind "v1" "ListOptions" {
        "allowWatchBookmarks" allow_watch_bookmarks: bool,
        "continue" continue_: String,
        "fieldSelector" field_selector: String,
        "labelSelector" label_selector: String,
        "limit" limit: i64,
        "resourceVersion" resource_version: String,
        "resourceVersionMatch" resource_version_match: String,
        "sendInitialEvents" send_initial_events: Option<bool>,
        "shardSelector" shard_selector: String,
        "timeoutSeconds" timeout_seconds: Option<i64>,
        "watch" watch: bool,
    }
}

schema::typed_struct! {
    ManagedFieldsEntry = "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry" {
        "apiVersion" api_version: String,
        "fieldsType" fields_type: String,
        "fieldsV1" fields_v1: schema::Value,
        "manager" manager: String,
        "operation" operation: String,
        "subresource" subresource: String,
        "time" time: Option<schema::Time>,
    }
}

schema::typed_struct! {
    ObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" {
        "annotations" annotations: BTreeMap<String, String>,
        "creationTimestamp" creation_timestamp: Option<schema::Time>,
        "deletionGracePeriodSeconds" deletion_grace_period_seconds: Option<i64>,
        "deletionTimestamp" deletion_timestamp: Option<schema::Time>,
        "finalizers" finalizers: Vec<String>,
        "generateName" generate_name: String,
        "generation" generation: i64,
        "labels" labels: BTreeMap<String, String>,
        "managedFields" managed_fields: Vec<ManagedFieldsEntry>,
        "name" name: String,
        "namespace" namespace: String,
        "ownerReferences" owner_references: Vec<OwnerReference>,
        "resourceVersion" resource_version: String,
        "selfLink" self_link: String,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    OwnerReference = "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference" {
        "apiVersion" api_version: String,
        "blockOwnerDeletion" block_owner_deletion: Option<bool>,
        "controller" controller: Option<bool>,
        "kind" kind: String,
        "name" name: String,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    PatchOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.PatchOptions", kind "v1" "PatchOptions" {
        "dryRun" dry_run: Vec<String>,
        "fieldManager" field_manager: String,
        "fieldValidation" field_validation: String,
        "force" force: Option<bool>,
    }
}

schema::typed_struct! {
    Preconditions = "io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions" {
        "resourceVersion" resource_version: Option<String>,
        "uid" uid: Option<String>,
    }
}

schema::typed_struct! {
    ServerAddressByClientCIDR = "io.k8s.apimachinery.pkg.apis.meta.v1.ServerAddressByClientCIDR" {
        "clientCIDR" client_cidr: String,
        "serverAddress" server_address: String,
    }
}

schema::typed_struct! {
    ShardInfo = "io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo" {
        "selector" selector: String,
    }
}

schema::typed_struct! {
    Status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status", kind "v1" "Status" {
        "code" code: i32,
        "details" details: Option<Box<StatusDetails>>,
        "message" message: String,
        "metadata" metadata: ListMeta,
        "reason" reason: String,
        "status" status: String,
    }
}

schema::typed_struct! {
    StatusCause = "io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause" {
        "field" field: String,
        "message" message: String,
        "reason" reason: String,
    }
}

schema::typed_struct! {
    StatusDetails = "io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails" {
        "causes" causes: Vec<StatusCause>,
        "group" group: String,
        "kind" kind: String,
        "name" name: String,
        "retryAfterSeconds" retry_after_seconds: i32,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    UpdateOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.UpdateOptions", kind "v1" "UpdateOptions" {
        "dryRun" dry_run: Vec<String>,
        "fieldManager" field_manager: String,
        "fieldValidation" field_validation: String,
    }
}

schema::typed_struct! {
    WatchEvent = "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent" {
        "object" object: schema::Value,
        "type" type_: String,
    }
}
