//! H16: the table of connections that netfilter keeps track of is full, and packets of new ones are dropped.
//!
//! Source: Linux `net/netfilter/nf_conntrack_core.c`: where the table holds `nf_conntrack_max`, an entry that is not assured has to go
//! (`early_drop`), and if there is none, the packet is dropped (`drop`). A collision of two entries counts as `insert_failed` and `drop`, too,
//! though nothing is full. The warning is from the share on that node-mixin's `NodeHighNumberConntrackEntriesUsed` has.

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Tracked, Window};

/// Percent of the table from which on it is told of.
const WARNING: u64 = 75;

/// When it will be full is told of windows that are at least so long, in milliseconds.
const FORECAST_MIN_MS: u64 = 60_000;

/// Bytes of kernel memory that an entry takes, about.
const ENTRY_BYTES: u64 = 320;

pub(super) static CHECK: Check = Check {
    id: "H16",
    title: "the table of tracked connections is full",
    severity: Severity::Critical,
    needs: "nothing; root, where /proc hides the processes of other users",
    expected: "no namespace has more than 75 % of nf_conntrack_max, and none drops packets for want of room",
    guardrail: "alert on node_nf_conntrack_entries / node_nf_conntrack_entries_limit > 0.75",
    probes: &[
        "/proc/sys/net/netfilter/nf_conntrack_max",
        "/proc/PID/net/stat/nf_conntrack and /proc/PID/ns/net of a process in each network namespace",
    ],
    proof: Proof::Lab,
    catalogue: &["nf-conntrack-table-full"],
    page: Page {
        symptom: "Connections and names fail at random, on this machine only, while those that are open go on; programs see \"operation not permitted\" or time-outs. The kernel logs \"nf_conntrack: table full, dropping packet\".",
        culprit: "Where a firewall or address translation is on, each connection takes an entry of a table, and keeps it for a while after its end: an idle one of TCP for five days, one that is closed for two minutes. Each network namespace, so each container, may have as many as nf_conntrack_max. When it is full, entries that were never answered have to go before their time, and if there is none of these, packets of new connections are dropped.",
        proof: "Of the namespace of each process: entries against nf_conntrack_max, from 75 % on a warning; critical where the counters early_drop, or drop beyond insert_failed, grew between the two looks. The share alone misses it: entries that go early keep the count just below its bound. Packets that are dropped as two entries collide are no want of room, and are only told.",
        fix: "See what they are: conntrack -L | awk '{print $4}' | sort | uniq -c. Raise nf_conntrack_max in the namespace of the machine; where most are closed or idle, shorten nf_conntrack_tcp_timeout_established; do not track what needs no tracking.",
        cost: "An entry takes about 320 bytes of kernel memory, only while it is there. Raise nf_conntrack_buckets with it, or look-ups become slow. With a shorter time-out, connections that are idle for longer lose their translation. Undone by setting it back.",
        lab: "A network namespace with a rule that tracks, a table of drawn size filled with entries that may not go, and datagrams beyond them; mended by emptying it.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let conntrack = match window.after.host.network.seen()?.conntrack.seen() {
        Err(Blind::Absent(what)) if what.ends_with("nf_conntrack_max") => {
            return Err(Blind::OutOfPlace("no connections are tracked here".to_owned()));
        }
        other => other?,
    };
    let mut faults = Vec::new();
    let (mut collided, mut unknown) = (0, None);
    for space in &conntrack.spaces {
        // One whose counters are not known does not hide the others, nor how full it is itself.
        let growth = Growth::of(window, &space.space).unwrap_or_else(|blind| {
            unknown = Some(blind);
            Growth::default()
        });
        collided += growth.collided;
        faults.extend(fault(space, conntrack.max, &growth, window));
    }
    let fullest = conntrack.spaces.iter().map(|it| it.count).max().unwrap_or(0);
    let observed = format!(
        "at most {fullest} of {} entries in a namespace, none dropped for want of room in {:.1} s; {collided} collided",
        conntrack.max,
        window.seconds()
    );
    let unseen = (conntrack.unseen > 0).then(|| {
        let count = conntrack.unseen;
        Blind::Denied(format!("root, to look into the network namespaces of {count} processes"))
    });
    Ok(Verdict { observed, faults, unseen: unknown.or(unseen) })
}

