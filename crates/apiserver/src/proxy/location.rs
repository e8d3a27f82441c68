//! Where a proxied request goes: the forms of names, the ports of services, addresses that may be called, and paths.
//!
//! Upstream's rules and words.

use kind::ApiError;
use schema::Value;
use std::net::IpAddr;

pub const ADDRESS_NOT_ALLOWED: &str = "address not allowed";

/// `name`, `name:port` or `scheme:name:port`.
#[derive(Debug, PartialEq)]
pub struct Asked<'a> {
    pub tls: bool,
    pub name: &'a str,
    /// A number or a name; empty: what the target prefers.
    pub port: &'a str,
}

/// A server to connect to.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    pub tls: bool,
    pub host: String,
    pub port: u16,
}

impl Asked<'_> {
    /// `what`: `pod`, `service` or `node`, for the refusal.
    pub fn parse<'a>(id: &'a str, what: &str) -> Result<Asked<'a>, ApiError> {
        let parts: Vec<&str> = id.split(':').collect();
        let (scheme, name, port) = match parts[..] {
            [name] => ("", name, ""),
            [name, port] => ("", name, port),
            [scheme, name, port] => (scheme, name, port),
            _ => ("?", "", ""),
        };
        if name.is_empty() || !matches!(scheme, "" | "http" | "https") {
            return Err(ApiError::bad_request(format!("invalid {what} request \"{id}\"")));
        }
        Ok(Asked { tls: scheme == "https", name, port })
    }
}

/// Loopback, link-local, multicast and unspecified addresses are the API server's own surroundings, not the cluster's
/// (CVE-2020-8562).
pub fn may_be_called(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_unspecified() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified()),
    }
}

pub fn not_allowed() -> ApiError {
    ApiError::bad_request(ADDRESS_NOT_ALLOWED)
}

/// The address of a pod, and the port that is asked for or its first.
pub fn of_pod(asked: &Asked, pod: &Value) -> Result<Location, ApiError> {
    let containers = pod.at(&["spec", "containers"]).items();
    let first = containers.iter().find_map(|container| container.at(&["ports"]).items().first());
    let port = match (asked.port, first) {
        ("", Some(port)) => port.at(&["containerPort"]).as_i64().unwrap_or_default().to_string(),
        (port, _) => port.to_owned(),
    };
    let first_ip = pod.at(&["status", "podIPs"]).items().first().map(|ip| ip.str_at(&["ip"]));
    let host = first_ip.unwrap_or_else(|| pod.str_at(&["status", "podIP"]));
    if !host.parse().is_ok_and(may_be_called) {
        return Err(not_allowed());
    }
    location(asked.tls, host, &port)
}

/// Where a node is called; none: its kubelet, at the place that the node says. `host` and `port`: that place.
///
/// The address is looked at also before the kubelet itself is called: who may write a node's addresses must not turn the
/// API server's certificate against its neighbours (CVE-2022-3294). Names are looked at when they are connected to.
pub fn of_node(asked: &Asked, host: &str, port: u16) -> Result<Option<Location>, ApiError> {
    if host.parse::<IpAddr>().is_ok_and(|address| !may_be_called(address)) {
        return Err(not_allowed());
    }
    if asked.port.is_empty() || asked.port == port.to_string() {
        return Ok(None);
    }
    location(asked.tls, host, asked.port).map(Some)
}

fn location(tls: bool, host: &str, port: &str) -> Result<Location, ApiError> {
    let port = match port {
        "" if tls => 443,
        "" => 80,
        text => text.parse().map_err(|_| unreachable(&format!("dial tcp: lookup tcp/{text}: unknown port")))?,
    };
    Ok(Location { tls, host: host.to_owned(), port })
}

/// A service could not be reached.
pub fn unreachable(why: &dyn std::fmt::Display) -> ApiError {
    ApiError::service_unavailable(format!("error trying to reach service: {why}"))
}

/// The name of the port with this number; any other text is the name itself.
pub fn service_port<'a>(asked: &Asked<'a>, service: &'a Value) -> Result<&'a str, ApiError> {
    let Ok(number) = asked.port.parse::<i64>() else { return Ok(asked.port) };
    let ports = service.at(&["spec", "ports"]).items();
    let found = ports.iter().find(|port| port.at(&["port"]).as_i64() == Some(number));
    found.map(|port| port.str_at(&["name"])).ok_or_else(|| {
        let name = asked.name;
        ApiError::service_unavailable(format!("no service port {number} found for service \"{name}\""))
    })
}

