//! What this machine knows of a server that runs on it: its process, and its file of settings.
//!
//! `INFO` tells the number that a process has in its own namespace, which may be another's here. So a process is taken for the
//! server only where it is called so and began when the server says it did.

use super::parts::SETTINGS;
use crate::probe::{self, host, text};
use crate::snapshot::{Probed, RedisFile, RedisProcess};

/// A server tells its age in whole seconds.
const AGE_SECONDS_APART: u64 = 3;

/// `USER_HZ`, the unit of `/proc/PID/stat`: 100 on every machine that Linux runs on today (proc(5)).
const TICKS: u64 = 100;

/// A limit of version 1 that is none: 2^63 less a page.
const NO_LIMIT: u64 = 1 << 62;

/// The process with this number, if it began so many seconds ago.
pub(super) fn process(pid: u32, uptime: u64) -> Probed<RedisProcess> {
    let away =
        || Probed::Absent("process of it on this machine: it may run in a container".to_owned());
    let name = probe::line(&format!("/proc/{pid}/comm"));
    if !["redis-server", "valkey-server"].iter().any(|it| it.starts_with(&name)) || name.is_empty()
    {
        return away();
    }
    let stat = probe::line(&format!("/proc/{pid}/stat"));
    let age = age(&stat, &probe::line("/proc/uptime"));
    if age.is_none_or(|age| age.abs_diff(uptime) > AGE_SECONDS_APART) {
        return away();
    }
    let status = text(&format!("/proc/{pid}/status"));
    let limits = text(&format!("/proc/{pid}/limits"));
    limits.and_then(|limits| {
        status.map(|status| RedisProcess {
            pid,
            descriptors_max: descriptors(&limits),
            memory_max: memory_max(pid),
            swapped_bytes: swapped(&status),
        })
    })
}

/// Seconds since a process began: of its `stat`, and of `/proc/uptime`.
pub(super) fn age(stat: &str, uptime: &str) -> Option<u64> {
    // The name, in parentheses, may hold anything.
    let began: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let up: u64 = uptime.split('.').next()?.parse().ok()?;
    up.checked_sub(began / TICKS)
}

/// The soft limit of `Max open files`; none if there is none.
pub(super) fn descriptors(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `VmSwap`, in bytes.
pub(super) fn swapped(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmSwap:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}

/// The least that its control group, or one above it, may hold.
fn memory_max(pid: u32) -> Option<u64> {
    let group = host::cgroup(&format!("/proc/{pid}/cgroup"))?;
    let mut least = None;
    let mut path = group.as_str();
    loop {
        let files = [
            format!("/sys/fs/cgroup/memory{path}/memory.limit_in_bytes"),
            format!("/sys/fs/cgroup{path}/memory.max"),
        ];
        let limits = files.iter().filter_map(|file| probe::line(file).parse::<u64>().ok());
        least = limits.filter(|it| *it < NO_LIMIT).chain(least).min();
        let Some((above, _)) = path.rsplit_once('/') else { return least };
        if path == "/" || path.is_empty() {
            return least;
        }
        path = above;
    }
}

/// The file with which a server was started, as its own process sees it.
pub(super) fn file(process: &Probed<RedisProcess>, path: Option<&str>) -> Probed<RedisFile> {
    let Probed::Seen(process) = process else {
        return process.clone().map(|_| RedisFile::default());
    };
    match path {
        None => Probed::Absent("field config_file in INFO of this version".to_owned()),
        Some("") => Probed::Seen(RedisFile::default()),
        Some(path) => {
            let own = text(&format!("/proc/{}/root{path}", process.pid));
            // Only root may follow the root of another's process; without a container it is the same file.
            let told = match own {
                Probed::Denied(_) => text(path),
                own => own,
            };
            told.map(|text| RedisFile { path: Some(path.to_owned()), ..settings(&text) })
        }
    }
}

/// What a file says of [`SETTINGS`].
pub(super) fn settings(text: &str) -> RedisFile {
    let mut file = RedisFile::default();
    let mut saves: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once(char::is_whitespace) else { continue };
        let (name, value) = (renamed(&name.to_lowercase()), value.trim().trim_matches(['"', '\'']));
        match name.as_str() {
            "include" => file.includes = true,
            // Each adds to those before, but for an empty one.
            "save" if value.is_empty() => saves.clear(),
            "save" => saves.push(value.to_owned()),
            // It may name addresses; and a line for each class, of which each has its own default.
            "bind" | "client-output-buffer-limit" => continue,
            name if SETTINGS.contains(&name) => {
                file.settings.insert(name.to_owned(), value.to_owned());
                continue;
            }
            _ => continue,
        }
        if name == "save" {
            file.settings.insert(name, saves.join(" "));
        }
    }
    file
}

/// What Redis 5.0 gave new names is written with the old ones in many files.
fn renamed(name: &str) -> String {
    let rest = name.strip_prefix("slave-").map(|rest| format!("replica-{rest}"));
    rest.unwrap_or_else(|| match name {
        "min-slaves-to-write" => "min-replicas-to-write".to_owned(),
        "min-slaves-max-lag" => "min-replicas-max-lag".to_owned(),
        name => name.to_owned(),
    })
}
