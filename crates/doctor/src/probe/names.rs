//! Names, and the resolvers that answer for them.

use std::collections::BTreeMap;
use std::net::{IpAddr, UdpSocket};

use super::{line, text};
use crate::snapshot::{Names, Probed, Resolver};

mod hosts;
mod question;
mod resolver;

/// Looks at them: each name server is asked once.
pub(super) fn look(_deep: bool) -> Names {
    let resolver = text("/etc/resolv.conf").map(|text| resolver::parse(&text));
    let answers = match &resolver {
        Probed::Seen(resolver) => Probed::Seen(question::ask(resolver, &own_name(resolver))),
        other => other.clone().and_then(|_| Probed::Seen(Vec::new())),
    };
    let mut own = BTreeMap::new();
    let mut is_own = |ip| *own.entry(ip).or_insert_with(|| is_own(ip));
    let hosts = text("/etc/hosts").map(|text| hosts::parse(&text, &mut is_own));
    Names { resolver, answers, hosts }
}

/// The name that the machine has for others, as far as it can be told; else the root.
fn own_name(resolver: &Resolver) -> String {
    let name = line("/proc/sys/kernel/hostname").to_ascii_lowercase();
    match resolver.search.first() {
        _ if name.contains('.') => format!("{}.", name.trim_end_matches('.')),
        Some(domain) if !name.is_empty() => format!("{name}.{}.", domain.trim_end_matches('.')),
        _ => ".".to_owned(),
    }
}

/// Whether an address is of this machine: only then a socket can have it. Nothing is sent.
fn is_own(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}
