//! Where a server is, as seen from this machine.

use std::net::{IpAddr, ToSocketAddrs, UdpSocket};

use super::Endpoint;
use crate::snapshot::{Probed, Refusal, Server};

/// Where a server is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    at: String,
    named: bool,
    local: bool,
}

impl Place {
    /// Of a host, which may be the folder of a socket, and a port.
    pub(super) fn of(endpoint: &Endpoint, host: &str, port: u16) -> Self {
        let local = is_local(host, port);
        let at = match host {
            _ if local => format!(":{port}"),
            host if host.contains(':') => format!("[{host}]:{port}"),
            host => format!("{host}:{port}"),
        };
        Self { at, named: endpoint.named, local }
    }

    /// Of an address that is none.
    pub(super) fn unknown(endpoint: &Endpoint) -> Self {
        Self { at: "(address that is none)".to_owned(), named: endpoint.named, local: false }
    }

    /// What a look at it came to.
    pub(super) fn server<T>(&self, seen: Probed<T>, refused: Option<Refusal>) -> Server<T> {
        let Self { at, named, local } = self.clone();
        Server { at, named, local, refused, seen }
    }
}

/// Whether an address is of this machine: a datagram to it would leave from the same address. Nothing is sent.
fn is_local(host: &str, port: u16) -> bool {
    if host.is_empty() || host.starts_with('/') || host == "localhost" {
        return true;
    }
    let own = |ip: IpAddr| {
        let socket = UdpSocket::bind(if ip.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).ok()?;
        socket.connect((ip, port)).ok()?;
        Some(socket.local_addr().ok()?.ip() == ip)
    };
    let ip = host.parse().ok().or_else(|| Some((host, port).to_socket_addrs().ok()?.next()?.ip()));
    ip.is_some_and(|ip| ip.is_loopback() || own(ip).unwrap_or(false))
}
