// Made by cargo xtask codegen.

schema::typed_struct! {
    Lease = "io.k8s.api.coordination.v1.Lease", kind "coordination.k8s.io/v1" "Lease" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: LeaseSpec,
    }
}

schema::typed_object! { Lease, api_meta::v1::ObjectMeta, namespaced "leases" "coordination.k8s.io" "v1" "Lease" }

schema::typed_struct! {
    LeaseSpec = "io.k8s.api.coordination.v1.LeaseSpec" {
        "acquireTime" acquire_time: Option<schema::MicroTime>,
        "holderIdentity" holder_identity: Option<String>,
        "leaseDurationSeconds" lease_duration_seconds: Option<i32>,
        "leaseTransitions" lease_transitions: Option<i32>,
        "preferredHolder" preferred_holder: Option<String>,
        "renewTime" renew_time: Option<schema::MicroTime>,
        "strategy" strategy: Option<String>,
    }
}
