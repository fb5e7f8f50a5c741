//! R16: writes wait for the disk, or for a fork.
//!
//! Source: Redis `aof.c` (`flushAppendOnlyFile`: a write that comes while a flush has taken more than two seconds waits for it, and counts
//! `aof_delayed_fsync`); `latency.c` (`createLatencyReport` calls a fork of less than 10 GB a second terrible).

use super::words::{float, memory_max, mib, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// Bytes in a second below which forking is slow.
const FORK_RATE_MIN: f64 = 10.0 * 1_073_741_824.0;

/// Microseconds of a fork that nobody waits for in vain.
const FORK_MICROS_MIN: u64 = 100_000;

pub(super) static CHECK: Check = Check {
    id: "R16",
    title: "writes wait for the disk, or for a fork",
    severity: Severity::Warning,
    needs: "+info +latency; root on its machine, for the limit of its control group",
    expected: "no flush of the append-only file is late, a fork takes less than 100 ms, and its copies fit into memory",
    guardrail: "alert on rate(redis_aof_delayed_fsync[5m]) > 0 and redis_latest_fork_seconds > 0.1",
    probes: &[
        "INFO: aof_enabled, aof_delayed_fsync, latest_fork_usec, used_memory, used_memory_rss, rdb_last_cow_size, aof_last_cow_size",
        "LATENCY LATEST",
        "memory.max or memory.limit_in_bytes of its control group, where it runs here",
    ],
    proof: Proof::Lab,
    catalogue: &["redis-aof-fsync-p99"],
    page: Page {
        symptom: "Most answers take a fraction of a millisecond, and now and then all of them take seconds at once; the slow log is empty.",
        culprit: "The server has one thread for commands. A write to the append-only file waits if the last flush is not done after two seconds: the disk is slow, or shared with somebody who writes much, or a rewrite of the file itself keeps it busy. And a snapshot or a rewrite begins with a fork, in which the kernel copies the tables of all its memory, while nothing is answered. Neither is a slow command, so that neither is in the slow log.",
        proof: "Aspect fsync: aof_delayed_fsync grew between the two looks. Aspect fork: the last fork took at least 100 ms and went at less than 10 GB a second, which the server's own latency report calls terrible. Aspect cow: what the last snapshot or rewrite had copied, on top of what is resident now, is more than the process may hold. What LATENCY LATEST has is shown with it.",
        fix: "For fsync: a disk that no other writer shares, and no-appendfsync-on-rewrite yes if it happens during rewrites only. For fork: huge pages off (echo never > /sys/kernel/mm/transparent_hugepage/enabled), several smaller servers instead of a large one, snapshots on a replica. For cow: more memory, or a smaller maxmemory.",
        cost: "no-appendfsync-on-rewrite yes loses more in a crash of the machine: all writes since the rewrite began, not one second. Huge pages off takes effect for new memory only. All are undone by setting the former value.",
        lab: "A server whose flushes strace holds up for three seconds each, and which is written to meanwhile; mended by starting it without.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let seconds = pair.window.seconds();
    let has_file = server.field("aof_enabled")? == "1";
    let late = if has_file {
        pair.growth("aof_delayed_fsync", |it| it.counter("aof_delayed_fsync"))
    } else {
        Ok(0)
    };
    let mut faults = Vec::new();
    if let Ok(count @ 1..) = late {
        faults.push(flushes(server, count, seconds));
    }
    let (micros, used): (u64, u64) =
        (server.number("latest_fork_usec")?, server.number("used_memory")?);
    let rate = float(used) * 1e6 / float(micros.max(1));
    if micros >= FORK_MICROS_MIN && rate < FORK_RATE_MIN {
        faults.push(fork(server, micros, used));
    }
    let (most, whose) = memory_max(server)?;
    let resident: u64 = server.number("used_memory_rss")?;
    // Before 4.0 neither was told.
    let of = |name| server.counter(name);
    let copied = of("rdb_last_cow_size")?.max(of("aof_last_cow_size")?).unwrap_or(0);
    if copied > 0 && resident.saturating_add(copied) > most {
        faults.push(copies(resident, copied, most, whose));
    }
    let observed = format!(
        "no flush was late in {seconds:.1} s; the last fork took {:.1} ms",
        float(micros) / 1e3
    );
    Ok(Verdict { observed, faults, unseen: late.err() })
}

/// Flushes were late.
fn flushes(server: &Redis, count: u64, seconds: f64) -> Fault {
    let value = format!("{count} more in {seconds:.1} s");
    let mut evidence = vec![shown("INFO aof_delayed_fsync", &value)];
    if let Ok(events) = server.latency.seen() {
        let of_file = events.iter().filter(|it| it.event.starts_with("aof"));
        evidence.extend(of_file.map(|it| {
            shown(
                &format!("LATENCY LATEST {}", it.event),
                &format!("last {} ms, longest {} ms", it.last_ms, it.longest_ms),
            )
        }));
    }
    Fault {
        severity: Severity::Warning,
        aspect: Some("fsync"),
        at: None,
        observed: format!("{count} writes of the append-only file waited in {seconds:.1} s: a flush took more than 2 s"),
        impact: "all clients wait meanwhile, reads as well".to_owned(),
        fix: "find who else writes to that disk (iostat -x 1), and give the file a disk of its own; if it happens during rewrites only, CONFIG SET no-appendfsync-on-rewrite yes (undo: no)".to_owned(),
        actions: Vec::new(),
        risk: "with no-appendfsync-on-rewrite a crash of the machine loses all writes since the rewrite began".to_owned(),
        reversible: true,
        evidence,
        confidence: Confidence::High,
    }
}

/// The last fork was slow.
fn fork(server: &Redis, micros: u64, used: u64) -> Fault {
    let rate = float(used) * 1e6 / float(micros.max(1)) / 1_073_741_824.0;
    Fault {
        severity: Severity::Warning,
        aspect: Some("fork"),
        at: None,
        observed: format!("the last fork took {:.0} ms for {}, {rate:.1} GiB a second", float(micros) / 1e3, mib(used)),
        impact: "with each snapshot and each rewrite nothing is answered for as long".to_owned(),
        fix: "huge pages off: echo never > /sys/kernel/mm/transparent_hugepage/enabled (undo: the word that was in brackets); or snapshots on a replica, or several smaller servers".to_owned(),
        actions: Vec::new(),
        risk: "it takes effect for new memory only: start the server again, a replica first".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO latest_fork_usec", &micros),
            shown("INFO used_memory", &used),
            shown("INFO rdb_last_bgsave_status", &server.field("rdb_last_bgsave_status").unwrap_or("not told")),
        ],
        confidence: Confidence::High,
    }
}

/// The next snapshot may not fit.
fn copies(resident: u64, copied: u64, most: u64, whose: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("cow"),
        at: None,
        observed: format!(
            "the last snapshot or rewrite copied {}; with {} resident that is more than the {} that {whose} has",
            mib(copied),
            mib(resident),
            mib(most)
        ),
        impact: "the kernel may kill the server during the next snapshot or rewrite".to_owned(),
        fix: "more memory, or CONFIG SET maxmemory lower (undo: the former value); snapshots at times when little is written".to_owned(),
        actions: Vec::new(),
        risk: "below what is used, writes are refused or keys thrown away at once".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO rdb_last_cow_size, aof_last_cow_size", &copied),
            shown("INFO used_memory_rss", &resident),
            shown(&format!("memory of {whose}"), &most),
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
