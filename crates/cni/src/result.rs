//! What a plugin answers, and what the next one in the chain is given: interfaces, addresses, routes.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::cidr::Cidr;
use crate::error::CniError;
use crate::fields::Fields;
use crate::request::Version;

/// The result of an `ADD`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    pub interfaces: Vec<Interface>,
    pub ips: Vec<IpConfig>,
    pub routes: Vec<Route>,
    /// `dns` as it was configured, an object.
    pub dns: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub mac: String,
    /// The path of the namespace, or nothing for an interface of the host.
    pub sandbox: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpConfig {
    pub address: Cidr,
    pub gateway: Option<IpAddr>,
    /// The place in [`Outcome::interfaces`] of the interface that carries the address.
    pub interface: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub destination: Cidr,
    pub gateway: Option<IpAddr>,
}

impl Outcome {
    /// The addresses inside the pod: those whose interface has a sandbox, or, if no interface is told, all of them.
    pub fn pod_ips(&self) -> impl Iterator<Item = &IpConfig> {
        self.ips.iter().filter(|ip| match ip.interface.and_then(|index| self.interfaces.get(index)) {
            Some(interface) => interface.sandbox.is_some(),
            None => true,
        })
    }

    pub fn to_json(&self, version: Version) -> Value {
        let mut value = json!({
            "cniVersion": version.as_str(),
            "ips": self.ips.iter().map(|ip| ip.to_json(version)).collect::<Vec<_>>(),
            "dns": self.dns.clone().unwrap_or_else(|| json!({})),
        });
        if !self.interfaces.is_empty() {
            value["interfaces"] = self.interfaces.iter().map(Interface::to_json).collect();
        }
        if !self.routes.is_empty() {
            value["routes"] = self.routes.iter().map(Route::to_json).collect();
        }
        value
    }

    pub fn from_json(value: &Value) -> Result<Self, CniError> {
        let fields = Fields::new(value, "result")?;
        let mut outcome = Self { dns: fields.value("dns").cloned(), ..Self::default() };
        for value in fields.list("interfaces")? {
            outcome.interfaces.push(Interface::from_json(value)?);
        }
        for value in fields.list("ips")? {
            outcome.ips.push(IpConfig::from_json(value)?);
        }
        for value in fields.list("routes")? {
            outcome.routes.push(Route::from_json(value)?);
        }
        Ok(outcome)
    }
}

impl Interface {
    fn to_json(&self) -> Value {
        let mut value = json!({ "name": self.name });
        if !self.mac.is_empty() {
            value["mac"] = json!(self.mac);
        }
        if let Some(sandbox) = &self.sandbox {
            value["sandbox"] = json!(sandbox);
        }
        value
    }

    fn from_json(value: &Value) -> Result<Self, CniError> {
        let fields = Fields::new(value, "interfaces")?;
        Ok(Self {
            name: fields.string("name")?.unwrap_or_default().to_owned(),
            mac: fields.string("mac")?.unwrap_or_default().to_owned(),
            sandbox: fields.string("sandbox")?.map(str::to_owned),
        })
    }
}

impl IpConfig {
    fn to_json(&self, version: Version) -> Value {
        let mut value = json!({ "address": self.address.to_string() });
        if version < Version::V1_0_0 {
            value["version"] = json!(if self.address.address().is_ipv4() { "4" } else { "6" });
        }
        if let Some(gateway) = self.gateway {
            value["gateway"] = json!(gateway.to_string());
        }
        if let Some(interface) = self.interface {
            value["interface"] = json!(interface);
        }
        value
    }

    fn from_json(value: &Value) -> Result<Self, CniError> {
        let fields = Fields::new(value, "ips")?;
        Ok(Self {
            address: required_cidr(&fields, "address")?,
            gateway: fields.parsed("gateway", "an address")?,
            interface: fields.number("interface")?.and_then(|index| usize::try_from(index).ok()),
        })
    }
}

impl Route {
    fn to_json(&self) -> Value {
        let mut value = json!({ "dst": self.destination.to_string() });
        if let Some(gateway) = self.gateway {
            value["gw"] = json!(gateway.to_string());
        }
        value
    }

    /// Reads a route, of a result or of the address manager's configuration alike.
    pub fn from_json(value: &Value) -> Result<Self, CniError> {
        let fields = Fields::new(value, "routes")?;
        Ok(Self { destination: required_cidr(&fields, "dst")?, gateway: fields.parsed("gw", "an address")? })
    }
}

fn required_cidr(fields: &Fields<'_>, name: &str) -> Result<Cidr, CniError> {
    let what = "an address and a prefix length, such as 10.0.0.1/24";
    fields
        .parsed(name, what)?
        .ok_or_else(|| CniError::new(crate::error::Code::Decode, format!("field {name:?} is missing: expected {what}")))
}
