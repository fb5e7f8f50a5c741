//! Certificates and ports for the tests of these checks.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use crate::check::Check;
use crate::ground;
use crate::record::Record;
use crate::snapshot::{Certificate, Host, Probed, Process, Tls, TlsEndpoint, Window};

/// The time of the second look, in seconds since 1970.
pub(super) const NOW_S: i64 = 1_800_000_000;

/// One of which so much is left, of so long a lifetime.
pub(super) fn certificate(left_s: i64, lifetime_s: i64) -> Certificate {
    Certificate {
        subject: "CN=shop.example".to_owned(),
        issuer: "CN=Lab".to_owned(),
        serial: "2a".to_owned(),
        not_before_s: NOW_S + left_s - lifetime_s,
        not_after_s: NOW_S + left_s,
        names: Some(vec!["shop.example".to_owned()]),
        signature: "1.2.840.10045.4.3.2".to_owned(),
        tells_issuer: false,
        issuer_trusted: Some(false),
    }
}

/// A port of nginx that presents these.
pub(super) fn endpoint(chain: Vec<Certificate>) -> TlsEndpoint {
    let process = Some(Process { pid: 12, name: "nginx".to_owned() });
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 443));
    TlsEndpoint { address, process, chain: Probed::Seen(chain), files: Vec::new() }
}

/// What a check makes of a machine with this.
pub(super) fn judged(check: &Check, tls: Tls, facts: &[(&str, &str)]) -> Vec<Record> {
    let now_ms = u64::try_from(NOW_S).unwrap() * 1_000;
    let before = ground::moment(now_ms - 1_000, ground::host());
    let mut after = ground::moment(now_ms, Host { tls: Probed::Seen(tls), ..ground::host() });
    let facts = facts.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned()));
    after.facts = facts.collect::<BTreeMap<_, _>>();
    check.judge(&Window { before: &before, after: &after })
}

/// With these ports.
pub(super) fn judged_ports(check: &Check, endpoints: Vec<TlsEndpoint>) -> Vec<Record> {
    judged(check, Tls { endpoints: Probed::Seen(endpoints), ..Tls::default() }, &[])
}
