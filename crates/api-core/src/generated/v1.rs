// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    AWSElasticBlockStoreVolumeSource = "io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource" {
        "fsType" fs_type: String,
        "partition" partition: i32,
        "readOnly" read_only: bool,
        "volumeID" volume_id: String,
    }
}

schema::typed_struct! {
    Affinity = "io.k8s.api.core.v1.Affinity" {
        "nodeAffinity" node_affinity: Option<Box<NodeAffinity>>,
        "podAffinity" pod_affinity: Option<Box<PodAffinity>>,
        "podAntiAffinity" pod_anti_affinity: Option<Box<PodAntiAffinity>>,
    }
}

schema::typed_struct! {
    AppArmorProfile = "io.k8s.api.core.v1.AppArmorProfile" {
        "localhostProfile" localhost_profile: Option<String>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    AttachedVolume = "io.k8s.api.core.v1.AttachedVolume" {
        "devicePath" device_path: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    AzureDiskVolumeSource = "io.k8s.api.core.v1.AzureDiskVolumeSource" {
        "cachingMode" caching_mode: Option<String>,
        "diskName" disk_name: String,
        "diskURI" disk_uri: String,
        "fsType" fs_type: Option<String>,
        "kind" kind: Option<String>,
        "readOnly" read_only: Option<bool>,
    }
}

schema::typed_struct! {
    AzureFilePersistentVolumeSource = "io.k8s.api.core.v1.AzureFilePersistentVolumeSource" {
        "readOnly" read_only: bool,
        "secretName" secret_name: String,
        "secretNamespace" secret_namespace: Option<String>,
        "shareName" share_name: String,
    }
}

schema::typed_struct! {
    AzureFileVolumeSource = "io.k8s.api.core.v1.AzureFileVolumeSource" {
        "readOnly" read_only: bool,
        "secretName" secret_name: String,
        "shareName" share_name: String,
    }
}

schema::typed_struct! {
    Binding = "io.k8s.api.core.v1.Binding", kind "v1" "Binding" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "target" target: ObjectReference,
    }
}

schema::typed_object! { Binding, api_meta::v1::ObjectMeta, namespaced "bindings" "" "v1" "Binding" }

schema::typed_struct! {
    CSIPersistentVolumeSource = "io.k8s.api.core.v1.CSIPersistentVolumeSource" {
        "controllerExpandSecretRef" controller_expand_secret_ref: Option<Box<SecretReference>>,
        "controllerPublishSecretRef" controller_publish_secret_ref: Option<Box<SecretReference>>,
        "driver" driver: String,
        "fsType" fs_type: String,
        "nodeExpandSecretRef" node_expand_secret_ref: Option<Box<SecretReference>>,
        "nodePublishSecretRef" node_publish_secret_ref: Option<Box<SecretReference>>,
        "nodeStageSecretRef" node_stage_secret_ref: Option<Box<SecretReference>>,
        "readOnly" read_only: bool,
        "volumeAttributes" volume_attributes: BTreeMap<String, String>,
        "volumeHandle" volume_handle: String,
    }
}

schema::typed_struct! {
    CSIVolumeSource = "io.k8s.api.core.v1.CSIVolumeSource" {
        "driver" driver: String,
        "fsType" fs_type: Option<String>,
        "nodePublishSecretRef" node_publish_secret_ref: Option<Box<LocalObjectReference>>,
        "readOnly" read_only: Option<bool>,
        "volumeAttributes" volume_attributes: BTreeMap<String, String>,
    }
}

schema::typed_struct! {
    Capabilities = "io.k8s.api.core.v1.Capabilities" {
        "add" add: Vec<String>,
        "drop" drop: Vec<String>,
    }
}

schema::typed_struct! {
    CephFSPersistentVolumeSource = "io.k8s.api.core.v1.CephFSPersistentVolumeSource" {
        "monitors" monitors: Vec<String>,
        "path" path: String,
        "readOnly" read_only: bool,
        "secretFile" secret_file: String,
        "secretRef" secret_ref: Option<Box<SecretReference>>,
        "user" user: String,
    }
}

schema::typed_struct! {
    CephFSVolumeSource = "io.k8s.api.core.v1.CephFSVolumeSource" {
        "monitors" monitors: Vec<String>,
        "path" path: String,
        "readOnly" read_only: bool,
        "secretFile" secret_file: String,
        "secretRef" secret_ref: Option<Box<LocalObjectReference>>,
        "user" user: String,
    }
}

schema::typed_struct! {
    CinderPersistentVolumeSource = "io.k8s.api.core.v1.CinderPersistentVolumeSource" {
        "fsType" fs_type: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<SecretReference>>,
        "volumeID" volume_id: String,
    }
}

schema::typed_struct! {
    CinderVolumeSource = "io.k8s.api.core.v1.CinderVolumeSource" {
        "fsType" fs_type: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<LocalObjectReference>>,
        "volumeID" volume_id: String,
    }
}

schema::typed_struct! {
    ClientIPConfig = "io.k8s.api.core.v1.ClientIPConfig" {
        "timeoutSeconds" timeout_seconds: Option<i32>,
    }
}

schema::typed_struct! {
    ClusterTrustBundleProjection = "io.k8s.api.core.v1.ClusterTrustBundleProjection" {
        "labelSelector" label_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "name" name: Option<String>,
        "optional" optional: Option<bool>,
        "path" path: String,
        "signerName" signer_name: Option<String>,
    }
}

schema::typed_struct! {
    ComponentCondition = "io.k8s.api.core.v1.ComponentCondition" {
        "error" error: String,
        "message" message: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    ComponentStatus = "io.k8s.api.core.v1.ComponentStatus", kind "v1" "ComponentStatus" {
        "conditions" conditions: Vec<ComponentCondition>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
    }
}

schema::typed_object! { ComponentStatus, api_meta::v1::ObjectMeta, cluster "componentstatuses" "" "v1" "ComponentStatus" }

schema::typed_struct! {
    ConfigMap = "io.k8s.api.core.v1.ConfigMap", kind "v1" "ConfigMap" {
        "binaryData" binary_data: BTreeMap<String, schema::Bytes>,
        "data" data: BTreeMap<String, String>,
        "immutable" immutable: Option<bool>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
    }
}

schema::typed_object! { ConfigMap, api_meta::v1::ObjectMeta, namespaced "configmaps" "" "v1" "ConfigMap" }

schema::typed_struct! {
    ConfigMapEnvSource = "io.k8s.api.core.v1.ConfigMapEnvSource" {
        "name" name: String,
        "optional" optional: Option<bool>,
    }
}

schema::typed_struct! {
    ConfigMapKeySelector = "io.k8s.api.core.v1.ConfigMapKeySelector" {
        "key" key: String,
        "name" name: String,
        "optional" optional: Option<bool>,
    }
}

schema::typed_struct! {
    ConfigMapNodeConfigSource = "io.k8s.api.core.v1.ConfigMapNodeConfigSource" {
        "kubeletConfigKey" kubelet_config_key: String,
        "name" name: String,
        "namespace" namespace: String,
        "resourceVersion" resource_version: String,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    ConfigMapProjection = "io.k8s.api.core.v1.ConfigMapProjection" {
        "items" items: Vec<KeyToPath>,
        "name" name: String,
        "optional" optional: Option<bool>,
    }
}

schema::typed_struct! {
    ConfigMapVolumeSource = "io.k8s.api.core.v1.ConfigMapVolumeSource" {
        "defaultMode" default_mode: Option<i32>,
        "items" items: Vec<KeyToPath>,
        "name" name: String,
        "optional" optional: Option<bool>,
    }
}

schema::typed_struct! {
    Container = "io.k8s.api.core.v1.Container" {
        "args" args: Vec<String>,
        "command" command: Vec<String>,
        "env" env: Vec<EnvVar>,
        "envFrom" env_from: Vec<EnvFromSource>,
        "image" image: String,
        "imagePullPolicy" image_pull_policy: String,
        "lifecycle" lifecycle: Option<Box<Lifecycle>>,
        "livenessProbe" liveness_probe: Option<Box<Probe>>,
        "name" name: String,
        "ports" ports: Vec<ContainerPort>,
        "readinessProbe" readiness_probe: Option<Box<Probe>>,
        "resizePolicy" resize_policy: Vec<ContainerResizePolicy>,
        "resources" resources: ResourceRequirements,
        "restartPolicy" restart_policy: Option<String>,
        "restartPolicyRules" restart_policy_rules: Vec<ContainerRestartRule>,
        "securityContext" security_context: Option<Box<SecurityContext>>,
        "startupProbe" startup_probe: Option<Box<Probe>>,
        "stdin" stdin: bool,
        "stdinOnce" stdin_once: bool,
        "terminationMessagePath" termination_message_path: String,
        "terminationMessagePolicy" termination_message_policy: String,
        "tty" tty: bool,
        "volumeDevices" volume_devices: Vec<VolumeDevice>,
        "volumeMounts" volume_mounts: Vec<VolumeMount>,
        "workingDir" working_dir: String,
    }
}

schema::typed_struct! {
    ContainerExtendedResourceRequest = "io.k8s.api.core.v1.ContainerExtendedResourceRequest" {
        "containerName" container_name: String,
        "requestName" request_name: String,
        "resourceName" resource_name: String,
    }
}

schema::typed_struct! {
    ContainerImage = "io.k8s.api.core.v1.ContainerImage" {
        "names" names: Vec<String>,
        "sizeBytes" size_bytes: i64,
    }
}

schema::typed_struct! {
    ContainerPort = "io.k8s.api.core.v1.ContainerPort" {
        "containerPort" container_port: i32,
        "hostIP" host_ip: String,
        "hostPort" host_port: i32,
        "name" name: String,
        "protocol" protocol: String,
    }
}

schema::typed_struct! {
    ContainerResizePolicy = "io.k8s.api.core.v1.ContainerResizePolicy" {
        "resourceName" resource_name: String,
        "restartPolicy" restart_policy: String,
    }
}

schema::typed_struct! {
    ContainerRestartRule = "io.k8s.api.core.v1.ContainerRestartRule" {
        "action" action: String,
        "exitCodes" exit_codes: Option<Box<ContainerRestartRuleOnExitCodes>>,
    }
}

schema::typed_struct! {
    ContainerRestartRuleOnExitCodes = "io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes" {
        "operator" operator: String,
        "values" values: Vec<i32>,
    }
}

schema::typed_struct! {
    ContainerState = "io.k8s.api.core.v1.ContainerState" {
        "running" running: Option<Box<ContainerStateRunning>>,
        "terminated" terminated: Option<Box<ContainerStateTerminated>>,
        "waiting" waiting: Option<Box<ContainerStateWaiting>>,
    }
}

schema::typed_struct! {
    ContainerStateRunning = "io.k8s.api.core.v1.ContainerStateRunning" {
        "startedAt" started_at: Option<schema::Time>,
    }
}

schema::typed_struct! {
    ContainerStateTerminated = "io.k8s.api.core.v1.ContainerStateTerminated" {
        "containerID" container_id: String,
        "exitCode" exit_code: i32,
        "finishedAt" finished_at: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "signal" signal: i32,
        "startedAt" started_at: Option<schema::Time>,
    }
}

schema::typed_struct! {
    ContainerStateWaiting = "io.k8s.api.core.v1.ContainerStateWaiting" {
        "message" message: String,
        "reason" reason: String,
    }
}

schema::typed_struct! {
    ContainerStatus = "io.k8s.api.core.v1.ContainerStatus" {
        "allocatedResources" allocated_resources: BTreeMap<String, schema::Quantity>,
        "allocatedResourcesStatus" allocated_resources_status: Vec<ResourceStatus>,
        "containerID" container_id: String,
        "image" image: String,
        "imageID" image_id: String,
        "lastState" last_state: ContainerState,
        "name" name: String,
        "ready" ready: bool,
        "resources" resources: Option<Box<ResourceRequirements>>,
        "restartCount" restart_count: i32,
        "started" started: Option<bool>,
        "state" state: ContainerState,
        "stopSignal" stop_signal: Option<String>,
        "user" user: Option<Box<ContainerUser>>,
        "volumeMounts" volume_mounts: Vec<VolumeMountStatus>,
    }
}

schema::typed_struct! {
    ContainerUser = "io.k8s.api.core.v1.ContainerUser" {
        "linux" linux: Option<Box<LinuxContainerUser>>,
    }
}

schema::typed_struct! {
    DaemonEndpoint = "io.k8s.api.core.v1.DaemonEndpoint" {
        "Port" port: i32,
    }
}

schema::typed_struct! {
    DownwardAPIProjection = "io.k8s.api.core.v1.DownwardAPIProjection" {
        "items" items: Vec<DownwardAPIVolumeFile>,
    }
}

schema::typed_struct! {
    DownwardAPIVolumeFile = "io.k8s.api.core.v1.DownwardAPIVolumeFile" {
        "fieldRef" field_ref: Option<Box<ObjectFieldSelector>>,
        "mode" mode: Option<i32>,
        "path" path: String,
        "resourceFieldRef" resource_field_ref: Option<Box<ResourceFieldSelector>>,
    }
}

schema::typed_struct! {
    DownwardAPIVolumeSource = "io.k8s.api.core.v1.DownwardAPIVolumeSource" {
        "defaultMode" default_mode: Option<i32>,
        "items" items: Vec<DownwardAPIVolumeFile>,
    }
}

schema::typed_struct! {
    EmptyDirVolumeSource = "io.k8s.api.core.v1.EmptyDirVolumeSource" {
        "medium" medium: String,
        "sizeLimit" size_limit: Option<schema::Quantity>,
    }
}

schema::typed_struct! {
    EndpointAddress = "io.k8s.api.core.v1.EndpointAddress" {
        "hostname" hostname: String,
        "ip" ip: String,
        "nodeName" node_name: Option<String>,
        "targetRef" target_ref: Option<Box<ObjectReference>>,
    }
}

schema::typed_struct! {
    EndpointPort = "io.k8s.api.core.v1.EndpointPort" {
        "appProtocol" app_protocol: Option<String>,
        "name" name: String,
        "port" port: i32,
        "protocol" protocol: String,
    }
}

schema::typed_struct! {
    EndpointSubset = "io.k8s.api.core.v1.EndpointSubset" {
        "addresses" addresses: Vec<EndpointAddress>,
        "notReadyAddresses" not_ready_addresses: Vec<EndpointAddress>,
        "ports" ports: Vec<EndpointPort>,
    }
}

schema::typed_struct! {
    Endpoints = "io.k8s.api.core.v1.Endpoints", kind "v1" "Endpoints" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "subsets" subsets: Vec<EndpointSubset>,
    }
}

schema::typed_object! { Endpoints, api_meta::v1::ObjectMeta, namespaced "endpoints" "" "v1" "Endpoints" }

schema::typed_struct! {
    EnvFromSource = "io.k8s.api.core.v1.EnvFromSource" {
        "configMapRef" config_map_ref: Option<Box<ConfigMapEnvSource>>,
        "prefix" prefix: String,
        "secretRef" secret_ref: Option<Box<SecretEnvSource>>,
    }
}

schema::typed_struct! {
    EnvVar = "io.k8s.api.core.v1.EnvVar" {
        "name" name: String,
        "value" value: String,
        "valueFrom" value_from: Option<Box<EnvVarSource>>,
    }
}

schema::typed_struct! {
    EnvVarSource = "io.k8s.api.core.v1.EnvVarSource" {
        "configMapKeyRef" config_map_key_ref: Option<Box<ConfigMapKeySelector>>,
        "fieldRef" field_ref: Option<Box<ObjectFieldSelector>>,
        "fileKeyRef" file_key_ref: Option<Box<FileKeySelector>>,
        "resourceFieldRef" resource_field_ref: Option<Box<ResourceFieldSelector>>,
        "secretKeyRef" secret_key_ref: Option<Box<SecretKeySelector>>,
    }
}

schema::typed_struct! {
    EphemeralContainer = "io.k8s.api.core.v1.EphemeralContainer" {
        "args" args: Vec<String>,
        "command" command: Vec<String>,
        "env" env: Vec<EnvVar>,
        "envFrom" env_from: Vec<EnvFromSource>,
        "image" image: String,
        "imagePullPolicy" image_pull_policy: String,
        "lifecycle" lifecycle: Option<Box<Lifecycle>>,
        "livenessProbe" liveness_probe: Option<Box<Probe>>,
        "name" name: String,
        "ports" ports: Vec<ContainerPort>,
        "readinessProbe" readiness_probe: Option<Box<Probe>>,
        "resizePolicy" resize_policy: Vec<ContainerResizePolicy>,
        "resources" resources: ResourceRequirements,
        "restartPolicy" restart_policy: Option<String>,
        "restartPolicyRules" restart_policy_rules: Vec<ContainerRestartRule>,
        "securityContext" security_context: Option<Box<SecurityContext>>,
        "startupProbe" startup_probe: Option<Box<Probe>>,
        "stdin" stdin: bool,
        "stdinOnce" stdin_once: bool,
        "targetContainerName" target_container_name: String,
        "terminationMessagePath" termination_message_path: String,
        "terminationMessagePolicy" termination_message_policy: String,
        "tty" tty: bool,
        "volumeDevices" volume_devices: Vec<VolumeDevice>,
        "volumeMounts" volume_mounts: Vec<VolumeMount>,
        "workingDir" working_dir: String,
    }
}

schema::typed_struct! {
    EphemeralVolumeSource = "io.k8s.api.core.v1.EphemeralVolumeSource" {
        "volumeClaimTemplate" volume_claim_template: Option<Box<PersistentVolumeClaimTemplate>>,
    }
}

schema::typed_struct! {
    Event = "io.k8s.api.core.v1.Event", kind "v1" "Event" {
        "action" action: String,
        "count" count: i32,
        "eventTime" event_time: Option<schema::MicroTime>,
        "firstTimestamp" first_timestamp: Option<schema::Time>,
        "involvedObject" involved_object: ObjectReference,
        "lastTimestamp" last_timestamp: Option<schema::Time>,
        "message" message: String,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "reason" reason: String,
        "related" related: Option<Box<ObjectReference>>,
        "reportingComponent" reporting_component: String,
        "reportingInstance" reporting_instance: String,
        "series" series: Option<Box<EventSeries>>,
        "source" source: EventSource,
        "type" type_: String,
    }
}

schema::typed_object! { Event, api_meta::v1::ObjectMeta, namespaced "events" "" "v1" "Event" }

schema::typed_struct! {
    EventSeries = "io.k8s.api.core.v1.EventSeries" {
        "count" count: i32,
        "lastObservedTime" last_observed_time: Option<schema::MicroTime>,
    }
}

schema::typed_struct! {
    EventSource = "io.k8s.api.core.v1.EventSource" {
        "component" component: String,
        "host" host: String,
    }
}

schema::typed_struct! {
    ExecAction = "io.k8s.api.core.v1.ExecAction" {
        "command" command: Vec<String>,
    }
}

schema::typed_struct! {
    FCVolumeSource = "io.k8s.api.core.v1.FCVolumeSource" {
        "fsType" fs_type: String,
        "lun" lun: Option<i32>,
        "readOnly" read_only: bool,
        "targetWWNs" target_wwns: Vec<String>,
        "wwids" wwids: Vec<String>,
    }
}

schema::typed_struct! {
    FileKeySelector = "io.k8s.api.core.v1.FileKeySelector" {
        "key" key: String,
        "optional" optional: Option<bool>,
        "path" path: String,
        "volumeName" volume_name: String,
    }
}

schema::typed_struct! {
    FlexPersistentVolumeSource = "io.k8s.api.core.v1.FlexPersistentVolumeSource" {
        "driver" driver: String,
        "fsType" fs_type: String,
        "options" options: BTreeMap<String, String>,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<SecretReference>>,
    }
}

schema::typed_struct! {
    FlexVolumeSource = "io.k8s.api.core.v1.FlexVolumeSource" {
        "driver" driver: String,
        "fsType" fs_type: String,
        "options" options: BTreeMap<String, String>,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<LocalObjectReference>>,
    }
}

schema::typed_struct! {
    FlockerVolumeSource = "io.k8s.api.core.v1.FlockerVolumeSource" {
        "datasetName" dataset_name: String,
        "datasetUUID" dataset_uuid: String,
    }
}

schema::typed_struct! {
    GCEPersistentDiskVolumeSource = "io.k8s.api.core.v1.GCEPersistentDiskVolumeSource" {
        "fsType" fs_type: String,
        "partition" partition: i32,
        "pdName" pd_name: String,
        "readOnly" read_only: bool,
    }
}

schema::typed_struct! {
    GRPCAction = "io.k8s.api.core.v1.GRPCAction" {
        "port" port: i32,
        "service" service: Option<String>,
    }
}

schema::typed_struct! {
    GitRepoVolumeSource = "io.k8s.api.core.v1.GitRepoVolumeSource" {
        "directory" directory: String,
        "repository" repository: String,
        "revision" revision: String,
    }
}

schema::typed_struct! {
    GlusterfsPersistentVolumeSource = "io.k8s.api.core.v1.GlusterfsPersistentVolumeSource" {
        "endpoints" endpoints: String,
        "endpointsNamespace" endpoints_namespace: Option<String>,
        "path" path: String,
        "readOnly" read_only: bool,
    }
}

schema::typed_struct! {
    GlusterfsVolumeSource = "io.k8s.api.core.v1.GlusterfsVolumeSource" {
        "endpoints" endpoints: String,
        "path" path: String,
        "readOnly" read_only: bool,
    }
}

schema::typed_struct! {
    HTTPGetAction = "io.k8s.api.core.v1.HTTPGetAction" {
        "host" host: String,
        "httpHeaders" http_headers: Vec<HTTPHeader>,
        "path" path: String,
        "port" port: schema::IntOrString,
        "scheme" scheme: String,
    }
}

schema::typed_struct! {
    HTTPHeader = "io.k8s.api.core.v1.HTTPHeader" {
        "name" name: String,
        "value" value: String,
    }
}

schema::typed_struct! {
    HostAlias = "io.k8s.api.core.v1.HostAlias" {
        "hostnames" hostnames: Vec<String>,
        "ip" ip: String,
    }
}

schema::typed_struct! {
    HostIP = "io.k8s.api.core.v1.HostIP" {
        "ip" ip: String,
    }
}

schema::typed_struct! {
    HostPathVolumeSource = "io.k8s.api.core.v1.HostPathVolumeSource" {
        "path" path: String,
        "type" type_: Option<String>,
    }
}

schema::typed_struct! {
    ISCSIPersistentVolumeSource = "io.k8s.api.core.v1.ISCSIPersistentVolumeSource" {
        "chapAuthDiscovery" chap_auth_discovery: bool,
        "chapAuthSession" chap_auth_session: bool,
        "fsType" fs_type: String,
        "initiatorName" initiator_name: Option<String>,
        "iqn" iqn: String,
        "iscsiInterface" iscsi_interface: String,
        "lun" lun: i32,
        "portals" portals: Vec<String>,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<SecretReference>>,
        "targetPortal" target_portal: String,
    }
}

schema::typed_struct! {
    ISCSIVolumeSource = "io.k8s.api.core.v1.ISCSIVolumeSource" {
        "chapAuthDiscovery" chap_auth_discovery: bool,
        "chapAuthSession" chap_auth_session: bool,
        "fsType" fs_type: String,
        "initiatorName" initiator_name: Option<String>,
        "iqn" iqn: String,
        "iscsiInterface" iscsi_interface: String,
        "lun" lun: i32,
        "portals" portals: Vec<String>,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<LocalObjectReference>>,
        "targetPortal" target_portal: String,
    }
}

schema::typed_struct! {
    ImageVolumeSource = "io.k8s.api.core.v1.ImageVolumeSource" {
        "pullPolicy" pull_policy: String,
        "reference" reference: String,
    }
}

schema::typed_struct! {
    ImageVolumeStatus = "io.k8s.api.core.v1.ImageVolumeStatus" {
        "imageRef" image_ref: String,
    }
}

schema::typed_struct! {
    KeyToPath = "io.k8s.api.core.v1.KeyToPath" {
        "key" key: String,
        "mode" mode: Option<i32>,
        "path" path: String,
    }
}

schema::typed_struct! {
    Lifecycle = "io.k8s.api.core.v1.Lifecycle" {
        "postStart" post_start: Option<Box<LifecycleHandler>>,
        "preStop" pre_stop: Option<Box<LifecycleHandler>>,
        "stopSignal" stop_signal: Option<String>,
    }
}

schema::typed_struct! {
    LifecycleHandler = "io.k8s.api.core.v1.LifecycleHandler" {
        "exec" exec: Option<Box<ExecAction>>,
        "httpGet" http_get: Option<Box<HTTPGetAction>>,
        "sleep" sleep: Option<Box<SleepAction>>,
        "tcpSocket" tcp_socket: Option<Box<TCPSocketAction>>,
    }
}

schema::typed_struct! {
    LimitRange = "io.k8s.api.core.v1.LimitRange", kind "v1" "LimitRange" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: LimitRangeSpec,
    }
}

schema::typed_object! { LimitRange, api_meta::v1::ObjectMeta, namespaced "limitranges" "" "v1" "LimitRange" }

schema::typed_struct! {
    LimitRangeItem = "io.k8s.api.core.v1.LimitRangeItem" {
        "default" default: BTreeMap<String, schema::Quantity>,
        "defaultRequest" default_request: BTreeMap<String, schema::Quantity>,
        "max" max: BTreeMap<String, schema::Quantity>,
        "maxLimitRequestRatio" max_limit_request_ratio: BTreeMap<String, schema::Quantity>,
        "min" min: BTreeMap<String, schema::Quantity>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    LimitRangeSpec = "io.k8s.api.core.v1.LimitRangeSpec" {
        "limits" limits: Vec<LimitRangeItem>,
    }
}

schema::typed_struct! {
    LinuxContainerUser = "io.k8s.api.core.v1.LinuxContainerUser" {
        "gid" gid: i64,
        "supplementalGroups" supplemental_groups: Vec<i64>,
        "uid" uid: i64,
    }
}

schema::typed_struct! {
    LoadBalancerIngress = "io.k8s.api.core.v1.LoadBalancerIngress" {
        "hostname" hostname: String,
        "ip" ip: String,
        "ipMode" ip_mode: Option<String>,
        "ports" ports: Vec<PortStatus>,
    }
}

schema::typed_struct! {
    LoadBalancerStatus = "io.k8s.api.core.v1.LoadBalancerStatus" {
        "ingress" ingress: Vec<LoadBalancerIngress>,
    }
}

schema::typed_struct! {
    LocalObjectReference = "io.k8s.api.core.v1.LocalObjectReference" {
        "name" name: String,
    }
}

schema::typed_struct! {
    LocalVolumeSource = "io.k8s.api.core.v1.LocalVolumeSource" {
        "fsType" fs_type: Option<String>,
        "path" path: String,
    }
}

schema::typed_struct! {
    ModifyVolumeStatus = "io.k8s.api.core.v1.ModifyVolumeStatus" {
        "status" status: String,
        "targetVolumeAttributesClassName" target_volume_attributes_class_name: String,
    }
}

schema::typed_struct! {
    NFSVolumeSource = "io.k8s.api.core.v1.NFSVolumeSource" {
        "path" path: String,
        "readOnly" read_only: bool,
        "server" server: String,
    }
}

schema::typed_struct! {
    Namespace = "io.k8s.api.core.v1.Namespace", kind "v1" "Namespace" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: NamespaceSpec,
        "status" status: NamespaceStatus,
    }
}

schema::typed_object! { Namespace, api_meta::v1::ObjectMeta, cluster "namespaces" "" "v1" "Namespace" }

schema::typed_struct! {
    NamespaceCondition = "io.k8s.api.core.v1.NamespaceCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    NamespaceSpec = "io.k8s.api.core.v1.NamespaceSpec" {
        "finalizers" finalizers: Vec<String>,
    }
}

