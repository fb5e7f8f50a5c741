//! What was looked at, and from where.

use crate::check::Target;
use crate::snapshot::{Probed, Server, Snapshot, View, Window};

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
    pub(super) fn of(window: &Window<'_>) -> Self {
        let Snapshot { host, at_ms, .. } = window.after;
        Self {
            host: host.name.clone(),
            kernel: host.kernel.clone(),
            cpus: host.cpus,
            memory_bytes: host.memory_bytes,
            view: host.view.clone(),
            window_seconds: window.seconds(),
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
    let postgres = seen.postgres.iter().map(|it| of(Target::Postgres, it, |_| String::new()));
    let mysql = seen.mysql.iter().map(|it| of(Target::Mysql, it, |_| String::new()));
    let redis = seen.redis.iter().map(|it| of(Target::Redis, it, |_| String::new()));
    let pgbouncer = seen.pgbouncer.iter().map(|it| of(Target::Pgbouncer, it, |_| String::new()));
    let etcd = seen.etcd.iter().map(|it| of(Target::Etcd, it, |_| String::new()));
    postgres.chain(mysql).chain(redis).chain(pgbouncer).chain(etcd).collect()
}

fn of<T>(kind: Target, server: &Server<T>, version: fn(&T) -> String) -> Seen {
    let Server { at, named, refused, seen, .. } = server;
    let (version, missed) = match (refused, seen) {
        (Some(refused), _) => (String::new(), Some(format!("it refused, \"{}\"", refused.message))),
        (None, Probed::Seen(seen)) => (version(seen), None),
        (None, Probed::Denied(needs)) => (String::new(), Some(format!("needs {needs}"))),
        (None, Probed::Absent(what)) => (String::new(), Some(format!("there is no {what}"))),
        (None, Probed::Failed(error)) => (String::new(), Some(error.clone())),
    };
    Seen { kind, version, at: at.clone(), named: *named, missed }
}
