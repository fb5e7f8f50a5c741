//! Ports of this machine that are known to speak TLS. No other gets a byte of it unless the look is deep: programs that speak
//! something else log an error for each.
//!
//! Source: the registry of ports of IANA, and what the documentation of Kafka, Redis, Kubernetes and Tomcat uses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::bundle::Bundle;
use super::handshake::{self, Way};
use super::{certificate, files};
use crate::probe::network::listeners;
use crate::probe::owner;
use crate::snapshot::{Probed, Process, TlsEndpoint};

/// HTTPS, mail, LDAP, DNS, AMQP, MQTT, the API of Kubernetes, Redis, Kafka, Tomcat.
const KNOWN: [u16; 12] = [443, 465, 636, 853, 993, 995, 5671, 6380, 6443, 8443, 8883, 9093];

const POSTGRES: u16 = 5432;

/// More are not shaken hands with, at once and in all.
const ENDPOINTS_MAX: usize = 64;

/// Shakes hands with them, side by side.
pub(super) fn look(bundle: Option<&Bundle>, deep: bool) -> Probed<Vec<TlsEndpoint>> {
    let found = match listening() {
        Ok(found) => found,
        Err(error) => return crate::probe::unseen(&error, "sock_diag"),
    };
    let wanted: Vec<_> = found
        .into_iter()
        .filter_map(|(address, process)| {
            Some((way(address.port(), process.as_ref(), deep)?, address, process))
        })
        .take(ENDPOINTS_MAX)
        .collect();
    // In this thread, whose network namespace it is about.
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Probed::Failed(format!("wait for sockets: {error}")),
    };
    let mut chains = runtime.block_on(async {
        let mut set = JoinSet::new();
        for (way, address, _) in &wanted {
            let (way, address) = (*way, *address);
            set.spawn(async move { (address, handshake::chain(reached(address), way).await) });
        }
        set.join_all().await
    });
    let mut chain = |address| {
        let at = chains.iter().position(|(it, _)| *it == address)?;
        chains.swap_remove(at).1
    };
    let endpoint = |(_, address, process): (Way, SocketAddr, Option<Process>)| {
        let chain = chain(address)?.map(|chain| {
            chain.iter().filter_map(|der| certificate::parse(der, bundle)).collect::<Vec<_>>()
        });
        let own = chain.seen().ok().and_then(|chain| chain.first());
        let files = own.zip(process.as_ref()).map(|(own, it)| files::of(it, own, bundle));
        Some(TlsEndpoint { address, process, files: files.unwrap_or_default(), chain })
    };
    Probed::Seen(wanted.into_iter().filter_map(endpoint).collect())
}

/// Everything that listens, in the order of its addresses, with who it is; of a port that has both families for every address, one.
fn listening() -> std::io::Result<Vec<(SocketAddr, Option<Process>)>> {
    let mut found = listeners::dump_all()?;
    found.sort_by_key(|(listener, _)| listener.address);
    let any_v4: BTreeSet<u16> = found
        .iter()
        .filter(|(it, _)| it.address.ip() == IpAddr::from(Ipv4Addr::UNSPECIFIED))
        .map(|(it, _)| it.address.port())
        .collect();
    found.retain(|(it, _)| {
        let is_any_v6 = it.address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED);
        !(is_any_v6 && any_v4.contains(&it.address.port()))
    });
    // A program may listen on an address several times, to share the load.
    found.dedup_by_key(|(listener, _)| listener.address);
    let owners = owner::of(&found.iter().map(|(_, inode)| *inode).collect::<Vec<_>>());
    Ok(found.into_iter().map(|(it, _)| it.address).zip(owners).collect())
}

/// How a port speaks TLS, if it is known to.
fn way(port: u16, process: Option<&Process>, deep: bool) -> Option<Way> {
    let is_postgres = process.is_some_and(|it| it.name == "postgres" || it.name == "postmaster");
    match port {
        _ if is_postgres => Some(Way::Postgres),
        POSTGRES => Some(Way::Postgres),
        _ if deep || KNOWN.contains(&port) => Some(Way::Direct),
        _ => None,
    }
}

/// Where a listening socket is reached from here.
fn reached(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    (ip, address.port()).into()
}

#[cfg(test)]
mod tests;
