//! X01: what belongs to a session is said on a connection that clients share.
//!
//! Source: the documentation of PgBouncer, features (what transaction pooling breaks: LISTEN, SET, advisory locks of sessions and others) and
//! config (`track_extra_parameters`, and the settings that are always kept per client); that of PostgreSQL, 13.3.5 (advisory locks of a
//! transaction end with it, so what an idle session holds is of the session).

use std::collections::{BTreeMap, BTreeSet};

use super::super::postgres::words::name;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{PEERS_MAX, Pair, Pgbouncer, PgbouncerServer, PostgresPeer, SERVERS_MAX};

/// Settings that the pooler itself keeps for each client, in small letters.
const KEPT: [&str; 5] =
    ["application_name", "client_encoding", "datestyle", "standard_conforming_strings", "timezone"];

/// So many processes are named in a line.
const NAMED_MAX: usize = 5;

pub(super) static CHECK: Check = Check {
    id: "X01",
    title: "LISTEN, SET or advisory locks of a session are used behind a pooler that shares connections",
    severity: Severity::Warning,
    needs: "a user of stats_users or admin_users of PgBouncer; the PostgreSQL behind it as a target, too, with pg_monitor",
    expected: "on connections that are pooled by transaction nothing is left when a transaction ends",
    guardrail: "a user or database of its own with pool_mode = session, or the server itself, for whoever needs a session",
    probes: &[
        "SHOW POOLS: pool_mode",
        "SHOW SERVERS: database, user, addr, port, local_addr, local_port, remote_pid",
        "SHOW CONFIG: pool_mode, track_extra_parameters",
        "pg_stat_activity: client_addr, client_port, state, the first word of the last statement if it is LISTEN or SET, and the name of what was set",
        "pg_locks: advisory locks of processes without a transaction, counted, and hashes of their keys",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-listen-notify-behind-pooler"],
    page: Page {
        symptom: "On a test machine all is well. In production whoever listens hears nothing, a lock cannot be had though nobody seems to hold it, \"you don't own a lock of type ExclusiveLock\" is in the log, or a request sees the search_path, the role or the tenant of another one.",
        culprit: "LISTEN, advisory locks of the session (pg_advisory_lock), SET, temporary tables, cursors WITH HOLD and PREPARE belong to a connection of the server. Where the pooler gives a connection to a client for one transaction only, they stay on it when the next client gets it, and the client that made them is on another one.",
        proof: "The connections of pools with pool_mode transaction or statement (SHOW SERVERS) are found again among the sessions of the PostgreSQL targets: by the address and the port from which they come, and the process, never by a name. One that is idle, outside of any transaction, fails if its last statement was LISTEN, or SET of something that the pooler does not keep for each client (it keeps application_name, client_encoding, DateStyle, standard_conforming_strings, TimeZone and track_extra_parameters), or if it is idle and holds the same advisory locks at both looks, outside of any transaction: those of a transaction would be gone. Only the last statement can be seen: a LISTEN or SET is covered by whatever came after it, and temporary tables, cursors and PREPARE of other sessions cannot be seen at all. So a pass says that nothing was found, and no more; look again with --watch.",
        fix: "Whoever listens connects to the server itself, or by a database of the pooler with pool_mode = session. Instead of pg_advisory_lock take pg_advisory_xact_lock, inside the transaction. Instead of SET say SET LOCAL inside the transaction, or ALTER ROLE ... SET for the role. What is stuck already goes with its connection: RECONNECT in the console of the pooler closes each as it is given back. Do not end the process on the server: by then another client may be in a transaction on it.",
        cost: "A connection in session mode is one of the server for each client. A lock of a transaction is held as long as that is open. Ending a connection sets free a lock that some client may still believe it has.",
        lab: "A server behind a pooler that shares one connection by transaction: a client takes a drawn number of advisory locks, then it sets work_mem, then it listens; another client hears what is notified; mended by session pooling.",
    },
    rule: Rule::Pgbouncer(rule),
};

fn rule(pair: &Pair<'_, Pgbouncer>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let shared = shared(server)?;
    if shared.is_empty() {
        let observed = "no pool is shared by transaction".to_owned();
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let all = server.servers.seen()?;
    let is_shared =
        |it: &&PgbouncerServer| shared.contains(&(it.database.as_str(), it.user.as_str()));
    let servers: Vec<_> = all.iter().filter(is_shared).collect();
    let (found, unseen) = sessions(pair, &servers);
    let is_cut = all.len() >= SERVERS_MAX;
    let cut = || Blind::Absent(format!("all connections of it: only {SERVERS_MAX} are looked at"));
    let unseen = unseen.or_else(|| is_cut.then(cut));
    let kept = server.config.seen()?.get("track_extra_parameters").map_or("", String::as_str);
    let kept = kept.to_lowercase();
    let kept: Vec<_> = kept.split(',').map(str::trim).chain(KEPT).collect();
    let mut left: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in &found {
        for what in Left::of(one, &kept) {
            let pool = (one.connection.database.as_str(), one.connection.user.as_str());
            left.entry((pool, what)).or_default().push(one);
        }
    }
    let faults = left.iter().map(|((pool, what), on)| fault(*pool, *what, on)).collect();
    let observed =
        format!("nothing is seen to be left on {} connections that clients share", found.len());
    Ok(Verdict { observed, faults, unseen })
}

/// Pools, by database and user, of which clients share connections.
fn shared(server: &Pgbouncer) -> Result<BTreeSet<(&str, &str)>, Blind> {
    let mut shared = BTreeSet::new();
    for pool in server.pools.seen()? {
        // A version that does not tell it of each pool has but one for all.
        let mode = pool.mode.as_deref().map_or_else(|| server.setting("pool_mode"), Ok)?;
        if mode != "session" {
            shared.insert((pool.database.as_str(), pool.user.as_str()));
        }
    }
    Ok(shared)
}

/// What stays on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    AdvisoryLocks,
    Listen,
    Set,
}

impl Left {
    /// What an idle session keeps: in a transaction it may still be of that.
    fn of(one: &Found<'_>, kept: &[&str]) -> Vec<Self> {
        let peer = one.peer;
        if peer.state.as_deref() != Some("idle") {
            return Vec::new();
        }
        let verb = peer.verb.as_deref();
        let setting = peer.setting.as_ref().map(|it| it.to_lowercase());
        let is_own = setting.is_some_and(|it| !kept.contains(&it.as_str()));
        let all = [
            (Self::AdvisoryLocks, one.locks > 0),
            (Self::Listen, verb == Some("LISTEN")),
            (Self::Set, verb == Some("SET") && is_own),
        ];
        all.into_iter().filter(|(_, is_so)| *is_so).map(|(what, _)| what).collect()
    }

    /// What breaks by it.
    const fn impact(self) -> &'static str {
        match self {
            Self::AdvisoryLocks => {
                "whoever asks for such a lock waits until the connection is closed, or gets it without need if he is given this connection; who took it cannot give it back"
            }
            Self::Listen => {
                "what is notified comes to whoever has the connection then, or to nobody; who listens hears nothing"
            }
            Self::Set => {
                "the next client on that connection works with it, and the one that set it goes on without it on another"
            }
        }
    }
}

