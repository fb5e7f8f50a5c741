//! Processes, and what they hold.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Mount, Probed};

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processes {
    /// File descriptors that are taken.
    #[serde(default)]
    pub descriptors: Probed<Descriptors>,
    /// Processes of servers that are known by their names, such as `redis-server`; of those with children, the first.
    #[serde(default)]
    pub servers: Probed<Vec<Known>>,
    /// Where those of them that keep data keep it.
    #[serde(default)]
    pub data: Probed<Data>,
    /// How many descriptors those may have, and what their units say.
    #[serde(default)]
    pub limits: Probed<Vec<Allowance>>,
    /// Deleted files that are still open.
    #[serde(default)]
    pub deleted: Probed<Deleted>,
    /// Programs and libraries that run, and whose files are gone or replaced.
    #[serde(default)]
    pub replaced: Probed<Replaced>,
    /// Processes that have ended or wait for the kernel.
    #[serde(default)]
    pub tasks: Probed<Tasks>,
    /// How many of what the kernel has a limit for there are.
    #[serde(default)]
    pub counts: Probed<Counts>,
    /// How many files the whole system may have open: `/proc/sys/fs/file-nr`.
    #[serde(default)]
    pub files: Probed<Use>,
    /// What users have of inotify, and may have.
    #[serde(default)]
    pub inotify: Probed<Inotify>,
}

/// What a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
    /// Redis or Valkey.
    Redis,
    /// PgBouncer.
    Pgbouncer,
    /// etcd.
    Etcd,
    /// MongoDB.
    Mongo,
    /// A broker of Kafka, ZooKeeper, Elasticsearch, Cassandra: something on a Java machine.
    Java,
    /// RabbitMQ: something on an Erlang machine.
    Erlang,
}

/// A process of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The process.
    pub process: Process,
    /// What it serves.
    pub kind: Kind,
    /// Where it works: for the databases among them the folder of their data. None if this may not be seen.
    pub folder: Option<String>,
    /// Its control group, as `/proc/PID/cgroup` has it for `memory` of version 1, or else for version 2.
    pub cgroup: Option<String>,
    /// Bytes of its memory that are resident.
    pub resident_bytes: Option<u64>,
    /// `THP_enabled` of `/proc/PID/status` (Linux 5.0): whether it takes huge pages if the machine gives them.
    pub huge_pages: Option<bool>,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// What it calls itself.
    pub name: String,
}

/// File descriptors over all processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descriptors {
    /// Processes that hold at least half of what they may.
    pub processes: Vec<Holder>,
    /// Percent of what it may have that the fullest of all holds.
    pub most: u64,
    /// Processes that could not be looked at.
    pub unseen: u64,
}

/// How many descriptors a process holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The process.
    pub process: Process,
    /// Descriptors that it has open.
    pub open: u64,
    /// More it may not have: its soft limit.
    pub limit: u64,
    /// What its soft limit may be raised to; none if to anything.
    pub hard: Option<u64>,
}

impl Holder {
    /// Percent of what it may have that it holds; 0 where it may have none.
    pub fn share(&self) -> u64 {
        self.open.saturating_mul(100).checked_div(self.limit).unwrap_or(0)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} \"{}\"", self.pid, self.name)
    }
}

/// Where servers keep their data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Of each server whose data shall survive a crash.
    pub folders: Vec<DataFolder>,
    /// Servers of which it could not be seen where they work.
    pub hidden: Vec<Process>,
}

/// Where a server keeps its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFolder {
    /// The server.
    pub process: Process,
    /// What it serves.
    pub kind: Kind,
    /// Where, as the process itself sees it.
    pub folder: String,
    /// The file or folder in it by which it is known that data shall survive a crash, such as `PG_VERSION`.
    pub sign: String,
    /// The file system that it is on, of the mount namespace of the process; how full it is is not asked.
    pub mount: Option<Mount>,
    /// Number of the device of its log, as `8:1`: where it waits for the disk.
    pub log_device: Option<String>,
}

