//! Keeps a ServiceAccount `default` in each namespace.

use crate::{Controller, Plan, Tolerate, Watch, Write};
use api_core::v1::{Namespace, ServiceAccount};
use informer::{Key, View};
use schema::Time;

const NAME: &str = "default";

pub struct ServiceAccountController;

impl Controller for ServiceAccountController {
    fn name(&self) -> &'static str {
        "serviceaccount-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::own::<Namespace>(),
            Watch::of::<ServiceAccount, _>(|account, _| {
                let meta = &account.metadata;
                if meta.name == NAME { vec![Key::cluster(meta.namespace.as_str())] } else { Vec::new() }
            }),
        ]
    }

    fn workers(&self) -> usize {
        1
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let mut plan = Plan::default();
        let active = view.get::<Namespace>("", &key.name).is_some_and(|namespace| namespace.status.phase == "Active");
        if active && view.get::<ServiceAccount>(&key.name, NAME).is_none() {
            let mut account = ServiceAccount::default();
            account.metadata.namespace = key.name.to_string();
            account.metadata.name = NAME.into();
            let write = Write::create(&account).tolerating(Tolerate::AlreadyExists);
            plan.push(write.tolerating(Tolerate::NamespaceTerminating).tolerating(Tolerate::NotFound));
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(world: &str, expect: Expect) {
        crate::testing::check(&ServiceAccountController, world, Key::cluster("a"), expect);
    }

    const ACTIVE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: a}, status: {phase: Active}}\n";

    #[test]
    fn an_active_namespace_gets_its_account() {
        check(
            ACTIVE,
            expect![[r#"
            create serviceaccounts a/default {}
        "#]],
        );
    }

    #[test]
    fn an_account_that_is_there_and_a_namespace_that_goes_are_left_alone() {
        let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: a}}\n";
        check(&format!("{ACTIVE}---\n{account}"), expect![""]);
        check(&ACTIVE.replace("Active", "Terminating"), expect![""]);
        check("", expect![""]);
    }
}
