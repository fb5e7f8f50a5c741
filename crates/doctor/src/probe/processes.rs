//! Processes, and what they hold.

use std::fs;
use std::path::{Path, PathBuf};

use tokio::time::Instant;

use super::{PART, begin, end};
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

/// Looks at them, part by part side by side: the maps of a process that hangs, or a folder on a dead disk, are waited for in vain.
pub(super) fn look(_deep: bool) -> Processes {
    let until = Instant::now() + PART;
    let (descriptors, replaced) = (begin(descriptors::look), begin(replaced::look));
    let tasks = begin(tasks::look);
    // Only links are read here, which no disk is asked for.
    let (servers, open) = (servers::look(), open());
    let data = servers.clone().map(|known| begin(move || data::look(&known)));
    let limits = servers.clone().map(|known| begin(move || limits::look(&known)));
    let deleted = open.clone().map(|open| begin(move || deleted::look(&open)));
    let inotify = open.map(|open| begin(move || inotify::look(&open)));
    Processes {
        descriptors: whole(end("descriptors", &descriptors, until)),
        data: data.and_then(|it| end("folders of data", &it, until)),
        limits: limits.and_then(|it| end("limits", &it, until)),
        deleted: deleted.and_then(|it| end("deleted files", &it, until)),
        inotify: whole(inotify.and_then(|it| end("watches of files", &it, until))),
        replaced: whole(end("mapped files", &replaced, until)),
        tasks: whole(end("threads that wait", &tasks, until)),
        counts: Probed::Seen(counts::look()),
        files: counts::files(),
        servers,
    }
}

/// What was seen, or why not, of what was waited for in time.
fn whole<T>(seen: Probed<Probed<T>>) -> Probed<T> {
    seen.and_then(|it| it)
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
