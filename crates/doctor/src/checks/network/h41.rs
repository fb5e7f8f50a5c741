//! H41: a process does not close connections that the other side has closed.
//!
//! Source: RFC 9293, section 3.3.2: in `CLOSE-WAIT` a connection waits for the program of this side alone, without any bound in time. `tcp_info`,
//! `tcpi_last_ack_recv`: how long ago the last segment came, which was the one that closed it.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{HalfClosed, Snapshot, Window};

/// More of one process are told of: fewer may be on their way to be closed.
const COUNT_MIN: u64 = 100;

/// A process that has not closed one for so long, in milliseconds, will not.
const SURE_MS: u64 = 60_000;

const KEEPALIVE: &str = "net.ipv4.tcp_keepalive_time";

pub(super) static CHECK: Check = Check {
    id: "H41",
    title: "a process does not close connections that the other side has closed",
    severity: Severity::Warning,
    needs: "nothing; root, to tell apart processes of other users",
    expected: "no process has more than 100 connections in CLOSE_WAIT whose number grows, or that are older than tcp_keepalive_time",
    guardrail: "close connections in all paths of the program; alert on process_open_fds / process_max_fds > 0.7",
    probes: &[
        "sock_diag: TCP sockets in all states but LISTEN, SYN_RECV and CLOSE with tcp_info, of IPv4 and of IPv6, at most 200,000",
        "/proc/PID/fd and /proc/PID/comm, where at least 20 are in CLOSE_WAIT",
        "/proc/sys/net/ipv4/tcp_keepalive_time",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A program slows down over days, its pool of connections is exhausted or it runs out of descriptors, and a restart helps; ss shows hundreds of connections in CLOSE_WAIT.",
        culprit: "The other side has closed, and the program has not: it forgot the connection in some path, mostly one of an error, or the thread that should close it hangs. No time-out of the kernel ends that state, as only the program can know that it is done. Each keeps a descriptor and memory.",
        proof: "Counts connections in CLOSE_WAIT by process. Warns where one has more than 100 and either more than at the first look, or one that is so for longer than net.ipv4.tcp_keepalive_time (2 h unless set). It is not sure of those that grow while none is older than a minute: then a program may only be slow in closing.",
        fix: "Find where the program forgets them: the other end of the oldest says which path it is, a stack of its threads whether one hangs. Restart it to be rid of them until then.",
        cost: "A restart ends what it does at the moment. A higher limit of descriptors only takes longer to be full.",
        lab: "More clients than that which close at once, and a server that accepts and never closes; mended by closing them.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let connections = network.connections.seen()?;
    let keepalive = network.setting(KEEPALIVE).ok();
    let faults =
        connections.half_closed.iter().filter(|it| it.count > COUNT_MIN).filter_map(|it| {
            fault(it, count_before(window.before, it), keepalive, window.seconds())
        });
    let most = connections.half_closed.iter().map(|it| it.count).max().unwrap_or(0);
    let unseen = connections.is_cut.then(|| {
        let seen = connections.seen;
        Blind::Absent(format!("look at all connections: only {seen} of them were looked at"))
    });
    Ok(Verdict {
        observed: format!("no process leaves connections half closed; the most of one is {most}"),
        faults: faults.collect(),
        unseen,
    })
}

/// How many the same process had at the first look; none if that is not known.
fn count_before(before: &Snapshot, of: &HalfClosed) -> Option<u64> {
    let connections = before.host.network.seen().ok()?.connections.seen().ok()?;
    let pid = |it: &HalfClosed| it.process.as_ref().map(|process| process.pid);
    let same = connections.half_closed.iter().find(|it| pid(it) == pid(of));
    Some(same.map_or(0, |it| it.count))
}

fn fault(
    it: &HalfClosed,
    before: Option<u64>,
    keepalive: Option<u64>,
    seconds: f64,
) -> Option<Fault> {
    let HalfClosed { process, count, longest_ms, peer } = it;
    let grown = before.and_then(|before| count.checked_sub(before)).filter(|grown| *grown > 0);
    let is_old = match (longest_ms, keepalive) {
        (Some(longest_ms), Some(keepalive)) => *longest_ms > keepalive.saturating_mul(1_000),
        _ => false,
    };
    if grown.is_none() && !is_old {
        return None;
    }
    let who = process
        .as_ref()
        .map_or_else(|| "processes that were not found".to_owned(), ToString::to_string);
    let more =
        grown.map_or_else(String::new, |grown| format!(", {grown} more than {seconds:.1} s ago"));
    let longest =
        longest_ms.map_or_else(String::new, |ms| format!(", the oldest for {} s", ms / 1_000));
    let is_sure = longest_ms.is_some_and(|ms| ms >= SURE_MS);
    let pid = process.as_ref().map(|process| process.pid);
    Some(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: pid.map(|pid| format!("pid {pid}")),
        observed: format!(
            "{who} has not closed {count} connections that the other side has closed{more}{longest}"
        ),
        impact:
            "it runs out of descriptors or of connections in its pool; the kernel never ends them"
                .to_owned(),
        fix: match pid {
            Some(pid) => format!(
                "find the path that forgets them, to {peer} for one: ss -tnp state close-wait | grep pid={pid}; restart it to be rid of them until then"
            ),
            None => "find whose they are, as root: ss -tnp state close-wait".to_owned(),
        },
        actions: Vec::new(),
        risk: "a restart ends what it does at the moment".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("sock_diag CLOSE_WAIT of {who}"),
            value: format!(
                "{count}, of which the one with {peer} was silent for longest: {} ms",
                longest_ms.unwrap_or(0)
            ),
        }],
        confidence: if is_sure { Confidence::High } else { Confidence::Low },
    })
}

#[cfg(test)]
mod tests;
