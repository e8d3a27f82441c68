//! Texts of IP addresses and networks, with the words of Go's netip for wrong ones.

use super::formatting::go_quoted;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address; no zone, no IPv4 address in IPv6's form.
pub(super) fn parse_ip(text: &str) -> Result<IpAddr, String> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) if address.contains(':') => (address, Some(zone)),
        _ => (text, None),
    };
    let address = parse_address(address, text)
        .map_err(|why| format!("IP Address {} parse error during conversion from string: {why}", go_quoted(text)))?;
    match zone {
        Some("") => Err(format!(
            "IP Address {} parse error during conversion from string: {}",
            go_quoted(text),
            said(text, "zone must be a non-empty string")
        )),
        Some(_) => Err(format!("IP address {} with zone value is not allowed", go_quoted(text))),
        None if is_mapped(&address) => Err(format!("IPv4-mapped IPv6 address {} is not allowed", go_quoted(text))),
        None => Ok(address),
    }
}

/// A network as it was written, with the bits behind its prefix.
pub(super) fn parse_network(text: &str) -> Result<(IpAddr, u8), String> {
    let wrong = |why: String| {
        let quoted = go_quoted(text);
        format!("network address parse error during conversion from string: netip.ParsePrefix({quoted}): {why}")
    };
    let Some((address, bits)) = text.rsplit_once('/') else {
        return Err(wrong("no '/'".to_owned()));
    };
    if address.contains(':') && address.contains('%') {
        return Err(wrong("IPv6 zones cannot be present in a prefix".to_owned()));
    }
    let address = parse_address(address, address).map_err(wrong)?;
    let digits = !bits.is_empty() && bits.len() <= 3 && bits.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = bits.len() > 1 && bits.starts_with('0');
    if !digits || leading_zero {
        return Err(wrong(format!("bad bits after slash: {}", go_quoted(bits))));
    }
    let most = if address.is_ipv4() { 32 } else { 128 };
    match bits.parse::<u16>() {
        Ok(bits) if bits <= most => {
            if is_mapped(&address) {
                return Err(format!("IPv4-mapped IPv6 address {} is not allowed", go_quoted(text)));
            }
            Ok((address, bits as u8))
        }
        _ => Err(wrong("prefix length out of range".to_owned())),
    }
}

/// The address with the bits behind the prefix zero.
pub(super) fn mask(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & keep))
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & keep))
        }
    }
}

fn is_mapped(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

fn said(whole: &str, why: &str) -> String {
    format!("ParseAddr({}): {why}", go_quoted(whole))
}

fn parse_address(text: &str, whole: &str) -> Result<IpAddr, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address);
    }
    let why = match text.find(['.', ':', '%']).map(|at| text.as_bytes()[at]) {
        Some(b'.') => wrong_v4(text),
        Some(b':') => "unexpected character, want colon".to_owned(),
        Some(_) => "missing IPv6 address".to_owned(),
        None => "unable to parse IP".to_owned(),
    };
    Err(said(whole, &why))
}

fn wrong_v4(text: &str) -> String {
    let octets: Vec<&str> = text.split('.').collect();
    for (at, octet) in octets.iter().enumerate() {
        if let Some(other) = octet.find(|c: char| !c.is_ascii_digit()) {
            let rest = &text[octets[..at].iter().map(|octet| octet.len() + 1).sum::<usize>() + other..];
            return format!("unexpected character (at {})", go_quoted(rest));
        }
        if octet.is_empty() {
            let rest = &text[octets[..at].iter().map(|octet| octet.len() + 1).sum::<usize>()..];
            return format!("IPv4 field must have at least one digit (at {})", go_quoted(rest));
        }
        if octet.len() > 1 && octet.starts_with('0') {
            return "IPv4 field has octet with leading zero".to_owned();
        }
        if octet.parse::<u8>().is_err() {
            return "IPv4 field has value >255".to_owned();
        }
    }
    if octets.len() > 4 { "IPv4 address too long" } else { "IPv4 address too short" }.to_owned()
}