schema::typed_struct! {
    NamespaceStatus = "io.k8s.api.core.v1.NamespaceStatus" {
        "conditions" conditions: Vec<NamespaceCondition>,
        "phase" phase: String,
    }
}

schema::typed_struct! {
    Node = "io.k8s.api.core.v1.Node", kind "v1" "Node" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: NodeSpec,
        "status" status: NodeStatus,
    }
}

schema::typed_object! { Node, api_meta::v1::ObjectMeta, cluster "nodes" "" "v1" "Node" }

schema::typed_struct! {
    NodeAddress = "io.k8s.api.core.v1.NodeAddress" {
        "address" address: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    NodeAffinity = "io.k8s.api.core.v1.NodeAffinity" {
        "preferredDuringSchedulingIgnoredDuringExecution" preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm>,
        "requiredDuringSchedulingIgnoredDuringExecution" required_during_scheduling_ignored_during_execution: Option<Box<NodeSelector>>,
    }
}

schema::typed_struct! {
    NodeAllocatableResourceClaimStatus = "io.k8s.api.core.v1.NodeAllocatableResourceClaimStatus" {
        "containers" containers: Vec<String>,
        "resourceClaimName" resource_claim_name: String,
        "resources" resources: BTreeMap<String, schema::Quantity>,
    }
}

schema::typed_struct! {
    NodeCondition = "io.k8s.api.core.v1.NodeCondition" {
        "lastHeartbeatTime" last_heartbeat_time: Option<schema::Time>,
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    NodeConfigSource = "io.k8s.api.core.v1.NodeConfigSource" {
        "configMap" config_map: Option<Box<ConfigMapNodeConfigSource>>,
    }
}

schema::typed_struct! {
    NodeConfigStatus = "io.k8s.api.core.v1.NodeConfigStatus" {
        "active" active: Option<Box<NodeConfigSource>>,
        "assigned" assigned: Option<Box<NodeConfigSource>>,
        "error" error: String,
        "lastKnownGood" last_known_good: Option<Box<NodeConfigSource>>,
    }
}

schema::typed_struct! {
    NodeDaemonEndpoints = "io.k8s.api.core.v1.NodeDaemonEndpoints" {
        "kubeletEndpoint" kubelet_endpoint: DaemonEndpoint,
    }
}

schema::typed_struct! {
    NodeFeatures = "io.k8s.api.core.v1.NodeFeatures" {
        "supplementalGroupsPolicy" supplemental_groups_policy: Option<bool>,
    }
}

schema::typed_struct! {
    NodeRuntimeHandler = "io.k8s.api.core.v1.NodeRuntimeHandler" {
        "features" features: Option<Box<NodeRuntimeHandlerFeatures>>,
        "name" name: String,
    }
}

schema::typed_struct! {
    NodeRuntimeHandlerFeatures = "io.k8s.api.core.v1.NodeRuntimeHandlerFeatures" {
        "recursiveReadOnlyMounts" recursive_read_only_mounts: Option<bool>,
        "userNamespaces" user_namespaces: Option<bool>,
    }
}

schema::typed_struct! {
    NodeSelector = "io.k8s.api.core.v1.NodeSelector" {
        "nodeSelectorTerms" node_selector_terms: Vec<NodeSelectorTerm>,
    }
}

schema::typed_struct! {
    NodeSelectorRequirement = "io.k8s.api.core.v1.NodeSelectorRequirement" {
        "key" key: String,
        "operator" operator: String,
        "values" values: Vec<String>,
    }
}

schema::typed_struct! {
    NodeSelectorTerm = "io.k8s.api.core.v1.NodeSelectorTerm" {
        "matchExpressions" match_expressions: Vec<NodeSelectorRequirement>,
        "matchFields" match_fields: Vec<NodeSelectorRequirement>,
    }
}

schema::typed_struct! {
    NodeSpec = "io.k8s.api.core.v1.NodeSpec" {
        "configSource" config_source: Option<Box<NodeConfigSource>>,
        "externalID" external_id: String,
        "podCIDR" pod_cidr: String,
        "podCIDRs" pod_cidrs: Vec<String>,
        "providerID" provider_id: String,
        "taints" taints: Vec<Taint>,
        "unschedulable" unschedulable: bool,
    }
}

schema::typed_struct! {
    NodeStatus = "io.k8s.api.core.v1.NodeStatus" {
        "addresses" addresses: Vec<NodeAddress>,
        "allocatable" allocatable: BTreeMap<String, schema::Quantity>,
        "capacity" capacity: BTreeMap<String, schema::Quantity>,
        "conditions" conditions: Vec<NodeCondition>,
        "config" config: Option<Box<NodeConfigStatus>>,
        "daemonEndpoints" daemon_endpoints: NodeDaemonEndpoints,
        "declaredFeatures" declared_features: Vec<String>,
        "features" features: Option<Box<NodeFeatures>>,
        "images" images: Vec<ContainerImage>,
        "nodeInfo" node_info: NodeSystemInfo,
        "phase" phase: String,
        "runtimeHandlers" runtime_handlers: Vec<NodeRuntimeHandler>,
        "volumesAttached" volumes_attached: Vec<AttachedVolume>,
        "volumesInUse" volumes_in_use: Vec<String>,
    }
}

schema::typed_struct! {
    NodeSwapStatus = "io.k8s.api.core.v1.NodeSwapStatus" {
        "capacity" capacity: Option<i64>,
    }
}

schema::typed_struct! {
    NodeSystemInfo = "io.k8s.api.core.v1.NodeSystemInfo" {
        "architecture" architecture: String,
        "bootID" boot_id: String,
        "containerRuntimeVersion" container_runtime_version: String,
        "kernelVersion" kernel_version: String,
        "kubeProxyVersion" kube_proxy_version: String,
        "kubeletVersion" kubelet_version: String,
        "machineID" machine_id: String,
        "operatingSystem" operating_system: String,
        "osImage" os_image: String,
        "swap" swap: Option<Box<NodeSwapStatus>>,
        "systemUUID" system_uuid: String,
    }
}

schema::typed_struct! {
    ObjectFieldSelector = "io.k8s.api.core.v1.ObjectFieldSelector" {
        "apiVersion" api_version: String,
        "fieldPath" field_path: String,
    }
}

schema::typed_struct! {
    ObjectReference = "io.k8s.api.core.v1.ObjectReference" {
        "apiVersion" api_version: String,
        "fieldPath" field_path: String,
        "kind" kind: String,
        "name" name: String,
        "namespace" namespace: String,
        "resourceVersion" resource_version: String,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    PersistentVolume = "io.k8s.api.core.v1.PersistentVolume", kind "v1" "PersistentVolume" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: PersistentVolumeSpec,
        "status" status: PersistentVolumeStatus,
    }
}

schema::typed_object! { PersistentVolume, api_meta::v1::ObjectMeta, cluster "persistentvolumes" "" "v1" "PersistentVolume" }

schema::typed_struct! {
    PersistentVolumeClaim = "io.k8s.api.core.v1.PersistentVolumeClaim", kind "v1" "PersistentVolumeClaim" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: PersistentVolumeClaimSpec,
        "status" status: PersistentVolumeClaimStatus,
    }
}

schema::typed_object! { PersistentVolumeClaim, api_meta::v1::ObjectMeta, namespaced "persistentvolumeclaims" "" "v1" "PersistentVolumeClaim" }

schema::typed_struct! {
    PersistentVolumeClaimCondition = "io.k8s.api.core.v1.PersistentVolumeClaimCondition" {
        "lastProbeTime" last_probe_time: Option<schema::Time>,
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    PersistentVolumeClaimSpec = "io.k8s.api.core.v1.PersistentVolumeClaimSpec" {
        "accessModes" access_modes: Vec<String>,
        "dataSource" data_source: Option<Box<TypedLocalObjectReference>>,
        "dataSourceRef" data_source_ref: Option<Box<TypedObjectReference>>,
        "resources" resources: VolumeResourceRequirements,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
        "storageClassName" storage_class_name: Option<String>,
        "volumeAttributesClassName" volume_attributes_class_name: Option<String>,
        "volumeMode" volume_mode: Option<String>,
        "volumeName" volume_name: String,
    }
}

schema::typed_struct! {
    PersistentVolumeClaimStatus = "io.k8s.api.core.v1.PersistentVolumeClaimStatus" {
        "accessModes" access_modes: Vec<String>,
        "allocatedResourceStatuses" allocated_resource_statuses: BTreeMap<String, String>,
        "allocatedResources" allocated_resources: BTreeMap<String, schema::Quantity>,
        "capacity" capacity: BTreeMap<String, schema::Quantity>,
        "conditions" conditions: Vec<PersistentVolumeClaimCondition>,
        "currentVolumeAttributesClassName" current_volume_attributes_class_name: Option<String>,
        "modifyVolumeStatus" modify_volume_status: Option<Box<ModifyVolumeStatus>>,
        "phase" phase: String,
    }
}

schema::typed_struct! {
    PersistentVolumeClaimTemplate = "io.k8s.api.core.v1.PersistentVolumeClaimTemplate" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: PersistentVolumeClaimSpec,
    }
}

schema::typed_struct! {
    PersistentVolumeClaimVolumeSource = "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource" {
        "claimName" claim_name: String,
        "readOnly" read_only: bool,
    }
}

schema::typed_struct! {
    PersistentVolumeSpec = "io.k8s.api.core.v1.PersistentVolumeSpec" {
        "accessModes" access_modes: Vec<String>,
        "awsElasticBlockStore" aws_elastic_block_store: Option<Box<AWSElasticBlockStoreVolumeSource>>,
        "azureDisk" azure_disk: Option<Box<AzureDiskVolumeSource>>,
        "azureFile" azure_file: Option<Box<AzureFilePersistentVolumeSource>>,
        "capacity" capacity: BTreeMap<String, schema::Quantity>,
        "cephfs" cephfs: Option<Box<CephFSPersistentVolumeSource>>,
        "cinder" cinder: Option<Box<CinderPersistentVolumeSource>>,
        "claimRef" claim_ref: Option<Box<ObjectReference>>,
        "csi" csi: Option<Box<CSIPersistentVolumeSource>>,
        "fc" fc: Option<Box<FCVolumeSource>>,
        "flexVolume" flex_volume: Option<Box<FlexPersistentVolumeSource>>,
        "flocker" flocker: Option<Box<FlockerVolumeSource>>,
        "gcePersistentDisk" gce_persistent_disk: Option<Box<GCEPersistentDiskVolumeSource>>,
        "glusterfs" glusterfs: Option<Box<GlusterfsPersistentVolumeSource>>,
        "hostPath" host_path: Option<Box<HostPathVolumeSource>>,
        "iscsi" iscsi: Option<Box<ISCSIPersistentVolumeSource>>,
        "local" local: Option<Box<LocalVolumeSource>>,
        "mountOptions" mount_options: Vec<String>,
        "nfs" nfs: Option<Box<NFSVolumeSource>>,
        "nodeAffinity" node_affinity: Option<Box<VolumeNodeAffinity>>,
        "persistentVolumeReclaimPolicy" persistent_volume_reclaim_policy: String,
        "photonPersistentDisk" photon_persistent_disk: Option<Box<PhotonPersistentDiskVolumeSource>>,
        "portworxVolume" portworx_volume: Option<Box<PortworxVolumeSource>>,
        "quobyte" quobyte: Option<Box<QuobyteVolumeSource>>,
        "rbd" rbd: Option<Box<RBDPersistentVolumeSource>>,
        "scaleIO" scale_io: Option<Box<ScaleIOPersistentVolumeSource>>,
        "storageClassName" storage_class_name: String,
        "storageos" storageos: Option<Box<StorageOSPersistentVolumeSource>>,
        "volumeAttributesClassName" volume_attributes_class_name: Option<String>,
        "volumeMode" volume_mode: Option<String>,
        "vsphereVolume" vsphere_volume: Option<Box<VsphereVirtualDiskVolumeSource>>,
    }
}

schema::typed_struct! {
    PersistentVolumeStatus = "io.k8s.api.core.v1.PersistentVolumeStatus" {
        "lastPhaseTransitionTime" last_phase_transition_time: Option<schema::Time>,
        "message" message: String,
        "phase" phase: String,
        "reason" reason: String,
    }
}

schema::typed_struct! {
    PhotonPersistentDiskVolumeSource = "io.k8s.api.core.v1.PhotonPersistentDiskVolumeSource" {
        "fsType" fs_type: String,
        "pdID" pd_id: String,
    }
}

schema::typed_struct! {
    Pod = "io.k8s.api.core.v1.Pod", kind "v1" "Pod" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: PodSpec,
        "status" status: PodStatus,
    }
}

