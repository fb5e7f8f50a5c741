//! H48: one processor takes in all that comes, and the others do not.
//!
//! Source: Linux `Documentation/networking/scaling.rst`: a queue of a card interrupts one processor, and what comes over it is taken in there; RPS
//! hands it to others. proc(5), `/proc/stat`: `irq` and `softirq`. No maintained source names a share: four fifths of one processor, and less
//! than a fifth of each other, are this project's choice.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Cpu, Host, Window};
use crate::words::percent;

/// Percent of its time that one processor spends with interrupts, above which it is told of.
const BUSY: u64 = 80;

/// Percent of its time that each of the others spends so, below which the one is alone with it.
const SPARED: u64 = 20;

/// With fewer ticks of a processor a share says nothing: they are a second.
const TICKS_LEAST: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "H48",
    title: "one processor takes in all that comes over the network, and the others do not help",
    severity: Severity::Warning,
    needs: "nothing; looks that are at least 1 s apart",
    expected: "no processor spends more than 80 % of its time with interrupts while each other spends less than 20 %",
    guardrail: "alert on max by (instance) (rate(node_cpu_seconds_total{mode=\"softirq\"}[5m])) > 0.8",
    probes: &[
        "/proc/stat: the line of each processor",
        "/proc/softirqs",
        "/sys/class/net/*/queues/rx-*/rps_cpus of interfaces with a device",
        "/proc/PID/comm: whether irqbalance runs",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Throughput over the network stands at a bound that no card has, packets are dropped, and whatever runs on one processor is slow, while the machine as a whole is mostly idle.",
        culprit: "A card interrupts one processor for each of its queues. With one queue, or all queues at the same processor, or all load in one flow (a tunnel, one peer), that processor alone takes in everything, firewall rules and tunnels included.",
        proof: "Interrupts and what is put off from them (irq and softirq of /proc/stat) between the two looks, at least a second apart: above 80 % of the time of one processor, and below 20 % of the time of each other. What it did most, by /proc/softirqs, the queues of the cards, whether RPS is on and whether irqbalance runs are told beside it. It does not see which interrupt is where: /proc/interrupts does.",
        fix: "cat /proc/interrupts shows which queues interrupt that processor. Several queues at one: start irqbalance, or write other processors to /proc/irq/N/smp_affinity_list. Few queues: ethtool -L CARD combined N as far as ethtool -l CARD shows. One queue only: RPS, a mask of processors to /sys/class/net/CARD/queues/rx-0/rps_cpus. One flow only: none of these spreads it; several connections, or a tunnel with ports of its own for each flow, do.",
        cost: "ethtool -L takes the link down for a moment. RPS costs an interrupt between processors for what it hands over. Undone by writing the old masks and numbers; none of it outlasts a start of the machine.",
        lab: "A network namespace with thousands of rules that each datagram passes as it is taken in, and a program on a drawn processor that sends to itself; mended by sending none. Interrupts of a card cannot be made here.",
    },
    rule: Rule::Host(rule),
};

/// A processor in the window.
struct Load<'a> {
    now: &'a Cpu,
    /// Ticks in all, and with interrupts.
    all: u64,
    busy: u64,
}

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let cpus = window.after.host.memory.seen()?.cpus.seen()?;
    if cpus.len() < 2 {
        return Err(Blind::OutOfPlace("there is one processor only".to_owned()));
    }
    let loads: Result<Vec<Load<'_>>, Blind> = cpus.iter().map(|it| load(window, it)).collect();
    let loads = loads?;
    if let Some(short) = loads.iter().map(|it| it.all).min().filter(|it| *it < TICKS_LEAST) {
        let what = format!("window of {TICKS_LEAST} ticks of each processor: it has {short}");
        return Err(Blind::Absent(what));
    }
    let share = |load: &Load<'_>| percent(load.busy, load.all);
    let busiest = loads.iter().max_by_key(|it| share(it));
    let busiest = busiest.ok_or_else(|| Blind::Absent("processors".to_owned()))?;
    let others = loads.iter().filter(|it| it.now.cpu != busiest.now.cpu).map(share);
    let most_of_others = others.max().unwrap_or(0);
    let observed = format!(
        "CPU {} spent {} % of {:.1} s with interrupts, each of the {} others at most {most_of_others} %",
        busiest.now.cpu,
        share(busiest),
        window.seconds(),
        loads.len() - 1
    );
    let is_over = busiest.busy.saturating_mul(100) > busiest.all.saturating_mul(BUSY);
    let is_alone = is_over && most_of_others < SPARED;
    let fault = is_alone.then(|| fault(window, busiest, observed.clone()));
    Ok(Verdict { observed, faults: fault.into_iter().collect(), unseen: None })
}

