//! AlwaysPullImages: the right to an image is asked of its registry each time, also where a node has the image already.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use kind::field::quoted;
use schema::Value;

pub struct AlwaysPullImages;

const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
const ALWAYS: &str = "Always";

impl Plugin for AlwaysPullImages {
    fn name(&self) -> &'static str {
        "AlwaysPullImages"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn admit(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        if ignores(attributes) {
            return Ok(());
        }
        for list in LISTS {
            for container in items_mut(&mut attributes.object, list) {
                container.set(&["imagePullPolicy"], ALWAYS);
            }
        }
        for volume in items_mut(&mut attributes.object, "volumes") {
            if volume.get("image").is_some_and(|image| !image.is_null()) {
                volume.set(&["image", "pullPolicy"], ALWAYS);
            }
        }
        Ok(())
    }

    fn validate(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        if ignores(attributes) {
            return Ok(());
        }
        let spec = attributes.object.at(&["spec"]);
        let of = |list: &'static str| spec.at(&[list]).items().iter().enumerate();
        let containers = LISTS.into_iter().flat_map(|list| {
            of(list).map(move |(index, container)| {
                (format!("spec.{list}[{index}].imagePullPolicy"), container.str_at(&["imagePullPolicy"]))
            })
        });
        let volumes = of("volumes").filter(|(_, volume)| !volume.at(&["image"]).is_null()).map(|(index, volume)| {
            (format!("spec.volumes[{index}].image.pullPolicy"), volume.str_at(&["image", "pullPolicy"]))
        });
        let refused = containers.chain(volumes).filter(|(_, policy)| *policy != ALWAYS).map(|(path, policy)| {
            let why = format!("{path}: Unsupported value: {}: supported values: \"Always\"", quoted(policy));
            attributes.forbidden(why).0.message
        });
        aggregate(refused.collect())
    }
}

/// Errors that upstream adds up without making them a Status.
fn aggregate(errors: Vec<String>) -> Result<(), ApiError> {
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(ApiError::new(500, "", one.as_str())),
        several => Err(ApiError::new(500, "", format!("[{}]", several.join(", ")))),
    }
}

/// What is no pod, and updates without an image that was not there before.
fn ignores(attributes: &Attributes) -> bool {
    if (attributes.group, attributes.resource) != ("", "pods") || !attributes.subresource.is_empty() {
        return true;
    }
    if attributes.operation != Operation::Update {
        return false;
    }
    let images = |pod: &Value| -> std::collections::BTreeSet<String> {
        let all = LISTS.iter().flat_map(|list| pod.at(&["spec", list]).items().to_vec());
        all.map(|container| container.str_at(&["image"]).to_owned()).collect()
    };
    images(&attributes.object).is_subset(&images(attributes.old))
}

fn items_mut<'v>(pod: &'v mut Value, list: &str) -> impl Iterator<Item = &'v mut Value> {
    let items = pod.get_mut("spec").and_then(|spec| spec.get_mut(list)).and_then(Value::as_list_mut);
    items.into_iter().flatten()
}
