//! H43: memory of the kernel that cannot be given back grows: slabs, or control groups that were removed and are still held.
//!
//! Source: Linux Documentation/filesystems/proc.rst, `SUnreclaim`; admin-guide/cgroup-v2.rst, `nr_dying_descendants`. Both numbers are this
//! project's choice: usual machines are below 2 %, and below some hundreds.

use super::mib;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::Window;

/// Percent of the memory of the machine.
const SLABS: u64 = 10;

/// Groups that are removed, and held.
const DYING: u64 = 10_000;

pub(super) static CHECK: Check = Check {
    id: "H43",
    title: "memory of the kernel that cannot be given back takes a large part of the machine",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "slabs that cannot be given back take at most 10 % of the memory, and at most 10,000 removed control groups are held",
    guardrail: "alert on node_memory_SUnreclaim_bytes / node_memory_MemTotal_bytes > 0.1",
    probes: &[
        "/proc/meminfo: MemTotal, SUnreclaim",
        "/sys/fs/cgroup/cgroup.stat: nr_dying_descendants; with version 1 /proc/cgroups: memory, and how many folders there are",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A machine has less and less memory over days, though the processes take no more; a look at each of them does not find it. Everything that goes through all control groups becomes slow: reading memory.stat, starting a container.",
        culprit: "The kernel itself holds it: structures for files, sockets, mounts and so on that a program or a driver leaks. Or control groups: one that is removed stays in memory as long as a page of cache or of a tmpfs is charged to it, and a service that is started every minute leaves one each time.",
        proof: "SUnreclaim of /proc/meminfo above 10 % of MemTotal; more than 10,000 removed groups that are held, of the topmost group that can be seen. Both are far above what usual machines have.",
        fix: "Slabs: slabtop -s c names the kind; kmalloc-* and a driver's name are a leak of the kernel: another version of it. Groups: files in a tmpfs or in the page cache hold them: echo 1 > /proc/sys/vm/drop_caches lets those of the page cache go, a restart less often (or one group for all runs of a job) keeps them from coming.",
        cost: "Dropping the page cache has all files read again: a busy database is slow for minutes. A new kernel needs a start of the machine.",
        lab: "10,100 to 10,599 groups, each with a file in a tmpfs charged to it, that are removed; mended by removing the files.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let host = &window.after.host;
    // Each half says what it can.
    let sizes = host
        .memory
        .seen()
        .and_then(|memory| Ok((memory.size("SUnreclaim")?, memory.size("MemTotal")?)));
    let dying = host.cgroups.seen().and_then(|groups| groups.dying.seen().copied());
    if let (Err(blind), Err(_)) = (&sizes, &dying) {
        return Err(blind.clone());
    }
    let (mut faults, mut told) = (Vec::new(), Vec::new());
    if let Ok((slabs, total)) = &sizes {
        told.push(format!(
            "slabs that cannot be given back take {} of {}",
            mib(*slabs),
            mib(*total)
        ));
        if slabs.saturating_mul(100) > total.saturating_mul(SLABS) {
            faults.push(full(*slabs, *total));
        }
    }
    if let Ok(dying) = &dying {
        told.push(format!("{dying} removed control groups are held"));
        if *dying > DYING {
            faults.push(held(*dying));
        }
    }
    Ok(Verdict { observed: told.join("; "), faults, unseen: sizes.err().or(dying.err()) })
}

fn full(slabs: u64, total: u64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("slab"),
        at: Some("slabs".to_owned()),
        observed: format!(
            "slabs that cannot be given back take {} of {}, {} %",
            mib(slabs),
            mib(total),
            slabs.saturating_mul(100) / total.max(1)
        ),
        impact: "processes have so much less; if it grows, the machine kills them one after another, and it is none of them".to_owned(),
        fix: "see the kind: slabtop -o -s c | head -20; one that grows without end is a leak: end the program whose objects they are, or take another version of the kernel".to_owned(),
        actions: Vec::new(),
        risk: "looking costs nothing; a new kernel needs a start of the machine".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/meminfo".to_owned(),
            value: format!("SUnreclaim {slabs}, MemTotal {total}"),
        }],
        confidence: Confidence::High,
    }
}

fn held(dying: u64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("dying"),
        at: Some("control groups".to_owned()),
        observed: format!("{dying} removed control groups are held by what is charged to them"),
        impact: "each takes kernel memory, some 10 to 100 kB for each processor of a large machine; starting a container and reading its memory.stat become slow".to_owned(),
        fix: "remove files in a tmpfs that nobody needs; echo 1 > /proc/sys/vm/drop_caches lets go those that the page cache holds; find what makes so many: a timer, a job or a container that is started again and again".to_owned(),
        actions: Vec::new(),
        risk: "dropping the page cache has all files read again: a busy database is slow for minutes".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "cgroup.stat nr_dying_descendants, or /proc/cgroups less the folders".to_owned(),
            value: dying.to_string(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