schema::typed_object! { Pod, api_meta::v1::ObjectMeta, namespaced "pods" "" "v1" "Pod" }

schema::typed_struct! {
    PodAffinity = "io.k8s.api.core.v1.PodAffinity" {
        "preferredDuringSchedulingIgnoredDuringExecution" preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
        "requiredDuringSchedulingIgnoredDuringExecution" required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
    }
}

schema::typed_struct! {
    PodAffinityTerm = "io.k8s.api.core.v1.PodAffinityTerm" {
        "labelSelector" label_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "matchLabelKeys" match_label_keys: Vec<String>,
        "mismatchLabelKeys" mismatch_label_keys: Vec<String>,
        "namespaceSelector" namespace_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "namespaces" namespaces: Vec<String>,
        "topologyKey" topology_key: String,
    }
}

schema::typed_struct! {
    PodAntiAffinity = "io.k8s.api.core.v1.PodAntiAffinity" {
        "preferredDuringSchedulingIgnoredDuringExecution" preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
        "requiredDuringSchedulingIgnoredDuringExecution" required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
    }
}

schema::typed_struct! {
    PodCertificateProjection = "io.k8s.api.core.v1.PodCertificateProjection" {
        "certificateChainPath" certificate_chain_path: String,
        "credentialBundlePath" credential_bundle_path: String,
        "keyPath" key_path: String,
        "keyType" key_type: String,
        "maxExpirationSeconds" max_expiration_seconds: Option<i32>,
        "signerName" signer_name: String,
        "userAnnotations" user_annotations: BTreeMap<String, String>,
    }
}

