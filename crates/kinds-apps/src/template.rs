//! What the kinds with a pod template share: columns, defaults and validation of templates.

use api_core::v1::PodTemplateSpec;
use kind::Cell;

/// Names of the containers, for a column.
pub fn containers(template: &PodTemplateSpec) -> Cell {
    joined(template.spec.containers.iter().map(|container| container.name.as_str()))
}

/// Images of the containers, for a column.
pub fn images(template: &PodTemplateSpec) -> Cell {
    joined(template.spec.containers.iter().map(|container| container.image.as_str()))
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Cell {
    Cell::from(texts.collect::<Vec<_>>().join(","))
}
