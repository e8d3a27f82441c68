// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    AllocatedDeviceStatus = "io.k8s.api.resource.v1.AllocatedDeviceStatus" {
        "conditions" conditions: Vec<api_meta::v1::Condition>,
        "data" data: schema::Value,
        "device" device: String,
        "driver" driver: String,
        "networkData" network_data: Option<Box<NetworkDeviceData>>,
        "pool" pool: String,
        "shareID" share_id: Option<String>,
    }
}

schema::typed_struct! {
    AllocationResult = "io.k8s.api.resource.v1.AllocationResult" {
        "allocationTimestamp" allocation_timestamp: Option<schema::Time>,
        "devices" devices: DeviceAllocationResult,
        "nodeSelector" node_selector: Option<Box<api_core::v1::NodeSelector>>,
    }
}

schema::typed_struct! {
    CELDeviceSelector = "io.k8s.api.resource.v1.CELDeviceSelector" {
        "expression" expression: String,
    }
}

schema::typed_struct! {
    CapacityRequestPolicy = "io.k8s.api.resource.v1.CapacityRequestPolicy" {
        "default" default: Option<schema::Quantity>,
        "validRange" valid_range: Option<Box<CapacityRequestPolicyRange>>,
        "validValues" valid_values: Vec<schema::Quantity>,
    }
}

schema::typed_struct! {
    CapacityRequestPolicyRange = "io.k8s.api.resource.v1.CapacityRequestPolicyRange" {
        "max" max: Option<schema::Quantity>,
        "min" min: Option<schema::Quantity>,
        "step" step: Option<schema::Quantity>,
    }
}

schema::typed_struct! {
    CapacityRequirements = "io.k8s.api.resource.v1.CapacityRequirements" {
        "requests" requests: BTreeMap<String, schema::Quantity>,
    }
}

schema::typed_struct! {
    Counter = "io.k8s.api.resource.v1.Counter" {
        "value" value: schema::Quantity,
    }
}

schema::typed_struct! {
    CounterSet = "io.k8s.api.resource.v1.CounterSet" {
        "counters" counters: BTreeMap<String, Counter>,
        "name" name: String,
    }
}

schema::typed_struct! {
    Device = "io.k8s.api.resource.v1.Device" {
        "allNodes" all_nodes: Option<bool>,
        "allowMultipleAllocations" allow_multiple_allocations: Option<bool>,
        "attributes" attributes: BTreeMap<String, DeviceAttribute>,
        "bindingConditions" binding_conditions: Vec<String>,
        "bindingFailureConditions" binding_failure_conditions: Vec<String>,
        "bindsToNode" binds_to_node: Option<bool>,
        "capacity" capacity: BTreeMap<String, DeviceCapacity>,
        "consumesCounters" consumes_counters: Vec<DeviceCounterConsumption>,
        "name" name: String,
        "nodeAllocatableResourceMappings" node_allocatable_resource_mappings: BTreeMap<String, NodeAllocatableResourceMapping>,
        "nodeName" node_name: Option<String>,
        "nodeSelector" node_selector: Option<Box<api_core::v1::NodeSelector>>,
        "taints" taints: Vec<DeviceTaint>,
    }
}

schema::typed_struct! {
    DeviceAllocationConfiguration = "io.k8s.api.resource.v1.DeviceAllocationConfiguration" {
        "opaque" opaque: Option<Box<OpaqueDeviceConfiguration>>,
        "requests" requests: Vec<String>,
        "source" source: String,
    }
}

schema::typed_struct! {
    DeviceAllocationResult = "io.k8s.api.resource.v1.DeviceAllocationResult" {
        "config" config: Vec<DeviceAllocationConfiguration>,
        "results" results: Vec<DeviceRequestAllocationResult>,
    }
}

schema::typed_struct! {
    DeviceAttribute = "io.k8s.api.resource.v1.DeviceAttribute" {
        "bool" bool: Option<bool>,
        "bools" bools: Vec<bool>,
        "int" int: Option<i64>,
        "ints" ints: Vec<i64>,
        "string" string: Option<String>,
        "strings" strings: Vec<String>,
        "version" version: Option<String>,
        "versions" versions: Vec<String>,
    }
}

schema::typed_struct! {
    DeviceCapacity = "io.k8s.api.resource.v1.DeviceCapacity" {
        "requestPolicy" request_policy: Option<Box<CapacityRequestPolicy>>,
        "value" value: schema::Quantity,
    }
}

