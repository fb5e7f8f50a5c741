//! Machines and servers for tests of rules and reports.

use std::collections::BTreeMap;

use crate::check::Check;
use crate::record::{Confidence, Evidence, Record, Severity, Status};
use crate::snapshot::{
    FORMAT, Host, Network, Postgres, PostgresSetting, Probed, Server, Snapshot, Window,
};

/// One of which nothing was seen but its name.
pub(crate) fn host() -> Host {
    let (name, kernel) = ("db-3".to_owned(), "6.1".to_owned());
    Host { name, kernel, cpus: 16, memory_bytes: 64 << 30, ..Host::default() }
}

/// A moment of a machine.
pub(crate) fn moment(at_ms: u64, host: Host) -> Snapshot {
    Snapshot {
        format: FORMAT,
        at_ms,
        up_ms: at_ms,
        host,
        postgres: Vec::new(),
        mysql: Vec::new(),
        redis: Vec::new(),
        pgbouncer: Vec::new(),
        etcd: Vec::new(),
        facts: BTreeMap::new(),
    }
}

/// A moment of one of which this was seen of its network.
pub(crate) fn snapshot(at_ms: u64, network: Network) -> Snapshot {
    moment(at_ms, Host { network: Probed::Seen(network), ..host() })
}

/// A server on this machine that told this.
pub(crate) fn server<T>(at: &str, seen: T) -> Server<T> {
    let at = at.to_owned();
    Server { at, named: false, local: true, refused: None, seen: Probed::Seen(seen) }
}

/// What was seen, to change it.
pub(crate) fn seen<T>(probed: &mut Probed<T>) -> &mut T {
    match probed {
        Probed::Seen(seen) => seen,
        _ => panic!("it was not seen"),
    }
}

/// A record in which everything is filled in.
pub(crate) fn record(id: &'static str, status: Status, severity: Severity) -> Record {
    Record {
        id,
        aspect: None,
        severity,
        status,
        target: "host".to_owned(),
        observed: "what was seen".to_owned(),
        expected: "what should be",
        evidence: vec![Evidence { probe: "/proc/it".to_owned(), value: "7".to_owned() }],
        impact: "it breaks".to_owned(),
        fix: "mend it".to_owned(),
        steps: Vec::new(),
        risk: "none".to_owned(),
        reversible: true,
        guardrail: "watch it",
        catalogue: &[],
        confidence: Confidence::High,
    }
}

/// A moment of which the user said this.
pub(crate) fn said(at_ms: u64, facts: &[(&str, &str)]) -> Snapshot {
    let mut moment = moment(at_ms, host());
    moment.facts = facts.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect();
    moment
}

/// A setting of PostgreSQL that is as it comes, under its name.
pub(crate) fn setting(name: &str, value: &str) -> (String, PostgresSetting) {
    let (setting, source) = (value.to_owned(), "default".to_owned());
    let setting =
        PostgresSetting { name: name.to_owned(), setting, source, ..PostgresSetting::default() };
    (name.to_owned(), setting)
}

/// What a check makes of a server of PostgreSQL at `:5432` that was looked at twice, so many seconds apart.
pub(crate) fn judge_postgres(
    check: &Check,
    seconds: u64,
    before: Postgres,
    after: Postgres,
) -> Vec<Record> {
    let mut first = moment(1_000, host());
    first.postgres.push(server(":5432", before));
    let mut second = moment(1_000 + seconds * 1_000, host());
    second.postgres.push(server(":5432", after));
    check.judge(&Window { before: &first, after: &second })
}
