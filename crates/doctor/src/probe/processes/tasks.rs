//! Processes that have ended and whose parent did not ask after them, and threads that wait in the kernel and cannot be
//! interrupted: `/proc/PID/stat` and `/proc/PID/task/TID/stat`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::pids;
use crate::probe::{line, number, owner};
use crate::snapshot::{Blocked, Brood, Probed, Process, Tasks};

/// Threads that are looked at, at most, beside the first of each process.
const THREADS_MAX: usize = 20_000;

/// So many parents and blocked threads are told of, at most.
const TOLD_MAX: usize = 50;

pub(super) fn look() -> Probed<Tasks> {
    pids().map(|(pids, is_first_hidden)| {
        let mut tasks = Tasks { unseen: u64::from(is_first_hidden), ..Tasks::default() };
        let mut ended: BTreeMap<u32, u64> = BTreeMap::new();
        let mut left = THREADS_MAX;
        for pid in pids {
            let path = format!("/proc/{pid}");
            let Some(stat) = parse_stat(&line(&format!("{path}/stat"))) else { continue };
            if stat.state == 'Z' {
                *ended.entry(stat.parent).or_default() += 1;
            } else if stat.threads > 1 {
                threads(pid, &mut left, &mut tasks);
            } else if stat.state == 'D' {
                tasks.blocked.push(blocked(pid, pid));
            }
        }
        tasks.parents = parents(ended);
        tasks.blocked.truncate(TOLD_MAX);
        tasks.hung = number("/proc/sys/kernel/hung_task_detect_count").seen().ok().copied();
        tasks
    })
}

fn parents(ended: BTreeMap<u32, u64>) -> Vec<Brood> {
    let mut parents: Vec<Brood> = ended
        .into_iter()
        .map(|(pid, ended)| Brood { parent: Process { pid, name: name(pid) }, ended })
        .collect();
    parents.sort_by_key(|it| std::cmp::Reverse(it.ended));
    parents.truncate(TOLD_MAX);
    parents
}

fn threads(pid: u32, left: &mut usize, tasks: &mut Tasks) {
    let all = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for thread in all.filter_map(|it| it.file_name().to_str()?.parse().ok()) {
        if *left == 0 {
            tasks.unseen += 1;
            return;
        }
        *left -= 1;
        let stat = parse_stat(&line(&format!("/proc/{pid}/task/{thread}/stat")));
        if stat.is_some_and(|it| it.state == 'D') {
            tasks.blocked.push(blocked(pid, thread));
        }
    }
}

fn blocked(pid: u32, thread: u32) -> Blocked {
    let folder = format!("/proc/{pid}/task/{thread}");
    let status = crate::probe::text(&format!("{folder}/status"));
    let place = line(&format!("{folder}/wchan"));
    Blocked {
        process: Process { pid, name: name(pid) },
        thread,
        switches: status.seen().ok().and_then(|text| parse_switches(text)),
        // What may not be read is `0`.
        place: (!place.is_empty() && place != "0").then_some(place),
    }
}

fn name(pid: u32) -> String {
    owner::name(&Path::new("/proc").join(pid.to_string()))
}

struct Stat {
    state: char,
    parent: u32,
    threads: u64,
}

/// The name may hold spaces and brackets: what follows is behind its last bracket.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
    })
}

/// Of both kinds together.
fn parse_switches(text: &str) -> Option<u64> {
    let of = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse::<u64>().ok()
    };
    Some(of("voluntary_ctxt_switches:")? + of("nonvoluntary_ctxt_switches:")?)
}

#[cfg(test)]
mod tests;
