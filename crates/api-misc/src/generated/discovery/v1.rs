// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    Endpoint = "io.k8s.api.discovery.v1.Endpoint" {
        "addresses" addresses: Vec<String>,
        "conditions" conditions: EndpointConditions,
        "deprecatedTopology" deprecated_topology: BTreeMap<String, String>,
        "hints" hints: Option<Box<EndpointHints>>,
        "hostname" hostname: Option<String>,
        "nodeName" node_name: Option<String>,
        "targetRef" target_ref: Option<Box<api_core::v1::ObjectReference>>,
        "zone" zone: Option<String>,
    }
}

schema::typed_struct! {
    EndpointConditions = "io.k8s.api.discovery.v1.EndpointConditions" {
        "ready" ready: Option<bool>,
        "serving" serving: Option<bool>,
        "terminating" terminating: Option<bool>,
    }
}

schema::typed_struct! {
    EndpointHints = "io.k8s.api.discovery.v1.EndpointHints" {
        "forNodes" for_nodes: Vec<ForNode>,
        "forZones" for_zones: Vec<ForZone>,
    }
}

schema::typed_struct! {
    EndpointPort = "io.k8s.api.discovery.v1.EndpointPort" {
        "appProtocol" app_protocol: Option<String>,
        "name" name: Option<String>,
        "port" port: Option<i32>,
        "protocol" protocol: Option<String>,
    }
}

schema::typed_struct! {
    EndpointSlice = "io.k8s.api.discovery.v1.EndpointSlice", kind "discovery.k8s.io/v1" "EndpointSlice" {
        "addressType" address_type: String,
        "endpoints" endpoints: Vec<Endpoint>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "ports" ports: Vec<EndpointPort>,
    }
}

schema::typed_object! { EndpointSlice, api_meta::v1::ObjectMeta, namespaced "endpointslices" "discovery.k8s.io" "v1" "EndpointSlice" }

schema::typed_struct! {
    ForNode = "io.k8s.api.discovery.v1.ForNode" {
        "name" name: String,
    }
}

schema::typed_struct! {
    ForZone = "io.k8s.api.discovery.v1.ForZone" {
        "name" name: String,
    }
}
