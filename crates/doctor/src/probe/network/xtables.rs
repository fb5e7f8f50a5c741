//! The lock under which iptables changes its rules, and who holds it.
//!
//! Source: iptables `iptables/xshared.c`, which locks `/run/xtables.lock` with flock(2); proc(5), `/proc/locks`: a line for each lock, with `->`
//! for one that is waited for, then kind, process, device (hexadecimal) and inode of the file.

use std::path::Path;

use crate::probe::{owner, text, unseen};
use crate::snapshot::{LockHolder, Probed, Process, Xtables};

const LOCK: &str = "/run/xtables.lock";

/// Ticks of `/proc/PID/stat` in a second: `USER_HZ`, the same on every machine.
const TICKS: u64 = 100;

pub(super) fn look() -> Probed<Xtables> {
    let file = match rustix::fs::stat(LOCK) {
        Ok(file) => file,
        Err(error) => return unseen(&error.into(), LOCK),
    };
    let (major, minor) = (rustix::fs::major(file.st_dev), rustix::fs::minor(file.st_dev));
    let file = format!("{major:02x}:{minor:02x}:{}", file.st_ino);
    text("/proc/locks").map(|text| {
        let (holder, waiting) = parse(&text, &file);
        Xtables { holder: holder.map(holder_of), waiting }
    })
}

/// Which process holds the lock on this file, and how many wait for it.
fn parse(text: &str, file: &str) -> (Option<u32>, u64) {
    let (mut holder, mut waiting) = (None, 0);
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().skip(1).collect();
        let is_waiting = fields.first() == Some(&"->");
        let fields = fields.get(usize::from(is_waiting)..).unwrap_or_default();
        let (Some(pid), Some(of)) = (fields.get(3), fields.get(4)) else { continue };
        if *of != file {
            continue;
        }
        if is_waiting {
            waiting += 1;
        } else {
            // 0 or less is one of another pid namespace.
            holder = Some(pid.parse().unwrap_or(0));
        }
    }
    (holder, waiting)
}

fn holder_of(pid: u32) -> LockHolder {
    let name = owner::name(&Path::new("/proc").join(pid.to_string()));
    let stat = text(&format!("/proc/{pid}/stat"));
    let uptime = text("/proc/uptime");
    let running_ms = match (stat.seen(), uptime.seen()) {
        (Ok(stat), Ok(uptime)) => running_ms(stat, uptime),
        _ => None,
    };
    LockHolder { process: Process { pid, name }, running_ms }
}

/// By `starttime`, the 22nd field, of which the second may hold blanks, and by the time since the machine was started.
fn running_ms(stat: &str, uptime: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let started: u64 = rest.split_whitespace().nth(19)?.parse().ok()?;
    let (seconds, hundredths) = uptime.split_whitespace().next()?.split_once('.')?;
    let up_ms = seconds.parse::<u64>().ok()? * 1_000 + hundredths.parse::<u64>().ok()? * 10;
    Some(up_ms.saturating_sub(started * (1_000 / TICKS)))
}

#[cfg(test)]
mod tests;
