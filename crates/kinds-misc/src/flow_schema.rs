//! FlowSchema.

use crate::formats;
use api_misc::flowcontrol::v1;
use kind::field::{Bare, quoted};
use kind::{Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct FlowSchema;

static NAMES: Names = Names {
    group: "flowcontrol.apiserver.k8s.io",
    kind: "FlowSchema",
    plural: "flowschemas",
    singular: "flowschema",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.flowcontrol.v1.FlowSchema" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("FlowSchema")],
};

static COLUMNS: &[Column<v1::FlowSchema>] = &[
    Column::NAME,
    Column::string("PriorityLevel", PRIORITY_LEVEL_DESCRIPTION, 0, priority_level),
    Column::string("MatchingPrecedence", MATCHING_PRECEDENCE_DESCRIPTION, 0, matching_precedence),
    Column::string("DistinguisherMethod", DISTINGUISHER_METHOD_DESCRIPTION, 0, distinguisher_method),
    Column::AGE,
    Column::string("MissingPL", "references a broken or non-existent PriorityLevelConfiguration", 0, missing_pl),
];

const PRIORITY_LEVEL_DESCRIPTION: &str =
    "`name` is the name of the priority level configuration being referenced Required.";
const MATCHING_PRECEDENCE_DESCRIPTION: &str = "`matchingPrecedence` is used to choose among the FlowSchemas that match a given request. The chosen FlowSchema is among those with the numerically lowest (which we take to be logically highest) MatchingPrecedence.  Each MatchingPrecedence value must be ranged in [1,10000]. Note that if the precedence is not specified, it will be set to 1000 as default.";
const DISTINGUISHER_METHOD_DESCRIPTION: &str = "`distinguisherMethod` defines how to compute the flow distinguisher for requests that match this schema. `nil` specifies that the distinguisher is disabled and thus will always be the empty string.";

impl Kind for FlowSchema {
    type Object = v1::FlowSchema;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::FlowSchema>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::FlowSchema) {
        if object.spec.matching_precedence == 0 {
            object.spec.matching_precedence = DEFAULT_PRECEDENCE;
        }
    }

    fn prepare_create(&self, object: &mut v1::FlowSchema, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::FlowSchema, old: &v1::FlowSchema, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::FlowSchema, old: &v1::FlowSchema, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::FlowSchema, old: &v1::FlowSchema) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_update: false, ..MetadataRules::COMMON }
    }

    fn validate(&self, object: &v1::FlowSchema, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        let precedence = spec.matching_precedence;
        let precedence_path = path.child("matchingPrecedence");
        if precedence <= 0 {
            errors.invalid(&precedence_path, precedence, "must be a positive value");
        }
        if precedence > MAX_PRECEDENCE {
            errors.invalid(&precedence_path, precedence, format!("must not be greater than {MAX_PRECEDENCE}"));
        }
        if precedence == 1 && object.metadata.name != "exempt" {
            errors.invalid(
                &precedence_path,
                precedence,
                "only the schema named 'exempt' may have matchingPrecedence 1",
            );
        }
        if let Some(method) = &spec.distinguisher_method
            && !matches!(method.type_.as_str(), "ByNamespace" | "ByUser")
        {
            let method_path = path.child("distinguisherMethod");
            let shown = Bare(format!("{{\"Type\":{}}}", quoted(&method.type_)));
            errors.not_supported(&method_path.child("type"), shown, &["ByNamespace", "ByUser"]);
        }
        let level = path.child("priorityLevelConfiguration");
        let name = &spec.priority_level_configuration.name;
        if name.is_empty() {
            errors.required(&level.child("name"), "must reference a priority level");
        } else {
            formats::subdomain(name, &level.child("name"), errors);
        }
        let rules = path.child("rules");
        for (index, rule) in spec.rules.iter().enumerate() {
            validate_rule(rule, &rules.index(index), errors);
        }
    }

    fn validate_subresource(
        &self,
        new: &v1::FlowSchema,
        _old: &v1::FlowSchema,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        let status = Path::root("status");
        let path = status.child("conditions");
        let mut seen = std::collections::BTreeSet::new();
        for (index, condition) in new.status.conditions.iter().enumerate() {
            let path = path.index(index);
            if !seen.insert(&condition.type_) {
                errors.duplicate(&path.child("type"), &condition.type_);
            }
            if condition.type_.is_empty() {
                errors.required(&path.child("type"), "must not be empty");
            }
        }
    }
}

