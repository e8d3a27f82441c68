//! PodTemplate: a template on its own.

use crate::pod_spec::{self, Options};
use api_core::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Verb, Version};
use schema::Time;

pub struct PodTemplate;

static NAMES: Names = Names {
    group: "",
    kind: "PodTemplate",
    plural: "podtemplates",
    singular: "podtemplate",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.PodTemplate" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::PodTemplate>] = &[
    Column::NAME,
    Column::string("Containers", "Names of each container in the template.", 0, containers),
    Column::string("Images", "Images referenced by each container in the template.", 0, images),
    Column::string("Pod Labels", "The labels for the pod template.", 0, labels),
];

impl Kind for PodTemplate {
    type Object = v1::PodTemplate;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::PodTemplate>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::PodTemplate) {
        pod_spec::default_template(&mut object.template);
    }

    fn prepare_create(&self, object: &mut v1::PodTemplate, _context: &Context) {
        pod_spec::drop_disabled_of_template(&mut object.template, None);
    }

    fn prepare_update(&self, new: &mut v1::PodTemplate, old: &v1::PodTemplate, _context: &Context) {
        pod_spec::drop_disabled_of_template(&mut new.template, Some(&old.template));
    }

    fn spec_changed(&self, new: &v1::PodTemplate, old: &v1::PodTemplate) -> Option<bool> {
        Some(new.template != old.template)
    }

    fn validate(&self, object: &v1::PodTemplate, errors: &mut FieldErrors) {
        pod_spec::validate_template(&object.template, &Path::root("template"), &Options::template(), errors);
    }

    fn validate_update(&self, new: &v1::PodTemplate, old: &v1::PodTemplate, errors: &mut FieldErrors) {
        let options = Options::template().tolerating(&old.template.spec);
        pod_spec::validate_template(&new.template, &Path::root("template"), &options, errors);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn warnings(&self, new: &v1::PodTemplate, old: Option<&v1::PodTemplate>) -> Vec<String> {
        pod_spec::template_warnings(&new.template, &Path::root("template"), old.map(|old| &old.template))
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Cell {
    Cell::from(texts.collect::<Vec<_>>().join(","))
}

fn containers(object: &v1::PodTemplate, _now: Time) -> Cell {
    joined(object.template.spec.containers.iter().map(|container| container.name.as_str()))
}

fn images(object: &v1::PodTemplate, _now: Time) -> Cell {
    joined(object.template.spec.containers.iter().map(|container| container.image.as_str()))
}

fn labels(object: &v1::PodTemplate, _now: Time) -> Cell {
    let labels = &object.template.metadata.labels;
    if labels.is_empty() {
        return Cell::from("<none>");
    }
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Cell::from(pairs.join(","))
}
