//! Who has which names, and what the conditions say.

use super::*;

fn names(plural: &str, kind: &str, short: &[&str]) -> Names {
    Names {
        plural: plural.into(),
        singular: kind.to_lowercase(),
        kind: kind.into(),
        list_kind: format!("{kind}List"),
        short_names: short.iter().map(|&name| name.into()).collect(),
        ..Names::default()
    }
}

fn definition(names: Names) -> CustomResourceDefinition {
    let mut definition = CustomResourceDefinition::default();
    definition.metadata.name = format!("{}.example.com", names.plural);
    definition.spec.group = "example.com".into();
    definition.spec.names = names;
    definition
}

fn settle(definition: &mut CustomResourceDefinition, others: &[&CustomResourceDefinition], seconds: i64) {
    definition.status = settled(definition, others.iter().copied(), Time::from_unix(seconds));
}

fn reason<'d>(definition: &'d CustomResourceDefinition, ty: &str) -> (&'d str, &'d str) {
    let condition = definition.status.conditions.iter().find(|condition| condition.type_ == ty).unwrap();
    (&condition.status, &condition.reason)
}

#[test]
fn free_names_are_accepted_once_and_for_all() {
    let mut widgets = definition(names("widgets", "Widget", &["w"]));
    settle(&mut widgets, &[], 1);
    assert_eq!(widgets.status.accepted_names, widgets.spec.names);
    assert_eq!(reason(&widgets, "NamesAccepted"), ("True", "NoConflicts"));
    assert_eq!(reason(&widgets, "Established"), ("True", "InitialNamesAccepted"));
    let before = widgets.status.clone();
    settle(&mut widgets, &[], 2);
    assert_eq!(widgets.status, before);
}

#[test]
fn names_of_others_are_refused_and_the_rest_taken() {
    let mut first = definition(names("widgets", "Widget", &["w"]));
    settle(&mut first, &[], 1);
    for (asked, wanted, message) in [
        (names("gadgets", "Widget", &[]), "ListKindConflict", "\"WidgetList\" is already in use"),
        (names("gadgets", "Gadget", &["w", "g"]), "ShortNamesConflict", "\"w\" is already in use"),
        (names("widget", "Gadget", &[]), "PluralConflict", "\"widget\" is already in use"),
    ] {
        let mut second = definition(asked);
        settle(&mut second, &[&first], 2);
        assert_eq!(reason(&second, "NamesAccepted"), ("False", wanted));
        assert_eq!(reason(&second, "Established"), ("False", "NotAccepted"));
        assert_eq!(second.status.conditions[0].message, message);
        // The one that has them is not disturbed.
        let before = first.status.clone();
        settle(&mut first, &[&second], 3);
        assert_eq!(first.status, before);
        // They are free when the other is gone.
        settle(&mut second, &[], 4);
        assert_eq!(reason(&second, "Established"), ("True", "InitialNamesAccepted"));
        assert_eq!(second.status.conditions[0].last_transition_time, Some(Time::from_unix(4)));
    }
}

#[test]
fn an_established_definition_stays_so_with_names_that_are_taken() {
    let mut first = definition(names("widgets", "Widget", &["w"]));
    settle(&mut first, &[], 1);
    let mut second = definition(names("gadgets", "Gadget", &["g"]));
    settle(&mut second, &[&first], 1);
    second.spec.names.short_names = vec!["w".into()];
    settle(&mut second, &[&first], 2);
    assert_eq!(reason(&second, "NamesAccepted"), ("False", "ShortNamesConflict"));
    assert_eq!(reason(&second, "Established"), ("True", "InitialNamesAccepted"));
    assert_eq!(second.status.accepted_names.short_names, ["g"]);
}

#[test]
fn groups_of_kubernetes_take_an_approval() {
    for (annotation, wanted) in [
        ("", ("False", "MissingAnnotation")),
        ("unapproved, experimental", ("False", "UnapprovedAnnotation")),
        ("https://github.com/kubernetes/enhancements/pull/1", ("True", "ApprovedAnnotation")),
        ("yes", ("False", "InvalidAnnotation")),
    ] {
        let mut definition = definition(names("widgets", "Widget", &[]));
        definition.spec.group = "example.k8s.io".into();
        definition.metadata.annotations.insert(APPROVED_ANNOTATION.into(), annotation.into());
        settle(&mut definition, &[], 1);
        assert_eq!(reason(&definition, "KubernetesAPIApprovalPolicyConformant"), wanted, "{annotation}");
    }
    assert!(is_protected_group("k8s.io") && !is_protected_group("ak8s.io"));
}
