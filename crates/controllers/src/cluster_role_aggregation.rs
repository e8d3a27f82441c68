//! Keeps the rules of aggregated cluster roles: the union of the rules of all roles that they select.

use crate::{Controller, Plan, Watch};
use api_misc::rbac::v1::{ClusterRole, PolicyRule};
use informer::{Key, Selector, View};
use schema::Time;

pub struct ClusterRoleAggregationController;

impl Controller for ClusterRoleAggregationController {
    fn name(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        // Any role may be selected by any aggregate.
        vec![Watch::of::<ClusterRole, _>(|_, view| {
            let roles = view.list::<ClusterRole>();
            roles.iter().filter(|role| role.aggregation_rule.is_some()).map(|role| Key::of(&role.metadata)).collect()
        })]
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let mut plan = Plan::default();
        let Some(role) = view.get::<ClusterRole>("", &key.name) else { return plan };
        let Some(aggregation) = &role.aggregation_rule else { return plan };
        let all = view.list::<ClusterRole>();
        let mut rules = Vec::<PolicyRule>::new();
        for selector in &aggregation.cluster_role_selectors {
            let selector = Selector::new(Some(selector));
            let selected = all
                .iter()
                .filter(|other| other.metadata.name != role.metadata.name && selector.matches(&other.metadata.labels));
            for rule in selected.flat_map(|other| &other.rules) {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
        let mut after = role.as_ref().clone();
        after.rules = rules;
        plan.update(role.as_ref(), &after);
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn an_aggregate_has_the_rules_of_those_it_selects() {
        let world = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all, labels: {to: all}}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: all}}]}
rules: [{verbs: [get], apiGroups: [old], resources: [x]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: b, labels: {to: all}}
rules: [{verbs: [list], apiGroups: [''], resources: [pods]}, {verbs: [get], apiGroups: [''], resources: [pods]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: c, labels: {to: all}}
rules: [{verbs: [get], apiGroups: [''], resources: [pods]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: d}
rules: [{verbs: [delete], apiGroups: [''], resources: [pods]}]
";
        crate::testing::check(
            &ClusterRoleAggregationController,
            world,
            Key::cluster("all"),
            expect![[r#"
            update clusterroles.rbac.authorization.k8s.io all
              rules[0].apiGroups[0]: "old" -> ""
              rules[0].resources[0]: "x" -> "pods"
              rules[0].verbs[0]: "get" -> "list"
              rules[1]: + {"apiGroups":[""],"resources":["pods"],"verbs":["get"]}
        "#]],
        );
        crate::testing::check(&ClusterRoleAggregationController, world, Key::cluster("b"), expect![""]);
    }
}
