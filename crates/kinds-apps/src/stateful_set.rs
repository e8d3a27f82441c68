//! StatefulSet.

use crate::amounts;
use crate::template;
use api_apps::apps::v1;
use api_meta::v1::LabelSelector;
use kind::field::{Bare, quoted};
use kind::{
    Cell, Column, Context, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Subresource, Verb,
    Version, validate,
};
use kinds_core::pod_spec;
use schema::Time;

pub struct StatefulSet;

static NAMES: Names = Names {
    group: "apps",
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short_names: &["sts"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.apps.v1.StatefulSet" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::scale(), Subresource::status("StatefulSet")],
};

static COLUMNS: &[Column<v1::StatefulSet>] = &[
    Column::NAME,
    Column::string("Ready", "Number of the pod with ready state", 0, ready),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
];

impl Kind for StatefulSet {
    type Object = v1::StatefulSet;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::StatefulSet>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::StatefulSet) {
        let spec = &mut object.spec;
        if spec.pod_management_policy.is_empty() {
            spec.pod_management_policy = "OrderedReady".into();
        }
        if spec.update_strategy.type_.is_empty() {
            spec.update_strategy.type_ = "RollingUpdate".into();
        }
        if spec.update_strategy.type_ == "RollingUpdate" {
            spec.update_strategy.rolling_update.get_or_insert_default().partition.get_or_insert(0);
        }
        let retention = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
        for when in [&mut retention.when_deleted, &mut retention.when_scaled] {
            if when.is_empty() {
                *when = "Retain".into();
            }
        }
        spec.replicas.get_or_insert(1);
        spec.revision_history_limit.get_or_insert(10);
        for claim in &mut spec.volume_claim_templates {
            claim.spec.volume_mode.get_or_insert_with(|| "Filesystem".into());
            if claim.status.phase.is_empty() {
                claim.status.phase = "Pending".into();
            }
        }
        pod_spec::default_template(&mut spec.template);
    }

    fn prepare_create(&self, object: &mut v1::StatefulSet, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::StatefulSet, old: &v1::StatefulSet, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::StatefulSet, old: &v1::StatefulSet, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::StatefulSet, old: &v1::StatefulSet) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::named(NameFormat::Label)
    }

    fn validate(&self, object: &v1::StatefulSet, errors: &mut FieldErrors) {
        validate_spec(&object.spec, None, errors);
    }

    fn validate_update(&self, new: &v1::StatefulSet, old: &v1::StatefulSet, errors: &mut FieldErrors) {
        validate_spec(&new.spec, Some(&old.spec), errors);
        let mut as_old = new.spec.clone();
        as_old.replicas = old.spec.replicas;
        as_old.template = old.spec.template.clone();
        as_old.update_strategy = old.spec.update_strategy.clone();
        as_old.min_ready_seconds = old.spec.min_ready_seconds;
        as_old.ordinals = old.spec.ordinals.clone();
        as_old.revision_history_limit = old.spec.revision_history_limit;
        as_old.persistent_volume_claim_retention_policy = old.spec.persistent_volume_claim_retention_policy.clone();
        if as_old != old.spec {
            errors.forbidden(&Path::root("spec"), ONLY_SOME_FIELDS);
        }
    }

    fn validate_subresource(
        &self,
        new: &v1::StatefulSet,
        old: &v1::StatefulSet,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        let status = &new.status;
        let counts = [
            ("replicas", i64::from(status.replicas)),
            ("readyReplicas", i64::from(status.ready_replicas)),
            ("currentReplicas", i64::from(status.current_replicas)),
            ("updatedReplicas", i64::from(status.updated_replicas)),
            ("availableReplicas", i64::from(status.available_replicas)),
            ("observedGeneration", status.observed_generation),
        ];
        amounts::validate_counts(&counts, errors);
        amounts::validate_collisions(status.collision_count, old.status.collision_count, errors);
        let parts = [
            ("readyReplicas", status.ready_replicas),
            ("currentReplicas", status.current_replicas),
            ("updatedReplicas", status.updated_replicas),
            ("availableReplicas", status.available_replicas),
        ];
        amounts::validate_not_greater(&parts, status.replicas, "status.replicas", errors);
        let available = [("availableReplicas", status.available_replicas)];
        amounts::validate_not_greater(&available, status.ready_replicas, "status.readyReplicas", errors);
    }

    fn warnings(&self, new: &v1::StatefulSet, old: Option<&v1::StatefulSet>) -> Vec<String> {
        let (spec, old) = (Path::root("spec"), old.map(|old| &old.spec.template));
        let mut warnings = pod_spec::template_warnings(&new.spec.template, &spec.child("template"), old);
        if new.spec.revision_history_limit.is_some_and(|limit| limit < 0) {
            warnings.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".into());
        }
        warnings
    }
}