/// A connection of the pooler, and the session that it is to the server.
struct Found<'a> {
    connection: &'a PgbouncerServer,
    peer: &'a PostgresPeer,
    /// Advisory locks that it had at both looks, idle.
    locks: u64,
}

/// Of advisory locks only those are left that were there before: what is idle by one view may be in a transaction by the other.
fn stay(before: &[PostgresPeer], peer: &PostgresPeer) -> u64 {
    let is_same = |it: &&PostgresPeer| it.pid == peer.pid && it.port == peer.port;
    let before = before.iter().find(is_same).filter(|it| it.state.as_deref() == Some("idle"));
    let Some(before) = before else { return 0 };
    let stay = peer.advisory_keys.iter().filter(|key| before.advisory_keys.contains(key)).count();
    // Not of all there is a key.
    if stay > 0 && stay == peer.advisory_keys.len() { peer.advisory } else { stay as u64 }
}

/// The sessions that connections of the pooler are to the servers; and why those of some cannot be found.
fn sessions<'a>(
    pair: &Pair<'a, Pgbouncer>,
    connections: &[&'a PgbouncerServer],
) -> (Vec<Found<'a>>, Option<Blind>) {
    let (mut peers, mut unseen, mut unknown) = (Vec::new(), None, None);
    for server in pair.window.pairs(|it| &it.postgres) {
        let before = server.before().and_then(|it| it.peers.seen());
        match server.after().and_then(|it| it.peers.seen()) {
            Ok(all) => {
                // Those that keep something come first, so that none of these is missed by it.
                let cut = "all sessions of the server behind it: only 500 are looked at";
                let is_cut = all.len() >= PEERS_MAX;
                unseen = unseen.or_else(|| is_cut.then(|| Blind::Absent(cut.to_owned())));
                let earlier = before.as_ref().map_or(&[][..], |it| it.as_slice());
                peers.extend(all.iter().map(|peer| (peer, stay(earlier, peer))));
                let has_locks = all.iter().any(|peer| peer.advisory > 0);
                unknown = before.err().filter(|_| has_locks).or(unknown);
            }
            Err(blind) => unseen = Some(blind),
        }
    }
    let of = |connection: &&'a PgbouncerServer| {
        let (peer, locks) = peers.iter().find(|(peer, _)| connection.ends_at(peer))?;
        Some(Found { connection, peer, locks: *locks })
    };
    let found: Vec<_> = connections.iter().filter_map(of).collect();
    // One that is made or closed between the two looks is not missed; a server of which none is found is.
    let behind = |it: &PgbouncerServer| (it.address.clone(), it.port);
    let seen: BTreeSet<_> = found.iter().map(|it| behind(it.connection)).collect();
    let Some(lost) = connections.iter().find(|it| !seen.contains(&behind(it))) else {
        return (found, unknown);
    };
    if peers.iter().any(|(peer, _)| peer.state.is_none()) {
        let needs = "to see where sessions are from: GRANT pg_monitor to the role that looks at the server behind it";
        return (found, Some(Blind::Denied(needs.to_owned())));
    }
    let at = lost.address.as_deref().unwrap_or("an unknown place");
    let port = lost.port.map(|port| format!(" port {port}")).unwrap_or_default();
    let none = format!(
        "session from this pooler in what was looked at, and it has connections to {at}{port}: name that server with --postgres"
    );
    (found, Some(unseen.unwrap_or(Blind::Absent(none))))
}

