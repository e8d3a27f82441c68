//! Keeps the RBAC index up to date: one watch for each of its four kinds.

use api_meta::v1::ListOptions;
use api_misc::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use authz::rbac::Rbac;
use client::{Client, ClientError, EventKind};
use schema::Object;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// After a watch that failed.
const RETRY: Duration = Duration::from_millis(200);

/// Follows the four kinds until the runtime ends.
pub fn spawn(client: &Client, rbac: &Arc<Rbac>) {
    follow::<Role>(client, rbac, Rbac::set_role, Rbac::remove_role);
    follow::<ClusterRole>(client, rbac, Rbac::set_cluster_role, Rbac::remove_role);
    follow::<RoleBinding>(client, rbac, Rbac::set_role_binding, Rbac::remove_binding);
    follow::<ClusterRoleBinding>(client, rbac, Rbac::set_cluster_role_binding, Rbac::remove_binding);
}

type Set<T> = fn(&Rbac, &T);
type Remove = fn(&Rbac, &str, &str);

fn follow<T: Object<Meta = api_meta::v1::ObjectMeta>>(client: &Client, rbac: &Arc<Rbac>, set: Set<T>, remove: Remove) {
    let (client, rbac) = (client.clone(), rbac.clone());
    tokio::spawn(async move {
        let mut known = HashSet::new();
        loop {
            if let Err(error) = once(&client, &rbac, &mut known, set, remove).await {
                tracing::warn!(resource = T::RESOURCE.plural, %error, "watching for authorization failed");
            }
            tokio::time::sleep(RETRY).await;
        }
    });
}

/// Lists, takes away what is gone, then watches until the watch ends.
async fn once<T: Object<Meta = api_meta::v1::ObjectMeta>>(
    client: &Client,
    rbac: &Rbac,
    known: &mut HashSet<(String, String)>,
    set: Set<T>,
    remove: Remove,
) -> Result<(), ClientError> {
    let list = client.list::<T>("", &ListOptions::default()).await?;
    let mut now = HashSet::new();
    for object in &list.items {
        set(rbac, object);
        now.insert((object.meta().namespace.clone(), object.meta().name.clone()));
    }
    for (namespace, name) in known.difference(&now) {
        remove(rbac, namespace, name);
    }
    *known = now;
    let options = ListOptions { resource_version: list.resource_version, ..ListOptions::default() };
    let mut watch = client.watch::<T>("", &options).await?;
    while let Some(event) = watch.next().await {
        let event = event?;
        let meta = event.object.meta();
        let id = (meta.namespace.clone(), meta.name.clone());
        match event.kind {
            EventKind::Added | EventKind::Modified => {
                set(rbac, &event.object);
                known.insert(id);
            }
            EventKind::Deleted => {
                remove(rbac, &id.0, &id.1);
                known.remove(&id);
            }
            EventKind::Bookmark => {}
        }
    }
    Ok(())
}
