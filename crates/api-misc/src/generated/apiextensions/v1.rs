// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    ConversionRequest = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ConversionRequest" {
        "desiredAPIVersion" desired_api_version: String,
        "objects" objects: Vec<schema::Value>,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    ConversionResponse = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ConversionResponse" {
        "convertedObjects" converted_objects: Vec<schema::Value>,
        "result" result: api_meta::v1::Status,
        "uid" uid: String,
    }
}

schema::typed_struct! {
    ConversionReview = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ConversionReview", kind "apiextensions.k8s.io/v1" "ConversionReview" {
        "request" request: Option<Box<ConversionRequest>>,
        "response" response: Option<Box<ConversionResponse>>,
    }
}

schema::typed_struct! {
    CustomResourceColumnDefinition = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceColumnDefinition" {
        "description" description: String,
        "format" format: String,
        "jsonPath" json_path: String,
        "name" name: String,
        "priority" priority: i32,
        "type" type_: String,
    }
}

schema::typed_struct! {
    CustomResourceConversion = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceConversion" {
        "strategy" strategy: String,
        "webhook" webhook: Option<Box<WebhookConversion>>,
    }
}

schema::typed_struct! {
    CustomResourceDefinition = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition", kind "apiextensions.k8s.io/v1" "CustomResourceDefinition" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: CustomResourceDefinitionSpec,
        "status" status: CustomResourceDefinitionStatus,
    }
}

schema::typed_object! { CustomResourceDefinition, api_meta::v1::ObjectMeta, cluster "customresourcedefinitions" "apiextensions.k8s.io" "v1" "CustomResourceDefinition" }

schema::typed_struct! {
    CustomResourceDefinitionCondition = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "observedGeneration" observed_generation: i64,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    CustomResourceDefinitionNames = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames" {
        "categories" categories: Vec<String>,
        "kind" kind: String,
        "listKind" list_kind: String,
        "plural" plural: String,
        "shortNames" short_names: Vec<String>,
        "singular" singular: String,
    }
}

schema::typed_struct! {
    CustomResourceDefinitionSpec = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec" {
        "conversion" conversion: Option<Box<CustomResourceConversion>>,
        "group" group: String,
        "names" names: CustomResourceDefinitionNames,
        "preserveUnknownFields" preserve_unknown_fields: bool,
        "scope" scope: String,
        "versions" versions: Vec<CustomResourceDefinitionVersion>,
    }
}

schema::typed_struct! {
    CustomResourceDefinitionStatus = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus" {
        "acceptedNames" accepted_names: CustomResourceDefinitionNames,
        "conditions" conditions: Vec<CustomResourceDefinitionCondition>,
        "observedGeneration" observed_generation: i64,
        "storedVersions" stored_versions: Vec<String>,
    }
}

schema::typed_struct! {
    CustomResourceDefinitionVersion = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion" {
        "additionalPrinterColumns" additional_printer_columns: Vec<CustomResourceColumnDefinition>,
        "deprecated" deprecated: bool,
        "deprecationWarning" deprecation_warning: Option<String>,
        "name" name: String,
        "schema" schema: Option<Box<CustomResourceValidation>>,
        "selectableFields" selectable_fields: Vec<SelectableField>,
        "served" served: bool,
        "storage" storage: bool,
        "subresources" subresources: Option<Box<CustomResourceSubresources>>,
    }
}

schema::typed_struct! {
    CustomResourceSubresourceScale = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceScale" {
        "labelSelectorPath" label_selector_path: Option<String>,
        "specReplicasPath" spec_replicas_path: String,
        "statusReplicasPath" status_replicas_path: String,
    }
}

schema::typed_struct! {
    CustomResourceSubresourceStatus = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus" {
    }
}

schema::typed_struct! {
    CustomResourceSubresources = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources" {
        "scale" scale: Option<Box<CustomResourceSubresourceScale>>,
        "status" status: Option<Box<CustomResourceSubresourceStatus>>,
    }
}

