//! C13: etcd takes no writes any more, or will soon.
//!
//! Source: the documentation of etcd, maintenance (space quota, defragmentation), tuning (a heartbeat each 100 ms) and hardware (99 % of
//! the flushes of the log take less than 10 ms); etcd-mixin: `etcdBackendQuotaLowSpace` (95 %), `etcdNoLeader`.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Etcd, EtcdAlarm, EtcdDurations, EtcdMetrics, Pair};

/// Percent of the quota from which on somebody should see to it.
const FULL_SOON: u64 = 80;

/// Percent of the quota from which on it is urgent, as etcd-mixin has it.
const FULL: u64 = 95;

/// A flush of the log should not take longer, as the documentation has it.
const FLUSH_US: u64 = 10_000;

/// The leader tells the others so often that it is there, unless it is set otherwise: a flush that takes as long is late for that.
const HEARTBEAT_US: u64 = 100_000;

/// Of fewer flushes the mean tells nothing.
const FLUSHES_MIN: u64 = 20;

/// Of fewer flushes there is no slowest one in a hundred.
const FLUSHES_P99: u64 = 100;

pub(super) static CHECK: Check = Check {
    id: "C13",
    title: "etcd takes no writes any more, or will soon",
    severity: Severity::Critical,
    needs: "its metrics; where etcd has users, one with the role root for its alarms",
    expected: "less than 80 % of the quota, no alarm, a leader, and flushes of the log that take less than 10 ms",
    guardrail: "--auto-compaction-retention, and alert on etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes > 0.8",
    probes: &[
        "GET /metrics: etcd_mvcc_db_total_size_in_bytes, etcd_mvcc_db_total_size_in_use_in_bytes, etcd_server_quota_backend_bytes, etcd_server_has_leader, etcd_disk_wal_fsync_duration_seconds",
        "POST /v3/maintenance/alarm {\"action\":\"GET\"}",
    ],
    proof: Proof::Lab,
    catalogue: &["etcd-quota-no-compaction"],
    page: Page {
        symptom: "Every write is answered with \"mvcc: database space exceeded\", while reads go on: Kubernetes starts nothing and changes nothing any more. Or writes take long, and leaders change.",
        culprit: "etcd keeps each former value of each key until somebody compacts them, and its file does not get smaller by that: what is free in it is used again, and only a defragmentation gives it back. When the file of a member reaches the quota (2 GiB unless it is set), the member raises the alarm NOSPACE, and the whole cluster takes only reads and deletions until the alarm is disarmed, even if there is space again.",
        proof: "The alarm itself; else the size of the file against the quota, a warning from 80 % and critical from 95 %, where etcd-mixin alerts. How much of the file is in use tells whether a defragmentation alone helps. Aspect corrupt: the alarm CORRUPT. Aspect leader: the member knew no leader at both looks. Aspect fsync: flushes of the log between the two looks, by the mean of at least 20 of them, or the slowest hundredth of at least 100; above the 10 ms of the documentation it is told, from 100 ms on, which is how often a leader has to be heard of, it is a warning.",
        fix: "Compact up to the present revision (etcdctl endpoint status -w json tells it; etcdctl compact REVISION), then etcdctl defrag on one member after the other, the leader last, then etcdctl alarm disarm. A larger --quota-backend-bytes where what is in use is itself near the quota; the documentation suggests at most 8 GiB.",
        cost: "A compaction drops former values for ever: who watches from an older revision is told so and has to read all anew. A member does not answer while it is defragmented, some seconds for each GB, and needs space on its disk for a second file. Neither can be undone.",
        lab: "A member with a quota of 2 MB, to which one key is written over and over until etcd refuses; mended by compaction, defragmentation and disarming.",
    },
    rule: Rule::Etcd(rule),
};

fn rule(pair: &Pair<'_, Etcd>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let metrics = server.metrics.seen()?;
    let mut faults = Vec::new();
    let mut unseen = None;
    match server.alarms.seen() {
        Ok(alarms) => faults.extend(alarms.iter().find(|it| it.alarm == "CORRUPT").map(corrupt)),
        Err(blind) => unseen = Some(blind),
    }
    let observed = match space(server, metrics) {
        Ok((observed, fault)) => {
            faults.extend(fault);
            observed
        }
        Err(blind) => {
            unseen = Some(blind);
            String::new()
        }
    };
    match leader(pair, metrics) {
        Ok(fault) => faults.extend(fault),
        Err(blind) => unseen = Some(blind),
    }
    match flushes(pair, metrics) {
        Ok(fault) => faults.extend(fault),
        Err(blind) => unseen = Some(blind),
    }
    Ok(Verdict { observed, faults, unseen })
}

