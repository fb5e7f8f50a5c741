//! What was looked at, and from where.

use crate::check::Target;
use crate::snapshot::{
    Etcd, Mysql, Pgbouncer, Postgres, Probed, Redis, Server, Snapshot, View, Window,
};

/// What was looked at, and from where.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Name of the machine.
    pub host: String,
    /// Release of its kernel.
    pub kernel: String,
    /// Its processors.
    pub cpus: u64,
    /// Its memory.
    pub memory_bytes: u64,
    /// From where it was looked at.
    pub view: View,
    /// Seconds between the two looks.
    pub window_seconds: f64,
    /// Whether it was not looked at now, but judged from what was saved.
    pub is_saved: bool,
    /// Seconds since an earlier look, if counters are judged over that time as well.
    pub longer_seconds: Option<f64>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Servers.
    pub servers: Vec<Seen>,
}

/// A server that was looked at.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What it is.
    pub kind: Target,
    /// Its version; empty if it did not tell.
    pub version: String,
    /// Where it is.
    pub at: String,
    /// Whether the user named it.
    pub named: bool,
    /// Why it could not be looked at.
    pub missed: Option<String>,
}

impl Scene {
    /// Of what the second look saw.
    pub fn of(window: &Window<'_>) -> Self {
        let Snapshot { host, at_ms, .. } = window.after;
        Self {
            host: host.name.clone(),
            kernel: host.kernel.clone(),
            cpus: host.cpus,
            memory_bytes: host.memory_bytes,
            view: host.view.clone(),
            window_seconds: window.seconds(),
            is_saved: false,
            longer_seconds: None,
            at_ms: *at_ms,
            servers: servers(window.after),
        }
    }

    /// Servers that the user named, and that could not be looked at.
    pub fn missed(&self) -> impl Iterator<Item = &Seen> {
        self.servers.iter().filter(|it| it.named && it.missed.is_some())
    }
}

impl Seen {
    /// As `postgres 15.4 :5432`.
    pub(super) fn title(&self) -> String {
        let words = [self.kind.name(), &self.version, &self.at];
        words.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

fn servers(seen: &Snapshot) -> Vec<Seen> {
    let postgres = seen.postgres.iter().map(|it| of(Target::Postgres, it, of_postgres));
    let mysql = seen.mysql.iter().map(|it| of(Target::Mysql, it, of_mysql));
    let redis = seen.redis.iter().map(|it| of(Target::Redis, it, of_redis));
    let pgbouncer = seen.pgbouncer.iter().map(|it| of(Target::Pgbouncer, it, of_pgbouncer));
    let etcd = seen.etcd.iter().map(|it| of(Target::Etcd, it, of_etcd));
    postgres.chain(mysql).chain(redis).chain(pgbouncer).chain(etcd).collect()
}

fn of_postgres(seen: &Postgres) -> Option<String> {
    let version = seen.version().ok()?;
    Some(format!("{}.{}", version / 10_000, version % 10_000))
}

fn of_mysql(seen: &Mysql) -> Option<String> {
    let identity = seen.identity.seen().ok()?;
    let version = identity.version.split('-').next()?;
    Some(if identity.is_mariadb() { format!("MariaDB {version}") } else { version.to_owned() })
}

/// Valkey says which Redis it is like, too.
fn of_redis(seen: &Redis) -> Option<String> {
    let valkey = seen.field("valkey_version").map(|version| format!("Valkey {version}"));
    valkey.or_else(|_| seen.field("redis_version").map(str::to_owned)).ok()
}

fn of_pgbouncer(seen: &Pgbouncer) -> Option<String> {
    seen.version.seen().ok().cloned()
}

fn of_etcd(seen: &Etcd) -> Option<String> {
    seen.version.seen().ok().cloned()
}

fn of<T>(kind: Target, server: &Server<T>, version: fn(&T) -> Option<String>) -> Seen {
    let Server { at, named, refused, seen, .. } = server;
    let (version, missed) = match (refused, seen) {
        (Some(refused), _) => (String::new(), Some(format!("it refused, \"{}\"", refused.message))),
        (None, Probed::Seen(seen)) => (version(seen).unwrap_or_default(), None),
        (None, Probed::Denied(needs)) => (String::new(), Some(format!("needs {needs}"))),
        (None, Probed::Absent(what)) => (String::new(), Some(format!("there is no {what}"))),
        (None, Probed::Failed(error)) => (String::new(), Some(error.clone())),
    };
    Seen { kind, version, at: at.clone(), named: *named, missed }
}
