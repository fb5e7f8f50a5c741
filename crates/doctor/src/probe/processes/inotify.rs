//! What users have of inotify: instances are descriptors, and `fdinfo` has a line for each watch (`Documentation/filesystems/proc.rst`).

use std::collections::BTreeMap;
use std::os::linux::fs::MetadataExt;
use std::path::Path;

use super::Open;
use crate::probe::{number, owner};
use crate::snapshot::{Inotify, InotifyUser, Probed, Process};

/// What a descriptor of inotify says that it is.
pub(super) const LINK: &str = "anon_inode:inotify";

/// Instances whose watches are counted, at most.
const INSTANCES_MAX: usize = 2_000;

pub(super) fn look(open: &Open) -> Probed<Inotify> {
    number("/proc/sys/fs/inotify/max_user_instances").and_then(|instances_max| {
        number("/proc/sys/fs/inotify/max_user_watches").map(|watches_max| {
            let (users, unseen) = users(open);
            Inotify { users, instances_max, watches_max, unseen: open.unseen + unseen }
        })
    })
}

/// And how many processes could not be looked at.
fn users(open: &Open) -> (Vec<InotifyUser>, u64) {
    let mut processes: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    let mut uncounted = 0;
    let links = open.links.iter().filter(|it| it.target == LINK);
    for (at, link) in links.enumerate() {
        let (instances, watches) = processes.entry(link.pid).or_default();
        *instances += 1;
        match (at < INSTANCES_MAX).then(|| watches_of(&link.path)).flatten() {
            Some(more) => *watches += more,
            None => uncounted += u64::from(link.path.exists()),
        }
    }
    let mut users: BTreeMap<u32, (InotifyUser, (u64, u64))> = BTreeMap::new();
    let mut unseen = uncounted;
    for (pid, (instances, watches)) in processes {
        let folder = Path::new("/proc").join(pid.to_string());
        let Ok(about) = std::fs::metadata(&folder) else {
            unseen += u64::from(folder.exists());
            continue;
        };
        let uid = about.st_uid();
        let largest = || Process { pid, name: owner::name(&folder) };
        let (user, most) = users.entry(uid).or_insert_with(|| {
            (InotifyUser { uid, instances: 0, watches: 0, largest: largest() }, (0, 0))
        });
        user.instances += instances;
        user.watches += watches;
        if (watches, instances) > *most {
            *most = (watches, instances);
            user.largest = largest();
        }
    }
    (users.into_values().map(|(user, _)| user).collect(), unseen)
}

/// Of `/proc/PID/fd/N`; none if that may not be read, or has more than are read.
fn watches_of(link: &Path) -> Option<u64> {
    let path = link.to_string_lossy().replace("/fd/", "/fdinfo/");
    let text = crate::probe::text(&path);
    let lines = text.seen().ok()?.lines();
    Some(lines.filter(|line| line.starts_with("inotify wd:")).count() as u64)
}
