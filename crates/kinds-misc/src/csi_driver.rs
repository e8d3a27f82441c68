//! CSIDriver.

use api_misc::storage::v1;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version};
use schema::{Time, Typed};

pub struct CSIDriver;

static NAMES: Names = Names {
    group: "storage.k8s.io",
    kind: "CSIDriver",
    plural: "csidrivers",
    singular: "csidriver",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.storage.v1.CSIDriver" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::CSIDriver>] = &[
    Column::NAME,
    Column {
        name: "AttachRequired",
        kind: "boolean",
        format: "",
        description: ATTACH_REQUIRED_DESCRIPTION,
        priority: 0,
        cell: attach_required,
    },
    Column {
        name: "PodInfoOnMount",
        kind: "boolean",
        format: "",
        description: POD_INFO_ON_MOUNT_DESCRIPTION,
        priority: 0,
        cell: pod_info_on_mount,
    },
    Column {
        name: "StorageCapacity",
        kind: "boolean",
        format: "",
        description: STORAGE_CAPACITY_DESCRIPTION,
        priority: 0,
        cell: storage_capacity,
    },
    Column::string("TokenRequests", TOKEN_REQUESTS_DESCRIPTION, 0, token_requests),
    Column {
        name: "RequiresRepublish",
        kind: "boolean",
        format: "",
        description: REQUIRES_REPUBLISH_DESCRIPTION,
        priority: 0,
        cell: requires_republish,
    },
    Column::string("Modes", MODES_DESCRIPTION, 0, modes),
    Column::AGE,
];

const ATTACH_REQUIRED_DESCRIPTION: &str = "attachRequired indicates this CSI volume driver requires an attach operation (because it implements the CSI ControllerPublishVolume() method), and that the Kubernetes attach detach controller should call the attach volume interface which checks the volumeattachment status and waits until the volume is attached before proceeding to mounting. The CSI external-attacher coordinates with CSI volume driver and updates the volumeattachment status when the attach operation is complete. If the value is specified to false, the attach operation will be skipped. Otherwise the attach operation will be called.\n\nThis field is immutable.";
const POD_INFO_ON_MOUNT_DESCRIPTION: &str = "podInfoOnMount indicates this CSI volume driver requires additional pod information (like podName, podUID, etc.) during mount operations, if set to true. If set to false, pod information will not be passed on mount. Default is false.\n\nThe CSI driver specifies podInfoOnMount as part of driver deployment. If true, Kubelet will pass pod information as VolumeContext in the CSI NodePublishVolume() calls. The CSI driver is responsible for parsing and validating the information passed in as VolumeContext.\n\nThe following VolumeContext will be passed if podInfoOnMount is set to true. This list might grow, but the prefix will be used. \"csi.storage.k8s.io/pod.name\": pod.Name \"csi.storage.k8s.io/pod.namespace\": pod.Namespace \"csi.storage.k8s.io/pod.uid\": string(pod.UID) \"csi.storage.k8s.io/ephemeral\": \"true\" if the volume is an ephemeral inline volume\n                                defined by a CSIVolumeSource, otherwise \"false\"\n\n\"csi.storage.k8s.io/ephemeral\" is a new feature in Kubernetes 1.16. It is only required for drivers which support both the \"Persistent\" and \"Ephemeral\" VolumeLifecycleMode. Other drivers can leave pod info disabled and/or ignore this field. As Kubernetes 1.15 doesn't support this field, drivers can only support one mode when deployed on such a cluster and the deployment determines which mode that is, for example via a command line parameter of the driver.\n\nThis field was immutable in Kubernetes < 1.29 and now is mutable.";
const STORAGE_CAPACITY_DESCRIPTION: &str = "storageCapacity indicates that the CSI volume driver wants pod scheduling to consider the storage capacity that the driver deployment will report by creating CSIStorageCapacity objects with capacity information, if set to true.\n\nThe check can be enabled immediately when deploying a driver. In that case, provisioning new volumes with late binding will pause until the driver deployment has published some suitable CSIStorageCapacity object.\n\nAlternatively, the driver can be deployed with the field unset or false and it can be flipped later when storage capacity information has been published.\n\nThis field was immutable in Kubernetes <= 1.22 and now is mutable.";
const TOKEN_REQUESTS_DESCRIPTION: &str = "tokenRequests indicates the CSI driver needs pods' service account tokens it is mounting volume for to do necessary authentication. Kubelet will pass the tokens in VolumeContext in the CSI NodePublishVolume calls. The CSI driver should parse and validate the following VolumeContext: \"csi.storage.k8s.io/serviceAccount.tokens\": {\n  \"<audience>\": {\n    \"token\": <token>,\n    \"expirationTimestamp\": <expiration timestamp in RFC3339>,\n  },\n  ...\n}\n\nNote: Audience in each TokenRequest should be different and at most one token is empty string. To receive a new token after expiry, RequiresRepublish can be used to trigger NodePublishVolume periodically.";
const REQUIRES_REPUBLISH_DESCRIPTION: &str = "requiresRepublish indicates the CSI driver wants `NodePublishVolume` being periodically called to reflect any possible change in the mounted volume. This field defaults to false.\n\nNote: After a successful initial NodePublishVolume call, subsequent calls to NodePublishVolume should only update the contents of the volume. New mount points will not be seen by a running container.";
const MODES_DESCRIPTION: &str = "volumeLifecycleModes defines what kind of volumes this CSI volume driver supports. The default if the list is empty is \"Persistent\", which is the usage defined by the CSI specification and implemented in Kubernetes via the usual PV/PVC mechanism.\n\nThe other mode is \"Ephemeral\". In this mode, volumes are defined inline inside the pod spec with CSIVolumeSource and their lifecycle is tied to the lifecycle of that pod. A driver has to be aware of this because it is only going to get a NodePublishVolume call for such a volume.\n\nFor more information about implementing this mode, see https://kubernetes-csi.github.io/docs/ephemeral-local-volumes.html A driver can support one or more of these modes and more modes may be added in the future.\n\nThis field is beta. This field is immutable.";

