//! `host-local`: addresses of this host, out of configured ranges, remembered in a directory.
//!
//! Upstream's files and their meaning, so that either program can take over from the other: see [`store`].

mod ranges;
mod store;

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::cidr::Cidr;
use crate::error::{CniError, Code, Context};
use crate::fields::Fields;
use crate::request::Request;
use crate::result::{IpConfig, Outcome, Route};
use ranges::RangeSet;
use store::Store;

const DEFAULT_DATA_DIR: &str = "/var/lib/cni/networks";

/// The `ipam` part of a configuration.
struct Ipam<'a> {
    sets: Vec<RangeSet>,
    routes: Vec<Route>,
    data_dir: &'a Path,
    resolv_conf: Option<&'a str>,
    requested: Vec<IpAddr>,
}

/// Reserves an address of every set of ranges. Asked again for the same interface, it gives the same addresses.
pub fn add(request: &Request) -> Result<Outcome, CniError> {
    let ipam = Ipam::parse(request)?;
    let dns = ipam.resolv_conf.map(read_resolv_conf).transpose()?;
    let store = Store::open(ipam.data_dir, &request.config.name)?;
    let held = store.addresses_of(&request.container_id, &request.ifname)?;
    let reserved = reserve_all(&ipam, &store, request, &held);
    let ips = reserved.inspect_err(|_| {
        if held.is_empty() {
            store.release_quietly(&request.container_id, &request.ifname);
        }
    })?;
    Ok(Outcome { ips, routes: ipam.routes, dns, ..Outcome::default() })
}

fn reserve_all(ipam: &Ipam<'_>, store: &Store, request: &Request, held: &[IpAddr]) -> Result<Vec<IpConfig>, CniError> {
    let wanted = ipam.wanted_of_each_set()?;
    let mut taken = store.taken()?;
    let mut ips = Vec::new();
    for (index, (set, wanted)) in ipam.sets.iter().zip(wanted).enumerate() {
        let address = match held.iter().copied().find(|ip| set.range_of(*ip).is_some()) {
            Some(already) => already,
            None => reserve(set, index, wanted, store, request, &taken)?,
        };
        taken.insert(address);
        ips.push(set.describe(address));
    }
    Ok(ips)
}

fn reserve(
    set: &RangeSet,
    index: usize,
    wanted: Option<IpAddr>,
    store: &Store,
    request: &Request,
    taken: &HashSet<IpAddr>,
) -> Result<IpAddr, CniError> {
    let address = match wanted {
        Some(ip) if set.is_gateway(ip) => {
            return Err(CniError::internal(format!("requested ip {ip} is subnet's gateway")));
        }
        Some(ip) if taken.contains(&ip) => {
            return Err(CniError::internal(format!("requested IP address {ip} is not available in range set {set}")));
        }
        Some(ip) => ip,
        None => set
            .next_free(store.last_reserved(index), taken)
            .ok_or_else(|| CniError::internal(format!("no IP addresses available in range set: {set}")))?,
    };
    store.reserve(address, &request.container_id, &request.ifname, index)?;
    Ok(address)
}

/// Frees what the container holds; that it holds nothing is fine.
pub fn del(request: &Request) -> Result<(), CniError> {
    let ipam = Ipam::parse(request)?;
    Store::open(ipam.data_dir, &request.config.name)?.release(&request.container_id, &request.ifname)
}

pub fn check(request: &Request) -> Result<(), CniError> {
    let ipam = Ipam::parse(request)?;
    let store = Store::open(ipam.data_dir, &request.config.name)?;
    if store.addresses_of(&request.container_id, &request.ifname)?.is_empty() {
        return Err(CniError::internal(format!(
            "host-local: Failed to find address added by container {}",
            request.container_id
        )));
    }
    Ok(())
}

/// Frees every address whose attachment is not among the valid ones.
pub fn gc(request: &Request) -> Result<(), CniError> {
    let ipam = Ipam::parse(request)?;
    Store::open(ipam.data_dir, &request.config.name)?.retain(&request.valid_attachments()?)
}

pub fn status(request: &Request) -> Result<(), CniError> {
    let ipam = Ipam::parse(request)?;
    Store::open(ipam.data_dir, &request.config.name).map(drop)
}

