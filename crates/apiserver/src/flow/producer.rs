//! Keeps the mandatory and the suggested objects of flow control as they should be.
//!
//! The annotation `apf.kubernetes.io/autoupdate-spec` says whose an object is: `true`, the server's; `false`, the
//! operator's. Without it, an object that was never changed is the server's. The mandatory ones always are, but for the
//! seats of `exempt`.

use crate::bootstrap;
use client::{Client, ClientError};
use informer::Resource;
use schema::{Value, value};
use std::time::Duration;

const MANAGER: &str = "api-priority-and-fairness-config-producer-v1";
const ANNOTATION: &[&str] = &["metadata", "annotations", "apf.kubernetes.io/autoupdate-spec"];
pub const GROUP: &str = "flowcontrol.apiserver.k8s.io";
const PERIOD: Duration = Duration::from_secs(60);
const MANDATORY: [&str; 2] = ["exempt", "catch-all"];

/// Keeps them so until the runtime ends; the first time is when this returns.
pub async fn start(client: &Client) -> Result<(), ClientError> {
    let client = client.with_user_agent(MANAGER);
    ensure(&client).await?;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PERIOD).await;
            if let Err(error) = ensure(&client).await {
                tracing::warn!(%error, "keeping the objects of flow control failed");
            }
        }
    });
    Ok(())
}

async fn ensure(client: &Client) -> Result<(), ClientError> {
    let objects: Vec<Value> = bootstrap::objects().collect();
    for kind in ["PriorityLevelConfiguration", "FlowSchema"] {
        let resource = Resource {
            group: GROUP.into(),
            version: "v1".into(),
            plural: format!("{}s", kind.to_ascii_lowercase()).into(),
            kind: kind.into(),
            namespaced: false,
        };
        let wanted: Vec<&Value> = objects.iter().filter(|object| object.str_at(&["kind"]) == kind).collect();
        let api = client.api(&resource);
        let existing = api.list("", &Default::default()).await?.items;
        for object in &wanted {
            let name = object.str_at(&["metadata", "name"]);
            let result = match existing.iter().find(|existing| existing.str_at(&["metadata", "name"]) == name) {
                None => api.create("", object).await,
                Some(existing) => match updated(existing, object) {
                    Some(updated) => api.update("", name, "", &updated).await,
                    None => continue,
                },
            };
            match result {
                // Another server did it, or an operator: the next round sees.
                Err(error) if error.is_already_exists() || error.is_conflict() || error.is_not_found() => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        let ours = |object: &&Value| object.str_at(ANNOTATION) == "true";
        let known = |name: &str| wanted.iter().any(|object| object.str_at(&["metadata", "name"]) == name);
        for object in existing.iter().filter(ours) {
            let name = object.str_at(&["metadata", "name"]);
            if known(name) {
                continue;
            }
            match api.delete("", name, &Default::default()).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The object as it should be; none: it is.
fn updated(existing: &Value, wanted: &Value) -> Option<Value> {
    let name = existing.str_at(&["metadata", "name"]);
    let annotation = existing.str_at(ANNOTATION);
    let mandatory = MANDATORY.contains(&name);
    let automatic = match annotation {
        "true" => true,
        "false" => false,
        _ => mandatory || existing.at(&["metadata", "generation"]) == &value!(1),
    };
    let mut updated = existing.clone();
    if automatic {
        updated.set(&["spec"], wanted.at(&["spec"]).clone());
    } else if mandatory {
        // Of these an operator may only say how many seats the exempt level has.
        let seats = existing.at(&["spec", "exempt"]).clone();
        updated.set(&["spec"], wanted.at(&["spec"]).clone());
        if !seats.is_null() && name == "exempt" && !wanted.at(&["spec", "exempt"]).is_null() {
            updated.set(&["spec", "exempt"], seats);
        }
    }
    if annotation != "true" && annotation != "false" {
        updated.set(ANNOTATION, if automatic { "true" } else { "false" });
    }
    (updated != *existing).then_some(updated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(name: &str, shares: i64, annotation: Option<&str>, generation: i64) -> Value {
        let mut level = value!({
            "metadata": { "name": name, "generation": generation },
            "spec": { "type": "Limited", "limited": { "nominalConcurrencyShares": shares } }
        });
        if let Some(annotation) = annotation {
            level.set(ANNOTATION, annotation);
        }
        level
    }

    #[test]
    fn the_annotation_says_whose_an_object_is() {
        let wanted = level("system", 30, Some("true"), 1);
        let shares = |existing: Value| {
            let updated = updated(&existing, &wanted)?;
            let number = updated.at(&["spec", "limited", "nominalConcurrencyShares"]).clone();
            Some((number, updated.str_at(ANNOTATION).to_owned()))
        };
        assert_eq!(shares(level("system", 30, Some("true"), 1)), None);
        assert_eq!(shares(level("system", 5, Some("true"), 4)), Some((value!(30), "true".into())));
        assert_eq!(shares(level("system", 5, Some("false"), 4)), None);
        assert_eq!(shares(level("system", 5, None, 1)), Some((value!(30), "true".into())));
        assert_eq!(shares(level("system", 5, None, 2)), Some((value!(5), "false".into())));
        assert_eq!(shares(level("catch-all", 5, None, 2)), Some((value!(30), "true".into())));
        assert_eq!(shares(level("catch-all", 5, Some("false"), 2)), Some((value!(30), "false".into())));
    }
}
