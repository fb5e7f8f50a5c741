//! Where a server is, as seen from this machine.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;

use tokio::net::lookup_host;
use tokio::time::{Instant, timeout_at};

use super::Endpoint;
use crate::record::TLS;
use crate::snapshot::{Probed, Refusal, Server};

/// Where a server is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    at: String,
    named: bool,
    local: bool,
}

impl Place {
    /// Of a host, which may be the folder of a socket, and a port. A name that has no address by `until` is not of this machine.
    pub(super) async fn of(endpoint: &Endpoint, host: &str, port: u16, until: Instant) -> Self {
        let local = is_local(host, port, until).await;
        let at = match host {
            _ if local => format!(":{port}"),
            host if host.contains(':') => format!("[{host}]:{port}"),
            host => format!("{host}:{port}"),
        };
        Self { at, named: endpoint.named, local }
    }

    /// Of a socket of this machine, which its path names.
    pub(super) fn socket(endpoint: &Endpoint, path: &Path) -> Self {
        Self { at: path.to_string_lossy().into_owned(), named: endpoint.named, local: true }
    }

    /// The same server where it speaks TLS: on a port of its own, which a client has to be told.
    pub(super) fn by_tls(self) -> Self {
        Self { at: format!("{TLS}{}", self.at), ..self }
    }

    /// Of an address that is none.
    pub(super) fn unknown(endpoint: &Endpoint) -> Self {
        Self {
            at: "(an address that cannot be read)".to_owned(),
            named: endpoint.named,
            local: false,
        }
    }

    /// Whether it is on this machine.
    pub(super) const fn is_local(&self) -> bool {
        self.local
    }

    /// What a look at it came to.
    pub(super) fn server<T>(&self, seen: Probed<T>, refused: Option<Refusal>) -> Server<T> {
        let Self { at, named, local } = self.clone();
        Server { at, named, local, refused, seen }
    }
}

async fn is_local(host: &str, port: u16, until: Instant) -> bool {
    if host.is_empty() || host.starts_with('/') || host == "localhost" {
        return true;
    }
    if let Ok(ip) = host.parse() {
        return is_own(ip);
    }
    let found = timeout_at(until, lookup_host((host, port))).await;
    let first = found.ok().and_then(Result::ok).and_then(|mut all| all.next());
    first.is_some_and(|address| is_own(address.ip()))
}

/// Whether an address is of this machine: a datagram to it would leave from the same address. None is sent.
fn is_own(ip: IpAddr) -> bool {
    let leaves_from = || -> std::io::Result<IpAddr> {
        let any: SocketAddr = if ip.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
        let socket = UdpSocket::bind(any)?;
        socket.connect((ip, 9))?;
        Ok(socket.local_addr()?.ip())
    };
    ip.is_loopback() || leaves_from().is_ok_and(|own| own == ip)
}
