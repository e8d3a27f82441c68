//! Keeps a ConfigMap `kube-root-ca.crt` in each namespace: what pods verify the API server with.

use crate::{Controller, Plan, Tolerate, Watch, Write};
use api_core::v1::{ConfigMap, Namespace};
use informer::{Key, View};
use schema::Time;
use std::collections::BTreeMap;

const NAME: &str = "kube-root-ca.crt";
const DESCRIPTION_KEY: &str = "kubernetes.io/description";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

pub struct RootCaPublisher {
    /// PEM.
    root_ca: String,
}

impl RootCaPublisher {
    pub fn new(root_ca: impl Into<String>) -> RootCaPublisher {
        RootCaPublisher { root_ca: root_ca.into() }
    }
}

impl Controller for RootCaPublisher {
    fn name(&self) -> &'static str {
        "root-ca-certificate-publisher-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::own::<Namespace>(),
            Watch::of::<ConfigMap, _>(|map, _| {
                let meta = &map.metadata;
                if meta.name == NAME { vec![Key::cluster(meta.namespace.as_str())] } else { Vec::new() }
            }),
        ]
    }

    fn workers(&self) -> usize {
        1
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let mut plan = Plan::default();
        let namespace = view.get::<Namespace>("", &key.name);
        if namespace.is_none_or(|namespace| namespace.metadata.deletion_timestamp.is_some()) {
            return plan;
        }
        let data = BTreeMap::from([("ca.crt".to_owned(), self.root_ca.clone())]);
        match view.get::<ConfigMap>(&key.name, NAME) {
            None => {
                let mut map = ConfigMap { data, ..ConfigMap::default() };
                map.metadata.namespace = key.name.to_string();
                map.metadata.name = NAME.into();
                map.metadata.annotations.insert(DESCRIPTION_KEY.into(), DESCRIPTION.into());
                let write = Write::create(&map).tolerating(Tolerate::AlreadyExists);
                plan.push(write.tolerating(Tolerate::NamespaceTerminating).tolerating(Tolerate::NotFound));
            }
            Some(map) => {
                let described = map.metadata.annotations.get(DESCRIPTION_KEY).is_some_and(|text| !text.is_empty());
                if map.data != data || !described {
                    let mut after = map.as_ref().clone();
                    after.data = data;
                    after.metadata.annotations.insert(DESCRIPTION_KEY.into(), DESCRIPTION.into());
                    plan.update(map.as_ref(), &after);
                }
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const NAMESPACE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n---\n";

    fn check(world: &str, expect: Expect) {
        crate::testing::check(&RootCaPublisher::new("PEM"), &format!("{NAMESPACE}{world}"), Key::cluster("a"), expect);
    }

    #[test]
    fn a_namespace_gets_the_bundle() {
        check(
            "",
            expect![[r#"
            create configmaps a/kube-root-ca.crt {"data":{"ca.crt":"PEM"},"metadata":{"annotations":{"kubernetes.io/description":"Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."}}}
        "#]],
        );
    }

    #[test]
    fn a_changed_bundle_is_repaired() {
        let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: a, annotations: {kubernetes.io/description: x}}, data: {ca.crt: other, more: x}}";
        check(
            map,
            expect![[r#"
            update configmaps a/kube-root-ca.crt
              data.ca.crt: "other" -> "PEM"
              data.more: - "x"
              metadata.annotations.kubernetes.io/description: "x" -> "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
        "#]],
        );
        check(&map.replace("other, more: x", "PEM"), expect![""]);
    }
}
