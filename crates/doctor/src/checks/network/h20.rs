//! H20: a processor drops packets as its queue of those that came is full.
//!
//! Source: Linux `net/core/dev.c`: `enqueue_to_backlog` drops and counts where the queue of a processor holds more than
//! `net.core.netdev_max_backlog`; `net_rx_action` counts `time_squeeze` where it has to stop with work left.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Host, Softnet, Window};

const BACKLOG: &str = "net.core.netdev_max_backlog";
const BUDGET: &str = "net.core.netdev_budget";

/// So many times a second a processor may stop with work left before it is told: it goes on at once, now and then is nothing.
const SQUEEZED_MIN: u64 = 10;

pub(super) static CHECK: Check = Check {
    id: "H20",
    title: "a processor drops packets that came, as its queue is full",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "no processor drops packets: the second column of /proc/net/softnet_stat does not grow",
    guardrail: "alert on rate(node_softnet_dropped_total[5m]) > 0",
    probes: &["/proc/net/softnet_stat", "/proc/sys/net/core/netdev_max_backlog and netdev_budget"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Packets are lost in bursts, between containers of the same machine as well, while the card counts no drops and no socket is full.",
        culprit: "What comes over the loopback, over links of containers, or is handed to another processor (RPS), waits in a queue of that processor, which holds net.core.netdev_max_backlog packets, 1,000 unless set. In a burst, or where one processor has to take in all, it is full, and the next are dropped.",
        proof: "Warns where the second column of /proc/net/softnet_stat grew between the two looks, and names the processors. The third, how often one had to stop with packets left, is told as an info from 10 times a second on, which is a guess: it delays, but loses nothing.",
        fix: "Raise net.core.netdev_max_backlog. If one processor alone drops, spread the load: more queues of the card (ethtool -L), or RPS (rps_cpus of its queues).",
        cost: "A longer queue takes memory only while it is used, and makes what waits in it later. Undone by setting it back.",
        lab: "net.core.netdev_max_backlog, a setting of the whole machine, is lowered for a moment, and programs of a network namespace send to each other over two processors; mended by setting it back.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let softnet = network.softnet.seen()?;
    let seconds = window.seconds();
    let (mut dropped, mut squeezed) = (Vec::new(), Vec::new());
    for it in softnet {
        dropped.push((it.cpu, growth(window, it.cpu, "dropped", |it| it.dropped)?));
        squeezed.push((it.cpu, growth(window, it.cpu, "time_squeeze", |it| it.squeezed)?));
    }
    let sum = |all: &[(u64, u64)]| all.iter().map(|(_, grown)| grown).sum::<u64>();
    let (drops, squeezes) = (sum(&dropped), sum(&squeezed));
    let mut faults = Vec::new();
    if drops > 0 {
        faults.push(drop_fault(&dropped, drops, seconds, network.setting(BACKLOG).ok()));
    }
    // Of a window below a second as of a whole one.
    let ms = super::milliseconds(window).max(1_000);
    if squeezed.iter().any(|(_, grown)| grown.saturating_mul(1_000) >= SQUEEZED_MIN * ms) {
        faults.push(squeeze_fault(&squeezed, squeezes, seconds, network.setting(BUDGET).ok()));
    }
    let observed = format!(
        "{drops} packets were dropped by {} processors in {seconds:.1} s, {squeezes} times one stopped with work left",
        softnet.len()
    );
    Ok(Verdict { observed, faults, unseen: None })
}

fn growth(
    window: &Window<'_>,
    cpu: u64,
    name: &str,
    of: fn(&Softnet) -> u64,
) -> Result<u64, Blind> {
    window.host_growth(&format!("softnet_stat {name} of CPU {cpu}"), |host: &Host| {
        let all = host.network.seen()?.softnet.seen()?;
        Ok(all.iter().find(|it| it.cpu == cpu).map(of))
    })
}

/// Those that are not zero.
fn by_cpu(all: &[(u64, u64)]) -> String {
    let some = all.iter().filter(|(_, grown)| *grown > 0);
    some.map(|(cpu, grown)| format!("CPU {cpu}: {grown}")).collect::<Vec<_>>().join(", ")
}

fn setting(name: &str, value: Option<u64>) -> String {
    value.map_or_else(
        || format!("double {name}, which could not be read"),
        |value| format!("sysctl -w {name}={} (undo: {value})", value.saturating_mul(2)),
    )
}

fn drop_fault(all: &[(u64, u64)], drops: u64, seconds: f64, backlog: Option<u64>) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("dropped"),
        at: None,
        observed: format!("{drops} packets were dropped in {seconds:.1} s ({})", by_cpu(all)),
        impact: "connections send again what was dropped, datagrams are lost".to_owned(),
        fix: format!(
            "{}; if it is one processor alone, spread what comes over more queues or by RPS",
            setting(BACKLOG, backlog)
        ),
        actions: Vec::new(),
        risk: "what waits in a longer queue is later".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/net/softnet_stat, second column".to_owned(),
            value: format!("{} more in {seconds:.1} s", by_cpu(all)),
        }],
        confidence: Confidence::High,
    }
}

fn squeeze_fault(all: &[(u64, u64)], squeezes: u64, seconds: f64, budget: Option<u64>) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("squeezed"),
        at: None,
        observed: format!(
            "{squeezes} times in {seconds:.1} s a processor stopped with packets left ({})",
            by_cpu(all)
        ),
        impact: "packets are later by some milliseconds under load; nothing is lost of it alone"
            .to_owned(),
        fix: format!("{}; and see whether one processor takes in all", setting(BUDGET, budget)),
        actions: Vec::new(),
        risk: "programs on that processor wait longer while it takes packets in".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/net/softnet_stat, third column".to_owned(),
            value: format!("{} more in {seconds:.1} s", by_cpu(all)),
        }],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;