fn load<'a>(window: &Window<'_>, now: &'a Cpu) -> Result<Load<'a>, Blind> {
    let grown = |name: &str, of: fn(&Cpu) -> u64| {
        window.host_growth(&format!("{name} of CPU {}", now.cpu), |host| {
            let cpus = host.memory.seen()?.cpus.seen()?;
            Ok(cpus.iter().find(|it| it.cpu == now.cpu).map(of))
        })
    };
    Ok(Load {
        now,
        all: grown("ticks", |it| it.all)?,
        busy: grown("ticks of interrupts", |it| it.hard + it.soft)?,
    })
}

fn fault(window: &Window<'_>, load: &Load<'_>, observed: String) -> Fault {
    let cpu = load.now.cpu;
    let host = &window.after.host;
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("CPU {cpu}")),
        observed,
        impact: format!(
            "what comes over the network waits for CPU {cpu} and is dropped at its bound, however idle the others are; programs on it starve"
        ),
        fix: format!(
            "cat /proc/interrupts: which queues are at CPU {cpu}; then irqbalance or /proc/irq/N/smp_affinity_list, more queues (ethtool -L), or RPS (/sys/class/net/CARD/queues/rx-0/rps_cpus; undo: 0)"
        ),
        actions: Vec::new(),
        risk:
            "ethtool -L takes the link down for a moment; RPS costs an interrupt between processors"
                .to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("/proc/stat cpu{cpu}"),
                value: format!("irq and softirq {} more of {} ticks", load.busy, load.all),
            },
            Evidence {
                probe: format!("/proc/softirqs CPU{cpu}"),
                value: served(
                    window.before.host.memory.seen().ok().and_then(|it| it.cpus.seen().ok()),
                    load.now,
                ),
            },
            Evidence {
                probe: "/sys/class/net/*/queues, irqbalance".to_owned(),
                value: format!("{}; irqbalance {}", queues(host), irqbalance(host)),
            },
        ],
        confidence: Confidence::High,
    }
}

/// What it did most in the window.
fn served(before: Option<&Vec<Cpu>>, now: &Cpu) -> String {
    let before = before.and_then(|all| all.iter().find(|it| it.cpu == now.cpu));
    let grown = |(kind, count): (&String, &u64)| {
        let before = before.and_then(|it| it.served.get(kind))?;
        Some((count.checked_sub(*before)?, kind.clone()))
    };
    let mut grown: Vec<(u64, String)> = now.served.iter().filter_map(grown).collect();
    grown.sort_by(|one, other| other.cmp(one));
    let told: Vec<String> =
        grown.iter().take(3).map(|(count, kind)| format!("{kind} {count} more")).collect();
    if told.is_empty() { "not seen".to_owned() } else { told.join(", ") }
}

fn queues(host: &Host) -> String {
    let Ok(queues) = host.network.seen().and_then(|it| it.queues.seen()) else {
        return "queues not seen".to_owned();
    };
    let of = queues
        .iter()
        .map(|it| format!("{} has {} queues, {} with RPS", it.interface, it.count, it.steered));
    let told: Vec<String> = of.collect();
    if told.is_empty() { "no card".to_owned() } else { told.join(", ") }
}

fn irqbalance(host: &Host) -> &'static str {
    let Ok(runners) = host.memory.seen().and_then(|it| it.runners.seen()) else {
        return "not seen";
    };
    let mut names = runners.processes.iter().map(|it| it.process.name.as_str());
    if names.any(|name| name == "irqbalance") { "runs" } else { "not seen running" }
}

#[cfg(test)]
mod tests;
