//! ServiceAccount: a pod runs as an account that exists, with its token mounted and its pull secrets.

mod mountable;

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::{Value, value};
use std::sync::Arc;
use stdx::Rng;

pub struct ServiceAccount {
    rng: Arc<dyn Rng>,
}

const DEFAULT: &str = "default";
const MIRROR: &str = "kubernetes.io/config.mirror";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX: &str = "kube-api-access-";
/// An hour and seven seconds, by which upstream tells tokens that it may keep alive for longer.
const TOKEN_SECONDS: i64 = 3607;
/// The letters of generated names: no vowels, nothing that looks like another.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH: usize = 5;

impl ServiceAccount {
    pub fn new(rng: Arc<dyn Rng>) -> ServiceAccount {
        ServiceAccount { rng }
    }

    fn volume_name(&self) -> String {
        let letter = |_| ALPHABET[(self.rng.next_u64() % ALPHABET.len() as u64) as usize] as char;
        VOLUME_PREFIX.chars().chain((0..SUFFIX_LENGTH).map(letter)).collect()
    }
}

impl Plugin for ServiceAccount {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "serviceaccounts")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") || attributes.operation != Operation::Create {
            return Ok(());
        }
        if is_mirror(&attributes.object) {
            return check_mirror(attributes);
        }
        if attributes.object.str_at(&["spec", "serviceAccountName"]).is_empty() {
            attributes.object.set(&["spec", "serviceAccountName"], DEFAULT);
        }
        let account = account(attributes, lookup)?;
        let name = attributes.object.str_at(&["spec", "serviceAccountName"]).to_owned();
        attributes.object.set(&["spec", "serviceAccount"], name);
        if mounts_token(&attributes.object, &account) {
            mount_token(&mut attributes.object, || self.volume_name());
        }
        if attributes.object.at(&["spec", "imagePullSecrets"]).is_zero() {
            let secrets = account.at(&["imagePullSecrets"]);
            if !secrets.is_zero() {
                attributes.object.set(&["spec", "imagePullSecrets"], secrets.clone());
            }
        }
        Ok(())
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let of_pods = (attributes.group, attributes.resource) == ("", "pods");
        match (attributes.operation, attributes.subresource) {
            (Operation::Create, "") if of_pods && !is_mirror(&attributes.object) => {
                let account = account(attributes, lookup)?;
                if mountable::is_enforced(&account) { mountable::check_pod(attributes, &account) } else { Ok(()) }
            }
            (Operation::Update, "ephemeralcontainers") if of_pods => {
                let account = account(attributes, lookup)?;
                if mountable::is_enforced(&account) { mountable::check_ephemeral(attributes, &account) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

fn is_mirror(pod: &Value) -> bool {
    !pod.at(&["metadata", "annotations", MIRROR]).is_null()
}

/// A mirror of a static pod has no account and no secret of the API.
fn check_mirror(attributes: &Attributes) -> Result<(), ApiError> {
    let pod = &attributes.object;
    if !pod.str_at(&["spec", "serviceAccountName"]).is_empty() {
        return Err(attributes.forbidden("a mirror pod may not reference service accounts"));
    }
    let projects_token = |volume: &Value| {
        volume.at(&["projected", "sources"]).items().iter().any(|source| source.get("serviceAccountToken").is_some())
    };
    let volumes = pod.at(&["spec", "volumes"]).items();
    if volumes.iter().any(|volume| volume.get("secret").is_some()) {
        return Err(attributes.forbidden("a mirror pod may not reference secrets"));
    }
    if volumes.iter().any(projects_token) {
        let why = "a mirror pod may not use ServiceAccountToken volume projections";
        return Err(attributes.forbidden(why));
    }
    Ok(())
}

fn account(attributes: &Attributes, lookup: &dyn Lookup) -> Result<Arc<Value>, ApiError> {
    let (namespace, name) = (attributes.namespace, attributes.object.str_at(&["spec", "serviceAccountName"]));
    lookup.get("", "serviceaccounts", namespace, name).ok_or_else(|| {
        let why = format!("error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found");
        attributes.forbidden(why)
    })
}

/// The pod decides; if it does not, the account; if neither, yes.
fn mounts_token(pod: &Value, account: &Value) -> bool {
    let of_pod = pod.at(&["spec", "automountServiceAccountToken"]).as_bool();
    of_pod.or(account.at(&["automountServiceAccountToken"]).as_bool()).unwrap_or(true)
}

fn mount_token(pod: &mut Value, new_name: impl Fn() -> String) {
    let volumes = pod.at(&["spec", "volumes"]).items();
    let existing = volumes.iter().map(|volume| volume.str_at(&["name"])).find(|name| name.starts_with(VOLUME_PREFIX));
    let has_volume = existing.is_some();
    let name = existing.map_or_else(new_name, str::to_owned);
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        let Some(containers) = pod.get_mut("spec").and_then(|spec| spec.get_mut(list)).and_then(Value::as_list_mut)
        else {
            continue;
        };
        for container in containers {
            let mounts = container.at(&["volumeMounts"]).items();
            if mounts.iter().any(|mount| mount.str_at(&["mountPath"]) == MOUNT_PATH) {
                continue;
            }
            let mut mounts = mounts.to_vec();
            mounts.push(value!({ "name": (name.as_str()), "readOnly": true, "mountPath": MOUNT_PATH }));
            container.set(&["volumeMounts"], mounts);
            mounted = true;
        }
    }
    if mounted && !has_volume {
        let mut volumes = pod.at(&["spec", "volumes"]).items().to_vec();
        volumes.push(token_volume(&name));
        pod.set(&["spec", "volumes"], volumes);
    }
}

fn token_volume(name: &str) -> Value {
    value!({
        "name": name,
        "projected": {
            "defaultMode": 420_i64,
            "sources": [
                { "serviceAccountToken": { "expirationSeconds": TOKEN_SECONDS, "path": "token" } },
                { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
                { "downwardAPI": { "items": [{
                    "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" }
                }] } }
            ]
        }
    })
}