/// What the counters of a namespace grew by.
#[derive(Default)]
struct Growth {
    /// Packets without room for an entry.
    dropped: u64,
    evicted: u64,
    collided: u64,
    /// Entries more than before, if there are more.
    count: u64,
}

impl Growth {
    fn of(window: &Window<'_>, space: &str) -> Result<Self, Blind> {
        let of = |name: &str, of: fn(&Tracked) -> u64| {
            window.host_growth(&format!("nf_conntrack {name}"), |host| {
                let seen = host.network.seen()?.conntrack.seen()?;
                let found = seen.spaces.iter().find(|it| it.space == space);
                // One that is not told of has counted nothing, or did not exist.
                Ok(Some(found.map_or(0, of)))
            })
        };
        let (dropped, collided) =
            (of("drop", |it| it.dropped)?, of("insert_failed", |it| it.collided)?);
        Ok(Self {
            dropped: dropped.saturating_sub(collided),
            evicted: of("early_drop", |it| it.evicted)?,
            collided,
            count: of("entries", |it| it.count).unwrap_or(0),
        })
    }
}

fn fault(space: &Tracked, max: u64, growth: &Growth, window: &Window<'_>) -> Option<Fault> {
    let Growth { dropped, evicted, .. } = growth;
    let (seconds, count) = (window.seconds(), space.count);
    // 0 is no bound.
    let share = count.saturating_mul(100).checked_div(max).unwrap_or(0);
    let is_full = dropped + evicted > 0;
    if !is_full && share < WARNING {
        return None;
    }
    let lost = if is_full {
        format!("; {dropped} packets dropped and {evicted} entries gone early in {seconds:.1} s")
    } else {
        String::new()
    };
    let who = space.process.as_ref();
    let more = max.saturating_mul(2);
    Some(Fault {
        severity: if is_full { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: who.map(|process| format!("namespace of {process}")),
        observed: format!("{count} of {max} tracked connections, {share} %{lost}"),
        impact: impact(
            is_full,
            max.saturating_sub(count),
            growth.count,
            super::milliseconds(window),
        ),
        fix: format!(
            "sysctl -w net.netfilter.nf_conntrack_max={more} (undo: {max}) in the namespace of the machine; see what they are: {}conntrack -L",
            who.map_or_else(String::new, |it| format!("nsenter -n -t {} ", it.pid))
        ),
        actions: vec![Action::undone_by(
            format!("sysctl -w net.netfilter.nf_conntrack_max={more}"),
            format!("sysctl -w net.netfilter.nf_conntrack_max={max}"),
        )],
        risk: format!(
            "up to {} MiB of kernel memory for each namespace that fills it; raise nf_conntrack_buckets with it",
            more.saturating_mul(ENTRY_BYTES) >> 20
        ),
        reversible: true,
        evidence: evidence(space, max, growth, seconds),
        confidence: Confidence::High,
    })
}

fn impact(is_full: bool, left: u64, grown: u64, ms: u64) -> String {
    if is_full {
        return "new connections and datagrams are dropped now: EPERM, time-outs, names that do not resolve".to_owned();
    }
    let what = "after that new connections and datagrams are dropped: EPERM, time-outs";
    if ms < FORECAST_MIN_MS || grown == 0 {
        return format!("{left} more and it is full; {what}");
    }
    let minutes = left.saturating_mul(ms) / grown / 60_000;
    format!("full in {minutes} min ({grown} more in {} s); {what}", ms / 1_000)
}

fn evidence(space: &Tracked, max: u64, growth: &Growth, seconds: f64) -> Vec<Evidence> {
    let Growth { dropped, evicted, collided, .. } = growth;
    let pid = space.process.as_ref().map_or_else(|| "self".to_owned(), |it| it.pid.to_string());
    vec![
        Evidence {
            probe: format!("/proc/{pid}/net/stat/nf_conntrack of {}", space.space),
            value: format!(
                "entries {}; in {seconds:.1} s drop beyond insert_failed {dropped}, early_drop {evicted}, insert_failed {collided} more",
                space.count
            ),
        },
        Evidence {
            probe: "/proc/sys/net/netfilter/nf_conntrack_max".to_owned(),
            value: max.to_string(),
        },
    ]
}

#[cfg(test)]
mod tests;
