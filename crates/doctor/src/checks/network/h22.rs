//! H22: a program reads datagrams more slowly than they come, and the kernel drops them unheard.
//!
//! Source: Linux `net/ipv4/udp.c`, where a datagram that does not fit the receive buffer of its socket counts `RcvbufErrors`,
//! and `drops` of the socket.

use std::collections::BTreeMap;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Datagrams, Snapshot, Window};

const ERRORS: &str = "RcvbufErrors";

pub(super) static CHECK: Check = Check {
    id: "H22",
    title: "datagrams are dropped because a program does not read them in time",
    severity: Severity::Warning,
    needs: "nothing; root, to name the process of another user",
    expected: "UdpRcvbufErrors does not grow",
    guardrail: "alert on rate(node_netstat_Udp_RcvbufErrors[5m]) > 0",
    probes: &[
        "/proc/net/snmp: Udp, and /proc/net/snmp6: Udp6",
        "/proc/net/udp and /proc/net/udp6",
        "/proc/PID/fd and /proc/PID/comm, for sockets that have lost datagrams",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Names that resolve now and then only after seconds, metrics or log lines sent by UDP that are missing, streams with gaps; no error anywhere, as UDP promises nothing.",
        culprit: "Datagrams wait in the receive buffer of a socket until the program reads them. One that does not fit any more is dropped. Either the program reads too slowly, or its buffer is too short for how many come at once.",
        proof: "Fails where UdpRcvbufErrors grew between the two looks, and names the sockets whose own count of drops grew. A total since boot is no fault.",
        fix: "See whether the program keeps up: one thread that reads and does its work in between does not. If it does on the average, give it a longer buffer: SO_RCVBUF in the program, and net.core.rmem_max, which cuts that, before; or net.core.rmem_default for programs that ask for nothing.",
        cost: "A longer buffer may take as many bytes of kernel memory for each socket. A program takes it when it opens its socket anew. Undone by setting it back.",
        lab: "A socket with the shortest buffer there is that nobody reads, and more datagrams than fit; mended by reading.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let errors = window.udp_growth(ERRORS)?;
    let seconds = window.seconds();
    let observed = format!("{errors} datagrams did not fit a receive buffer in {seconds:.1} s");
    if errors == 0 {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let total = Evidence {
        probe: format!("/proc/net/snmp Udp{ERRORS}, with those of IPv6"),
        value: format!("{errors} more in {seconds:.1} s"),
    };
    let mut faults: Vec<Fault> = lossy(window)
        .into_iter()
        .map(|(socket, lost)| fault(Some((socket, lost)), &observed, total.clone(), seconds))
        .collect();
    if faults.is_empty() {
        // The socket is closed again, or its count may not be seen.
        faults.push(fault(None, &observed, total, seconds));
    }
    Ok(Verdict { observed, faults, unseen: None })
}

/// Sockets that lost datagrams in the window, and how many; none if the first look did not see them.
fn lossy<'w>(window: &Window<'w>) -> Vec<(&'w Datagrams, u64)> {
    let of = |snapshot: &'w Snapshot| {
        snapshot.host.network.seen().and_then(|network| network.datagrams.seen())
    };
    let (Ok(before), Ok(after)) = (of(window.before), of(window.after)) else { return Vec::new() };
    let known: BTreeMap<_, _> =
        before.iter().map(|it| ((it.address, it.inode), it.dropped)).collect();
    let lost = |it: &Datagrams| {
        let dropped = known.get(&(it.address, it.inode)).copied().unwrap_or(0);
        it.dropped.saturating_sub(dropped)
    };
    after.iter().map(|it| (it, lost(it))).filter(|(_, lost)| *lost > 0).collect()
}

fn fault(
    socket: Option<(&Datagrams, u64)>,
    observed: &str,
    total: Evidence,
    seconds: f64,
) -> Fault {
    let who = socket.and_then(|(socket, _)| socket.process.as_ref());
    let who = who.map_or_else(|| "the program that reads it".to_owned(), ToString::to_string);
    let own = socket.map(|(socket, lost)| Evidence {
        probe: format!("/proc/net/udp drops of {}", socket.address),
        value: format!("{lost} more in {seconds:.1} s, {} in all", socket.dropped),
    });
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: socket.map(|(socket, _)| socket.address.to_string()),
        observed: socket.map_or_else(
            || observed.to_owned(),
            |(_, lost)| format!("{lost} datagrams for {who} were dropped in {seconds:.1} s"),
        ),
        impact: "what they carried is lost: answers of DNS come after a time-out, metrics and log lines never".to_owned(),
        fix: format!(
            "see whether {who} keeps up; if it does on the average, raise net.core.rmem_max (sysctl net.core.rmem_max says what it is, which undoes it) and have it ask for a longer SO_RCVBUF"
        ),
        actions: Vec::new(),
        risk: "up to so many bytes of kernel memory for each socket; it has to open its socket anew".to_owned(),
        reversible: true,
        evidence: own.into_iter().chain([total]).collect(),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
