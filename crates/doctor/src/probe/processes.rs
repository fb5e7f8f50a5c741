//! Processes, and what they hold.

use std::fs;
use std::path::{Path, PathBuf};

use crate::snapshot::{Probed, Processes};

mod counts;
mod data;
mod deleted;
mod descriptors;
mod inotify;
mod limits;
mod replaced;
mod servers;
mod tasks;

/// Processes that are looked at, at most.
const PROCESSES_MAX: usize = 20_000;

/// Looks at them.
pub(super) fn look(_deep: bool) -> Processes {
    let servers = servers::look();
    let known = servers.seen().map(Vec::as_slice).unwrap_or_default();
    let open = open();
    Processes {
        descriptors: descriptors::look(),
        data: servers.clone().map(|_| data::look(known)),
        limits: servers.clone().map(|_| limits::look(known)),
        deleted: open.clone().map(|open| deleted::look(&open)),
        inotify: open.and_then(|open| inotify::look(&open)),
        replaced: replaced::look(),
        tasks: tasks::look(),
        counts: Probed::Seen(counts::look()),
        files: counts::files(),
        servers,
    }
}

/// Numbers of processes, and whether the first is not among them: then others are not either (hidepid).
fn pids() -> Probed<(Vec<u32>, bool)> {
    let all = match fs::read_dir("/proc") {
        Ok(all) => all,
        Err(error) => return super::unseen(&error, "/proc"),
    };
    let pids = all.flatten().filter_map(|it| it.file_name().to_str()?.parse().ok());
    let pids: Vec<u32> = pids.take(PROCESSES_MAX).collect();
    let is_first_hidden = !pids.contains(&1);
    Probed::Seen((pids, is_first_hidden))
}

/// Descriptors of all processes that are of interest here: those of deleted files, and of inotify.
#[derive(Clone, Debug, Default)]
struct Open {
    links: Vec<Link>,
    /// Processes that could not be looked at.
    unseen: u64,
}

/// A descriptor of a process.
#[derive(Clone, Debug)]
struct Link {
    pid: u32,
    /// Such as `/proc/812/fd/7`.
    path: PathBuf,
    /// What it says that it is.
    target: String,
}

/// Links that are read, at most.
const LINKS_MAX: usize = 200_000;

fn open() -> Probed<Open> {
    pids().map(|(pids, is_first_hidden)| {
        let mut open = Open { links: Vec::new(), unseen: u64::from(is_first_hidden) };
        let mut left = LINKS_MAX;
        for pid in pids {
            let folder = Path::new("/proc").join(pid.to_string()).join("fd");
            match fs::read_dir(&folder) {
                Ok(all) if left > 0 => {
                    for entry in all.flatten().take(left) {
                        left -= 1;
                        open.links.extend(link(pid, entry.path()));
                    }
                }
                Ok(_) => open.unseen += 1,
                Err(error) => open.unseen += u64::from(!is_gone(&error)),
            }
        }
        open
    })
}

fn link(pid: u32, path: PathBuf) -> Option<Link> {
    let target = fs::read_link(&path).ok()?.to_string_lossy().into_owned();
    let is_wanted = target.ends_with(DELETED) || target == inotify::LINK;
    is_wanted.then_some(Link { pid, path, target })
}

/// How the kernel marks what has no name any more.
const DELETED: &str = " (deleted)";

/// No such file, no such process: it has ended meanwhile.
fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(2 | 3))
}