fn ready(object: &v1::StatefulSet, _now: Time) -> Cell {
    Cell::from(format!("{}/{}", object.status.ready_replicas, object.spec.replicas.unwrap_or_default()))
}

fn containers(object: &v1::StatefulSet, _now: Time) -> Cell {
    template::containers(&object.spec.template)
}

fn images(object: &v1::StatefulSet, _now: Time) -> Cell {
    template::images(&object.spec.template)
}

const ONLY_SOME_FIELDS: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

fn validate_spec(spec: &v1::StatefulSetSpec, old: Option<&v1::StatefulSetSpec>, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    let policy = spec.pod_management_policy.as_str();
    if !matches!(policy, "OrderedReady" | "Parallel") {
        errors.invalid(&path.child("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'");
    }
    validate_strategy(&spec.update_strategy, errors);
    if let Some(retention) = &spec.persistent_volume_claim_retention_policy {
        let path = path.child("persistentVolumeClaimRetentionPolicy");
        for (field, when) in [("whenDeleted", &retention.when_deleted), ("whenScaled", &retention.when_scaled)] {
            if !matches!(when.as_str(), "Retain" | "Delete") {
                errors.not_supported(&path.child(field), when, &["Retain", "Delete"]);
            }
        }
    }
    validate::not_negative(i64::from(spec.replicas.unwrap_or_default()), &path.child("replicas"), errors);
    validate::not_negative(i64::from(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    if let Some(ordinals) = &spec.ordinals {
        let path = path.child("ordinals");
        validate::not_negative(i64::from(ordinals.start), &path.child("start"), errors);
    }
    let selector = spec.selector.as_deref();
    template::validate_required_selector(selector, "statefulset", old.and_then(|old| old.selector.as_deref()), errors);
    if template::is_applicable(selector) {
        let takes_all = |s: &LabelSelector| s.match_labels.is_empty() && s.match_expressions.is_empty();
        if !selector.is_some_and(takes_all) {
            template::validate_selected(selector, &spec.template, errors);
        }
        let options = template::options(old.map(|old| &old.template));
        pod_spec::validate_template(&spec.template, &path.child("template"), &options, errors);
    } else {
        errors.invalid(&path.child("selector"), template::shown_or_null(selector), "");
    }
    template::validate_restart_always(&spec.template, "StatefulSet", errors);
}

fn validate_strategy(strategy: &v1::StatefulSetUpdateStrategy, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let path = spec.child("updateStrategy");
    let rolling_path = path.child("rollingUpdate");
    match (strategy.type_.as_str(), &strategy.rolling_update) {
        ("OnDelete", Some(rolling)) => {
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            errors.invalid(&rolling_path, Bare(rolling_shown(rolling)), why);
        }
        ("OnDelete", None) | ("RollingUpdate", None) => {}
        ("RollingUpdate", Some(rolling)) => {
            let partition = i64::from(rolling.partition.unwrap_or_default());
            validate::not_negative(partition, &rolling_path.child("partition"), errors);
            if let Some(amount) = &rolling.max_unavailable {
                let path = rolling_path.child("maxUnavailable");
                amounts::validate_amount(amount, &path, errors);
                if amounts::is_none(Some(amount)) {
                    errors.invalid(&path, amounts::shown(amount), "cannot be 0");
                }
                amounts::validate_at_most_all(amount, &path, errors);
            }
        }
        (other, rolling) => {
            let rolling = rolling.as_deref().map_or_else(|| "null".to_owned(), rolling_shown);
            let shown = Bare(format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", quoted(other)));
            errors.invalid(&path, shown, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }
}

fn rolling_shown(rolling: &v1::RollingUpdateStatefulSetStrategy) -> String {
    let unavailable = amounts::shown_or_null(rolling.max_unavailable.as_ref());
    format!("{{\"Partition\":{},\"MaxUnavailable\":{unavailable}}}", rolling.partition.unwrap_or_default())
}