schema::typed_struct! {
    CustomResourceValidation = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceValidation" {
        "openAPIV3Schema" open_api_v3_schema: Option<Box<JSONSchemaProps>>,
    }
}

schema::typed_struct! {
    ExternalDocumentation = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ExternalDocumentation" {
        "description" description: String,
        "url" url: String,
    }
}

schema::typed_struct! {
    JSONSchemaProps = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps" {
        "$ref" ref_: Option<String>,
        "$schema" schema: String,
        "additionalItems" additional_items: schema::Value,
        "additionalProperties" additional_properties: schema::Value,
        "allOf" all_of: Vec<JSONSchemaProps>,
        "anyOf" any_of: Vec<JSONSchemaProps>,
        "default" default: schema::Value,
        "definitions" definitions: BTreeMap<String, JSONSchemaProps>,
        "dependencies" dependencies: BTreeMap<String, schema::Value>,
        "description" description: String,
        "enum" enum_: Vec<schema::Value>,
        "example" example: schema::Value,
        "exclusiveMaximum" exclusive_maximum: bool,
        "exclusiveMinimum" exclusive_minimum: bool,
        "externalDocs" external_docs: Option<Box<ExternalDocumentation>>,
        "format" format: String,
        "id" id: String,
        "items" items: schema::Value,
        "maxItems" max_items: Option<i64>,
        "maxLength" max_length: Option<i64>,
        "maxProperties" max_properties: Option<i64>,
        "maximum" maximum: Option<f64>,
        "minItems" min_items: Option<i64>,
        "minLength" min_length: Option<i64>,
        "minProperties" min_properties: Option<i64>,
        "minimum" minimum: Option<f64>,
        "multipleOf" multiple_of: Option<f64>,
        "not" not: Option<Box<JSONSchemaProps>>,
        "nullable" nullable: bool,
        "oneOf" one_of: Vec<JSONSchemaProps>,
        "pattern" pattern: String,
        "patternProperties" pattern_properties: BTreeMap<String, JSONSchemaProps>,
        "properties" properties: BTreeMap<String, JSONSchemaProps>,
        "required" required: Vec<String>,
        "title" title: String,
        "type" type_: String,
        "uniqueItems" unique_items: bool,
        "x-kubernetes-embedded-resource" x_kubernetes_embedded_resource: bool,
        "x-kubernetes-int-or-string" x_kubernetes_int_or_string: bool,
        "x-kubernetes-list-map-keys" x_kubernetes_list_map_keys: Vec<String>,
        "x-kubernetes-list-type" x_kubernetes_list_type: Option<String>,
        "x-kubernetes-map-type" x_kubernetes_map_type: Option<String>,
        "x-kubernetes-preserve-unknown-fields" x_kubernetes_preserve_unknown_fields: Option<bool>,
        "x-kubernetes-validations" x_kubernetes_validations: Vec<ValidationRule>,
    }
}

schema::typed_struct! {
    SelectableField = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.SelectableField" {
        "jsonPath" json_path: String,
    }
}

schema::typed_struct! {
    ServiceReference = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference" {
        "name" name: String,
        "namespace" namespace: String,
        "path" path: Option<String>,
        "port" port: Option<i32>,
    }
}

schema::typed_struct! {
    ValidationRule = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ValidationRule" {
        "fieldPath" field_path: String,
        "message" message: String,
        "messageExpression" message_expression: String,
        "optionalOldSelf" optional_old_self: Option<bool>,
        "reason" reason: Option<String>,
        "rule" rule: String,
    }
}

schema::typed_struct! {
    WebhookClientConfig = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookClientConfig" {
        "caBundle" ca_bundle: schema::Bytes,
        "service" service: Option<Box<ServiceReference>>,
        "url" url: Option<String>,
    }
}

schema::typed_struct! {
    WebhookConversion = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookConversion" {
        "clientConfig" client_config: Option<Box<WebhookClientConfig>>,
        "conversionReviewVersions" conversion_review_versions: Vec<String>,
    }
}
