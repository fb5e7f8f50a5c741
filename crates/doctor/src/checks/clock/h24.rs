//! H24: the kernel counts time by a device that is slow to read.
//!
//! Source: Linux `Documentation/virt/kvm/x86/timekeeping.rst` on the devices, and `arch/x86/kernel/tsc.c`, where the counter of the processor is
//! given up as unstable for the next best; `vdso` reads only tsc, kvm-clock and hyperv without a call of the kernel.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::Window;

/// Devices whose reading is a trap to the bus, and with a hypervisor out of the machine. Those of processors and hypervisors (tsc,
/// `kvm-clock`, `hyperv_clocksource_tsc_page`, `xen`, `arch_sys_counter`) are well.
const SLOW: &[&str] = &["acpi_pm", "hpet", "jiffies", "pit", "refined-jiffies"];

pub(super) static CHECK: Check = Check {
    id: "H24",
    title: "the kernel counts time by a device that is slow to read",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "time is counted by the processor or the hypervisor, not by hpet, acpi_pm or jiffies",
    guardrail: "alert on node_time_clocksource_current_info{clocksource=~\"hpet|acpi_pm|jiffies\"}",
    probes: &[
        "/sys/devices/system/clocksource/clocksource0/current_clocksource and available_clocksource",
    ],
    proof: Proof::Composed,
    catalogue: &[],
    page: Page {
        symptom: "Databases and Java use much system time; EXPLAIN ANALYZE, timing and tracing make everything many times slower; one machine of several alike is slow.",
        culprit: "Programs ask for the time millions of times. From the counter of the processor, or a page of the hypervisor, that takes some 20 ns without a call of the kernel. The kernel gave that up as unstable (a firmware, a hypervisor or a paused machine makes it drift), or was told to, and reads a device instead: a microsecond or more, one processor at a time.",
        proof: "Fails where the current clock source is hpet, acpi_pm, jiffies or pit. kvm-clock, hyperv, xen and arch_sys_counter are as they should be and no fault. What else there is stands in the evidence. dmesg | grep -i clocksource says why the kernel changed.",
        fix: "If tsc is still among what there is: echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource, and see that it lasts. If the kernel marked it unstable, do not force it: stop and start the virtual machine, on another host if that does not help, or bring the firmware up to date.",
        cost: "A counter that truly drifts makes time run unevenly: watch the offset (H23) after a change. Undone by writing the old name to the same file.",
        lab: "None: to change the source needs a machine that has a slow one, which virtual machines mostly do not. The rule is held against snapshots that were put together after the kernel's documentation.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let clocks = window.after.host.clocks.seen()?;
    let source = clocks.source.seen()?;
    let observed = format!("time is counted by {source}");
    if !SLOW.contains(&source.as_str()) {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let others = clocks.sources.seen().map(|it| it.join(" ")).unwrap_or_default();
    let better = clocks
        .sources
        .seen()
        .ok()
        .and_then(|all| all.iter().find(|it| !SLOW.contains(&it.as_str())));
    let file = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let fix = better.map_or_else(
        || "the kernel has nothing better: dmesg | grep -i -e tsc -e clocksource says why; stop and start the machine, on another host if it is virtual".to_owned(),
        |better| format!("dmesg | grep -i clocksource says why; if it does not say unstable: echo {better} > {file} (undo: echo {source})"),
    );
    let fault = Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: observed.clone(),
        impact: "each look at the clock takes a microsecond or more instead of 20 ns: system time, and timing of queries makes them slow".to_owned(),
        fix,
        actions: Vec::new(),
        risk: "if the better one truly drifts, time runs unevenly: watch the offset".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: file.to_owned(), value: format!("{source}; there are: {others}") }],
        confidence: Confidence::High,
    };
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

#[cfg(test)]
mod tests;