fn fault((database, user): (&str, &str), what: Left, on: &[&Found<'_>]) -> Fault {
    let pids: Vec<_> = on.iter().take(NAMED_MAX).map(|it| it.peer.pid.to_string()).collect();
    let more = if on.len() > NAMED_MAX { " and others" } else { "" };
    let connections = if on.len() == 1 { "connection" } else { "connections" };
    let (count, pids) = (on.len(), pids.join(", "));
    let place = format!("{count} idle {connections} that clients share: pid {pids}{more}");
    let (aspect, observed, fix) = match what {
        Left::AdvisoryLocks => {
            let locks: u64 = on.iter().map(|it| it.locks).sum();
            let stay = if locks == 1 { "lock stays" } else { "locks stay" };
            let fix = "pg_advisory_xact_lock inside the transaction instead of pg_advisory_lock";
            ("advisory-lock", format!("{locks} advisory {stay} on {place}"), fix.to_owned())
        }
        Left::Listen => {
            let fix = "listen on a connection to the server itself, or by a database of the pooler with pool_mode = session";
            ("listen", format!("LISTEN was the last on {place}"), fix.to_owned())
        }
        Left::Set => {
            let settings = on.iter().filter_map(|it| it.peer.setting.as_deref());
            let names: BTreeSet<_> = settings.map(told).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let fix = format!(
                "SET LOCAL inside the transaction, or ALTER ROLE {} SET for all of them",
                name(user)
            );
            ("set", format!("SET of {names} was the last on {place}"), fix)
        }
    };
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: Some(format!("{database}/{user}")),
        observed,
        impact: what.impact().to_owned(),
        fix: format!("{fix}; what is stuck goes with its connection: look again first, then RECONNECT in the console of the pooler closes each as it is given back"),
        actions: Vec::new(),
        risk: "in session mode each client needs a connection of the server; ending a connection sets free what a client may still believe to hold".to_owned(),
        reversible: false,
        evidence: on.iter().take(NAMED_MAX).map(|it| evidence(it)).collect(),
        confidence: Confidence::High,
    }
}

fn evidence(one: &Found<'_>) -> Evidence {
    let Found { connection, peer, locks } = one;
    Evidence {
        probe: format!("SHOW SERVERS and pg_stat_activity, pg_locks: pid {}", peer.pid),
        value: format!(
            "from {}:{}, state=idle, last statement {}, advisory locks at both looks {locks}",
            connection.own_address.as_deref().unwrap_or("not told"),
            connection.own_port.map_or_else(|| "not told".to_owned(), |it| it.to_string()),
            peer.verb.as_deref().unwrap_or("another")
        ),
    }
}

/// A setting as it is told; of one of the application not even the name is known.
fn told(setting: &str) -> &str {
    if setting == "custom" { "a setting of the application" } else { setting }
}

#[cfg(test)]
mod tests;