schema::typed_struct! {
    PodCondition = "io.k8s.api.core.v1.PodCondition" {
        "lastProbeTime" last_probe_time: Option<schema::Time>,
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "observedGeneration" observed_generation: i64,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    PodDNSConfig = "io.k8s.api.core.v1.PodDNSConfig" {
        "nameservers" nameservers: Vec<String>,
        "options" options: Vec<PodDNSConfigOption>,
        "searches" searches: Vec<String>,
    }
}

schema::typed_struct! {
    PodDNSConfigOption = "io.k8s.api.core.v1.PodDNSConfigOption" {
        "name" name: String,
        "value" value: Option<String>,
    }
}

schema::typed_struct! {
    PodExtendedResourceClaimStatus = "io.k8s.api.core.v1.PodExtendedResourceClaimStatus" {
        "requestMappings" request_mappings: Vec<ContainerExtendedResourceRequest>,
        "resourceClaimName" resource_claim_name: String,
    }
}

schema::typed_struct! {
    PodIP = "io.k8s.api.core.v1.PodIP" {
        "ip" ip: String,
    }
}

schema::typed_struct! {
    PodOS = "io.k8s.api.core.v1.PodOS" {
        "name" name: String,
    }
}

schema::typed_struct! {
    PodReadinessGate = "io.k8s.api.core.v1.PodReadinessGate" {
        "conditionType" condition_type: String,
    }
}

schema::typed_struct! {
    PodResourceClaim = "io.k8s.api.core.v1.PodResourceClaim" {
        "name" name: String,
        "resourceClaimName" resource_claim_name: Option<String>,
        "resourceClaimTemplateName" resource_claim_template_name: Option<String>,
    }
}

schema::typed_struct! {
    PodResourceClaimStatus = "io.k8s.api.core.v1.PodResourceClaimStatus" {
        "name" name: String,
        "resourceClaimName" resource_claim_name: Option<String>,
    }
}

schema::typed_struct! {
    PodSchedulingGate = "io.k8s.api.core.v1.PodSchedulingGate" {
        "name" name: String,
    }
}

schema::typed_struct! {
    PodSchedulingGroup = "io.k8s.api.core.v1.PodSchedulingGroup" {
        "podGroupName" pod_group_name: Option<String>,
    }
}

schema::typed_struct! {
    PodSecurityContext = "io.k8s.api.core.v1.PodSecurityContext" {
        "appArmorProfile" app_armor_profile: Option<Box<AppArmorProfile>>,
        "fsGroup" fs_group: Option<i64>,
        "fsGroupChangePolicy" fs_group_change_policy: Option<String>,
        "runAsGroup" run_as_group: Option<i64>,
        "runAsNonRoot" run_as_non_root: Option<bool>,
        "runAsUser" run_as_user: Option<i64>,
        "seLinuxChangePolicy" se_linux_change_policy: Option<String>,
        "seLinuxOptions" se_linux_options: Option<Box<SELinuxOptions>>,
        "seccompProfile" seccomp_profile: Option<Box<SeccompProfile>>,
        "supplementalGroups" supplemental_groups: Vec<i64>,
        "supplementalGroupsPolicy" supplemental_groups_policy: Option<String>,
        "sysctls" sysctls: Vec<Sysctl>,
        "windowsOptions" windows_options: Option<Box<WindowsSecurityContextOptions>>,
    }
}

schema::typed_struct! {
    PodSpec = "io.k8s.api.core.v1.PodSpec" {
        "activeDeadlineSeconds" active_deadline_seconds: Option<i64>,
        "affinity" affinity: Option<Box<Affinity>>,
        "automountServiceAccountToken" automount_service_account_token: Option<bool>,
        "containers" containers: Vec<Container>,
        "dnsConfig" dns_config: Option<Box<PodDNSConfig>>,
        "dnsPolicy" dns_policy: String,
        "enableServiceLinks" enable_service_links: Option<bool>,
        "ephemeralContainers" ephemeral_containers: Vec<EphemeralContainer>,
        "hostAliases" host_aliases: Vec<HostAlias>,
        "hostIPC" host_ipc: bool,
        "hostNetwork" host_network: bool,
        "hostPID" host_pid: bool,
        "hostUsers" host_users: Option<bool>,
        "hostname" hostname: String,
        "hostnameOverride" hostname_override: Option<String>,
        "imagePullSecrets" image_pull_secrets: Vec<LocalObjectReference>,
        "initContainers" init_containers: Vec<Container>,
        "nodeName" node_name: String,
        "nodeSelector" node_selector: BTreeMap<String, String>,
        "os" os: Option<Box<PodOS>>,
        "overhead" overhead: BTreeMap<String, schema::Quantity>,
        "preemptionPolicy" preemption_policy: Option<String>,
        "priority" priority: Option<i32>,
        "priorityClassName" priority_class_name: String,
        "readinessGates" readiness_gates: Vec<PodReadinessGate>,
        "resourceClaims" resource_claims: Vec<PodResourceClaim>,
        "resources" resources: Option<Box<ResourceRequirements>>,
        "restartPolicy" restart_policy: String,
        "runtimeClassName" runtime_class_name: Option<String>,
        "schedulerName" scheduler_name: String,
        "schedulingGates" scheduling_gates: Vec<PodSchedulingGate>,
        "schedulingGroup" scheduling_group: Option<Box<PodSchedulingGroup>>,
        "securityContext" security_context: Option<Box<PodSecurityContext>>,
        "serviceAccount" service_account: String,
        "serviceAccountName" service_account_name: String,
        "setHostnameAsFQDN" set_hostname_as_fqdn: Option<bool>,
        "shareProcessNamespace" share_process_namespace: Option<bool>,
        "subdomain" subdomain: String,
        "terminationGracePeriodSeconds" termination_grace_period_seconds: Option<i64>,
        "tolerations" tolerations: Vec<Toleration>,
        "topologySpreadConstraints" topology_spread_constraints: Vec<TopologySpreadConstraint>,
        "volumes" volumes: Vec<Volume>,
    }
}

schema::typed_struct! {
    PodStatus = "io.k8s.api.core.v1.PodStatus" {
        "allocatedResources" allocated_resources: BTreeMap<String, schema::Quantity>,
        "conditions" conditions: Vec<PodCondition>,
        "containerStatuses" container_statuses: Vec<ContainerStatus>,
        "ephemeralContainerStatuses" ephemeral_container_statuses: Vec<ContainerStatus>,
        "extendedResourceClaimStatus" extended_resource_claim_status: Option<Box<PodExtendedResourceClaimStatus>>,
        "hostIP" host_ip: String,
        "hostIPs" host_ips: Vec<HostIP>,
        "initContainerStatuses" init_container_statuses: Vec<ContainerStatus>,
        "message" message: String,
        "nodeAllocatableResourceClaimStatuses" node_allocatable_resource_claim_statuses: Vec<NodeAllocatableResourceClaimStatus>,
        "nominatedNodeName" nominated_node_name: String,
        "observedGeneration" observed_generation: i64,
        "phase" phase: String,
        "podIP" pod_ip: String,
        "podIPs" pod_ips: Vec<PodIP>,
        "qosClass" qos_class: String,
        "reason" reason: String,
        "resize" resize: String,
        "resourceClaimStatuses" resource_claim_statuses: Vec<PodResourceClaimStatus>,
        "resources" resources: Option<Box<ResourceRequirements>>,
        "startTime" start_time: Option<schema::Time>,
    }
}

schema::typed_struct! {
    PodTemplate = "io.k8s.api.core.v1.PodTemplate", kind "v1" "PodTemplate" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "template" template: PodTemplateSpec,
    }
}

