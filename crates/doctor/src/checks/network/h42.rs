//! H42: TCP is short of memory, or has too many connections that no process holds.
//!
//! Source: tcp(7), `tcp_mem` and `tcp_max_orphans`; Linux `net/ipv4/tcp.c`, `tcp_check_oom`, after which a connection is reset and counts
//! `TCPAbortOnMemory`; `tcp_timer.c`, `tcp_out_of_resources`, which halves the bound of orphans for those whose other side is silent.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{TcpMemory, Window};

const ABORTS: &str = "TCPAbortOnMemory";
const PRESSURES: &str = "TCPMemoryPressures";
const ORPHANS: &str = "net.ipv4.tcp_max_orphans";

/// Percent of the orphans that there may be from which on they are told of: then those with a silent other side are reset.
const ORPHANS_WARNING: u64 = 50;

/// Bytes of a page, which on other processors than those of today's servers may be more.
const PAGE_KIB: u64 = 4;

pub(super) static CHECK: Check = Check {
    id: "H42",
    title: "TCP is short of memory",
    severity: Severity::Critical,
    needs: "to be run in the network namespace of the machine, which alone has tcp_mem",
    expected: "buffers of TCP take less than the second number of tcp_mem, orphans less than half of tcp_max_orphans, and no connection is reset for want of memory",
    guardrail: "alert on node_sockstat_TCP_mem / (second number of tcp_mem) > 0.9, and on rate(node_netstat_TcpExt_TCPAbortOnMemory[5m]) > 0",
    probes: &[
        "/proc/net/sockstat: TCP",
        "/proc/net/netstat: TcpExt",
        "/proc/sys/net/ipv4/tcp_mem and tcp_max_orphans",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "All connections of the machine become slow at once, or are reset, while there is free memory; the kernel logs \"TCP: out of memory\" or \"too many orphaned sockets\".",
        culprit: "Buffers of all connections together may take so many pages, in all namespaces and containers. From the second number of tcp_mem on windows shrink and what came out of order is thrown away; beyond the third nothing more is taken, and connections are reset. What fills them are programs that do not read what comes, or many clients that do not read what is sent. Connections that were closed while data was left wait without a process, as orphans, and have a bound of their own.",
        proof: "Pages of /proc/net/sockstat against tcp_mem: a warning from the second number on, critical from the third. Critical where TcpExtTCPAbortOnMemory grew between the two looks, a warning where TcpExtTCPMemoryPressures did. Orphans from half of tcp_max_orphans on, where the kernel begins to reset those with a silent other side.",
        fix: "See whose buffers are full: ss -tmp, where Recv-Q is what a program does not read, and Send-Q what its client does not. Mend that program. If they are simply many, raise tcp_mem; if orphans are many, shorten tcp_fin_timeout and tcp_orphan_retries.",
        cost: "What buffers take is taken from everything else: raise tcp_mem only where the machine has the memory. Undone by setting it back.",
        lab: "Connections whose data nobody reads, and tcp_mem lowered for a moment so that they are beyond its second number, which changes nothing else on an idle machine; mended by reading, and by setting it back.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let aborts = window.tcp_ext_growth(ABORTS)?;
    let pressures = window.tcp_ext_growth(PRESSURES);
    let seconds = window.seconds();
    let limits = network.tcp_memory.seen();
    let memory = limits.as_ref().ok().copied();
    let orphans = network.setting(ORPHANS);
    let mut faults = Vec::new();
    let grown = (aborts, pressures.as_ref().copied().unwrap_or(0));
    if aborts > 0 || grown.1 > 0 || memory.is_some_and(|it| it.pages >= it.pressure) {
        faults.push(short(memory, grown, seconds));
    }
    if let (Some(memory), Ok(most)) = (memory, &orphans)
        && memory.orphans.saturating_mul(100) >= most.saturating_mul(ORPHANS_WARNING)
    {
        faults.push(orphaned(memory.orphans, *most));
    }
    let observed = memory.map_or_else(
        || format!("{aborts} connections were reset for want of memory in {seconds:.1} s"),
        |it| {
            format!(
                "buffers of TCP take {} of {} pages, {} orphans; {aborts} connections were reset for want of memory in {seconds:.1} s",
                it.pages, it.pressure, it.orphans
            )
        },
    );
    let unseen = limits.err().or(pressures.err()).or(orphans.err());
    Ok(Verdict { observed, faults, unseen })
}

fn short(memory: Option<&TcpMemory>, (aborts, pressures): (u64, u64), seconds: f64) -> Fault {
    let is_full = memory.is_some_and(|it| it.pages >= it.most);
    let severity = if aborts > 0 || is_full { Severity::Critical } else { Severity::Warning };
    let pages = memory.map_or_else(String::new, |it| {
        let TcpMemory { pages, pressure, most, .. } = it;
        format!("buffers of TCP take {pages} pages, {} MiB; it saves from {pressure} on, and takes at most {most}; ", (pages * PAGE_KIB) >> 10)
    });
    Fault {
        severity,
        aspect: Some("memory"),
        at: None,
        observed: format!("{pages}{aborts} connections were reset for want of memory in {seconds:.1} s"),
        impact: if severity == Severity::Critical {
            "connections of the whole machine are reset now".to_owned()
        } else {
            "windows shrink and connections of the whole machine are slow; at the bound they are reset".to_owned()
        },
        fix: memory.map_or_else(
            || "see whose buffers are full: ss -tmp".to_owned(),
            |it| {
                let twice = |pages: u64| pages.saturating_mul(2);
                format!(
                    "see whose buffers are full: ss -tmp; if they are simply many, sysctl -w net.ipv4.tcp_mem=\"{} {} {}\" (undo: the three numbers that sysctl net.ipv4.tcp_mem shows now)",
                    it.pressure, twice(it.pressure), twice(it.most)
                )
            },
        ),
        actions: Vec::new(),
        risk: "what buffers take is taken from everything else on the machine".to_owned(),
        reversible: true,
        evidence: memory
            .map(|it| Evidence {
                probe: "/proc/net/sockstat TCP, net.ipv4.tcp_mem".to_owned(),
                value: format!("mem {} against {} and {}", it.pages, it.pressure, it.most),
            })
            .into_iter()
            .chain([Evidence {
                probe: "/proc/net/netstat TcpExt".to_owned(),
                value: format!("{ABORTS} {aborts} more, {PRESSURES} {pressures} more in {seconds:.1} s"),
            }])
            .collect(),
        confidence: Confidence::High,
    }
}

fn orphaned(orphans: u64, most: u64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("orphans"),
        at: None,
        observed: format!(
            "{orphans} connections are held by no process any more, of {most} that may be"
        ),
        impact:
            "those whose other side is silent are reset, and what was not delivered yet is lost"
                .to_owned(),
        fix: format!(
            "see to whom they are: ss -tn state fin-wait-1 state last-ack; clients that do not read, or are gone, shorten net.ipv4.tcp_orphan_retries; or sysctl -w {ORPHANS}={} (undo: {most})",
            most.saturating_mul(2)
        ),
        actions: Vec::new(),
        risk: "an orphan takes up to 64 KiB that cannot be swapped out".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("/proc/net/sockstat TCP orphan, {ORPHANS}"),
            value: format!("{orphans} of {most}"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
