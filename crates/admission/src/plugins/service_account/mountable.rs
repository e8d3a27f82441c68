//! Which secrets a pod of an account may use, where the account limits its pods to those that it lists.

use kind::ApiError;
use schema::Value;
use std::collections::BTreeSet;

use crate::Attributes;

const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

/// Go's words for true.
pub fn is_enforced(account: &Value) -> bool {
    let value = account.str_at(&["metadata", "annotations", ENFORCE]);
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// All that a new pod uses.
pub fn check_pod(attributes: &Attributes, account: &Value) -> Result<(), ApiError> {
    let limits = Limits::of(account);
    let spec = attributes.object.at(&["spec"]);
    let checked = limits.volumes(spec).and_then(|()| {
        limits.containers(spec, "initContainers", "init container")?;
        limits.containers(spec, "containers", "container")?;
        limits.pull_secrets(spec)
    });
    checked.map_err(|why| attributes.forbidden(why))
}

/// What ephemeral containers use, which come to a pod later.
pub fn check_ephemeral(attributes: &Attributes, account: &Value) -> Result<(), ApiError> {
    let spec = attributes.object.at(&["spec"]);
    let checked = Limits::of(account).containers(spec, "ephemeralContainers", "ephemeral container");
    checked.map_err(|why| attributes.forbidden(why))
}

struct Limits<'a> {
    account: &'a Value,
    mountable: BTreeSet<&'a str>,
}

impl<'a> Limits<'a> {
    fn of(account: &'a Value) -> Limits<'a> {
        let mountable = account.at(&["secrets"]).items().iter().map(|secret| secret.str_at(&["name"])).collect();
        Limits { account, mountable }
    }

    fn refuse(&self, what: String, kind: &str) -> Result<(), String> {
        let account = self.account.str_at(&["metadata", "name"]);
        Err(format!("{what} is not allowed because service account {account} does not reference that {kind}"))
    }

    fn volumes(&self, spec: &Value) -> Result<(), String> {
        for secret in spec["volumes"].items().iter().filter_map(|volume| volume.get("secret")) {
            let name = secret.str_at(&["secretName"]);
            if !self.mountable.contains(name) {
                return self.refuse(format!("volume with secret.secretName=\"{name}\""), "secret");
            }
        }
        Ok(())
    }

    fn containers(&self, spec: &Value, list: &str, word: &str) -> Result<(), String> {
        for container in spec[list].items() {
            let of = container.str_at(&["name"]);
            for variable in container["env"].items() {
                let reference = variable.at(&["valueFrom", "secretKeyRef"]);
                let (name, secret) = (variable.str_at(&["name"]), reference.str_at(&["name"]));
                if !reference.is_null() && !self.mountable.contains(secret) {
                    let what = format!("{word} {of} with envVar {name} referencing secret.secretName=\"{secret}\"");
                    return self.refuse(what, "secret");
                }
            }
            for reference in container["envFrom"].items().iter().filter_map(|source| source.get("secretRef")) {
                let secret = reference.str_at(&["name"]);
                if !self.mountable.contains(secret) {
                    let what = format!("{word} {of} with envFrom referencing secret.secretName=\"{secret}\"");
                    return self.refuse(what, "secret");
                }
            }
        }
        Ok(())
    }

    fn pull_secrets(&self, spec: &Value) -> Result<(), String> {
        let of_account = self.account.at(&["imagePullSecrets"]).items().iter();
        let allowed: BTreeSet<&str> = of_account.map(|secret| secret.str_at(&["name"])).collect();
        for (index, secret) in spec["imagePullSecrets"].items().iter().enumerate() {
            let name = secret.str_at(&["name"]);
            if !allowed.contains(name) {
                return self.refuse(format!("imagePullSecrets[{index}].name=\"{name}\""), "imagePullSecret");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