schema::typed_object! { PodTemplate, api_meta::v1::ObjectMeta, namespaced "podtemplates" "" "v1" "PodTemplate" }

schema::typed_struct! {
    PodTemplateSpec = "io.k8s.api.core.v1.PodTemplateSpec" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: PodSpec,
    }
}

schema::typed_struct! {
    PortStatus = "io.k8s.api.core.v1.PortStatus" {
        "error" error: Option<String>,
        "port" port: i32,
        "protocol" protocol: String,
    }
}

schema::typed_struct! {
    PortworxVolumeSource = "io.k8s.api.core.v1.PortworxVolumeSource" {
        "fsType" fs_type: String,
        "readOnly" read_only: bool,
        "volumeID" volume_id: String,
    }
}

schema::typed_struct! {
    PreferredSchedulingTerm = "io.k8s.api.core.v1.PreferredSchedulingTerm" {
        "preference" preference: NodeSelectorTerm,
        "weight" weight: i32,
    }
}

schema::typed_struct! {
    Probe = "io.k8s.api.core.v1.Probe" {
        "exec" exec: Option<Box<ExecAction>>,
        "failureThreshold" failure_threshold: i32,
        "grpc" grpc: Option<Box<GRPCAction>>,
        "httpGet" http_get: Option<Box<HTTPGetAction>>,
        "initialDelaySeconds" initial_delay_seconds: i32,
        "periodSeconds" period_seconds: i32,
        "successThreshold" success_threshold: i32,
        "tcpSocket" tcp_socket: Option<Box<TCPSocketAction>>,
        "terminationGracePeriodSeconds" termination_grace_period_seconds: Option<i64>,
        "timeoutSeconds" timeout_seconds: i32,
    }
}

