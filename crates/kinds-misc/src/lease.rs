//! Lease.

use api_misc::coordination::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Verb, Version, validate};
use schema::Time;

pub struct Lease;

static NAMES: Names = Names {
    group: "coordination.k8s.io",
    kind: "Lease",
    plural: "leases",
    singular: "lease",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.coordination.v1.Lease" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::Lease>] =
    &[Column::NAME, Column::string("Holder", HOLDER_DESCRIPTION, 0, holder), Column::AGE];

const HOLDER_DESCRIPTION: &str = "holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.";

impl Kind for Lease {
    type Object = v1::Lease;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Lease>] {
        COLUMNS
    }

    /// The fields of coordinated leader election are not served.
    fn prepare_create(&self, object: &mut v1::Lease, _context: &Context) {
        object.spec.strategy = None;
        object.spec.preferred_holder = None;
    }

    fn prepare_update(&self, new: &mut v1::Lease, old: &v1::Lease, _context: &Context) {
        if old.spec.strategy.is_none() {
            new.spec.strategy = None;
        }
        if old.spec.preferred_holder.is_none() {
            new.spec.preferred_holder = None;
        }
    }

    fn creates_on_update(&self) -> bool {
        true
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::Lease, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        if let Some(seconds) = object.spec.lease_duration_seconds.filter(|seconds| *seconds <= 0) {
            errors.invalid(&path.child("leaseDurationSeconds"), seconds, "must be greater than 0");
        }
        if let Some(transitions) = object.spec.lease_transitions {
            validate::not_negative(i64::from(transitions), &path.child("leaseTransitions"), errors);
        }
    }
}

fn holder(object: &v1::Lease, _now: Time) -> Cell {
    Cell::from(object.spec.holder_identity.as_deref().unwrap_or_default())
}
