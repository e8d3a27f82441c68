// Made by cargo xtask codegen.

schema::typed_struct! {
    APIService = "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService", kind "apiregistration.k8s.io/v1" "APIService" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: APIServiceSpec,
        "status" status: APIServiceStatus,
    }
}

schema::typed_object! { APIService, api_meta::v1::ObjectMeta, cluster "apiservices" "apiregistration.k8s.io" "v1" "APIService" }

schema::typed_struct! {
    APIServiceCondition = "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    APIServiceSpec = "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec" {
        "caBundle" ca_bundle: schema::Bytes,
        "group" group: String,
        "groupPriorityMinimum" group_priority_minimum: i32,
        "insecureSkipTLSVerify" insecure_skip_tls_verify: bool,
        "service" service: Option<Box<ServiceReference>>,
        "version" version: String,
        "versionPriority" version_priority: i32,
    }
}

schema::typed_struct! {
    APIServiceStatus = "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus" {
        "conditions" conditions: Vec<APIServiceCondition>,
    }
}

schema::typed_struct! {
    ServiceReference = "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference" {
        "name" name: String,
        "namespace" namespace: String,
        "port" port: Option<i32>,
    }
}
