// Made by cargo xtask codegen.

schema::typed_struct! {
    HTTPIngressPath = "io.k8s.api.networking.v1.HTTPIngressPath" {
        "backend" backend: IngressBackend,
        "path" path: String,
        "pathType" path_type: Option<String>,
    }
}

schema::typed_struct! {
    HTTPIngressRuleValue = "io.k8s.api.networking.v1.HTTPIngressRuleValue" {
        "paths" paths: Vec<HTTPIngressPath>,
    }
}

schema::typed_struct! {
    IPAddress = "io.k8s.api.networking.v1.IPAddress", kind "networking.k8s.io/v1" "IPAddress" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: IPAddressSpec,
    }
}

schema::typed_object! { IPAddress, api_meta::v1::ObjectMeta, cluster "ipaddresses" "networking.k8s.io" "v1" "IPAddress" }

schema::typed_struct! {
    IPAddressSpec = "io.k8s.api.networking.v1.IPAddressSpec" {
        "parentRef" parent_ref: Option<Box<ParentReference>>,
    }
}

schema::typed_struct! {
    IPBlock = "io.k8s.api.networking.v1.IPBlock" {
        "cidr" cidr: String,
        "except" except: Vec<String>,
    }
}

schema::typed_struct! {
    Ingress = "io.k8s.api.networking.v1.Ingress", kind "networking.k8s.io/v1" "Ingress" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: IngressSpec,
        "status" status: IngressStatus,
    }
}

schema::typed_object! { Ingress, api_meta::v1::ObjectMeta, namespaced "ingresses" "networking.k8s.io" "v1" "Ingress" }

schema::typed_struct! {
    IngressBackend = "io.k8s.api.networking.v1.IngressBackend" {
        "resource" resource: Option<Box<api_core::v1::TypedLocalObjectReference>>,
        "service" service: Option<Box<IngressServiceBackend>>,
    }
}

schema::typed_struct! {
    IngressClass = "io.k8s.api.networking.v1.IngressClass", kind "networking.k8s.io/v1" "IngressClass" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: IngressClassSpec,
    }
}

schema::typed_object! { IngressClass, api_meta::v1::ObjectMeta, cluster "ingressclasses" "networking.k8s.io" "v1" "IngressClass" }

schema::typed_struct! {
    IngressClassParametersReference = "io.k8s.api.networking.v1.IngressClassParametersReference" {
        "apiGroup" api_group: Option<String>,
        "kind" kind: String,
        "name" name: String,
        "namespace" namespace: Option<String>,
        "scope" scope: Option<String>,
    }
}

schema::typed_struct! {
    IngressClassSpec = "io.k8s.api.networking.v1.IngressClassSpec" {
        "controller" controller: String,
        "parameters" parameters: Option<Box<IngressClassParametersReference>>,
    }
}

schema::typed_struct! {
    IngressLoadBalancerIngress = "io.k8s.api.networking.v1.IngressLoadBalancerIngress" {
        "hostname" hostname: String,
        "ip" ip: String,
        "ports" ports: Vec<IngressPortStatus>,
    }
}

schema::typed_struct! {
    IngressLoadBalancerStatus = "io.k8s.api.networking.v1.IngressLoadBalancerStatus" {
        "ingress" ingress: Vec<IngressLoadBalancerIngress>,
    }
}

schema::typed_struct! {
    IngressPortStatus = "io.k8s.api.networking.v1.IngressPortStatus" {
        "error" error: Option<String>,
        "port" port: i32,
        "protocol" protocol: String,
    }
}

schema::typed_struct! {
    IngressRule = "io.k8s.api.networking.v1.IngressRule" {
        "host" host: String,
        "http" http: Option<Box<HTTPIngressRuleValue>>,
    }
}

schema::typed_struct! {
    IngressServiceBackend = "io.k8s.api.networking.v1.IngressServiceBackend" {
        "name" name: String,
        "port" port: ServiceBackendPort,
    }
}