impl Kind for CSIDriver {
    type Object = v1::CSIDriver;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CSIDriver>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::CSIDriver) {
        let spec = &mut object.spec;
        spec.attach_required.get_or_insert(true);
        for flag in [
            &mut spec.pod_info_on_mount,
            &mut spec.storage_capacity,
            &mut spec.requires_republish,
            &mut spec.se_linux_mount,
        ] {
            flag.get_or_insert(false);
        }
        spec.fs_group_policy.get_or_insert_with(|| "ReadWriteOnceWithFSType".into());
        if spec.volume_lifecycle_modes.is_empty() {
            spec.volume_lifecycle_modes.push("Persistent".into());
        }
    }

    /// Upstream counts from the first update on, not from the creation.
    fn spec_changed(&self, new: &v1::CSIDriver, old: &v1::CSIDriver) -> Option<bool> {
        (new.spec != old.spec).then_some(true)
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::CSIDriver, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        const POLICIES: [&str; 3] = ["File", "None", "ReadWriteOnceWithFSType"];
        for (field, set) in [
            ("attachedRequired", spec.attach_required.is_some()),
            ("podInfoOnMount", spec.pod_info_on_mount.is_some()),
            ("storageCapacity", spec.storage_capacity.is_some()),
        ] {
            if !set {
                errors.required(&path.child(field), "");
            }
        }
        match spec.fs_group_policy.as_deref() {
            None => errors.required(&path.child("fsGroupPolicy"), ""),
            Some(policy) if POLICIES.contains(&policy) => {}
            Some(other) => errors.not_supported(&path.child("fsGroupPolicy"), other, &POLICIES),
        }
        validate_token_requests(&spec.token_requests, &path.child("tokenRequests"), errors);
        for mode in spec.volume_lifecycle_modes.iter().filter(|m| !matches!(m.as_str(), "Persistent" | "Ephemeral")) {
            errors.not_supported(&path.child("volumeLifecycleModes"), mode, &["Persistent", "Ephemeral"]);
        }
        if let Some(seconds) = spec.node_allocatable_update_period_seconds.filter(|seconds| *seconds < MIN_PERIOD) {
            let path = path.child("nodeAllocatableUpdatePeriodSeconds");
            errors.invalid(&path, seconds, "must be greater than or equal to 10 seconds");
        }
    }

    fn validate_update(&self, new: &v1::CSIDriver, old: &v1::CSIDriver, errors: &mut FieldErrors) {
        self.validate(new, errors);
        let path = Path::root("spec");
        if new.spec.attach_required != old.spec.attach_required {
            let shown = new.spec.attach_required.unwrap_or_default();
            errors.invalid(&path.child("attachedRequired"), shown, "field is immutable");
        }
        if new.spec.volume_lifecycle_modes != old.spec.volume_lifecycle_modes {
            let shown = &new.to_value()["spec"]["volumeLifecycleModes"];
            errors.invalid(&path.child("volumeLifecycleModes"), shown, "field is immutable");
        }
    }
}

fn attach_required(object: &v1::CSIDriver, _now: Time) -> Cell {
    Cell::from(object.spec.attach_required.unwrap_or(true))
}

fn pod_info_on_mount(object: &v1::CSIDriver, _now: Time) -> Cell {
    Cell::from(object.spec.pod_info_on_mount.unwrap_or_default())
}

fn storage_capacity(object: &v1::CSIDriver, _now: Time) -> Cell {
    Cell::from(object.spec.storage_capacity.unwrap_or_default())
}

fn token_requests(object: &v1::CSIDriver, _now: Time) -> Cell {
    if object.spec.token_requests.is_empty() {
        return Cell::from("<unset>");
    }
    let audiences: Vec<&str> = object.spec.token_requests.iter().map(|request| request.audience.as_str()).collect();
    Cell::from(audiences.join(","))
}

fn requires_republish(object: &v1::CSIDriver, _now: Time) -> Cell {
    Cell::from(object.spec.requires_republish.unwrap_or_default())
}

fn modes(object: &v1::CSIDriver, _now: Time) -> Cell {
    match object.spec.volume_lifecycle_modes.as_slice() {
        [] => Cell::from("<none>"),
        modes => Cell::from(modes.join(",")),
    }
}

const MIN_PERIOD: i64 = 10;
const MIN_TOKEN_SECONDS: i64 = 600;
const MAX_TOKEN_SECONDS: i64 = 1 << 32;

fn validate_token_requests(requests: &[v1::TokenRequest], path: &Path, errors: &mut FieldErrors) {
    let mut seen = std::collections::BTreeSet::new();
    for (index, request) in requests.iter().enumerate() {
        let path = path.index(index);
        if !seen.insert(&request.audience) {
            errors.duplicate(&path.child("audience"), &request.audience);
        }
        match request.expiration_seconds {
            Some(seconds) if seconds < MIN_TOKEN_SECONDS => {
                let why = "may not specify a duration less than 10 minutes";
                errors.invalid(&path.child("expirationSeconds"), seconds, why);
            }
            Some(seconds) if seconds > MAX_TOKEN_SECONDS => {
                let why = "may not specify a duration larger than 2^32 seconds";
                errors.invalid(&path.child("expirationSeconds"), seconds, why);
            }
            _ => {}
        }
    }
}
