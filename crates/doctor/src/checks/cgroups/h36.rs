//! H36: in a control group that is at its limit, page cache pushes out pages that are needed again at once, code among them.
//!
//! Source: Linux Documentation/admin-guide/cgroup-v2.rst, `workingset_refault_file` and `pgmajfault` of `memory.stat`; the threshold is
//! that of the node mixin's `NodeMemoryMajorPagesFaults`, taken for each group.

use super::{Twice, file, raise, twice};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::checks::memory::mib;
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{MemoryGroup, MemoryParts, Window};

/// Major faults in a second; and as many pages that come back.
const FAULTS: f64 = 500.0;

/// Percent of its limit from which on a group has to give something back for each page that it takes.
const NEAR: u64 = 90;

pub(super) static CHECK: Check = Check {
    id: "H36",
    title: "a control group at its limit drops pages that it needs again at once, its code among them",
    severity: Severity::Warning,
    needs: "nothing; root, where groups of others may not be read",
    expected: "no group at its limit has more than 500 major faults in a second",
    guardrail: "alert on rate(container_memory_failures_total{failure_type=\"pgmajfault\",scope=\"hierarchy\"}[5m]) > 500",
    probes: &[
        "/sys/fs/cgroup: memory.max, memory.current and memory.stat of each group of version 2",
        "/sys/fs/cgroup/memory: memory.limit_in_bytes, memory.usage_in_bytes and memory.stat of each group of version 1",
    ],
    proof: Proof::Lab,
    catalogue: &["cgroup-page-cache-evicts-code"],
    page: Page {
        symptom: "A container is slow and its disk reads without end, while it is said to have memory left and nothing is killed; it is worst while it reads or writes large files.",
        culprit: "Page cache counts against the limit of a group. At the limit every page that is read pushes out another one, of the same group, although the machine has memory left. When those are pages of programs, libraries or mapped files that are in use, the next step of the program has to read them from the disk again.",
        proof: "Fails where a group is at 90 % of its limit or above, and over the two looks has more than 500 major faults in a second, the number of the node mixin, and as many pages of files that were read again soon after they had been dropped (workingset_refault_file). A program that just starts has faults as well, but nothing that comes back.",
        fix: "Raise the limit by what its programs and mapped files take; or have what reads large files past its cache: O_DIRECT, posix_fadvise(DONTNEED) after each part, nocache for a backup, or run that in a group of its own.",
        cost: "A higher limit takes memory from the rest of the machine, most of it as page cache, which is given back. A backup in a group of its own may take longer. Undone by writing the old one.",
        lab: "A program in a group of 16 to 31 MiB that goes through a mapped file of twice that, page by page; mended by ending it.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let both = twice(window, |groups| &groups.memory, |group| &group.path)?;
    let seconds = window.seconds();
    let near = both.groups.iter().filter_map(|group| {
        let (limit, used) = (group.after.limit_bytes?, group.after.used_bytes?);
        (used.saturating_mul(100) >= limit.saturating_mul(NEAR)).then_some((group, limit, used))
    });
    let (mut faults, mut blind) = (Vec::new(), None);
    for (group, limit, used) in near {
        match churn(group) {
            // A group without processes may have no counters yet.
            None => {
                let what =
                    format!("refaults and major faults in memory.stat of {}", group.after.path);
                blind = Some(Blind::Absent(what));
            }
            Some(churn) if churn.is_above(seconds) => {
                faults.push(fault(group.after, churn, (limit, used), seconds));
            }
            Some(_) => {}
        }
    }
    Ok(Verdict {
        observed: format!(
            "none at its limit has more than {FAULTS} major faults in a second, in {}",
            both.all.told("")
        ),
        faults,
        unseen: both.unseen.or(blind),
    })
}

/// What grew.
#[derive(Clone, Copy, Debug)]
struct Churn {
    faults: u64,
    refaults: u64,
}

impl Churn {
    fn is_above(self, seconds: f64) -> bool {
        let rate = |count: u64| per_second(count, seconds) > FAULTS;
        rate(self.faults) && rate(self.refaults)
    }
}

fn churn(group: &Twice<'_, MemoryGroup>) -> Option<Churn> {
    let grown =
        |of: fn(&MemoryParts) -> Option<u64>| group.growth(|group| of(group.parts.as_ref()?));
    Some(Churn {
        faults: grown(|parts| parts.major_faults)?,
        refaults: grown(|parts| parts.refaults)?,
    })
}

fn per_second(count: u64, seconds: f64) -> f64 {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if seconds > 0.0 { count / seconds } else { 0.0 }
}

fn fault(group: &MemoryGroup, churn: Churn, (limit, used): (u64, u64), seconds: f64) -> Fault {
    let Churn { faults, refaults } = churn;
    let path = &group.path;
    let cache = group.parts.map_or(0, |parts| parts.file);
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(path.clone()),
        observed: format!(
            "{path} has {:.0} major faults a second at {} of {}, {} of it page cache; {refaults} pages came back in {seconds:.1} s",
            per_second(faults, seconds),
            mib(used),
            mib(limit),
            mib(cache)
        ),
        impact: "its programs wait for the disk where they would only run, some 0.1 to 10 ms each time".to_owned(),
        fix: format!(
            "have what reads large files go past the cache, or run it in a group of its own; or {}",
            raise(group, limit)
        ),
        actions: Vec::new(),
        risk: "a higher limit takes memory from the rest of the machine, as page cache, which is given back".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: file(group, "memory.stat", "memory.stat"),
            value: format!("pgmajfault {faults} more, workingset_refault_file {refaults} more in {seconds:.1} s"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