schema::typed_struct! {
    IngressSpec = "io.k8s.api.networking.v1.IngressSpec" {
        "defaultBackend" default_backend: Option<Box<IngressBackend>>,
        "ingressClassName" ingress_class_name: Option<String>,
        "rules" rules: Vec<IngressRule>,
        "tls" tls: Vec<IngressTLS>,
    }
}

schema::typed_struct! {
    IngressStatus = "io.k8s.api.networking.v1.IngressStatus" {
        "loadBalancer" load_balancer: IngressLoadBalancerStatus,
    }
}

schema::typed_struct! {
    IngressTLS = "io.k8s.api.networking.v1.IngressTLS" {
        "hosts" hosts: Vec<String>,
        "secretName" secret_name: String,
    }
}

schema::typed_struct! {
    NetworkPolicy = "io.k8s.api.networking.v1.NetworkPolicy", kind "networking.k8s.io/v1" "NetworkPolicy" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: NetworkPolicySpec,
    }
}

schema::typed_object! { NetworkPolicy, api_meta::v1::ObjectMeta, namespaced "networkpolicies" "networking.k8s.io" "v1" "NetworkPolicy" }

schema::typed_struct! {
    NetworkPolicyEgressRule = "io.k8s.api.networking.v1.NetworkPolicyEgressRule" {
        "ports" ports: Vec<NetworkPolicyPort>,
        "to" to: Vec<NetworkPolicyPeer>,
    }
}

schema::typed_struct! {
    NetworkPolicyIngressRule = "io.k8s.api.networking.v1.NetworkPolicyIngressRule" {
        "from" from: Vec<NetworkPolicyPeer>,
        "ports" ports: Vec<NetworkPolicyPort>,
    }
}

schema::typed_struct! {
    NetworkPolicyPeer = "io.k8s.api.networking.v1.NetworkPolicyPeer" {
        "ipBlock" ip_block: Option<Box<IPBlock>>,
        "namespaceSelector" namespace_selector: Option<Box<api_meta::v1::LabelSelector>>,
        "podSelector" pod_selector: Option<Box<api_meta::v1::LabelSelector>>,
    }
}

schema::typed_struct! {
    NetworkPolicyPort = "io.k8s.api.networking.v1.NetworkPolicyPort" {
        "endPort" end_port: Option<i32>,
        "port" port: Option<schema::IntOrString>,
        "protocol" protocol: Option<String>,
    }
}

schema::typed_struct! {
    NetworkPolicySpec = "io.k8s.api.networking.v1.NetworkPolicySpec" {
        "egress" egress: Vec<NetworkPolicyEgressRule>,
        "ingress" ingress: Vec<NetworkPolicyIngressRule>,
        "podSelector" pod_selector: api_meta::v1::LabelSelector,
        "policyTypes" policy_types: Vec<String>,
    }
}

schema::typed_struct! {
    ParentReference = "io.k8s.api.networking.v1.ParentReference" {
        "group" group: String,
        "name" name: String,
        "namespace" namespace: String,
        "resource" resource: String,
    }
}

schema::typed_struct! {
    ServiceBackendPort = "io.k8s.api.networking.v1.ServiceBackendPort" {
        "name" name: String,
        "number" number: i32,
    }
}

schema::typed_struct! {
    ServiceCIDR = "io.k8s.api.networking.v1.ServiceCIDR", kind "networking.k8s.io/v1" "ServiceCIDR" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ServiceCIDRSpec,
        "status" status: ServiceCIDRStatus,
    }
}

schema::typed_object! { ServiceCIDR, api_meta::v1::ObjectMeta, cluster "servicecidrs" "networking.k8s.io" "v1" "ServiceCIDR" }

schema::typed_struct! {
    ServiceCIDRSpec = "io.k8s.api.networking.v1.ServiceCIDRSpec" {
        "cidrs" cidrs: Vec<String>,
    }
}

schema::typed_struct! {
    ServiceCIDRStatus = "io.k8s.api.networking.v1.ServiceCIDRStatus" {
        "conditions" conditions: Vec<api_meta::v1::Condition>,
    }
}