fn known<T: Copy>(value: Option<T>, name: &str) -> Result<T, Blind> {
    value.ok_or_else(|| Blind::Absent(format!("metric {name} in this version")))
}

/// How full the file is, in a line, and what is wrong with that.
fn space(server: &Etcd, metrics: &EtcdMetrics) -> Result<(String, Option<Fault>), Blind> {
    let size = known(metrics.db_bytes, "etcd_mvcc_db_total_size_in_bytes")?;
    let in_use = known(metrics.in_use_bytes, "etcd_mvcc_db_total_size_in_use_in_bytes")?;
    let quota = known(metrics.quota_bytes, "etcd_server_quota_backend_bytes")?;
    let alarms = server.alarms.seen().ok();
    let alarm = alarms.and_then(|all| all.iter().find(|it| it.alarm == "NOSPACE"));
    let quota = u64::try_from(quota).ok().filter(|quota| *quota > 0);
    let Some(quota) = quota else {
        let observed = format!("{size} bytes, of which {in_use} are in use, and no quota");
        return Ok((observed, alarm.map(|alarm| full(alarm, server, "the quota is off now"))));
    };
    let percent = size.saturating_mul(100) / quota;
    let told = format!("{size} of {quota} bytes ({percent} %), of which {in_use} are in use");
    let is_spare = in_use.saturating_mul(100) < quota.saturating_mul(FULL_SOON);
    let fault = match alarm {
        Some(alarm) => Some(full(alarm, server, &told)),
        None if percent >= FULL_SOON => Some(Fault {
            severity: if percent >= FULL { Severity::Critical } else { Severity::Warning },
            aspect: None,
            at: None,
            observed: told.clone(),
            impact: "at 100 % the whole cluster takes only reads and deletions, until somebody disarms its alarm".to_owned(),
            fix: if is_spare {
                "etcdctl defrag, on one member after the other, the leader last: most of the file is free".to_owned()
            } else {
                "etcdctl compact REVISION (etcdctl endpoint status -w json tells the present one), then etcdctl defrag on one member after the other, the leader last; or a larger --quota-backend-bytes".to_owned()
            },
            actions: Vec::new(),
            risk: "a member does not answer while it is defragmented; a compaction drops former values for ever".to_owned(),
            reversible: false,
            evidence: evidence(metrics, alarms),
            confidence: Confidence::High,
        }),
        None => None,
    };
    Ok((told, fault))
}

/// The alarm is on.
fn full(alarm: &EtcdAlarm, server: &Etcd, told: &str) -> Fault {
    let evidence = server.metrics.seen().ok();
    let evidence = evidence.map(|metrics| self::evidence(metrics, server.alarms.seen().ok()));
    Fault {
        severity: Severity::Critical,
        aspect: None,
        at: None,
        observed: format!("alarm NOSPACE of member {} is on: {told}", alarm.member),
        impact: "the whole cluster takes only reads and deletions now".to_owned(),
        fix: "etcdctl compact REVISION (etcdctl endpoint status -w json tells the present one), etcdctl defrag on one member after the other, the leader last, then etcdctl alarm disarm; if there is space already, the last alone".to_owned(),
        actions: Vec::new(),
        risk: "a compaction drops former values for ever; a member does not answer while it is defragmented".to_owned(),
        reversible: false,
        evidence: evidence.unwrap_or_default(),
        confidence: Confidence::High,
    }
}

fn corrupt(alarm: &EtcdAlarm) -> Fault {
    Fault {
        severity: Severity::Critical,
        aspect: Some("corrupt"),
        at: None,
        observed: format!("alarm CORRUPT of member {} is on", alarm.member),
        impact: "its data is not what the others have; reads and writes are refused".to_owned(),
        fix: "back up each member's folder first; then take that member out of the cluster (etcdctl member remove) and add it anew with an empty folder, while the others still are a majority".to_owned(),
        actions: Vec::new(),
        risk: "until it is back, one more loss of a member may stop the cluster; do not disarm the alarm before".to_owned(),
        reversible: false,
        evidence: vec![shown("POST /v3/maintenance/alarm", &alarm.alarm)],
        confidence: Confidence::Low,
    }
}