schema::typed_struct! {
    DeviceClaim = "io.k8s.api.resource.v1.DeviceClaim" {
        "config" config: Vec<DeviceClaimConfiguration>,
        "constraints" constraints: Vec<DeviceConstraint>,
        "requests" requests: Vec<DeviceRequest>,
    }
}

schema::typed_struct! {
    DeviceClaimConfiguration = "io.k8s.api.resource.v1.DeviceClaimConfiguration" {
        "opaque" opaque: Option<Box<OpaqueDeviceConfiguration>>,
        "requests" requests: Vec<String>,
    }
}

schema::typed_struct! {
    DeviceClass = "io.k8s.api.resource.v1.DeviceClass", kind "resource.k8s.io/v1" "DeviceClass" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: DeviceClassSpec,
    }
}

schema::typed_object! { DeviceClass, api_meta::v1::ObjectMeta, cluster "deviceclasses" "resource.k8s.io" "v1" "DeviceClass" }

schema::typed_struct! {
    DeviceClassConfiguration = "io.k8s.api.resource.v1.DeviceClassConfiguration" {
        "opaque" opaque: Option<Box<OpaqueDeviceConfiguration>>,
    }
}

schema::typed_struct! {
    DeviceClassSpec = "io.k8s.api.resource.v1.DeviceClassSpec" {
        "config" config: Vec<DeviceClassConfiguration>,
        "extendedResourceName" extended_resource_name: Option<String>,
        "selectors" selectors: Vec<DeviceSelector>,
    }
}

schema::typed_struct! {
    DeviceConstraint = "io.k8s.api.resource.v1.DeviceConstraint" {
        "distinctAttribute" distinct_attribute: Option<String>,
        "matchAttribute" match_attribute: Option<String>,
        "requests" requests: Vec<String>,
    }
}

schema::typed_struct! {
    DeviceCounterConsumption = "io.k8s.api.resource.v1.DeviceCounterConsumption" {
        "counterSet" counter_set: String,
        "counters" counters: BTreeMap<String, Counter>,
    }
}

schema::typed_struct! {
    DeviceRequest = "io.k8s.api.resource.v1.DeviceRequest" {
        "exactly" exactly: Option<Box<ExactDeviceRequest>>,
        "firstAvailable" first_available: Vec<DeviceSubRequest>,
        "name" name: String,
    }
}

schema::typed_struct! {
    DeviceRequestAllocationResult = "io.k8s.api.resource.v1.DeviceRequestAllocationResult" {
        "adminAccess" admin_access: Option<bool>,
        "bindingConditions" binding_conditions: Vec<String>,
        "bindingFailureConditions" binding_failure_conditions: Vec<String>,
        "consumedCapacity" consumed_capacity: BTreeMap<String, schema::Quantity>,
        "device" device: String,
        "driver" driver: String,
        "pool" pool: String,
        "request" request: String,
        "shareID" share_id: Option<String>,
        "tolerations" tolerations: Vec<DeviceToleration>,
    }
}

schema::typed_struct! {
    DeviceSelector = "io.k8s.api.resource.v1.DeviceSelector" {
        "cel" cel: Option<Box<CELDeviceSelector>>,
    }
}

schema::typed_struct! {
    DeviceSubRequest = "io.k8s.api.resource.v1.DeviceSubRequest" {
        "allocationMode" allocation_mode: String,
        "capacity" capacity: Option<Box<CapacityRequirements>>,
        "count" count: i64,
        "deviceClassName" device_class_name: String,
        "name" name: String,
        "selectors" selectors: Vec<DeviceSelector>,
        "tolerations" tolerations: Vec<DeviceToleration>,
    }
}

schema::typed_struct! {
    DeviceTaint = "io.k8s.api.resource.v1.DeviceTaint" {
        "effect" effect: String,
        "key" key: String,
        "timeAdded" time_added: Option<schema::Time>,
        "value" value: String,
    }
}

schema::typed_struct! {
    DeviceToleration = "io.k8s.api.resource.v1.DeviceToleration" {
        "effect" effect: String,
        "key" key: String,
        "operator" operator: String,
        "tolerationSeconds" toleration_seconds: Option<i64>,
        "value" value: String,
    }
}