/// How many descriptors a server may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// The server.
    pub process: Process,
    /// What it serves.
    pub kind: Kind,
    /// Its soft limit; none if it has none.
    pub soft: Option<u64>,
    /// Its hard limit; none if it has none.
    pub hard: Option<u64>,
    /// The unit of systemd that it is in.
    pub unit: Option<String>,
    /// The soft limit that the files of that unit give; none if they give none, or any number.
    pub unit_soft: Option<u64>,
}

/// Deleted files that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deleted {
    /// Who holds most, and on which device.
    pub held: Vec<Held>,
    /// Processes that could not be looked at.
    pub unseen: u64,
}

/// Deleted files that a process holds open on one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The process.
    pub process: Process,
    /// Number of the device, as `8:1`.
    pub device: String,
    /// Bytes that they take on it.
    pub bytes: u64,
    /// How many they are.
    pub files: u64,
    /// What the largest was called.
    pub largest: String,
}

/// Programs and libraries that run and are not on the disk any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replaced {
    /// Each with who runs it.
    pub files: Vec<Gone>,
    /// Processes that could not be looked at.
    pub unseen: u64,
}

/// A program or a library that is not on the disk any more as it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// What it was called.
    pub path: String,
    /// Whether another file has that name now.
    pub is_replaced: bool,
    /// Who runs it: those with the lowest numbers.
    pub processes: Vec<Process>,
    /// How many run it.
    pub count: u64,
}

/// Processes that have ended and were not asked after, and threads that wait for the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tasks {
    /// Parents with the most ended children (state `Z`).
    pub parents: Vec<Brood>,
    /// Threads that cannot be interrupted (state `D`).
    pub blocked: Vec<Blocked>,
    /// Tasks that the kernel has found hung since it was started: `kernel.hung_task_detect_count`, of newer kernels.
    pub hung: Option<u64>,
    /// Processes that could not be looked at.
    pub unseen: u64,
}

/// Children that have ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brood {
    /// Their parent.
    pub parent: Process,
    /// How many.
    pub ended: u64,
}

/// A thread that cannot be interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocked {
    /// Its process.
    pub process: Process,
    /// Its own number.
    pub thread: u32,
    /// How often it has given up a processor: where that stays the same it has not run.
    pub switches: Option<u64>,
    /// The function of the kernel in which it waits; none if that may not be read.
    pub place: Option<String>,
}

/// How many there are, and how many there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// So many are.
    pub used: u64,
    /// So many may be.
    pub most: u64,
}

impl Use {
    /// Percent of what may be that is; 0 where none may be.
    pub fn share(self) -> u64 {
        let share = u128::from(self.used) * 100 / u128::from(self.most.max(1));
        if self.most == 0 { 0 } else { u64::try_from(share).unwrap_or(u64::MAX) }
    }
}

/// Threads and processes, and their limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Counts {
    /// Threads of the machine, of `/proc/loadavg`, against `kernel.threads-max`.
    pub threads: Probed<Use>,
    /// The same against `kernel.pid_max`: each thread takes a number.
    pub numbers: Probed<Use>,
    /// Control groups that have a limit, the fullest first.
    pub groups: Probed<Vec<GroupCount>>,
}

/// Tasks of a control group: `pids.current` and `pids.max`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupCount {
    /// Its path below the mount of its hierarchy.
    pub group: String,
    /// How many there are.
    pub tasks: Use,
}

/// What users have of inotify.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Inotify {
    /// By the number of the user.
    pub users: Vec<InotifyUser>,
    /// `fs.inotify.max_user_instances`.
    pub instances_max: u64,
    /// `fs.inotify.max_user_watches`.
    pub watches_max: u64,
    /// Processes that could not be looked at.
    pub unseen: u64,
}

/// What one user has of inotify.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InotifyUser {
    /// Its number.
    pub uid: u32,
    /// Instances.
    pub instances: u64,
    /// Watches of them all.
    pub watches: u64,
    /// Who of it has most watches, or else instances.
    pub largest: Process,
}