schema::typed_struct! {
    ProjectedVolumeSource = "io.k8s.api.core.v1.ProjectedVolumeSource" {
        "defaultMode" default_mode: Option<i32>,
        "sources" sources: Vec<VolumeProjection>,
    }
}

schema::typed_struct! {
    QuobyteVolumeSource = "io.k8s.api.core.v1.QuobyteVolumeSource" {
        "group" group: String,
        "readOnly" read_only: bool,
        "registry" registry: String,
        "tenant" tenant: String,
        "user" user: String,
        "volume" volume: String,
    }
}

schema::typed_struct! {
    RBDPersistentVolumeSource = "io.k8s.api.core.v1.RBDPersistentVolumeSource" {
        "fsType" fs_type: String,
        "image" image: String,
        "keyring" keyring: String,
        "monitors" monitors: Vec<String>,
        "pool" pool: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<SecretReference>>,
        "user" user: String,
    }
}

schema::typed_struct! {
    RBDVolumeSource = "io.k8s.api.core.v1.RBDVolumeSource" {
        "fsType" fs_type: String,
        "image" image: String,
        "keyring" keyring: String,
        "monitors" monitors: Vec<String>,
        "pool" pool: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<LocalObjectReference>>,
        "user" user: String,
    }
}

schema::typed_struct! {
    ReplicationController = "io.k8s.api.core.v1.ReplicationController", kind "v1" "ReplicationController" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ReplicationControllerSpec,
        "status" status: ReplicationControllerStatus,
    }
}

schema::typed_object! { ReplicationController, api_meta::v1::ObjectMeta, namespaced "replicationcontrollers" "" "v1" "ReplicationController" }

schema::typed_struct! {
    ReplicationControllerCondition = "io.k8s.api.core.v1.ReplicationControllerCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    ReplicationControllerSpec = "io.k8s.api.core.v1.ReplicationControllerSpec" {
        "minReadySeconds" min_ready_seconds: i32,
        "replicas" replicas: Option<i32>,
        "selector" selector: BTreeMap<String, String>,
        "template" template: Option<Box<PodTemplateSpec>>,
    }
}

schema::typed_struct! {
    ReplicationControllerStatus = "io.k8s.api.core.v1.ReplicationControllerStatus" {
        "availableReplicas" available_replicas: i32,
        "conditions" conditions: Vec<ReplicationControllerCondition>,
        "fullyLabeledReplicas" fully_labeled_replicas: i32,
        "observedGeneration" observed_generation: i64,
        "readyReplicas" ready_replicas: i32,
        "replicas" replicas: i32,
    }
}

schema::typed_struct! {
    ResourceClaim = "io.k8s.api.core.v1.ResourceClaim" {
        "name" name: String,
        "request" request: String,
    }
}

schema::typed_struct! {
    ResourceFieldSelector = "io.k8s.api.core.v1.ResourceFieldSelector" {
        "containerName" container_name: String,
        "divisor" divisor: schema::Quantity,
        "resource" resource: String,
    }
}