schema::typed_struct! {
    ExactDeviceRequest = "io.k8s.api.resource.v1.ExactDeviceRequest" {
        "adminAccess" admin_access: Option<bool>,
        "allocationMode" allocation_mode: String,
        "capacity" capacity: Option<Box<CapacityRequirements>>,
        "count" count: i64,
        "deviceClassName" device_class_name: String,
        "selectors" selectors: Vec<DeviceSelector>,
        "tolerations" tolerations: Vec<DeviceToleration>,
    }
}

schema::typed_struct! {
    NetworkDeviceData = "io.k8s.api.resource.v1.NetworkDeviceData" {
        "hardwareAddress" hardware_address: String,
        "interfaceName" interface_name: String,
        "ips" ips: Vec<String>,
    }
}

schema::typed_struct! {
    NodeAllocatableResourceMapping = "io.k8s.api.resource.v1.NodeAllocatableResourceMapping" {
        "allocationMultiplier" allocation_multiplier: Option<schema::Quantity>,
        "capacityKey" capacity_key: Option<String>,
    }
}

schema::typed_struct! {
    OpaqueDeviceConfiguration = "io.k8s.api.resource.v1.OpaqueDeviceConfiguration" {
        "driver" driver: String,
        "parameters" parameters: schema::Value,
    }
}

schema::typed_struct! {
    ResourceClaim = "io.k8s.api.resource.v1.ResourceClaim", kind "resource.k8s.io/v1" "ResourceClaim" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ResourceClaimSpec,
        "status" status: ResourceClaimStatus,
    }
}

schema::typed_object! { ResourceClaim, api_meta::v1::ObjectMeta, namespaced "resourceclaims" "resource.k8s.io" "v1" "ResourceClaim" }

schema::typed_struct! {
    ResourceClaimConsumerReference = "io.k8s.api.resource.v1.ResourceClaimConsumerReference" {
        "apiGroup" api_group: String,
        "name" name: String,
        "resource" resource: String,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    ResourceClaimSpec = "io.k8s.api.resource.v1.ResourceClaimSpec" {
        "devices" devices: DeviceClaim,
    }
}

schema::typed_struct! {
    ResourceClaimStatus = "io.k8s.api.resource.v1.ResourceClaimStatus" {
        "allocation" allocation: Option<Box<AllocationResult>>,
        "devices" devices: Vec<AllocatedDeviceStatus>,
        "reservedFor" reserved_for: Vec<ResourceClaimConsumerReference>,
    }
}

schema::typed_struct! {
    ResourceClaimTemplate = "io.k8s.api.resource.v1.ResourceClaimTemplate", kind "resource.k8s.io/v1" "ResourceClaimTemplate" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ResourceClaimTemplateSpec,
    }
}

schema::typed_object! { ResourceClaimTemplate, api_meta::v1::ObjectMeta, namespaced "resourceclaimtemplates" "resource.k8s.io" "v1" "ResourceClaimTemplate" }

schema::typed_struct! {
    ResourceClaimTemplateSpec = "io.k8s.api.resource.v1.ResourceClaimTemplateSpec" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ResourceClaimSpec,
    }
}

schema::typed_struct! {
    ResourcePool = "io.k8s.api.resource.v1.ResourcePool" {
        "generation" generation: i64,
        "name" name: String,
        "resourceSliceCount" resource_slice_count: i64,
    }
}

schema::typed_struct! {
    ResourceSlice = "io.k8s.api.resource.v1.ResourceSlice", kind "resource.k8s.io/v1" "ResourceSlice" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ResourceSliceSpec,
    }
}

schema::typed_object! { ResourceSlice, api_meta::v1::ObjectMeta, cluster "resourceslices" "resource.k8s.io" "v1" "ResourceSlice" }

schema::typed_struct! {
    ResourceSliceSpec = "io.k8s.api.resource.v1.ResourceSliceSpec" {
        "allNodes" all_nodes: Option<bool>,
        "devices" devices: Vec<Device>,
        "driver" driver: String,
        "nodeName" node_name: Option<String>,
        "nodeSelector" node_selector: Option<Box<api_core::v1::NodeSelector>>,
        "perDeviceNodeSelection" per_device_node_selection: Option<bool>,
        "pool" pool: ResourcePool,
        "sharedCounters" shared_counters: Vec<CounterSet>,
    }
}