fn priority_level(object: &v1::FlowSchema, _now: Time) -> Cell {
    Cell::from(object.spec.priority_level_configuration.name.as_str())
}

fn matching_precedence(object: &v1::FlowSchema, _now: Time) -> Cell {
    Cell::from(object.spec.matching_precedence)
}

fn distinguisher_method(object: &v1::FlowSchema, _now: Time) -> Cell {
    Cell::from(object.spec.distinguisher_method.as_ref().map_or("<none>", |method| method.type_.as_str()))
}

fn missing_pl(object: &v1::FlowSchema, _now: Time) -> Cell {
    let dangling = object.status.conditions.iter().find(|condition| condition.type_ == "Dangling");
    Cell::from(dangling.map_or("?", |condition| condition.status.as_str()))
}

const DEFAULT_PRECEDENCE: i32 = 1_000;
const MAX_PRECEDENCE: i32 = 10_000;

fn validate_rule(rule: &v1::PolicyRulesWithSubjects, path: &Path, errors: &mut FieldErrors) {
    let subjects = path.child("subjects");
    if rule.subjects.is_empty() {
        errors.required(&subjects, "subjects must contain at least one value");
    }
    for (index, subject) in rule.subjects.iter().enumerate() {
        validate_subject(subject, &subjects.index(index), errors);
    }
    if rule.resource_rules.is_empty() && rule.non_resource_rules.is_empty() {
        errors.required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
    }
    let resources = path.child("resourceRules");
    for (index, rule) in rule.resource_rules.iter().enumerate() {
        let path = resources.index(index);
        validate_list(&rule.verbs, "verbs", "verbs must contain at least one value", &path, errors);
        validate_list(
            &rule.api_groups,
            "apiGroups",
            "resource rules must supply at least one api group",
            &path,
            errors,
        );
        validate_list(&rule.resources, "resources", "resource rules must supply at least one resource", &path, errors);
        if rule.namespaces.is_empty() && !rule.cluster_scope {
            let why = "resource rules that are not cluster scoped must supply at least one namespace";
            errors.required(&path.child("namespaces"), why);
        }
    }
    let paths = path.child("nonResourceRules");
    for (index, rule) in rule.non_resource_rules.iter().enumerate() {
        let path = paths.index(index);
        validate_list(&rule.verbs, "verbs", "verbs must contain at least one value", &path, errors);
        let why = "nonResourceURLs must contain at least one value";
        validate_list(&rule.non_resource_urls, "nonResourceURLs", why, &path, errors);
    }
}

/// Not empty, and `*` only alone.
fn validate_list(texts: &[String], field: &str, empty: &str, path: &Path, errors: &mut FieldErrors) {
    let path = path.child(field);
    if texts.is_empty() {
        errors.required(&path, empty);
    } else if texts.len() > 1 && texts.iter().any(|text| text == "*") {
        let list = schema::Value::List(texts.iter().map(|text| schema::Value::str(text.as_str())).collect());
        errors.invalid(&path, &list, format!("if '*' is present, must not specify other {}", words(field)));
    }
}

fn words(field: &str) -> &str {
    match field {
        "apiGroups" => "api groups",
        "nonResourceURLs" => "non-resource URLs",
        other => other,
    }
}

fn validate_subject(subject: &v1::Subject, path: &Path, errors: &mut FieldErrors) {
    let parts = [
        ("ServiceAccount", "serviceAccount", subject.service_account.is_some()),
        ("User", "user", subject.user.is_some()),
        ("Group", "group", subject.group.is_some()),
    ];
    if !parts.iter().any(|(kind, _, _)| *kind == subject.kind) {
        return errors.not_supported(&path.child("kind"), &subject.kind, &["Group", "ServiceAccount", "User"]);
    }
    for (kind, field, set) in parts {
        let path = path.child(field);
        match (kind == subject.kind, set) {
            (true, false) => errors.required(&path, format!("{field} is required when subject kind is '{kind}'")),
            (false, true) => errors.forbidden(&path, format!("{field} is forbidden when subject kind is not '{kind}'")),
            _ => {}
        }
    }
    let named = [
        ("user", subject.user.as_ref().map(|user| &user.name)),
        ("group", subject.group.as_ref().map(|group| &group.name)),
        ("serviceAccount", subject.service_account.as_ref().map(|account| &account.name)),
    ];
    for (field, name) in named {
        if name.is_some_and(String::is_empty) {
            let path = path.child(field);
            errors.required(&path.child("name"), "");
        }
    }
}
