//! What memory is charged to a group. Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.

use std::io;
use std::path::Path;

use super::{Look, read, value};
use crate::probe::memory::pressure_of;
use crate::snapshot::{MemoryEvents, MemoryGroup, MemoryParts};

/// Version 1 tells no limit as the largest number of pages there is, in bytes: with pages of 4 KiB, and of 64 KiB.
const NO_LIMIT_LEAST: u64 = 0x7fff_ffff_0000_0000;

pub(super) fn look(folder: &Path, path: &str, version: u8) -> Look<MemoryGroup> {
    let found = if version == 1 { one(folder) } else { two(folder) };
    match found {
        Ok(Some(group)) => Look::Group(MemoryGroup { path: path.to_owned(), version, ..group }),
        Ok(None) => Look::Nothing,
        Err(_) => Look::Unseen,
    }
}

fn two(folder: &Path) -> io::Result<Option<MemoryGroup>> {
    // Not there where the group above does not hand the controller on.
    let Some(max) = read(folder, "memory.max")? else { return Ok(None) };
    let limit_bytes = bytes(&max);
    let high_bytes = number(folder, "memory.high")?;
    let events = match read(folder, "memory.events.local")? {
        Some(events) => Some(events),
        // Before Linux 5.2: with those below.
        None => read(folder, "memory.events")?,
    };
    let has_bound = limit_bytes.is_some() || high_bytes.is_some();
    let mut group = MemoryGroup { limit_bytes, high_bytes, ..MemoryGroup::default() };
    group.events = events.map(|text| parse_events(&text)).unwrap_or_default();
    if has_bound {
        group.used_bytes = number(folder, "memory.current")?;
        group.parts = read(folder, "memory.stat")?.as_deref().and_then(parse_two);
        group.pressure = read(folder, "memory.pressure")?.as_deref().and_then(pressure_of);
        let (max, used) =
            (number(folder, "memory.swap.max")?, number(folder, "memory.swap.current")?);
        group.swap_left_bytes = max.map(|max| max.saturating_sub(used.unwrap_or(0)));
    }
    Ok(Some(group))
}

fn one(folder: &Path) -> io::Result<Option<MemoryGroup>> {
    let Some(limit) = number(folder, "memory.limit_in_bytes")? else { return Ok(None) };
    let limit_bytes = (limit < NO_LIMIT_LEAST).then_some(limit);
    let mut group = MemoryGroup { limit_bytes, ..MemoryGroup::default() };
    group.events =
        read(folder, "memory.oom_control")?.as_deref().map(parse_oom).unwrap_or_default();
    if limit_bytes.is_some() {
        group.used_bytes = number(folder, "memory.usage_in_bytes")?;
        let kernel = number(folder, "memory.kmem.usage_in_bytes")?;
        let stat = read(folder, "memory.stat")?;
        group.parts = stat.and_then(|text| parse_one(&text, kernel));
        // Both counters have memory and swap together.
        let both = number(folder, "memory.memsw.limit_in_bytes")?;
        let used = number(folder, "memory.memsw.usage_in_bytes")?;
        let both = both.filter(|both| *both < NO_LIMIT_LEAST);
        group.swap_left_bytes = both.map(|both| both.saturating_sub(used.unwrap_or(0)));
    }
    Ok(Some(group))
}

/// The number in a file; none if it is `max` or the file is not there.
fn number(folder: &Path, name: &str) -> io::Result<Option<u64>> {
    Ok(read(folder, name)?.as_deref().and_then(bytes))
}

fn bytes(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// `memory.events.local`.
fn parse_events(text: &str) -> MemoryEvents {
    let of = |name| value(text, name);
    let (high, max, oom, oom_kill) = (of("high"), of("max"), of("oom"), of("oom_kill"));
    MemoryEvents { high, max, oom, oom_kill, under_oom: None }
}

/// `memory.oom_control`; `oom_kill` is there since Linux 4.13.
fn parse_oom(text: &str) -> MemoryEvents {
    MemoryEvents {
        oom_kill: value(text, "oom_kill"),
        under_oom: value(text, "under_oom").map(|is| is != 0),
        ..MemoryEvents::default()
    }
}

/// `memory.stat` of version 2.
fn parse_two(text: &str) -> Option<MemoryParts> {
    let of = |name| value(text, name);
    let shmem = of("shmem")?;
    let reclaimable = of("slab_reclaimable");
    let sum = || {
        let parts = ["kernel_stack", "pagetables", "percpu", "slab_unreclaimable"];
        // Those that an old kernel does not tell are small; without slabs it is not known at all.
        of("slab_unreclaimable")?;
        Some(parts.into_iter().filter_map(of).sum())
    };
    let kernel = of("kernel").map(|all| all.saturating_sub(reclaimable.unwrap_or(0))).or_else(sum);
    Some(MemoryParts {
        anon: of("anon")?,
        file: of("file")?.saturating_sub(shmem),
        shmem,
        kernel,
        slab_reclaimable: reclaimable,
        sock: of("sock"),
        refaults: of("workingset_refault_file").or_else(|| of("workingset_refault")),
        major_faults: of("pgmajfault"),
    })
}

/// `memory.stat` of version 1, with what is below; its cache has shared memory in it.
fn parse_one(text: &str, kernel: Option<u64>) -> Option<MemoryParts> {
    let of = |name| value(text, name);
    let shmem = of("total_shmem").unwrap_or(0);
    Some(MemoryParts {
        anon: of("total_rss")?,
        file: of("total_cache")?.saturating_sub(shmem),
        shmem,
        kernel,
        slab_reclaimable: None,
        sock: None,
        refaults: of("total_workingset_refault_file").or_else(|| of("total_workingset_refault")),
        major_faults: of("total_pgmajfault"),
    })
}

#[cfg(test)]
mod tests;
