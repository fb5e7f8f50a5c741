//! What etcd answers, as pure functions of a status and a text.

use serde::Deserialize;

use crate::snapshot::{EtcdAlarm, EtcdBucket, EtcdDurations, EtcdMetrics, Probed};

const MICROS: f64 = 1e6;

/// A histogram of a member has 15 buckets.
const BUCKETS_MAX: usize = 64;

/// So many alarms are kept: a cluster has at most a few for each member.
const ALARMS_MAX: usize = 100;

/// What it means that a status is none of success.
fn refused<T>(status: u16, text: &str) -> Probed<T> {
    let text = text.to_lowercase();
    if text.contains("https server") {
        let needs =
            "https, mostly with a certificate of a client; or the address of --listen-metrics-urls";
        return Probed::Denied(needs.to_owned());
    }
    let is_unknown_user = text.contains("user name is empty") || text.contains("permission denied");
    if matches!(status, 401 | 403) || is_unknown_user {
        return Probed::Denied("a user with the role root of etcd".to_owned());
    }
    match status {
        404 => Probed::Absent("such an address in this version, or on this port".to_owned()),
        status => Probed::Failed(format!("it answers with status {status}")),
    }
}

#[derive(Deserialize)]
struct Version {
    etcdserver: String,
}

pub(super) fn version(status: u16, text: &str) -> Probed<String> {
    if status != 200 {
        return refused(status, text);
    }
    match serde_json::from_str(text) {
        Ok(Version { etcdserver }) => Probed::Seen(etcdserver),
        Err(_) => Probed::Failed("its answer is not that of etcd".to_owned()),
    }
}

/// Numbers are texts, as everywhere where the gateway makes JSON of 64 bits.
#[derive(Deserialize)]
struct Alarms {
    #[serde(default)]
    alarms: Vec<Alarm>,
}

#[derive(Deserialize)]
struct Alarm {
    #[serde(rename = "memberID", default)]
    member: String,
    #[serde(default)]
    alarm: String,
}

pub(super) fn alarms(status: u16, text: &str) -> Probed<Vec<EtcdAlarm>> {
    if status != 200 {
        return refused(status, text);
    }
    let Ok(Alarms { alarms }) = serde_json::from_str(text) else {
        return Probed::Failed("its answer is not that of etcd".to_owned());
    };
    let of = |Alarm { member, alarm }: Alarm| {
        let member = member.parse::<u64>().map(|number| format!("{number:x}")).unwrap_or(member);
        EtcdAlarm { member, alarm }
    };
    Probed::Seen(alarms.into_iter().take(ALARMS_MAX).map(of).collect())
}

/// Of the text only those families are kept that are named here.
pub(super) fn metrics(status: u16, text: &str) -> Probed<EtcdMetrics> {
    if status != 200 {
        return refused(status, text);
    }
    let mut seen = EtcdMetrics::default();
    for line in text.lines().filter(|line| line.starts_with("etcd_")) {
        let Some((name, value)) = line.rsplit_once(' ') else { continue };
        let Ok(value) = value.parse::<f64>() else { continue };
        match name {
            "etcd_mvcc_db_total_size_in_bytes" => seen.db_bytes = whole(value),
            "etcd_mvcc_db_total_size_in_use_in_bytes" => seen.in_use_bytes = whole(value),
            "etcd_server_quota_backend_bytes" => {
                // Below 0 there is no bound.
                let quota = whole(value.max(0.0)).and_then(|it| i64::try_from(it).ok());
                seen.quota_bytes = quota;
            }
            "etcd_server_has_leader" => seen.has_leader = Some(value > 0.0),
            "etcd_server_leader_changes_seen_total" => seen.leader_changes = whole(value),
            _ => {
                let wal = name.strip_prefix("etcd_disk_wal_fsync_duration_seconds_");
                let commit = name.strip_prefix("etcd_disk_backend_commit_duration_seconds_");
                if let Some(part) = wal {
                    add(seen.wal_fsync.get_or_insert_default(), part, value);
                } else if let Some(part) = commit {
                    add(seen.backend_commit.get_or_insert_default(), part, value);
                }
            }
        }
    }
    if seen == EtcdMetrics::default() {
        return Probed::Failed("its metrics are not those of etcd".to_owned());
    }
    Probed::Seen(seen)
}

/// A line of a histogram.
fn add(durations: &mut EtcdDurations, part: &str, value: f64) {
    let bound = part.strip_prefix("bucket{le=\"").and_then(|rest| rest.strip_suffix("\"}"));
    match (part, bound.and_then(|bound| bound.parse::<f64>().ok())) {
        ("count", _) => durations.count = whole(value).unwrap_or(0),
        ("sum", _) => durations.sum_us = whole(value * MICROS).unwrap_or(0),
        (_, Some(bound)) if bound.is_finite() && durations.buckets.len() < BUCKETS_MAX => {
            let (Some(upto_us), Some(count)) = (whole(bound * MICROS), whole(value)) else {
                return;
            };
            durations.buckets.push(EtcdBucket { upto_us, count });
        }
        _ => {}
    }
}

/// A number that counts something, rounded: 2^53 is more than any of them becomes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "its bounds are checked first"
)]
fn whole(value: f64) -> Option<u64> {
    (0.0..9e15).contains(&value).then(|| value.round() as u64)
}
