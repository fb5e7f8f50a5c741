//! What each processor does of interrupts: `/proc/stat` and `/proc/softirqs`.
//!
//! Source: proc(5): a line `cpuN` has ticks of user, nice, system, idle, iowait, irq, softirq and steal; then those of guests, which are in user
//! and nice already. Linux `fs/proc/softirqs.c`: a heading of processors, and a line of counts for each kind.

use std::collections::BTreeMap;

use super::parsed;
use crate::probe::text;
use crate::snapshot::{Cpu, Probed};

/// In the order of the processors.
pub(super) fn look() -> Probed<Vec<Cpu>> {
    let mut cpus = parsed("/proc/stat", parse);
    let softirqs = text("/proc/softirqs");
    if let (Probed::Seen(cpus), Ok(softirqs)) = (&mut cpus, softirqs.seen()) {
        add_served(softirqs, cpus);
    }
    cpus
}

/// None if a line is not in that form, or there is none.
fn parse(text: &str) -> Option<Vec<Cpu>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("cpu"));
    // The first is of all together.
    let lines = lines.filter(|line| !line.starts_with(' '));
    let cpu = |line: &str| {
        let (cpu, rest) = line.split_once(' ')?;
        let ticks: Option<Vec<u64>> =
            rest.split_whitespace().take(8).map(|ticks| ticks.parse().ok()).collect();
        let ticks = ticks?;
        Some(Cpu {
            cpu: cpu.parse().ok()?,
            all: ticks.iter().sum(),
            hard: *ticks.get(5)?,
            soft: *ticks.get(6)?,
            served: BTreeMap::new(),
        })
    };
    let found: Option<Vec<Cpu>> = lines.map(cpu).collect();
    found.filter(|cpus| !cpus.is_empty())
}

fn add_served(text: &str, cpus: &mut [Cpu]) {
    let mut lines = text.lines();
    let heading = lines.next().unwrap_or_default().split_whitespace();
    let columns: Vec<Option<u64>> =
        heading.map(|name| name.strip_prefix("CPU")?.parse().ok()).collect();
    for line in lines {
        let Some((kind, counts)) = line.split_once(':') else { continue };
        for (column, count) in columns.iter().zip(counts.split_whitespace()) {
            let cpu = cpus.iter_mut().find(|it| Some(it.cpu) == *column);
            if let (Some(cpu), Ok(count)) = (cpu, count.parse()) {
                cpu.served.insert(kind.trim().to_owned(), count);
            }
        }
    }
}

#[cfg(test)]
mod tests;
