//! What this machine is called, and where it is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

pub fn hostname() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".into()).to_lowercase()
}

/// The address that this machine would speak from to others, or loopback. Nothing is sent.
pub fn first_address() -> IpAddr {
    let outside = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 9));
    let local = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect(outside)?;
        socket.local_addr()
    });
    local.map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}
