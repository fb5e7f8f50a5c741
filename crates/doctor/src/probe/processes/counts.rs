//! How many threads and processes there are, and may be, of the machine and of its control groups.

use std::fs;
use std::path::{Path, PathBuf};

use crate::probe::{line, number, text};
use crate::snapshot::{Counts, GroupCount, Probed, Use};

/// Groups that are looked at, at most.
const GROUPS_MAX: usize = 5_000;

/// So many are told of, the fullest.
const TOLD_MAX: usize = 20;

pub(super) fn look() -> Counts {
    let threads = text("/proc/loadavg").and_then(|text| {
        let threads = parse_threads(&text);
        threads.map_or_else(
            || Probed::Failed("/proc/loadavg is in no known form".to_owned()),
            Probed::Seen,
        )
    });
    let against = |most: &str| {
        let most = number(most);
        threads.clone().and_then(|used| most.map(|most| Use { used, most }))
    };
    Counts {
        threads: against("/proc/sys/kernel/threads-max"),
        numbers: against("/proc/sys/kernel/pid_max"),
        groups: groups(),
    }
}

/// Open files of the whole system.
pub(super) fn files() -> Probed<Use> {
    text("/proc/sys/fs/file-nr").and_then(|text| {
        let files = parse_files(&text);
        files.map_or_else(
            || Probed::Failed("/proc/sys/fs/file-nr is in no known form".to_owned()),
            Probed::Seen,
        )
    })
}

/// Of `0.20 0.18 0.12 1/80 11206`: all that can be scheduled, which are threads.
fn parse_threads(text: &str) -> Option<u64> {
    text.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

/// Of `995 0 2466170`: taken, taken but not in use, the most.
fn parse_files(text: &str) -> Option<Use> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (taken, idle, most) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some(Use { used: taken.saturating_sub(idle), most })
}

/// Of the hierarchy of `pids` of version 1 where there is one, else of version 2.
fn groups() -> Probed<Vec<GroupCount>> {
    let roots = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].map(Path::new);
    let is_one = |root: &&Path| root.join("cgroup.procs").exists();
    let Some(root) = roots.into_iter().find(is_one) else {
        return Probed::Absent(
            "control groups with a count of tasks below /sys/fs/cgroup".to_owned(),
        );
    };
    let mut found = Vec::new();
    let mut left = vec![root.to_owned()];
    let mut seen = 0;
    while let Some(folder) = left.pop() {
        if seen == GROUPS_MAX {
            return Probed::Failed(format!("there are more than {GROUPS_MAX} control groups"));
        }
        seen += 1;
        found.extend(group(root, &folder));
        left.extend(below(&folder));
    }
    found.sort_by_key(|it: &GroupCount| std::cmp::Reverse(it.tasks.share()));
    found.truncate(TOLD_MAX);
    Probed::Seen(found)
}

/// None if it has no limit.
fn group(root: &Path, folder: &Path) -> Option<GroupCount> {
    let read = |name: &str| line(&folder.join(name).to_string_lossy()).parse().ok();
    let tasks = Use { used: read("pids.current")?, most: read("pids.max")? };
    let path = folder.strip_prefix(root).unwrap_or(folder);
    Some(GroupCount { group: format!("/{}", path.to_string_lossy()), tasks })
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|it| it.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|it| it.path())
        .collect()
}

#[cfg(test)]
mod tests;
