//! R08: the server takes much more memory than its data, or is swapped out.
//!
//! Source: Redis `object.c` (`getMemoryDoctorReport`): nothing is said below 5 MiB of data; more than 1.4 times the data and more than 10 MiB
//! beside it is fragmentation, and a peak of more than 1.5 times the data explains it.

use super::words::{float, memory_max, mib, percent, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Of less data nothing is said.
const DATA_MIN: u64 = 5 << 20;

/// Percent of the data that are resident, and bytes beside the data.
const RATIO: u64 = 140;
const BYTES: u64 = 10 << 20;

/// Percent of its data that it once held.
const PEAK: u64 = 150;

/// Percent of what the process may hold that is lost from which on it is a warning.
const LOST: u64 = 10;

/// Percent of what the process may hold that are resident from which on the kernel is about to act.
const FULL: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "R08",
    title: "the server takes much more memory than its data, or is swapped out",
    severity: Severity::Critical,
    needs: "+info; root on its machine, for its control group and its swap",
    expected: "what is resident is at most 1.4 times the data, and nothing of it is in swap",
    guardrail: "alert on redis_mem_fragmentation_ratio > 1.4 and redis_memory_used_rss_bytes / limit > 0.8; maxmemory at 60 % of the limit",
    probes: &[
        "INFO memory: used_memory, used_memory_rss, used_memory_peak, total_system_memory",
        "/proc/PID/status VmSwap, memory.max or memory.limit_in_bytes, where it runs here",
    ],
    proof: Proof::Lab,
    catalogue: &["redis-jemalloc-fragmentation"],
    page: Page {
        symptom: "maxmemory is 4 GB, and the server is killed at 6 GB. Or answers that took a fraction of a millisecond take tens of them.",
        culprit: "The allocator keeps pages of which only a part is used: values of changing sizes were written and deleted, or there was once much more data. maxmemory counts the data and not the pages, so that it does not protect from this. Or the kernel has put a part into swap, and each key that lies there is read from disk.",
        proof: "By the rule of the server's own MEMORY DOCTOR: more than 1.4 times the data, and more than 10 MiB beside it; below 5 MiB of data nothing is said. It is worth knowing while that is little of what the process may hold, a warning from a tenth of it, and critical where 90 % of it is resident. Aspect swap: more than 10 MiB are swapped, as the kernel counts it for the process; without a look at the process, guessed from less being resident than there is data.",
        fix: "MEMORY PURGE gives back what is wholly free. CONFIG SET activedefrag yes moves what is left together, where the server was built with its own jemalloc; Debian's is not, and says so. Otherwise start it again, a replica first. For swap: more memory, or a smaller maxmemory.",
        cost: "activedefrag takes processor time, which active-defrag-cycle-max bounds, from the one thread that answers. Undo with CONFIG SET activedefrag no.",
        lab: "A server that is filled with small values, most of which are deleted; mended by deleting all.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let used: u64 = server.number("used_memory")?;
    let resident: u64 = server.number("used_memory_rss")?;
    let (most, whose) = memory_max(server)?;
    let mut faults = Vec::new();
    let lost = resident.saturating_sub(used);
    if used >= DATA_MIN && percent(resident, used) > RATIO && lost > BYTES {
        let peak: u64 = server.number("used_memory_peak")?;
        faults.push(fragmented(used, resident, peak, most, whose));
    }
    let guessed = used.saturating_sub(resident);
    let (bytes, evidence, confidence) = match server.process.seen() {
        Ok(process) => {
            let probe = format!("/proc/{}/status VmSwap", process.pid);
            (process.swapped_bytes, shown(&probe, &process.swapped_bytes), Confidence::High)
        }
        Err(_) => (guessed, shown("INFO used_memory_rss", &resident), Confidence::Low),
    };
    if bytes > BYTES {
        faults.push(swapped(bytes, evidence, confidence));
    }
    let observed = format!("{} resident for {} of data", mib(resident), mib(used));
    Ok(Verdict { observed, faults, unseen: None })
}

fn fragmented(used: u64, resident: u64, peak: u64, most: u64, whose: &str) -> Fault {
    let lost = resident.saturating_sub(used);
    let ratio = float(resident) / float(used.max(1));
    let once = if percent(peak, used) > PEAK {
        format!("; it once held {}", mib(peak))
    } else {
        String::new()
    };
    let severity = if percent(resident, most) >= FULL {
        Severity::Critical
    } else if percent(lost, most) >= LOST {
        Severity::Warning
    } else {
        Severity::Info
    };
    Fault {
        severity,
        aspect: None,
        at: None,
        observed: format!("{} resident for {} of data, {ratio:.1} times{once}", mib(resident), mib(used)),
        impact: format!(
            "{} are lost, and maxmemory does not count them: at {} {whose} is full and the kernel kills it",
            mib(lost),
            mib(most)
        ),
        fix: "MEMORY PURGE; then CONFIG SET activedefrag yes (undo: no) if it was built with it; else start it again, a replica first".to_owned(),
        actions: Vec::new(),
        risk: "activedefrag takes time from the thread that answers; a start anew loses what is not on disk".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO used_memory", &used),
            shown("INFO used_memory_rss", &resident),
            shown("INFO used_memory_peak", &peak),
            shown(&format!("memory of {whose}"), &most),
        ],
        confidence: Confidence::High,
    }
}

fn swapped(bytes: u64, evidence: crate::record::Evidence, confidence: Confidence) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("swap"),
        at: None,
        observed: format!("{} of it are in swap", mib(bytes)),
        impact: "each key that lies there is read from disk, and all clients wait meanwhile".to_owned(),
        fix: "give the machine memory, or CONFIG SET maxmemory lower (undo: the former value); see what else is on it".to_owned(),
        actions: Vec::new(),
        risk: "below what is used, writes are refused or keys thrown away at once".to_owned(),
        reversible: true,
        evidence: vec![evidence],
        confidence,
    }
}

#[cfg(test)]
mod tests;
