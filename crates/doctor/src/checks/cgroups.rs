//! Control groups, of version 1 and 2.

use crate::check::{Blind, Check};
use crate::record::quoted;
use crate::snapshot::{Cgroups, Groups, MemoryGroup, Probed, Window};

mod h06;
mod h08;
mod h34;
mod h36;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&h06::CHECK, &h08::CHECK, &h34::CHECK, &h36::CHECK];

/// What both looks saw of a group.
#[derive(Debug)]
struct Twice<'w, T> {
    /// None if it was made between the looks: then its counters are of that time.
    before: Option<&'w T>,
    after: &'w T,
}

/// The groups of a controller, each with what the first look saw of it.
struct Both<'w, T> {
    groups: Vec<Twice<'w, T>>,
    all: &'w Groups<T>,
    unseen: Option<Blind>,
}

/// Each group of the second look; one that the first look had no time for is not among them, but told as unseen.
fn twice<'w, T>(
    window: &Window<'w>,
    of: impl Fn(&'w Cgroups) -> &'w Probed<Groups<T>>,
    path: impl Fn(&T) -> &str,
) -> Result<Both<'w, T>, Blind> {
    if window.before.host.boot != window.after.host.boot {
        let what = "growth in control groups: the machine was started anew between the looks";
        return Err(Blind::Absent(what.to_owned()));
    }
    let before = of(window.before.host.cgroups.seen()?).seen()?;
    let all = of(window.after.host.cgroups.seen()?).seen()?;
    let known: std::collections::BTreeMap<&str, &T> =
        before.groups.iter().map(|group| (path(group), group)).collect();
    let pair = |after: &'w T| Twice { before: known.get(path(after)).copied(), after };
    let mut groups: Vec<_> = all.groups.iter().map(pair).collect();
    if before.left_out > 0 {
        groups.retain(|group| group.before.is_some());
    }
    Ok(Both { groups, all, unseen: all.unseen().or_else(|| before.unseen()) })
}

impl<T> Twice<'_, T> {
    /// How much a counter grew; none if this kernel does not keep it. One that went back is of a new group in the same place, and
    /// grew from zero.
    fn growth(&self, counter: impl Fn(&T) -> Option<u64>) -> Option<u64> {
        let after = counter(self.after)?;
        let before = match self.before {
            Some(before) => counter(before)?,
            None => 0,
        };
        Some(after.checked_sub(before).unwrap_or(after))
    }
}

/// The file of a group as a person finds it: where version 1 is mounted as a rule, or version 2.
fn file(group: &MemoryGroup, one: &str, two: &str) -> String {
    // The own one of a container is `/`.
    let path = group.path.trim_end_matches('/');
    match group.version {
        1 => format!("/sys/fs/cgroup/memory{path}/{one}"),
        _ => format!("/sys/fs/cgroup{path}/{two}"),
    }
}

/// How to give a group more memory, with the way back.
fn raise(group: &MemoryGroup, limit: u64) -> String {
    // Who may make groups may call them what he likes.
    let file = quoted(&file(group, "memory.limit_in_bytes", "memory.max"));
    let more = limit.saturating_add(limit / 2);
    format!(
        "echo {more} > {file} (undo: {limit}), and where it was set, so that it stays: MemoryMax= of the unit, --memory of the container, resources.limits.memory of the Pod"
    )
}
