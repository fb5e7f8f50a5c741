//! File systems where they are mounted.
//!
//! A look at one whose server or disk is dead never comes back. So each is asked in a thread of its own, all side by side, and
//! who has not answered within [`ANSWER`] is told as such. One that still has not answered an earlier look is not asked again:
//! at most one thread for each is ever stuck.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::probe::text;
use crate::snapshot::{Mount, Probed, Space};

/// More are not asked how full they are.
const MOUNTS_MAX: usize = 256;

/// Each has so long to answer after the one that answered last.
const ANSWER: Duration = Duration::from_millis(500);

/// These hold files of their own; of `overlay` only the root does, as others are seen on what lies below them.
const KEPT: &[&str] = &[
    "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "ntfs3", "tmpfs", "vfat",
    "xfs", "zfs",
];

/// Those that had not answered when a look ended, and whether they have since.
static STUCK: Mutex<BTreeMap<String, Arc<AtomicBool>>> = Mutex::new(BTreeMap::new());

/// What came of asking.
type Answer = (usize, Result<Space, rustix::io::Errno>);

pub(super) fn look() -> Probed<Vec<Mount>> {
    text("/proc/thread-self/mountinfo").map(|text| {
        let mut mounts = uncovered(parse(&text));
        mounts.retain(is_kept);
        for mount in &mut mounts {
            mount.faults = faults(&mount.device);
        }
        ask(&mut mounts);
        mounts
    })
}

/// Of several at one place only the last can be reached.
fn uncovered(mounts: Vec<Mount>) -> Vec<Mount> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<Mount> =
        mounts.into_iter().rev().filter(|it| seen.insert(it.point.clone())).collect();
    kept.reverse();
    kept
}

fn is_kept(mount: &Mount) -> bool {
    let is_root = mount.kind == "overlay" && mount.point == "/";
    is_root || mount.is_remote() || KEPT.contains(&mount.kind.as_str())
}

fn ask(mounts: &mut [Mount]) {
    let (send, receive) = mpsc::channel();
    let mut asked = BTreeMap::new();
    for (at, mount) in mounts.iter_mut().enumerate() {
        let what = if mount.is_remote() { "network file system" } else { "file system" };
        // What stays unless an answer comes.
        mount.space = Probed::Absent(format!("answer of the {what} {} in time", mount.point));
        if at < MOUNTS_MAX {
            asked.extend(begin(at, &mount.point, &send).map(|done| (at, done)));
        }
    }
    drop(send);
    collect(mounts, &receive, &mut asked);
    let mut stuck = STUCK.lock().unwrap_or_else(PoisonError::into_inner);
    for (at, done) in asked {
        stuck.extend(mounts.get(at).map(|it| (it.point.clone(), done)));
    }
}

/// Tells when it has answered; none if it is not asked, as it has not answered an earlier look yet.
fn begin(at: usize, point: &str, send: &Sender<Answer>) -> Option<Arc<AtomicBool>> {
    let mut stuck = STUCK.lock().unwrap_or_else(PoisonError::into_inner);
    if stuck.get(point).is_some_and(|done| !done.load(Ordering::Relaxed)) {
        return None;
    }
    stuck.remove(point);
    let done = Arc::new(AtomicBool::new(false));
    let (send, point, told) = (send.clone(), point.to_owned(), Arc::clone(&done));
    let asking = thread::Builder::new().spawn(move || {
        let found = space(&point);
        told.store(true, Ordering::Relaxed);
        // Who has stopped waiting gets nothing.
        let _gone = send.send((at, found));
    });
    asking.is_ok().then_some(done)
}

/// Leaves those that have not answered in `asked`.
fn collect(
    mounts: &mut [Mount],
    receive: &Receiver<Answer>,
    asked: &mut BTreeMap<usize, Arc<AtomicBool>>,
) {
    while !asked.is_empty() {
        let (at, found) = match receive.recv_timeout(ANSWER) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        };
        asked.remove(&at);
        let Some(mount) = mounts.get_mut(at) else { continue };
        match found {
            Ok(space) => mount.space = Probed::Seen(space),
            Err(error) => {
                mount.error = Some(error.raw_os_error());
                mount.space = super::super::unseen(&error.into(), &mount.point);
            }
        }
    }
}

/// First by stat(2), which XFS refuses once it has shut down, as statvfs(3) does not.
fn space(point: &str) -> Result<Space, rustix::io::Errno> {
    rustix::fs::stat(point)?;
    let told = rustix::fs::statvfs(point)?;
    let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
    Ok(Space {
        size: bytes(told.f_blocks),
        free: bytes(told.f_bfree),
        available: bytes(told.f_bavail),
        inodes: told.f_files,
        inodes_free: told.f_ffree,
    })
}

/// None of what is not ext4, or of an older kernel.
fn faults(device: &str) -> Option<u64> {
    let link = fs::read_link(format!("/sys/dev/block/{device}")).ok()?;
    let name = link.file_name()?.to_str()?;
    text(&format!("/sys/fs/ext4/{name}/errors_count")).seen().ok()?.trim().parse().ok()
}

/// All of them, in the order in which they were mounted. A line that is in no known form is left out.
pub(in crate::probe) fn parse(text: &str) -> Vec<Mount> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mount> {
    // Between both are as many tags as there are.
    let (place, what) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(2);
    let device = place.next()?.to_owned();
    let (point, options) = (place.nth(1)?, place.next()?);
    let mut what = what.split(' ');
    let (kind, source, features) = (what.next()?, what.next()?, what.next()?);
    let list = |text: &str| text.split(',').map(str::to_owned).collect();
    Some(Mount {
        point: unescape(point),
        kind: kind.to_owned(),
        source: unescape(source),
        device,
        options: list(options),
        features: list(features),
        ..Mount::default()
    })
}

/// A space, a tabulator, a line feed and a backslash are written by their octal numbers.
fn unescape(text: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .into_iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests;
