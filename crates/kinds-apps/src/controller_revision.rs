//! ControllerRevision.

use api_apps::apps::v1;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version, validate};
use schema::Time;

pub struct ControllerRevision;

static NAMES: Names = Names {
    group: "apps",
    kind: "ControllerRevision",
    plural: "controllerrevisions",
    singular: "controllerrevision",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.apps.v1.ControllerRevision" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ControllerRevision>] = &[
    Column::NAME,
    Column::string("Controller", "Controller of the object", 0, controller),
    Column::string("Revision", "Revision indicates the revision of the state represented by Data.", 0, revision),
    Column::AGE,
];

impl Kind for ControllerRevision {
    type Object = v1::ControllerRevision;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ControllerRevision>] {
        COLUMNS
    }

    fn validate(&self, object: &v1::ControllerRevision, errors: &mut FieldErrors) {
        if object.data.is_null() {
            errors.required(&Path::root("data"), "data is mandatory");
        }
        validate::not_negative(object.revision, &Path::root("revision"), errors);
    }

    fn validate_update(&self, new: &v1::ControllerRevision, old: &v1::ControllerRevision, errors: &mut FieldErrors) {
        self.validate(new, errors);
        if new.data != old.data {
            errors.invalid(&Path::root("data"), &new.data, "field is immutable");
        }
    }
}

fn controller(object: &v1::ControllerRevision, _now: Time) -> Cell {
    let owner = object.metadata.owner_references.iter().find(|owner| owner.controller == Some(true));
    Cell::from(owner.map_or_else(
        || "<none>".to_owned(),
        |owner| {
            let group = owner.api_version.split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
            format!("{}{group}/{}", owner.kind.to_lowercase(), owner.name)
        },
    ))
}

fn revision(object: &v1::ControllerRevision, _now: Time) -> Cell {
    Cell::from(object.revision)
}