impl<'a> Ipam<'a> {
    fn parse(request: &'a Request) -> Result<Self, CniError> {
        let config = request.config.fields()?;
        let ipam = config.object("ipam")?;
        if config.value("ipam").is_none() {
            return Err(CniError::new(Code::InvalidConfig, "IPAM config missing 'ipam' key"));
        }
        let runtime = config.object("runtimeConfig")?;
        let mut sets = RangeSet::parse_all(runtime.list("ipRanges")?)?;
        if ipam.value("subnet").is_some() {
            sets.push(RangeSet::parse_single(&ipam)?);
        }
        sets.extend(RangeSet::parse_all(ipam.list("ranges")?)?);
        if sets.is_empty() {
            return Err(CniError::new(Code::InvalidConfig, "no IP ranges specified"));
        }
        RangeSet::check_disjoint(&sets)?;
        Ok(Self {
            sets,
            routes: ipam.list("routes")?.iter().map(Route::from_json).collect::<Result<_, _>>()?,
            data_dir: Path::new(ipam.string("dataDir")?.unwrap_or(DEFAULT_DATA_DIR)),
            resolv_conf: ipam.string("resolvConf")?,
            requested: requested_ips(request)?,
        })
    }

    /// The requested address of each set, if one is requested; each must belong to a set, and to one of its own.
    fn wanted_of_each_set(&self) -> Result<Vec<Option<IpAddr>>, CniError> {
        let mut rest = self.requested.clone();
        let mut take = |set: &RangeSet| {
            let at = rest.iter().position(|ip| set.range_of(*ip).is_some())?;
            Some(rest.remove(at))
        };
        let wanted = self.sets.iter().map(&mut take).collect();
        if rest.is_empty() {
            return Ok(wanted);
        }
        let rest: Vec<String> = rest.iter().map(IpAddr::to_string).collect();
        Err(CniError::internal(format!("failed to allocate all requested IPs: {}", rest.join(","))))
    }
}

/// The addresses that the runtime asks for: `IP` of `CNI_ARGS`, `args.cni.ips` and the capability `ips`.
fn requested_ips(request: &Request) -> Result<Vec<IpAddr>, CniError> {
    let config = request.config.fields()?;
    let from_args = request.args.iter().filter(|(name, _)| name == "IP").map(|(_, value)| value.as_str());
    let mut texts: Vec<&str> = from_args.flat_map(|list| list.split(',')).collect();
    for list in [config.object("args")?.object("cni")?.list("ips")?, config.object("runtimeConfig")?.list("ips")?] {
        texts.extend(list.iter().filter_map(Value::as_str));
    }
    let parse = |text: &str| {
        let address = text.parse::<Cidr>().map(|cidr| cidr.address()).ok().or_else(|| text.parse().ok());
        address.ok_or_else(|| CniError::new(Code::InvalidConfig, format!("invalid IP address {text:?}")))
    };
    texts.into_iter().map(parse).collect()
}

fn read_resolv_conf(path: &str) -> Result<Value, CniError> {
    let text = std::fs::read_to_string(path).context(format_args!("read {path}"))?;
    Ok(parse_resolv_conf(&text))
}

fn parse_resolv_conf(text: &str) -> Value {
    let (mut nameservers, mut search, mut options, mut domain) = (Vec::new(), Vec::new(), Vec::new(), None);
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => nameservers.extend(words.next()),
            Some("domain") => domain = words.next(),
            Some("search") => search.extend(words),
            Some("options") => options.extend(words),
            _ => {}
        }
    }
    let mut dns = json!({});
    for (name, values) in [("nameservers", nameservers), ("search", search), ("options", options)] {
        if !values.is_empty() {
            dns[name] = json!(values);
        }
    }
    if let Some(domain) = domain {
        dns["domain"] = json!(domain);
    }
    dns
}

/// One of the ranges' fields, shared by the two ways a range can be written.
fn range_fields<'a>(value: &'a Value) -> Result<Fields<'a>, CniError> {
    Fields::new(value, "ranges")
}

#[cfg(test)]
mod tests;