schema::typed_struct! {
    ResourceHealth = "io.k8s.api.core.v1.ResourceHealth" {
        "health" health: String,
        "message" message: Option<String>,
        "resourceID" resource_id: String,
    }
}

schema::typed_struct! {
    ResourceQuota = "io.k8s.api.core.v1.ResourceQuota", kind "v1" "ResourceQuota" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ResourceQuotaSpec,
        "status" status: ResourceQuotaStatus,
    }
}

schema::typed_object! { ResourceQuota, api_meta::v1::ObjectMeta, namespaced "resourcequotas" "" "v1" "ResourceQuota" }

schema::typed_struct! {
    ResourceQuotaSpec = "io.k8s.api.core.v1.ResourceQuotaSpec" {
        "hard" hard: BTreeMap<String, schema::Quantity>,
        "scopeSelector" scope_selector: Option<Box<ScopeSelector>>,
        "scopes" scopes: Vec<String>,
    }
}

schema::typed_struct! {
    ResourceQuotaStatus = "io.k8s.api.core.v1.ResourceQuotaStatus" {
        "hard" hard: BTreeMap<String, schema::Quantity>,
        "used" used: BTreeMap<String, schema::Quantity>,
    }
}

schema::typed_struct! {
    ResourceRequirements = "io.k8s.api.core.v1.ResourceRequirements" {
        "claims" claims: Vec<ResourceClaim>,
        "limits" limits: BTreeMap<String, schema::Quantity>,
        "requests" requests: BTreeMap<String, schema::Quantity>,
    }
}

schema::typed_struct! {
    ResourceStatus = "io.k8s.api.core.v1.ResourceStatus" {
        "name" name: String,
        "resources" resources: Vec<ResourceHealth>,
    }
}

schema::typed_struct! {
    SELinuxOptions = "io.k8s.api.core.v1.SELinuxOptions" {
        "level" level: String,
        "role" role: String,
        "type" type_: String,
        "user" user: String,
    }
}

schema::typed_struct! {
    ScaleIOPersistentVolumeSource = "io.k8s.api.core.v1.ScaleIOPersistentVolumeSource" {
        "fsType" fs_type: String,
        "gateway" gateway: String,
        "protectionDomain" protection_domain: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<SecretReference>>,
        "sslEnabled" ssl_enabled: bool,
        "storageMode" storage_mode: String,
        "storagePool" storage_pool: String,
        "system" system: String,
        "volumeName" volume_name: String,
    }
}

schema::typed_struct! {
    ScaleIOVolumeSource = "io.k8s.api.core.v1.ScaleIOVolumeSource" {
        "fsType" fs_type: String,
        "gateway" gateway: String,
        "protectionDomain" protection_domain: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<LocalObjectReference>>,
        "sslEnabled" ssl_enabled: bool,
        "storageMode" storage_mode: String,
        "storagePool" storage_pool: String,
        "system" system: String,
        "volumeName" volume_name: String,
    }
}

schema::typed_struct! {
    ScopeSelector = "io.k8s.api.core.v1.ScopeSelector" {
        "matchExpressions" match_expressions: Vec<ScopedResourceSelectorRequirement>,
    }
}

schema::typed_struct! {
    ScopedResourceSelectorRequirement = "io.k8s.api.core.v1.ScopedResourceSelectorRequirement" {
        "operator" operator: String,
        "scopeName" scope_name: String,
        "values" values: Vec<String>,
    }
}

schema::typed_struct! {
    SeccompProfile = "io.k8s.api.core.v1.SeccompProfile" {
        "localhostProfile" localhost_profile: Option<String>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    Secret = "io.k8s.api.core.v1.Secret", kind "v1" "Secret" {
        "data" data: BTreeMap<String, schema::Bytes>,
        "immutable" immutable: Option<bool>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "stringData" string_data: BTreeMap<String, String>,
        "type" type_: String,
    }
}

schema::typed_object! { Secret, api_meta::v1::ObjectMeta, namespaced "secrets" "" "v1" "Secret" }

schema::typed_struct! {
    SecretEnvSource = "io.k8s.api.core.v1.SecretEnvSource" {
        "name" name: String,
        "optional" optional: Option<bool>,
    }
}

schema::typed_struct! {
    SecretKeySelector = "io.k8s.api.core.v1.SecretKeySelector" {
        "key" key: String,
        "name" name: String,
        "optional" optional: Option<bool>,
    }
}

schema::typed_struct! {
    SecretProjection = "io.k8s.api.core.v1.SecretProjection" {
        "items" items: Vec<KeyToPath>,
        "name" name: String,
        "optional" optional: Option<bool>,
    }
}

schema::typed_struct! {
    SecretReference = "io.k8s.api.core.v1.SecretReference" {
        "name" name: String,
        "namespace" namespace: String,
    }
}

schema::typed_struct! {
    SecretVolumeSource = "io.k8s.api.core.v1.SecretVolumeSource" {
        "defaultMode" default_mode: Option<i32>,
        "items" items: Vec<KeyToPath>,
        "optional" optional: Option<bool>,
        "secretName" secret_name: String,
    }
}

schema::typed_struct! {
    SecurityContext = "io.k8s.api.core.v1.SecurityContext" {
        "allowPrivilegeEscalation" allow_privilege_escalation: Option<bool>,
        "appArmorProfile" app_armor_profile: Option<Box<AppArmorProfile>>,
        "capabilities" capabilities: Option<Box<Capabilities>>,
        "privileged" privileged: Option<bool>,
        "procMount" proc_mount: Option<String>,
        "readOnlyRootFilesystem" read_only_root_filesystem: Option<bool>,
        "runAsGroup" run_as_group: Option<i64>,
        "runAsNonRoot" run_as_non_root: Option<bool>,
        "runAsUser" run_as_user: Option<i64>,
        "seLinuxOptions" se_linux_options: Option<Box<SELinuxOptions>>,
        "seccompProfile" seccomp_profile: Option<Box<SeccompProfile>>,
        "windowsOptions" windows_options: Option<Box<WindowsSecurityContextOptions>>,
    }
}

schema::typed_struct! {
    Service = "io.k8s.api.core.v1.Service", kind "v1" "Service" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ServiceSpec,
        "status" status: ServiceStatus,
    }
}

schema::typed_object! { Service, api_meta::v1::ObjectMeta, namespaced "services" "" "v1" "Service" }

schema::typed_struct! {
    ServiceAccount = "io.k8s.api.core.v1.ServiceAccount", kind "v1" "ServiceAccount" {
        "automountServiceAccountToken" automount_service_account_token: Option<bool>,
        "imagePullSecrets" image_pull_secrets: Vec<LocalObjectReference>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "secrets" secrets: Vec<ObjectReference>,
    }
}

schema::typed_object! { ServiceAccount, api_meta::v1::ObjectMeta, namespaced "serviceaccounts" "" "v1" "ServiceAccount" }

schema::typed_struct! {
    ServiceAccountTokenProjection = "io.k8s.api.core.v1.ServiceAccountTokenProjection" {
        "audience" audience: String,
        "expirationSeconds" expiration_seconds: Option<i64>,
        "path" path: String,
    }
}

schema::typed_struct! {
    ServicePort = "io.k8s.api.core.v1.ServicePort" {
        "appProtocol" app_protocol: Option<String>,
        "name" name: String,
        "nodePort" node_port: i32,
        "port" port: i32,
        "protocol" protocol: String,
        "targetPort" target_port: schema::IntOrString,
    }
}