/// An election takes less than the time between two looks, mostly: a leader has to be missing at both.
fn leader(pair: &Pair<'_, Etcd>, metrics: &EtcdMetrics) -> Result<Option<Fault>, Blind> {
    let name = "etcd_server_has_leader";
    if known(metrics.has_leader, name)? {
        return Ok(None);
    }
    if known(pair.before()?.metrics.seen()?.has_leader, name)? {
        return Ok(None);
    }
    Ok(Some(Fault {
        severity: Severity::Critical,
        aspect: Some("leader"),
        at: None,
        observed: format!("it has known no leader for {:.1} s", pair.window.seconds()),
        impact: "it takes no writes and no reads that have to be up to date".to_owned(),
        fix: "etcdctl endpoint status --cluster: start the members that are gone, until a majority is there; if it is there, find what keeps this one from the others (port 2380)".to_owned(),
        actions: Vec::new(),
        risk: "none, as long as no member gets an empty folder".to_owned(),
        reversible: true,
        evidence: vec![shown(name, "0")],
        confidence: Confidence::High,
    }))
}

/// How long flushes of the log took between the looks.
fn flushes(pair: &Pair<'_, Etcd>, metrics: &EtcdMetrics) -> Result<Option<Fault>, Blind> {
    let name = "etcd_disk_wal_fsync_duration_seconds";
    let absent = || Blind::Absent(format!("metric {name} in this version"));
    let after = metrics.wal_fsync.as_ref().ok_or_else(absent)?;
    let before = pair.before()?.metrics.seen()?.wal_fsync.as_ref().ok_or_else(absent)?;
    let of = |get: fn(&EtcdDurations) -> u64| {
        let back = || Blind::Absent(format!("growth of {name}: it was set back"));
        get(after).checked_sub(get(before)).ok_or_else(back)
    };
    let (count, sum_us) = (of(|it| it.count)?, of(|it| it.sum_us)?);
    if count < FLUSHES_MIN {
        return Ok(None);
    }
    let mean_us = sum_us / count;
    let p99_us = if count < FLUSHES_P99 { 0 } else { slowest_hundredth(before, after, count) };
    let worst_us = mean_us.max(p99_us);
    if worst_us < FLUSH_US {
        return Ok(None);
    }
    let is_late = worst_us >= HEARTBEAT_US;
    let seconds = pair.window.seconds();
    let slowest = if p99_us > 0 {
        format!(", one in a hundred more than {} ms", p99_us / 1_000)
    } else {
        String::new()
    };
    Ok(Some(Fault {
        severity: if is_late { Severity::Warning } else { Severity::Info },
        aspect: Some("fsync"),
        at: None,
        observed: format!(
            "{count} flushes of the log in {seconds:.1} s took {}.{} ms each{slowest}",
            mean_us / 1_000,
            mean_us % 1_000 / 100
        ),
        impact: "each write waits for it; a leader that is late with its heartbeat is voted out".to_owned(),
        fix: "give the folder of etcd a disk of its own, with flushes of less than 10 ms (--wal-dir moves the log alone); find who else writes to it (iostat -x 1)".to_owned(),
        actions: Vec::new(),
        risk: "the member is stopped while its folder is moved".to_owned(),
        reversible: true,
        evidence: vec![shown(name, &format!("{count} more, {sum_us} us more, in {seconds:.1} s"))],
        confidence: Confidence::High,
    }))
}

/// The bound that the slowest hundredth was above for sure, in microseconds; 0 if it was below the first.
fn slowest_hundredth(before: &EtcdDurations, after: &EtcdDurations, count: u64) -> u64 {
    let grown = after.buckets.iter().map(|bucket| {
        let former = before.buckets.iter().find(|it| it.upto_us == bucket.upto_us);
        (bucket.upto_us, bucket.count.saturating_sub(former.map_or(0, |it| it.count)))
    });
    let short = grown.filter(|(_, grown)| grown.saturating_mul(100) < count.saturating_mul(99));
    short.map(|(upto_us, _)| upto_us).max().unwrap_or(0)
}

fn evidence(metrics: &EtcdMetrics, alarms: Option<&Vec<EtcdAlarm>>) -> Vec<Evidence> {
    let number = |it: Option<u64>| it.map_or_else(|| "not told".to_owned(), |it| it.to_string());
    let quota = metrics.quota_bytes.map_or_else(|| "not told".to_owned(), |it| it.to_string());
    let alarms = alarms.map_or_else(
        || "not told".to_owned(),
        |all| all.iter().map(|it| it.alarm.as_str()).collect::<Vec<_>>().join(" "),
    );
    vec![
        shown("etcd_mvcc_db_total_size_in_bytes", &number(metrics.db_bytes)),
        shown("etcd_mvcc_db_total_size_in_use_in_bytes", &number(metrics.in_use_bytes)),
        shown("etcd_server_quota_backend_bytes", &quota),
        shown("POST /v3/maintenance/alarm", &alarms),
    ]
}

fn shown(probe: &str, value: &str) -> Evidence {
    Evidence { probe: probe.to_owned(), value: value.to_owned() }
}

#[cfg(test)]
mod tests;
