//! H34: a control group is nearly full of what cannot be given back, and which part that is.
//!
//! Source: Linux Documentation/admin-guide/cgroup-v2.rst, `memory.stat`; cgroup-v1/memory.rst, `memory.stat` and
//! `memory.kmem.usage_in_bytes`. The rest of a group is page cache and slabs that can be given back: a group that is full of those
//! is well.

use super::{file, raise};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::checks::memory::mib;
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{MemoryGroup, MemoryParts, Window};

/// Above so many percent of its limit a group is told of. That is a choice: the last seventh is what page cache, bursts and the code of
/// its programs have.
const FULL: u64 = 85;

pub(super) static CHECK: Check = Check {
    id: "H34",
    title: "a control group is nearly full of memory that cannot be given back",
    severity: Severity::Warning,
    needs: "nothing; root, where groups of others may not be read",
    expected: "what no group can give back is at most 85 % of its limit",
    guardrail: "alert on container_memory_working_set_bytes / container_spec_memory_limit_bytes > 0.85",
    probes: &[
        "/sys/fs/cgroup: memory.max, memory.current, memory.stat, memory.swap.max and memory.swap.current of each group of version 2",
        "/sys/fs/cgroup/memory: memory.limit_in_bytes, memory.usage_in_bytes, memory.stat, memory.kmem.usage_in_bytes and memory.memsw.* of each group of version 1",
        "/proc/meminfo: SwapFree",
    ],
    proof: Proof::Lab,
    catalogue: &["cgroup-oom-below-limit"],
    page: Page {
        symptom: "A container is killed for want of memory although its program says that it uses half of the limit; or nobody knows whether a container that is 100 % full is about to be killed or well.",
        culprit: "Not only what a program asked for is charged to its group: files in a tmpfs and shared memory, memory of the kernel for its files, sockets and page tables, and the page cache. Page cache is given back when something else needs room; the others are not, unless there is swap. A heap is only a part of it.",
        proof: "Adds up memory without a file (anon; rss with version 1), shared memory (shmem), memory of the kernel without the slabs that can be given back, and with version 2 buffers of sockets; what swap would still take is taken off. Fails above 85 % of the limit, and names the largest part. Version 1 does not tell which slabs can be given back: where it hangs on those, the confidence is low. Limits above the memory of the machine are none.",
        fix: "By the largest part. Processes: a smaller heap or cache, fewer workers, or a higher limit. Shared memory: see df and ls of /dev/shm and every tmpfs, whose files count; remove them, or size= of the mount. The kernel: see slabtop and how many files, sockets and groups there are. Sockets: see ss -tm for buffers that nobody reads.",
        cost: "A higher limit takes memory from the rest of the machine. It takes effect at once, and is undone by writing the old one, which may kill.",
        lab: "A file in a tmpfs, written from a group of 32 to 63 MiB, that takes 90 % of it; mended by removing it.",
    },
    rule: Rule::Host(rule),
};

/// A part of what cannot be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    aspect: &'static str,
    what: &'static str,
    fix: &'static str,
    bytes: u64,
}

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let host = &window.after.host;
    let all = host.cgroups.seen()?.memory.seen()?;
    // One that swap could still help is not told of as if it could not; where swap is not told, none is counted on.
    let swap = host.memory.seen().and_then(|memory| memory.size("SwapFree")).unwrap_or(0);
    let limited = all.groups.iter().filter_map(|group| {
        let limit = group.limit_bytes.filter(|limit| *limit > 0)?;
        (host.memory_bytes == 0 || limit <= host.memory_bytes).then_some((group, limit))
    });
    let (mut faults, mut most, mut blind) = (Vec::new(), 0, None);
    for (group, limit) in limited {
        let Some(held) = held(group, swap) else {
            let what = format!("memory of the kernel in memory.stat of {}", group.path);
            blind = Some(Blind::Absent(what));
            continue;
        };
        most = most.max(held.saturating_mul(100) / limit);
        if held.saturating_mul(100) > limit.saturating_mul(FULL) {
            faults.push(fault(group, limit, held, swap));
        }
    }
    Ok(Verdict {
        observed: format!(
            "of those with a limit in {} none holds more than {most} % of it that it cannot give back",
            all.told("")
        ),
        faults,
        unseen: all.unseen().or(blind),
    })
}

/// Bytes that a group cannot give back; none if that is not known.
fn held(group: &MemoryGroup, swap_free: u64) -> Option<u64> {
    let parts = group.parts.as_ref()?;
    let fixed = parts.kernel? + parts.sock.unwrap_or(0);
    let room = swap_free.min(group.swap_left_bytes.unwrap_or(u64::MAX));
    Some(fixed.saturating_add((parts.anon + parts.shmem).saturating_sub(room)))
}

fn parts(parts: &MemoryParts) -> [Part; 4] {
    let part = |aspect, what, fix, bytes| Part { aspect, what, fix, bytes };
    [
        part(
            "anon",
            "memory of its processes",
            "give them a smaller heap or cache, or fewer workers",
            parts.anon,
        ),
        part(
            "shmem",
            "shared memory and files in a tmpfs",
            "see df and ls of /dev/shm and every tmpfs, and remove what nobody needs",
            parts.shmem,
        ),
        part(
            "kernel",
            "memory of the kernel",
            "see slabtop, and how many files, sockets and threads it has",
            parts.kernel.unwrap_or(0),
        ),
        part(
            "sock",
            "buffers of sockets",
            "see ss -tm for sockets whose Recv-Q or Send-Q nobody drains",
            parts.sock.unwrap_or(0),
        ),
    ]
}

fn fault(group: &MemoryGroup, limit: u64, held: u64, swap_free: u64) -> Fault {
    let seen = group.parts.unwrap_or_default();
    let mut parts = parts(&seen);
    parts.sort_by_key(|part| std::cmp::Reverse(part.bytes));
    let [largest, ..] = parts;
    // Version 1 has slabs that can be given back in memory of the kernel, and does not tell how many.
    let sure = seen.slab_reclaimable.is_some()
        || held.saturating_sub(seen.kernel.unwrap_or(0)) * 100 > limit * FULL;
    let list: Vec<String> =
        parts.iter().map(|part| format!("{} {}", part.aspect, part.bytes)).collect();
    let stat = Evidence {
        probe: file(group, "memory.stat", "memory.stat"),
        value: format!("{}, file {}, swap left {swap_free}", list.join(", "), seen.file),
    };
    let used = group.used_bytes.map(|used| Evidence {
        probe: file(group, "memory.usage_in_bytes", "memory.current"),
        value: format!("{used} of {limit}"),
    });
    Fault {
        severity: Severity::Warning,
        aspect: Some(largest.aspect),
        at: Some(group.path.clone()),
        observed: format!(
            "{} cannot give back {} of {}, {} %; most of it is {}, {}",
            group.path,
            mib(held),
            mib(limit),
            held.saturating_mul(100) / limit.max(1),
            largest.what,
            mib(largest.bytes)
        ),
        impact: format!(
            "after {} more a process of it is killed; until then there is hardly any page cache, so it reads its files and its own code again and again",
            mib(limit.saturating_sub(held))
        ),
        fix: format!("{}; or {}", largest.fix, raise(group, limit)),
        actions: Vec::new(),
        risk: "a higher limit takes memory from the rest of the machine; if it leaks, it only takes longer".to_owned(),
        reversible: true,
        evidence: [stat].into_iter().chain(used).collect(),
        confidence: if sure { Confidence::High } else { Confidence::Low },
    }
}

#[cfg(test)]
mod tests;
