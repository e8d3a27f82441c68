//! What the server serves: the resources whose objects can be listed, watched and deleted.

use client::{Client, ClientError};
use informer::Resource;
use schema::Value;
use schema::json::{self, Limits};

/// Of each group the preferred version. A group that does not answer is left out; events are, too: they have no dependents
/// and come and go too fast to be worth knowing.
pub async fn resources(client: &Client) -> Result<Vec<Resource>, ClientError> {
    let mut found = of(&document(client, "/api/v1").await?, "", "v1");
    let groups = document(client, "/apis").await?;
    for group in groups["groups"].items() {
        let (name, version) = (group.str_at(&["name"]), group.str_at(&["preferredVersion", "version"]));
        match document(client, &format!("/apis/{name}/{version}")).await {
            Ok(list) => found.extend(of(&list, name, version)),
            Err(error) => tracing::debug!(group = name, %error, "a group does not say what it serves"),
        }
    }
    found.retain(|resource| resource.plural != "events");
    Ok(found)
}

async fn document(client: &Client, path: &str) -> Result<Value, ClientError> {
    let bytes = client.get_raw(path).await?;
    json::parse(&bytes, Limits::default())
        .map_err(|error| ClientError::Decode { what: path.to_owned(), why: error.to_string() })
}

fn of(list: &Value, group: &str, version: &str) -> Vec<Resource> {
    let has = |resource: &Value, verb: &str| resource["verbs"].items().iter().any(|have| have.as_str() == Some(verb));
    list["resources"]
        .items()
        .iter()
        .filter(|resource| ["list", "watch", "delete"].iter().all(|verb| has(resource, verb)))
        .filter(|resource| !resource.str_at(&["name"]).contains('/'))
        .map(|resource| Resource {
            group: group.into(),
            version: version.into(),
            plural: resource.str_at(&["name"]).into(),
            kind: resource.str_at(&["kind"]).into(),
            namespaced: resource["namespaced"].as_bool().unwrap_or_default(),
        })
        .collect()
}
