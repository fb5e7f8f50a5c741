//! Processes that the kernel killed for want of memory, by what it wrote to its log.
//!
//! Source: Linux `mm/oom_kill.c`, `dump_header`, `dump_oom_victim` and `__oom_kill_process`, since 5.0; before, the two lines
//! `Task in ... killed as a result of limit of ...` and `Killed process`. Documentation/ABI/testing/dev-kmsg for `/dev/kmsg`.

use std::fs::File;
use std::io::{self, Read};

use rustix::fs::{Mode, OFlags};
use rustix::time::{ClockId, clock_gettime};

use crate::probe::unseen;
use crate::snapshot::{Kill, Kills, Probed, Process};

const PATH: &str = "/dev/kmsg";

/// So many lines are read, at most: more than the longest log that is usual, of 16 MiB, has.
const LINES_MAX: usize = 300_000;

/// No line is longer.
const LINE_BYTES_MAX: usize = 8_192;

/// So many kills are told, the last ones.
const KILLS_MAX: usize = 500;

/// Lines of one kill come within this time.
const ONE_KILL_MS: u64 = 2_000;

/// Reads the log to its end, and never waits.
pub(super) fn look() -> Probed<Kills> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut log = match rustix::fs::open(PATH, flags, Mode::empty()) {
        Ok(descriptor) => File::from(descriptor),
        Err(error) => return unseen(&error.into(), PATH),
    };
    let mut reader = Reader::new(slept_ms());
    let mut line = vec![0; LINE_BYTES_MAX];
    for _ in 0..LINES_MAX {
        match log.read(&mut line) {
            Ok(length) => {
                let read = line.get(..length).unwrap_or_default();
                reader.line(&String::from_utf8_lossy(read));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // EPIPE: lines were overwritten while it read; the next one is there.
            Err(error) if error.raw_os_error() == Some(32) => {}
            Err(error) => return unseen(&error, PATH),
        }
    }
    Probed::Seen(reader.end())
}

/// How long the machine was suspended: the clock of the log stands still then.
fn slept_ms() -> u64 {
    let ms = |clock| {
        let time = clock_gettime(clock);
        u64::try_from(time.tv_sec).unwrap_or(0) * 1_000
            + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
    };
    ms(ClockId::Boottime).saturating_sub(ms(ClockId::Monotonic))
}

/// What was found so far.
#[derive(Debug, Default)]
struct Reader {
    slept_ms: u64,
    since_up_ms: Option<u64>,
    killed: Vec<Kill>,
    /// Of a kernel before 5.0: the group that the next victim is in, and the one whose limit was reached.
    groups: Option<(String, String)>,
}

impl Reader {
    fn new(slept_ms: u64) -> Self {
        Self { slept_ms, ..Self::default() }
    }

    /// A line such as `6,339,5140900,-;text`, with the time in microseconds.
    fn line(&mut self, line: &str) {
        let Some((head, text)) = line.split_once(';') else { return };
        // Programs may write lines of their own, which have a facility of theirs: from 8 on.
        let priority = head.split(',').next().and_then(|priority| priority.parse::<u32>().ok());
        if priority.is_none_or(|priority| priority >= 8) {
            return;
        }
        let Some(us) = head.split(',').nth(2).and_then(|us| us.parse::<u64>().ok()) else { return };
        let up_ms = us / 1_000 + self.slept_ms;
        self.since_up_ms.get_or_insert(up_ms);
        let text = text.lines().next().unwrap_or_default();
        if let Some(told) = text.strip_prefix("oom-kill:") {
            self.killed.extend(summary(told, up_ms));
        } else if let Some(groups) = text.strip_prefix("Task in ") {
            let groups = groups.split_once(" killed as a result of limit of ");
            self.groups = groups.map(|(group, limit)| (group.to_owned(), limit.to_owned()));
        } else if let Some((before, told)) = text.split_once("Killed process ") {
            self.killed_process(before, told, up_ms);
        }
    }

    /// `812 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB, ...`: of the victim that was told just before, or of one that was
    /// not: of an old kernel, or one that dies with its group.
    fn killed_process(&mut self, before: &str, told: &str, up_ms: u64) {
        let Some((pid, rest)) = told.split_once(" (") else { return };
        let Some((name, sizes)) = rest.split_once(") total-vm:") else { return };
        // `812, UID 0, (java)` of some versions of 5.
        let Ok(pid) = pid.split(',').next().unwrap_or_default().parse() else { return };
        let resident = sizes.split(", ").find_map(|size| {
            size.strip_prefix("anon-rss:")?.strip_suffix("kB")?.parse::<u64>().ok()
        });
        let resident_bytes = resident.map(|kib| kib.saturating_mul(1024));
        let groups = self.groups.take();
        let near = |it: &&mut Kill| up_ms.saturating_sub(it.up_ms) < ONE_KILL_MS;
        let last = self.killed.last_mut().filter(near);
        let same = last.filter(|last| last.victim.pid == pid && last.resident_bytes.is_none());
        if let Some(same) = same {
            same.resident_bytes = resident_bytes;
            return;
        }
        let by_group = before.contains("Memory cgroup") || groups.is_some();
        let (group, limit_of) =
            groups.map_or((None, None), |(group, limit)| (Some(group), by_group.then_some(limit)));
        // One that dies with its group is in that of the victim before it.
        let with = self.killed.last().filter(|last| {
            by_group && !last.machine && up_ms.saturating_sub(last.up_ms) < ONE_KILL_MS
        });
        let (with_group, with_limit) =
            with.map_or((None, None), |last| (last.group.clone(), last.limit_of.clone()));
        self.killed.push(Kill {
            up_ms,
            victim: Process { pid, name: name.to_owned() },
            machine: !by_group,
            limit_of: limit_of.or(with_limit),
            group: group.or(with_group),
            resident_bytes,
        });
    }

    fn end(mut self) -> Kills {
        let more = self.killed.len().saturating_sub(KILLS_MAX);
        self.killed.drain(..more);
        Kills { killed: self.killed, since_up_ms: self.since_up_ms.unwrap_or(0) }
    }
}

/// `constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=java,pid=812,uid=0`; a name may have commas.
fn summary(told: &str, up_ms: u64) -> Option<Kill> {
    let (rest, _uid) = told.rsplit_once(",uid=")?;
    let (rest, pid) = rest.rsplit_once(",pid=")?;
    let (rest, name) = rest.rsplit_once(",task=")?;
    let (rest, group) = rest
        .split_once(",task_memcg=")
        .map_or((rest, None), |(rest, group)| (rest, Some(group.to_owned())));
    let limit_of = rest.split_once(",oom_memcg=").map(|(_, limit)| limit.to_owned());
    Some(Kill {
        up_ms,
        victim: Process { pid: pid.parse().ok()?, name: name.to_owned() },
        machine: !rest.starts_with("constraint=CONSTRAINT_MEMCG"),
        limit_of,
        group,
        resident_bytes: None,
    })
}

#[cfg(test)]
mod tests;
