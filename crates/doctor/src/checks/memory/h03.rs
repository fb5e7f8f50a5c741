//! H03: pages come back from swap all the time, and tasks wait for them.
//!
//! Source: proc(5), `pswpin` of `/proc/vmstat`, in pages; Linux Documentation/accounting/psi.rst. No maintained source names a rate:
//! 100 pages a second of 4 KiB are little for a disk, so it counts only where tasks wait.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::Window;

/// Pages in a second.
const PAGES: f64 = 100.0;

/// A shorter window has to bring as many as this one would: one page after another that is touched again is no fault.
const SECONDS_LEAST: f64 = 2.0;

/// Of the last 10 s some task waited for memory for more than this, in hundredths of a percent.
const PRESSURE: u32 = 500;

pub(super) static CHECK: Check = Check {
    id: "H03",
    title: "memory that is in use comes back from swap again and again",
    severity: Severity::Warning,
    needs: "nothing; a kernel with PSI, which some start only with psi=1",
    expected: "at most 100 pages a second come back from swap, or no task waits for them",
    guardrail: "alert on rate(node_vmstat_pswpin[5m]) > 100 and rate(node_pressure_memory_waiting_seconds_total[5m]) > 0.05",
    probes: &[
        "/proc/vmstat: pswpin and pswpout",
        "/proc/pressure/memory: some avg10",
        "/proc/meminfo: SwapTotal and SwapFree",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "All on a machine or in a container is slow at once, its disk reads and writes without end, and nothing is killed.",
        culprit: "More memory is in use than there is. The kernel writes pages to swap that are needed again soon, and each of them has to be read before the program that touches it can go on. That swap is used is no fault: what is never touched again is well there.",
        proof: "Fails where more than 100 pages a second came back over the two looks, and at least 200, and some task waited for memory for more than 5 % of the last 10 s. How full swap is does not count.",
        fix: "See who is in swap: grep VmSwap /proc/*/status | sort -k2 -n | tail. Give the machine or the group more memory (H34), or have the program take less: a cache of a database that is swapped out helps nobody.",
        cost: "A smaller cache reads more from the disk. swapoff is no remedy while memory is short: it has to read all of it back first, and then something is killed.",
        lab: "A program in a group of 24 to 39 MiB that goes round twice as much memory, with a file as swap; mended by ending it.",
    },
    rule: Rule::Host(rule),
};

/// That it is so: pages that came back, and hundredths of a percent that was waited. H02 asks for the same.
pub(super) fn swapping(window: &Window<'_>) -> Result<Option<(u64, u32)>, Blind> {
    let pages = window.host_growth("pswpin of /proc/vmstat", |host| {
        Ok(host.memory.seen()?.vmstat.seen()?.get("pswpin").copied())
    })?;
    let is_much = as_float(pages) > PAGES * window.seconds().max(SECONDS_LEAST);
    if !is_much {
        return Ok(None);
    }
    let waited = window.after.host.memory.seen()?.pressure.memory.seen()?.some.avg10;
    Ok((waited > PRESSURE).then_some((pages, waited)))
}

fn as_float(pages: u64) -> f64 {
    f64::from(u32::try_from(pages).unwrap_or(u32::MAX))
}

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let seconds = window.seconds();
    let Some((pages, waited)) = swapping(window)? else {
        let observed = format!(
            "no more than {PAGES} pages a second came back from swap in {seconds:.1} s, or nothing waited for them"
        );
        return Ok(Verdict { observed, ..Verdict::default() });
    };
    let memory = window.after.host.memory.seen()?;
    let rate = as_float(pages) / seconds.max(0.001);
    let waited = f64::from(waited) / 100.0;
    let size = |name: &str| memory.size(name).ok();
    let swap = size("SwapTotal").zip(size("SwapFree")).map(|(total, free)| Evidence {
        probe: "/proc/meminfo".to_owned(),
        value: format!("SwapTotal {total}, SwapFree {free}"),
    });
    let proof = [
        Evidence {
            probe: "/proc/vmstat pswpin".to_owned(),
            value: format!("{pages} more in {seconds:.1} s"),
        },
        Evidence {
            probe: "/proc/pressure/memory".to_owned(),
            value: format!("some avg10={waited:.2}"),
        },
    ];
    let fault = Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!(
            "{rate:.0} pages a second came back from swap in {seconds:.1} s, and a task waited for memory for {waited:.1} % of the last 10 s"
        ),
        impact: "what touches such a page waits for the disk, some 0.1 to 10 ms each time".to_owned(),
        fix: "see who is in swap: grep VmSwap /proc/*/status | sort -k2 -n | tail; give it more memory (of a group: H34), or have it take less".to_owned(),
        actions: Vec::new(),
        risk: "a smaller cache reads more from the disk; do not switch swap off now: something would be killed".to_owned(),
        reversible: true,
        evidence: proof.into_iter().chain(swap).collect(),
        confidence: Confidence::High,
    };
    Ok(Verdict { observed: String::new(), faults: vec![fault], unseen: None })
}

#[cfg(test)]
mod tests;
