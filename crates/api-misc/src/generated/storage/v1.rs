// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    CSIDriver = "io.k8s.api.storage.v1.CSIDriver", kind "storage.k8s.io/v1" "CSIDriver" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: CSIDriverSpec,
    }
}

schema::typed_object! { CSIDriver, api_meta::v1::ObjectMeta, cluster "csidrivers" "storage.k8s.io" "v1" "CSIDriver" }

schema::typed_struct! {
    CSIDriverSpec = "io.k8s.api.storage.v1.CSIDriverSpec" {
        "attachRequired" attach_required: Option<bool>,
        "fsGroupPolicy" fs_group_policy: Option<String>,
        "nodeAllocatableUpdatePeriodSeconds" node_allocatable_update_period_seconds: Option<i64>,
        "podInfoOnMount" pod_info_on_mount: Option<bool>,
        "preventPodSchedulingIfMissing" prevent_pod_scheduling_if_missing: Option<bool>,
        "requiresRepublish" requires_republish: Option<bool>,
        "seLinuxMount" se_linux_mount: Option<bool>,
        "serviceAccountTokenInSecrets" service_account_token_in_secrets: Option<bool>,
        "storageCapacity" storage_capacity: Option<bool>,
        "tokenRequests" token_requests: Vec<TokenRequest>,
        "volumeLifecycleModes" volume_lifecycle_modes: Vec<String>,
    }
}

schema::typed_struct! {
    CSINode = "io.k8s.api.storage.v1.CSINode", kind "storage.k8s.io/v1" "CSINode" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: CSINodeSpec,
    }
}

schema::typed_object! { CSINode, api_meta::v1::ObjectMeta, cluster "csinodes" "storage.k8s.io" "v1" "CSINode" }

schema::typed_struct! {
    CSINodeDriver = "io.k8s.api.storage.v1.CSINodeDriver" {
        "allocatable" allocatable: Option<Box<VolumeNodeResources>>,
        "name" name: String,
        "nodeID" node_id: String,
        "topologyKeys" topology_keys: Vec<String>,
    }
}

schema::typed_struct! {
    CSINodeSpec = "io.k8s.api.storage.v1.CSINodeSpec" {
        "drivers" drivers: Vec<CSINodeDriver>,
    }
}

schema::typed_struct! {
    CSIStorageCapacity = "io.k8s.api.storage.v1.CSIStorageCapacity", kind "storage.k8s.io/v1" "CSIStorageCapacity" {
        "capacity" capacity: Option<schema::Quantity>,
        "maximumVolumeSize" maximum_volume_size: Option<schema::Quantity>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "nodeTopology" node_topology: Option<Box<api_meta::v1::LabelSelector>>,
        "storageClassName" storage_class_name: String,
    }
}

schema::typed_object! { CSIStorageCapacity, api_meta::v1::ObjectMeta, namespaced "csistoragecapacities" "storage.k8s.io" "v1" "CSIStorageCapacity" }

schema::typed_struct! {
    StorageClass = "io.k8s.api.storage.v1.StorageClass", kind "storage.k8s.io/v1" "StorageClass" {
        "allowVolumeExpansion" allow_volume_expansion: Option<bool>,
        "allowedTopologies" allowed_topologies: Vec<api_core::v1::TopologySelectorTerm>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "mountOptions" mount_options: Vec<String>,
        "parameters" parameters: BTreeMap<String, String>,
        "provisioner" provisioner: String,
        "reclaimPolicy" reclaim_policy: Option<String>,
        "volumeBindingMode" volume_binding_mode: Option<String>,
    }
}

schema::typed_object! { StorageClass, api_meta::v1::ObjectMeta, cluster "storageclasses" "storage.k8s.io" "v1" "StorageClass" }

schema::typed_struct! {
    TokenRequest = "io.k8s.api.storage.v1.TokenRequest" {
        "audience" audience: String,
        "expirationSeconds" expiration_seconds: Option<i64>,
    }
}

schema::typed_struct! {
    VolumeAttachment = "io.k8s.api.storage.v1.VolumeAttachment", kind "storage.k8s.io/v1" "VolumeAttachment" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: VolumeAttachmentSpec,
        "status" status: VolumeAttachmentStatus,
    }
}

schema::typed_object! { VolumeAttachment, api_meta::v1::ObjectMeta, cluster "volumeattachments" "storage.k8s.io" "v1" "VolumeAttachment" }

schema::typed_struct! {
    VolumeAttachmentSource = "io.k8s.api.storage.v1.VolumeAttachmentSource" {
        "inlineVolumeSpec" inline_volume_spec: Option<Box<api_core::v1::PersistentVolumeSpec>>,
        "persistentVolumeName" persistent_volume_name: Option<String>,
    }
}

schema::typed_struct! {
    VolumeAttachmentSpec = "io.k8s.api.storage.v1.VolumeAttachmentSpec" {
        "attacher" attacher: String,
        "nodeName" node_name: String,
        "source" source: VolumeAttachmentSource,
    }
}

schema::typed_struct! {
    VolumeAttachmentStatus = "io.k8s.api.storage.v1.VolumeAttachmentStatus" {
        "attachError" attach_error: Option<Box<VolumeError>>,
        "attached" attached: bool,
        "attachmentMetadata" attachment_metadata: BTreeMap<String, String>,
        "detachError" detach_error: Option<Box<VolumeError>>,
    }
}

schema::typed_struct! {
    VolumeAttributesClass = "io.k8s.api.storage.v1.VolumeAttributesClass", kind "storage.k8s.io/v1" "VolumeAttributesClass" {
        "driverName" driver_name: String,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "parameters" parameters: BTreeMap<String, String>,
    }
}

schema::typed_object! { VolumeAttributesClass, api_meta::v1::ObjectMeta, cluster "volumeattributesclasses" "storage.k8s.io" "v1" "VolumeAttributesClass" }

schema::typed_struct! {
    VolumeError = "io.k8s.api.storage.v1.VolumeError" {
        "errorCode" error_code: Option<i32>,
        "message" message: String,
        "time" time: Option<schema::Time>,
    }
}

schema::typed_struct! {
    VolumeNodeResources = "io.k8s.api.storage.v1.VolumeNodeResources" {
        "count" count: Option<i32>,
    }
}
