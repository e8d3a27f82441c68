// Made by cargo xtask codegen.

schema::typed_struct! {
    PriorityClass = "io.k8s.api.scheduling.v1.PriorityClass", kind "scheduling.k8s.io/v1" "PriorityClass" {
        "description" description: String,
        "globalDefault" global_default: bool,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "preemptionPolicy" preemption_policy: Option<String>,
        "value" value: i32,
    }
}

schema::typed_object! { PriorityClass, api_meta::v1::ObjectMeta, cluster "priorityclasses" "scheduling.k8s.io" "v1" "PriorityClass" }