/// Addresses of a service from its Endpoints, in the order in which they should be tried. `seed`: from which the order
/// starts. `belongs`: whether an address is that of the pod it names.
pub fn of_service(
    asked: &Asked,
    id: &str,
    port_name: &str,
    endpoints: &Value,
    seed: usize,
    belongs: &dyn Fn(&Value) -> bool,
) -> Result<Location, ApiError> {
    let none = |name: &str| ApiError::service_unavailable(format!("no endpoints available for service \"{name}\""));
    let subsets = endpoints.at(&["subsets"]).items();
    if subsets.is_empty() {
        return Err(none(asked.name));
    }
    for subset in rotated(subsets, seed) {
        let ports = subset.at(&["ports"]).items();
        let Some(port) = ports.iter().find(|port| port.str_at(&["name"]) == port_name) else { continue };
        let mut addresses = rotated(subset.at(&["addresses"]).items(), seed);
        if let Some(address) = addresses.find(|address| belongs(address)) {
            let number = port.at(&["port"]).as_i64().and_then(|number| u16::try_from(number).ok());
            let host = address.str_at(&["ip"]).to_owned();
            return Ok(Location { tls: asked.tls, host, port: number.unwrap_or_default() });
        }
    }
    Err(none(id))
}

fn rotated(items: &[Value], seed: usize) -> impl Iterator<Item = &Value> {
    let (before, after) = items.split_at(if items.is_empty() { 0 } else { seed % items.len() });
    after.iter().chain(before)
}

/// Whether an address of Endpoints is still that of the pod in the same namespace that it names: without this, who may
/// write Endpoints could have the API server call anybody.
pub fn address_of_pod(address: &Value, namespace: &str, pod: Option<&Value>) -> bool {
    let target = address.at(&["targetRef"]);
    let Some(pod) = pod.filter(|_| target.str_at(&["namespace"]) == namespace) else { return false };
    let ip = address.str_at(&["ip"]);
    !ip.is_empty() && pod.at(&["status", "podIPs"]).items().iter().any(|of_pod| of_pod.str_at(&["ip"]) == ip)
}

/// What follows `/proxy` in the path of the request, or what its query says: as upstream joins it, without dots and
/// double slashes, and with the slash at its end. Empty: the client is sent to `/`.
pub fn path_below(parts: &[String], request_path: &str, query_path: &str) -> String {
    let below = parts.get(3..).unwrap_or_default().join("/");
    let trailing = request_path.ends_with('/');
    if below.is_empty() && !trailing {
        return cleaned(query_path);
    }
    cleaned(&format!("/{below}{}", if trailing { "/" } else { "" }))
}

/// As Go's `path.Join`, with the slash at the end kept.
pub fn cleaned(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let mut words: Vec<&str> = Vec::new();
    for word in path.split('/') {
        match word {
            "" | "." => {}
            ".." => drop(words.pop()),
            word => words.push(word),
        }
    }
    let end = if path.ends_with('/') && !words.is_empty() { "/" } else { "" };
    format!("/{}{end}", words.join("/"))
}

/// Percent-encoding of a path as Go writes it.
pub fn escaped(path: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    out
}

/// Where the client finds what the backend says lies at `target`: below `prepend`, if it lies on the same host, which the
/// client may have called `asked` and the backend calls itself `own`.
pub fn rewritten(target: &str, asked: &str, own: &str, prepend: &str) -> String {
    let after_scheme = target.split_once("://").map(|(_, rest)| rest).or_else(|| target.strip_prefix("//"));
    let (host, rest) = match after_scheme {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", target),
    };
    let different = !host.is_empty() && host != asked && host != own;
    if different || !rest.starts_with('/') {
        return target.to_owned();
    }
    let origin = if !host.is_empty() && host == asked { &target[..target.len() - rest.len()] } else { "" };
    let (path, end) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    if path.starts_with(prepend) {
        return format!("{origin}{rest}");
    }
    format!("{origin}{}{end}", cleaned(&format!("{prepend}{path}")))
}
