// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    Overhead = "io.k8s.api.node.v1.Overhead" {
        "podFixed" pod_fixed: BTreeMap<String, schema::Quantity>,
    }
}

schema::typed_struct! {
    RuntimeClass = "io.k8s.api.node.v1.RuntimeClass", kind "node.k8s.io/v1" "RuntimeClass" {
        "handler" handler: String,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "overhead" overhead: Option<Box<Overhead>>,
        "scheduling" scheduling: Option<Box<Scheduling>>,
    }
}

schema::typed_object! { RuntimeClass, api_meta::v1::ObjectMeta, cluster "runtimeclasses" "node.k8s.io" "v1" "RuntimeClass" }

schema::typed_struct! {
    Scheduling = "io.k8s.api.node.v1.Scheduling" {
        "nodeSelector" node_selector: BTreeMap<String, String>,
        "tolerations" tolerations: Vec<api_core::v1::Toleration>,
    }
}
