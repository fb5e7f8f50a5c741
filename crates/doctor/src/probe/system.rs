//! The kernel, its settings, and what is started on it.

use std::collections::BTreeMap;

use super::disks::mounts;
use super::text;
use crate::snapshot::System;

mod backups;
mod cores;
mod fstab;
mod journal;
mod kernels;
mod settings;
mod stamps;

/// Looks at them, and at the stamps that facts name.
pub(super) fn look(_deep: bool, facts: &BTreeMap<String, String>) -> System {
    System {
        sealed: text("/proc/thread-self/mountinfo").map(|text| is_sealed(&text)),
        settings: settings::look(),
        unmounted: fstab::look(),
        kernels: kernels::look(),
        cores: cores::look(),
        journal: journal::look(),
        stamps: stamps::look(facts),
        backups: backups::look(facts),
    }
}

/// Of several mounts at a place the last counts.
fn is_sealed(mountinfo: &str) -> bool {
    let mounts = mounts::parse(mountinfo);
    let last = |point: &str| mounts.iter().rev().find(|it| it.point == point);
    last("/proc/sys").or_else(|| last("/proc")).is_some_and(|it| it.has("ro"))
}

#[cfg(test)]
mod tests;