schema::typed_struct! {
    ServiceSpec = "io.k8s.api.core.v1.ServiceSpec" {
        "allocateLoadBalancerNodePorts" allocate_load_balancer_node_ports: Option<bool>,
        "clusterIP" cluster_ip: String,
        "clusterIPs" cluster_ips: Vec<String>,
        "externalIPs" external_ips: Vec<String>,
        "externalName" external_name: String,
        "externalTrafficPolicy" external_traffic_policy: String,
        "healthCheckNodePort" health_check_node_port: i32,
        "internalTrafficPolicy" internal_traffic_policy: Option<String>,
        "ipFamilies" ip_families: Vec<String>,
        "ipFamilyPolicy" ip_family_policy: Option<String>,
        "loadBalancerClass" load_balancer_class: Option<String>,
        "loadBalancerIP" load_balancer_ip: String,
        "loadBalancerSourceRanges" load_balancer_source_ranges: Vec<String>,
        "ports" ports: Vec<ServicePort>,
        "publishNotReadyAddresses" publish_not_ready_addresses: bool,
        "selector" selector: BTreeMap<String, String>,
        "sessionAffinity" session_affinity: String,
        "sessionAffinityConfig" session_affinity_config: Option<Box<SessionAffinityConfig>>,
        "trafficDistribution" traffic_distribution: Option<String>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    ServiceStatus = "io.k8s.api.core.v1.ServiceStatus" {
        "conditions" conditions: Vec<api_meta::v1::Condition>,
        "loadBalancer" load_balancer: LoadBalancerStatus,
    }
}

schema::typed_struct! {
    SessionAffinityConfig = "io.k8s.api.core.v1.SessionAffinityConfig" {
        "clientIP" client_ip: Option<Box<ClientIPConfig>>,
    }
}

schema::typed_struct! {
    SleepAction = "io.k8s.api.core.v1.SleepAction" {
        "seconds" seconds: i64,
    }
}

schema::typed_struct! {
    StorageOSPersistentVolumeSource = "io.k8s.api.core.v1.StorageOSPersistentVolumeSource" {
        "fsType" fs_type: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<ObjectReference>>,
        "volumeName" volume_name: String,
        "volumeNamespace" volume_namespace: String,
    }
}

schema::typed_struct! {
    StorageOSVolumeSource = "io.k8s.api.core.v1.StorageOSVolumeSource" {
        "fsType" fs_type: String,
        "readOnly" read_only: bool,
        "secretRef" secret_ref: Option<Box<LocalObjectReference>>,
        "volumeName" volume_name: String,
        "volumeNamespace" volume_namespace: String,
    }
}

schema::typed_struct! {
    Sysctl = "io.k8s.api.core.v1.Sysctl" {
        "name" name: String,
        "value" value: String,
    }
}

schema::typed_struct! {
    TCPSocketAction = "io.k8s.api.core.v1.TCPSocketAction" {
        "host" host: String,
        "port" port: schema::IntOrString,
    }
}

schema::typed_struct! {
    Taint = "io.k8s.api.core.v1.Taint" {
        "effect" effect: String,
        "key" key: String,
        "timeAdded" time_added: Option<schema::Time>,
        "value" value: String,
    }
}

schema::typed_struct! {
    Toleration = "io.k8s.api.core.v1.Toleration" {
        "effect" effect: String,
        "key" key: String,
        "operator" operator: String,
        "tolerationSeconds" toleration_seconds: Option<i64>,
        "value" value: String,
    }
}

schema::typed_struct! {
    TopologySelectorLabelRequirement = "io.k8s.api.core.v1.TopologySelectorLabelRequirement" {
        "key" key: String,
        "values" values: Vec<String>,
    }
}

schema::typed_struct! {
    TopologySelectorTerm = "io.k8s.api.core.v1.TopologySelectorTerm" {
        "matchLabelExpressions" match_label_expressions: Vec<TopologySelectorLabelRequirement>,
    }
}

schema::typed_struct! {
    TopologySpreadConstraint = "io.k8s.api.core.v1.TopologySpreadConstraint" {
        "labelSelector" label_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "matchLabelKeys" match_label_keys: Vec<String>,
        "maxSkew" max_skew: i32,
        "minDomains" min_domains: Option<i32>,
        "nodeAffinityPolicy" node_affinity_policy: Option<String>,
        "nodeTaintsPolicy" node_taints_policy: Option<String>,
        "topologyKey" topology_key: String,
        "whenUnsatisfiable" when_unsatisfiable: String,
    }
}

schema::typed_struct! {
    TypedLocalObjectReference = "io.k8s.api.core.v1.TypedLocalObjectReference" {
        "apiGroup" api_group: Option<String>,
        "kind" kind: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    TypedObjectReference = "io.k8s.api.core.v1.TypedObjectReference" {
        "apiGroup" api_group: Option<String>,
        "kind" kind: String,
        "name" name: String,
        "namespace" namespace: Option<String>,
    }
}

schema::typed_struct! {
    Volume = "io.k8s.api.core.v1.Volume" {
        "awsElasticBlockStore" aws_elastic_block_store: Option<Box<AWSElasticBlockStoreVolumeSource>>,
        "azureDisk" azure_disk: Option<Box<AzureDiskVolumeSource>>,
        "azureFile" azure_file: Option<Box<AzureFileVolumeSource>>,
        "cephfs" cephfs: Option<Box<CephFSVolumeSource>>,
        "cinder" cinder: Option<Box<CinderVolumeSource>>,
        "configMap" config_map: Option<Box<ConfigMapVolumeSource>>,
        "csi" csi: Option<Box<CSIVolumeSource>>,
        "downwardAPI" downward_api: Option<Box<DownwardAPIVolumeSource>>,
        "emptyDir" empty_dir: Option<Box<EmptyDirVolumeSource>>,
        "ephemeral" ephemeral: Option<Box<EphemeralVolumeSource>>,
        "fc" fc: Option<Box<FCVolumeSource>>,
        "flexVolume" flex_volume: Option<Box<FlexVolumeSource>>,
        "flocker" flocker: Option<Box<FlockerVolumeSource>>,
        "gcePersistentDisk" gce_persistent_disk: Option<Box<GCEPersistentDiskVolumeSource>>,
        "gitRepo" git_repo: Option<Box<GitRepoVolumeSource>>,
        "glusterfs" glusterfs: Option<Box<GlusterfsVolumeSource>>,
        "hostPath" host_path: Option<Box<HostPathVolumeSource>>,
        "image" image: Option<Box<ImageVolumeSource>>,
        "iscsi" iscsi: Option<Box<ISCSIVolumeSource>>,
        "name" name: String,
        "nfs" nfs: Option<Box<NFSVolumeSource>>,
        "persistentVolumeClaim" persistent_volume_claim: Option<Box<PersistentVolumeClaimVolumeSource>>,
        "photonPersistentDisk" photon_persistent_disk: Option<Box<PhotonPersistentDiskVolumeSource>>,
        "portworxVolume" portworx_volume: Option<Box<PortworxVolumeSource>>,
        "projected" projected: Option<Box<ProjectedVolumeSource>>,
        "quobyte" quobyte: Option<Box<QuobyteVolumeSource>>,
        "rbd" rbd: Option<Box<RBDVolumeSource>>,
        "scaleIO" scale_io: Option<Box<ScaleIOVolumeSource>>,
        "secret" secret: Option<Box<SecretVolumeSource>>,
        "storageos" storageos: Option<Box<StorageOSVolumeSource>>,
        "vsphereVolume" vsphere_volume: Option<Box<VsphereVirtualDiskVolumeSource>>,
    }
}

schema::typed_struct! {
    VolumeDevice = "io.k8s.api.core.v1.VolumeDevice" {
        "devicePath" device_path: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    VolumeMount = "io.k8s.api.core.v1.VolumeMount" {
        "mountPath" mount_path: String,
        "mountPropagation" mount_propagation: Option<String>,
        "name" name: String,
        "readOnly" read_only: bool,
        "recursiveReadOnly" recursive_read_only: Option<String>,
        "subPath" sub_path: String,
        "subPathExpr" sub_path_expr: String,
    }
}

schema::typed_struct! {
    VolumeMountStatus = "io.k8s.api.core.v1.VolumeMountStatus" {
        "mountPath" mount_path: String,
        "name" name: String,
        "readOnly" read_only: bool,
        "recursiveReadOnly" recursive_read_only: Option<String>,
        "volumeStatus" volume_status: Option<Box<VolumeStatus>>,
    }
}

schema::typed_struct! {
    VolumeNodeAffinity = "io.k8s.api.core.v1.VolumeNodeAffinity" {
        "required" required: Option<Box<NodeSelector>>,
    }
}

schema::typed_struct! {
    VolumeProjection = "io.k8s.api.core.v1.VolumeProjection" {
        "clusterTrustBundle" cluster_trust_bundle: Option<Box<ClusterTrustBundleProjection>>,
        "configMap" config_map: Option<Box<ConfigMapProjection>>,
        "downwardAPI" downward_api: Option<Box<DownwardAPIProjection>>,
        "podCertificate" pod_certificate: Option<Box<PodCertificateProjection>>,
        "secret" secret: Option<Box<SecretProjection>>,
        "serviceAccountToken" service_account_token: Option<Box<ServiceAccountTokenProjection>>,
    }
}

schema::typed_struct! {
    VolumeResourceRequirements = "io.k8s.api.core.v1.VolumeResourceRequirements" {
        "limits" limits: BTreeMap<String, schema::Quantity>,
        "requests" requests: BTreeMap<String, schema::Quantity>,
    }
}

schema::typed_struct! {
    VolumeStatus = "io.k8s.api.core.v1.VolumeStatus" {
        "image" image: Option<Box<ImageVolumeStatus>>,
    }
}

schema::typed_struct! {
    VsphereVirtualDiskVolumeSource = "io.k8s.api.core.v1.VsphereVirtualDiskVolumeSource" {
        "fsType" fs_type: String,
        "storagePolicyID" storage_policy_id: String,
        "storagePolicyName" storage_policy_name: String,
        "volumePath" volume_path: String,
    }
}

schema::typed_struct! {
    WeightedPodAffinityTerm = "io.k8s.api.core.v1.WeightedPodAffinityTerm" {
        "podAffinityTerm" pod_affinity_term: PodAffinityTerm,
        "weight" weight: i32,
    }
}

schema::typed_struct! {
    WindowsSecurityContextOptions = "io.k8s.api.core.v1.WindowsSecurityContextOptions" {
        "gmsaCredentialSpec" gmsa_credential_spec: Option<String>,
        "gmsaCredentialSpecName" gmsa_credential_spec_name: Option<String>,
        "hostProcess" host_process: Option<bool>,
        "runAsUserName" run_as_user_name: Option<String>,
    }
}
