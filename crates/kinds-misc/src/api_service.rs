//! APIService.

use api_misc::apiregistration::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct APIService;

static NAMES: Names = Names {
    group: "apiregistration.k8s.io",
    kind: "APIService",
    plural: "apiservices",
    singular: "apiservice",
    short_names: &[],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("APIService")],
};

static COLUMNS: &[Column<v1::APIService>] = &[
    Column::NAME,
    Column::string("Service", "The reference to the service that hosts this API endpoint.", 0, service),
    Column::string("Available", "Whether this service is available.", 0, available),
    Column::AGE,
];

impl Kind for APIService {
    type Object = v1::APIService;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::APIService>] {
        COLUMNS
    }
}

fn service(object: &v1::APIService, _now: Time) -> Cell {
    Cell::from(
        object.spec.service.as_ref().map_or_else(|| "Local".to_owned(), |s| format!("{}/{}", s.namespace, s.name)),
    )
}

fn available(object: &v1::APIService, _now: Time) -> Cell {
    let condition = object.status.conditions.iter().find(|condition| condition.type_ == "Available");
    Cell::from(match condition {
        None => "Unknown".to_owned(),
        Some(condition) if condition.status == "True" => condition.status.clone(),
        Some(condition) => format!("{} ({})", condition.status, condition.reason),
    })
}
