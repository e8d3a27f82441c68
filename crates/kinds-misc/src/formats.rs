//! Formats that several of these kinds share, in upstream's words.

use kind::{FieldErrors, Path, validate};
use std::net::IpAddr;

const CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// `acme.io/foo`
pub fn domain_prefixed_path(text: &str, path: &Path, errors: &mut FieldErrors) {
    if text.is_empty() {
        return errors.required(path, "");
    }
    let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
    let Some((domain, rest)) = text.split_once('/').filter(|(domain, rest)| !domain.is_empty() && !rest.is_empty())
    else {
        return errors.invalid(path, text, why);
    };
    for sentence in validate::dns1123_subdomain(domain) {
        errors.invalid(path, domain, sentence);
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"/%:!*'();:@&=+$,-._~".contains(&b);
    if !rest.bytes().all(fits) {
        errors.invalid(path, rest, "Invalid path");
    }
}

pub fn subdomain(text: &str, path: &Path, errors: &mut FieldErrors) {
    for sentence in validate::dns1123_subdomain(text) {
        errors.invalid(path, text, sentence);
    }
}

/// A network: its first address and the length of its prefix.
pub fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let plain =
        !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit()) && (bits.len() == 1 || !bits.starts_with('0'));
    let bits: u8 = bits.parse().ok().filter(|_| plain)?;
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
}

pub fn cidr(text: &str, path: &Path, errors: &mut FieldErrors) -> Option<(IpAddr, u8)> {
    let network = parse_cidr(text);
    if network.is_none() {
        errors.invalid(path, text, CIDR);
    }
    network
}

/// Whether `inner` lies in `outer` without being it.
pub fn is_strictly_within(inner: (IpAddr, u8), outer: (IpAddr, u8)) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, true),
        IpAddr::V6(address) => (u128::from(address), false),
    };
    let ((a, a_v4), (b, b_v4)) = (bits(inner.0), bits(outer.0));
    let mask = if outer.1 == 0 { 0 } else { u128::MAX << (128 - u32::from(outer.1)) };
    a_v4 == b_v4 && inner.1 > outer.1 && a & mask == b & mask
}

/// The name of a provisioner or attacher: `kubernetes.io/x` or a plain name, in whatever case.
pub fn provisioner(text: &str, path: &Path, errors: &mut FieldErrors) {
    if text.is_empty() {
        return errors.required(path, "");
    }
    for sentence in validate::qualified_name(&text.to_lowercase()) {
        errors.invalid(path, text, sentence);
    }
}

/// The name of a CSI driver.
pub fn csi_driver(text: &str, path: &Path, errors: &mut FieldErrors) {
    const MAX: usize = 63;
    if text.is_empty() {
        return errors.required(path, "");
    }
    if text.len() > MAX {
        errors.too_long(path, MAX);
    }
    for sentence in validate::dns1123_subdomain(&text.to_lowercase()) {
        errors.invalid(path, text, sentence);
    }
}
