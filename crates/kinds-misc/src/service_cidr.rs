//! ServiceCIDR.

use crate::formats;
use api_misc::networking::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Subresource, Verb, Version};
use schema::{Time, Value};

pub struct ServiceCIDR;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "ServiceCIDR",
    plural: "servicecidrs",
    singular: "servicecidr",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.ServiceCIDR" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("ServiceCIDR")],
};

static COLUMNS: &[Column<v1::ServiceCIDR>] =
    &[Column::NAME, Column::string("CIDRs", CIDRS_DESCRIPTION, 0, cidrs), Column::AGE];

const CIDRS_DESCRIPTION: &str = "CIDRs defines the IP blocks in CIDR notation (e.g. \"192.168.0.0/24\" or \"2001:db8::/64\") from which to assign service cluster IPs. Max of two CIDRs is allowed, one of each IP family. This field is immutable.";

impl Kind for ServiceCIDR {
    type Object = v1::ServiceCIDR;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ServiceCIDR>] {
        COLUMNS
    }

    fn prepare_create(&self, object: &mut v1::ServiceCIDR, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::ServiceCIDR, old: &v1::ServiceCIDR, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::ServiceCIDR, old: &v1::ServiceCIDR, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn validate(&self, object: &v1::ServiceCIDR, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        let path = path.child("cidrs");
        match object.spec.cidrs.len() {
            0 => return errors.required(&path, "at least one CIDR required"),
            1 | 2 => {}
            _ => {
                let list = Value::List(object.spec.cidrs.iter().map(|text| Value::str(text.as_str())).collect());
                errors.invalid(&path, &list, "may only hold up to 2 values");
            }
        }
        let mut networks = Vec::new();
        for (index, text) in object.spec.cidrs.iter().enumerate() {
            networks.extend(formats::cidr(text, &path.index(index), errors));
        }
        if networks.len() == 2 && networks[0].0.is_ipv4() == networks[1].0.is_ipv4() {
            let list = Value::List(object.spec.cidrs.iter().map(|text| Value::str(text.as_str())).collect());
            errors.invalid(
                &path,
                &list,
                "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64",
            );
        }
    }

    fn validate_update(&self, new: &v1::ServiceCIDR, old: &v1::ServiceCIDR, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        let path = path.child("cidrs");
        for (index, text) in new.spec.cidrs.iter().enumerate() {
            if old.spec.cidrs.get(index).is_some_and(|old| old != text) {
                errors.invalid(&path.index(index), text, "field is immutable");
            }
        }
        if new.spec.cidrs.len() < old.spec.cidrs.len() {
            self.validate(new, errors);
        }
    }
}

fn cidrs(object: &v1::ServiceCIDR, _now: Time) -> Cell {
    Cell::from(object.spec.cidrs.join(","))
}
