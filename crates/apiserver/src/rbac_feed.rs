//! Keeps the RBAC index up to date: one watch for each of its four kinds.

use crate::feed::{self, Sink};
use api_misc::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use authz::rbac::Rbac;
use client::Client;
use informer::Resource;
use schema::{Object, Value};
use std::sync::Arc;

/// Follows the four kinds until the runtime ends.
pub fn spawn(client: &Client, rbac: &Arc<Rbac>) {
    follow::<Role>(client, rbac, Rbac::set_role, Rbac::remove_role);
    follow::<ClusterRole>(client, rbac, Rbac::set_cluster_role, Rbac::remove_role);
    follow::<RoleBinding>(client, rbac, Rbac::set_role_binding, Rbac::remove_binding);
    follow::<ClusterRoleBinding>(client, rbac, Rbac::set_cluster_role_binding, Rbac::remove_binding);
}

/// One kind of the index.
struct Part<T> {
    rbac: Arc<Rbac>,
    set: fn(&Rbac, &T),
    remove: fn(&Rbac, &str, &str),
}

impl<T: Object> Sink for Part<T> {
    fn set(&self, object: &Value) {
        (self.set)(&self.rbac, &T::from_value(object));
    }

    fn remove(&self, namespace: &str, name: &str) {
        (self.remove)(&self.rbac, namespace, name);
    }
}

fn follow<T: Object>(client: &Client, rbac: &Arc<Rbac>, set: fn(&Rbac, &T), remove: fn(&Rbac, &str, &str)) {
    feed::follow(client, Resource::of::<T>(), Part { rbac: rbac.clone(), set, remove });
}
