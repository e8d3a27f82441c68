//! FlowSchema.

use api_misc::flowcontrol::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
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
