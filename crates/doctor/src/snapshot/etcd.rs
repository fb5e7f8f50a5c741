//! A member of etcd. Holds no key and no value.

use serde::{Deserialize, Serialize};

use super::Probed;

/// A member of etcd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Etcd {
    /// As `3.4.23`: `GET /version`.
    pub version: Probed<String>,
    /// `GET /metrics`, of those families that checks need.
    pub metrics: Probed<EtcdMetrics>,
    /// Alarms that are on, of any member: `POST /v3/maintenance/alarm`.
    pub alarms: Probed<Vec<EtcdAlarm>>,
}

/// What a member measures. What its version does not measure is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EtcdMetrics {
    /// `etcd_mvcc_db_total_size_in_bytes`: the file, with what is free in it.
    pub db_bytes: Option<u64>,
    /// `etcd_mvcc_db_total_size_in_use_in_bytes`: what of it holds something.
    pub in_use_bytes: Option<u64>,
    /// `etcd_server_quota_backend_bytes`: how large the file may become; not above 0 where it has no bound.
    pub quota_bytes: Option<i64>,
    /// `etcd_server_has_leader`.
    pub has_leader: Option<bool>,
    /// `etcd_server_leader_changes_seen_total`.
    pub leader_changes: Option<u64>,
    /// `etcd_disk_wal_fsync_duration_seconds`: flushes of the log.
    pub wal_fsync: Option<EtcdDurations>,
    /// `etcd_disk_backend_commit_duration_seconds`: commits to the file.
    pub backend_commit: Option<EtcdDurations>,
}

/// How long something took, each time since the member was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdDurations {
    /// How often.
    pub count: u64,
    /// All together, in microseconds.
    pub sum_us: u64,
    /// How often it took at most so long, in the order of their bounds; that without a bound is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<EtcdBucket>,
}

/// How often something took at most so long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdBucket {
    /// So long, in microseconds.
    pub upto_us: u64,
    /// How often.
    pub count: u64,
}

/// An alarm that is on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdAlarm {
    /// The member that raised it: its number in hexadecimal, as `etcdctl` shows it.
    pub member: String,
    /// `NOSPACE`, `CORRUPT`.
    pub alarm: String,
}
