//! Connections that netfilter keeps track of, in the network namespaces of all processes.
//!
//! Source: Linux `net/netfilter/nf_conntrack_standalone.c`: `/proc/net/stat/nf_conntrack` has a line of names and one of
//! hexadecimal numbers for each processor; `entries` is the count of the whole namespace in each of them, the others are to be added up.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::probe::{number, owner, text};
use crate::snapshot::{Conntrack, Probed, Process, Tracked};

/// Below `/proc/PID/net`.
const STAT: &str = "stat/nf_conntrack";

/// Processes that are looked at, at most; and namespaces.
const PROCESSES_MAX: usize = 20_000;
const SPACES_MAX: usize = 500;

/// Of the own namespace, and of those of all processes.
pub(super) fn look() -> Probed<Conntrack> {
    number("/proc/sys/net/netfilter/nf_conntrack_max").and_then(|max| {
        let own = fs::read_link("/proc/thread-self/ns/net");
        let own = own.map(|link| link.to_string_lossy().into_owned()).unwrap_or_default();
        table("/proc/thread-self/net").and_then(|table| {
            let mut spaces = vec![tracked(own.clone(), None, &table)];
            let (others, unseen) = others();
            for process in others.into_values() {
                let table = self::table(&format!("/proc/{}/net", process.pid));
                let space = space(process.pid);
                // It may be gone by now. Where nothing is tracked and never was, there is nothing to tell.
                let told = table.seen().ok().map(|it| tracked(space, Some(process), it));
                spaces
                    .extend(told.filter(|it| it.count + it.dropped + it.evicted + it.collided > 0));
            }
            Probed::Seen(Conntrack { max, spaces, unseen })
        })
    })
}

/// A process of each other namespace, and how many processes could not be looked at. Namespaces are told apart by the inode of
/// the file, which each has of its own: who may not follow `/proc/PID/ns/net` may still see that.
fn others() -> (BTreeMap<u64, Process>, u64) {
    let (mut found, mut unseen, mut is_first_there) = (BTreeMap::new(), 0, false);
    let inode = |folder: &Path| Ok(fs::metadata(folder.join("net").join(STAT))?.ino());
    let own: io::Result<u64> = inode(Path::new("/proc/thread-self"));
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    for (at, pid) in pids.enumerate() {
        is_first_there |= pid == 1;
        if at >= PROCESSES_MAX {
            unseen += 1;
            continue;
        }
        let folder = Path::new("/proc").join(pid.to_string());
        match inode(&folder) {
            Ok(_) if found.len() >= SPACES_MAX => unseen += 1,
            Ok(inode) if own.as_ref().is_ok_and(|own| *own == inode) => {}
            Ok(inode) => {
                found.entry(inode).or_insert_with(|| Process { pid, name: owner::name(&folder) });
            }
            // No such file, no such process, no namespace: it has ended meanwhile, or is a zombie.
            Err(error) if matches!(error.raw_os_error(), Some(2 | 3 | 22)) => {}
            Err(_) => unseen += 1,
        }
    }
    // Where the first process is not listed, others are not either (hidepid).
    (found, unseen + u64::from(!is_first_there))
}

/// The namespace of a process, as `/proc/PID/ns/net` names it; without the right to follow that, by the process.
fn space(pid: u32) -> String {
    let link = fs::read_link(format!("/proc/{pid}/ns/net"));
    link.map_or_else(|_| format!("of pid {pid}"), |link| link.to_string_lossy().into_owned())
}

type Table = BTreeMap<String, u64>;

fn table(folder: &str) -> Probed<Table> {
    let path = format!("{folder}/{STAT}");
    text(&path).and_then(|text| {
        parse(&text).map_or_else(
            || Probed::Failed(format!("{path} is not in the form that is known")),
            Probed::Seen,
        )
    })
}

fn parse(text: &str) -> Option<Table> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split_whitespace().collect();
    let mut table = Table::new();
    for line in lines {
        for (name, value) in names.iter().zip(line.split_whitespace()) {
            let value = u64::from_str_radix(value, 16).ok()?;
            let sum = table.entry((*name).to_owned()).or_default();
            *sum = if *name == "entries" { value } else { *sum + value };
        }
    }
    ["entries", "drop", "early_drop", "insert_failed"]
        .iter()
        .all(|name| table.contains_key(*name))
        .then_some(table)
}

fn tracked(space: String, process: Option<Process>, table: &Table) -> Tracked {
    let of = |name: &str| table.get(name).copied().unwrap_or(0);
    Tracked {
        space,
        process,
        count: of("entries"),
        dropped: of("drop"),
        evicted: of("early_drop"),
        collided: of("insert_failed"),
    }
}

#[cfg(test)]
mod tests;
