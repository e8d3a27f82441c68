//! APIService.

use crate::formats;
use api_misc::apiregistration::v1;
use kind::field::quoted;
use kind::{
    Cell, Column, Context, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Subresource, Verb,
    Version, validate,
};
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

    fn prepare_create(&self, object: &mut v1::APIService, context: &Context) {
        object.status = Default::default();
        // What the server itself serves is always there.
        if object.spec.service.is_none() {
            object.status.conditions.push(v1::APIServiceCondition {
                type_: "Available".into(),
                status: "True".into(),
                reason: "Local".into(),
                message: "Local APIServices are always available".into(),
                last_transition_time: Some(context.now),
            });
        }
    }

    fn prepare_update(&self, new: &mut v1::APIService, old: &v1::APIService, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::APIService, old: &v1::APIService, _context: &Context) {
        new.spec = old.spec.clone();
        new.metadata.labels = old.metadata.labels.clone();
        new.metadata.annotations = old.metadata.annotations.clone();
        new.metadata.finalizers = old.metadata.finalizers.clone();
        new.metadata.owner_references = old.metadata.owner_references.clone();
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"], &["metadata"]],
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { standard_finalizers: false, ..MetadataRules::named(NameFormat::PathSegment) }
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::APIService, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        let wanted = format!("{}.{}", spec.version, spec.group);
        let name = object.metadata.name.as_str();
        let fits = !name.is_empty() && validate::path_segment_name(name).is_empty();
        if fits && name != wanted {
            let metadata = Path::root("metadata");
            let why = format!("must be `spec.version+\".\"+spec.group`: {}", quoted(&wanted));
            errors.invalid(&metadata.child("name"), name, why);
        }
        if spec.group.is_empty() {
            if spec.version != "v1" {
                errors.required(&path.child("group"), "only v1 may have an empty group and it better be legacy kube");
            }
        } else {
            formats::subdomain(&spec.group, &path.child("group"), errors);
        }
        for sentence in validate::dns1035_label(&spec.version) {
            errors.invalid(&path.child("version"), &spec.version, sentence);
        }
        if !(1..=20_000).contains(&spec.group_priority_minimum) {
            let why = "must be positive and less than 20000";
            errors.invalid(&path.child("groupPriorityMinimum"), spec.group_priority_minimum, why);
        }
        if !(1..=1_000).contains(&spec.version_priority) {
            errors.invalid(
                &path.child("versionPriority"),
                spec.version_priority,
                "must be positive and less than 1000",
            );
        }
        validate_service(spec, &path, errors);
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

fn validate_service(spec: &v1::APIServiceSpec, path: &Path, errors: &mut FieldErrors) {
    let (ca, insecure) = (path.child("caBundle"), path.child("insecureSkipTLSVerify"));
    let Some(service) = &spec.service else {
        if !spec.ca_bundle.is_empty() {
            let shown = format!("{} bytes", spec.ca_bundle.len());
            errors.invalid(&ca, shown, "local APIServices may not have a caBundle");
        }
        if spec.insecure_skip_tls_verify {
            errors.invalid(&insecure, true, "local APIServices may not have insecureSkipTLSVerify");
        }
        return;
    };
    let service_path = path.child("service");
    for (field, text) in [("namespace", &service.namespace), ("name", &service.name)] {
        if text.is_empty() {
            errors.required(&service_path.child(field), "");
        }
    }
    if let Some(port) = service.port {
        for sentence in validate::port_number(i64::from(port)) {
            errors.invalid(&service_path.child("port"), port, format!("port is not valid: {sentence}"));
        }
    }
    if spec.insecure_skip_tls_verify && !spec.ca_bundle.is_empty() {
        errors.invalid(&insecure, true, "may not be true if caBundle is present");
    }
}
