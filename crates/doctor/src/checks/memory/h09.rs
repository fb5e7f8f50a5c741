//! H09: the hypervisor gives the processors of this machine to others while they are wanted here.
//!
//! Source: proc(5), the eighth number of the first line of `/proc/stat`. No maintained source names a number; rules for alerts that are
//! passed around say 10 %. Half of that is this project's choice, as the slowest requests feel it first.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Ticks, Window};

/// Above so many percent of the time of all processors it is told of.
const STOLEN: u64 = 5;

/// With fewer ticks a share says nothing: they are a second of one processor.
const TICKS_LEAST: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "H09",
    title: "the hypervisor takes processor time away from this machine",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "at most 5 % of the time of all processors is stolen",
    guardrail: "alert on avg by (instance) (rate(node_cpu_seconds_total{mode=\"steal\"}[5m])) > 0.05",
    probes: &["/proc/stat: the first line"],
    proof: Proof::Composed,
    catalogue: &[],
    page: Page {
        symptom: "Everything takes longer at times, the processors look busy with less work than ever, and the same machine was fast yesterday.",
        culprit: "This is a virtual machine, and the hypervisor ran something else on its processors while something here wanted to run: neighbours on the same hardware, or a small machine that has used up its credit for bursts.",
        proof: "Steal between the two looks against all ticks of all processors: above 5 %. A total since boot is no fault. A hypervisor that does not tell it shows zero.",
        fix: "See the credit of the machine at its provider, if it is of a kind that has one. Else move it: stop and start it, which puts it on other hardware as a rule, or take a kind with processors of its own.",
        cost: "A stop and start takes minutes, and loses what is on disks of the hardware itself (instance store). Processors of one's own cost more.",
        lab: "None: only a hypervisor can steal, and none is at hand that would. The failing recording is put together after proc(5).",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let grown = |name: &str, of: fn(&Ticks) -> u64| {
        window.host_growth(name, |host| Ok(Some(of(host.memory.seen()?.ticks.seen()?))))
    };
    let (all, steal) =
        (grown("ticks of /proc/stat", |it| it.all)?, grown("steal of /proc/stat", |it| it.steal)?);
    if all < TICKS_LEAST {
        return Err(Blind::Absent(format!("window of {TICKS_LEAST} ticks: it has {all}")));
    }
    let (seconds, cpus) = (window.seconds(), window.after.host.cpus);
    let tenths = steal.saturating_mul(1_000) / all;
    let observed = format!(
        "{}.{} % of the time of {cpus} processors was stolen in {seconds:.1} s",
        tenths / 10,
        tenths % 10
    );
    let is_much = steal.saturating_mul(100) > all.saturating_mul(STOLEN);
    let fault = is_much.then(|| Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: observed.clone(),
        impact: "what runs here stands still meanwhile without knowing: requests, leases and heart-beats come late".to_owned(),
        fix: "see the credit for bursts at the provider; else stop and start the machine, so that it comes to other hardware, or take a kind with processors of its own".to_owned(),
        actions: Vec::new(),
        risk: "a stop and start loses what is on disks of the hardware itself (instance store)".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "/proc/stat cpu".to_owned(),
            value: format!("steal {steal} more of {all} ticks"),
        }],
        confidence: Confidence::High,
    });
    Ok(Verdict { observed, faults: fault.into_iter().collect(), unseen: None })
}

#[cfg(test)]
mod tests;
