//! Control groups: of version 1 where it has the controller, else of version 2.

use std::fs;
use std::io;
use std::path::Path;

use super::text;
use crate::snapshot::{Cgroups, Groups, Probed};

mod cpu;
mod memory;
mod mounts;

use mounts::Hierarchy;

/// So many groups of a controller are looked at, at most; with `deep` the larger number. The outer ones first.
const GROUPS_MAX: usize = 2_000;
const GROUPS_MAX_DEEP: usize = 20_000;

/// Looks at them.
pub(super) fn look(deep: bool) -> Cgroups {
    let most = if deep { GROUPS_MAX_DEEP } else { GROUPS_MAX };
    let mounts = text("/proc/self/mountinfo").map(|text| mounts::parse(&text));
    let of = |controller: &'static str| {
        mounts.clone().and_then(|mounts| mounts::find(&mounts, controller))
    };
    let memory = of("memory");
    let walked = memory.clone().map(|hierarchy| walk(&hierarchy, most, memory::look));
    let dying = memory.and_then(|hierarchy| {
        let folders = walked.seen().map_or(0, |(_, folders)| *folders);
        dying(&hierarchy, folders, most)
    });
    Cgroups {
        memory: walked.map(|(groups, _)| groups),
        cpu: of("cpu").map(|hierarchy| walk(&hierarchy, most, cpu::look).0),
        dying,
    }
}

/// Groups of the memory controller that are removed, and that something still holds. Version 2 counts them; with version 1 they
/// are those that the kernel has beyond the ones that are seen.
fn dying(hierarchy: &Hierarchy, folders: u64, most: usize) -> Probed<u64> {
    if hierarchy.version == 2 {
        let path = format!("{}/cgroup.stat", hierarchy.point);
        return text(&path).and_then(|text| match value(&text, "nr_dying_descendants") {
            Some(dying) => Probed::Seen(dying),
            None => Probed::Absent(format!("nr_dying_descendants in {path}")),
        });
    }
    if !hierarchy.is_whole() {
        return Probed::Absent("count of removed groups in a container with version 1".to_owned());
    }
    if folders > most as u64 {
        return Probed::Denied(format!("a deep look, to count more than {most} groups"));
    }
    let path = "/proc/cgroups";
    text(path).and_then(|text| match parse_count(&text) {
        Some(count) => Probed::Seen(count.saturating_sub(folders)),
        None => Probed::Absent(format!("memory in {path}")),
    })
}

/// `num_cgroups` of the memory controller: the third field of its line.
fn parse_count(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("memory\t"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What a group was found to be.
enum Look<T> {
    /// This.
    Group(T),
    /// None of which a check needs anything, or gone.
    Nothing,
    /// It is there, but cannot be read.
    Unseen,
}

/// The groups, and how many folders there are: those that were not gone through have more.
fn walk<T>(
    hierarchy: &Hierarchy,
    most: usize,
    look: impl Fn(&Path, &str, u8) -> Look<T>,
) -> (Groups<T>, u64) {
    let whole = hierarchy.is_whole();
    let mut found = Groups { groups: Vec::new(), whole, left_out: 0 };
    // The topmost one of a machine has no limit; that of a container has its.
    let mut folders = vec![Path::new(&hierarchy.point).to_path_buf()];
    let mut at = 0;
    while let Some(folder) = folders.get(at).cloned() {
        if at > most {
            break;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
        if at > 0 || !whole {
            let path = hierarchy.path_of(&folder);
            match look(&folder, &path, hierarchy.version) {
                Look::Group(group) => found.groups.push(group),
                Look::Nothing => {}
                Look::Unseen => found.left_out += 1,
            }
        }
        at += 1;
    }
    found.left_out += folders.len().saturating_sub(at) as u64;
    (found, folders.len() as u64)
}

/// A file of a group: none if it is not there, as of a group that is gone or a kernel that has no such file.
fn read(folder: &Path, name: &str) -> Result<Option<String>, io::Error> {
    match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        // ENOENT, ENODEV, EOPNOTSUPP: no such file, no such group any more, not kept.
        Err(error) if matches!(error.raw_os_error(), Some(2 | 19 | 95)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The value of a name, in lines of both.
fn value(text: &str, name: &str) -> Option<u64> {
    let rest = |line: &'_ str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
    text.lines().find_map(rest)
}

#[cfg(test)]
mod tests;
