//! Servers: one connection to each, over which all looks go, side by side.
//!
//! A session has [`LOOK`](super::LOOK) for a look and as much to connect; what has no answer by then is told as failed, statement by
//! statement. A refusal is kept by what the server said.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Load;
use crate::check::Target;
use crate::snapshot::{Server, Snapshot};

mod bounded;
mod dial;
mod etcd;
mod mysql;
mod pgbouncer;
mod place;
mod postgres;
mod redis;

use place::Place;

/// Where a server is, and how to be let in.
#[derive(Clone)]
pub struct Endpoint {
    /// What it is.
    pub kind: Target,
    /// Its address, as its own clients take it; may hold a password.
    pub url: String,
    /// Whether the user named it; else it was found.
    pub named: bool,
}

impl Endpoint {
    /// How an address of its kind is written, if this is none.
    pub fn malformed(&self) -> Option<&'static str> {
        let (is_read, form) = match self.kind {
            Target::Postgres => (dial::is_address(&self.url), postgres::FORM),
            Target::Pgbouncer => (dial::is_address(&self.url), pgbouncer::FORM),
            Target::Mysql => (mysql::is_address(&self.url), mysql::FORM),
            Target::Redis => (redis::is_address(&self.url), redis::FORM),
            Target::Etcd => (etcd::is_address(&self.url), etcd::FORM),
            Target::Host | Target::Boundary => (true, ""),
        };
        (!is_read).then_some(form)
    }
}

/// Without the password that the address may hold.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, named, .. } = self;
        f.debug_struct("Endpoint").field("kind", kind).field("named", named).finish_non_exhaustive()
    }
}

/// A connection to a server, or why there is none.
trait Session: Sized + Send + 'static {
    /// What it tells.
    type Seen: Send + 'static;

    /// Connects, as far as that can be.
    fn open(endpoint: Endpoint) -> impl Future<Output = Self> + Send;

    /// Asks for everything that checks need. What is not told by `until` is failed.
    fn look(
        &mut self,
        deep: bool,
        until: Instant,
    ) -> impl Future<Output = Server<Self::Seen>> + Send;

    /// What it cost the server so far.
    fn load(&self) -> Load;
}

/// All connections.
#[derive(Debug)]
pub(super) struct Sessions {
    /// None once it is shut down.
    runtime: Option<Runtime>,
    postgres: Vec<postgres::Postgres>,
    mysql: Vec<mysql::Mysql>,
    redis: Vec<redis::Redis>,
    pgbouncer: Vec<pgbouncer::Pgbouncer>,
    etcd: Vec<etcd::Etcd>,
}

impl Sessions {
    /// Connects to all, side by side.
    ///
    /// # Errors
    /// The system gives no means to wait for sockets.
    pub(super) fn open(
        endpoints: &[Endpoint],
        facts: &BTreeMap<String, String>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let of = |kind| endpoints.iter().filter(move |it| it.kind == kind).cloned();
        let (postgres, mysql, mut redis, pgbouncer, etcd) = runtime.block_on(async {
            tokio::join!(
                open_all(of(Target::Postgres)),
                open_all(of(Target::Mysql)),
                open_all::<redis::Redis>(of(Target::Redis)),
                open_all(of(Target::Pgbouncer)),
                open_all(of(Target::Etcd)),
            )
        });
        for session in &mut redis {
            session.count_apart(facts);
        }
        Ok(Self { runtime: Some(runtime), postgres, mysql, redis, pgbouncer, etcd })
    }

    /// Asks all, side by side.
    pub(super) fn look(&mut self, snapshot: &mut Snapshot, deep: bool) {
        let Self { runtime, postgres, mysql, redis, pgbouncer, etcd } = self;
        let Some(runtime) = runtime else { return };
        let until = Instant::now() + if deep { super::DEEP } else { super::LOOK };
        runtime.block_on(async {
            (
                snapshot.postgres,
                snapshot.mysql,
                snapshot.redis,
                snapshot.pgbouncer,
                snapshot.etcd,
            ) = tokio::join!(
                look_all(postgres, deep, until),
                look_all(mysql, deep, until),
                look_all(redis, deep, until),
                look_all(pgbouncer, deep, until),
                look_all(etcd, deep, until),
            );
        });
    }

    /// What it cost them so far.
    pub(super) fn load(&self) -> Load {
        let loads = self.postgres.iter().map(Session::load);
        let loads = loads.chain(self.mysql.iter().map(Session::load));
        let loads = loads.chain(self.redis.iter().map(Session::load));
        let loads = loads.chain(self.pgbouncer.iter().map(Session::load));
        let loads = loads.chain(self.etcd.iter().map(Session::load));
        loads.fold(Load::default(), |all, one| Load {
            queries: all.queries + one.queries,
            bytes: all.bytes + one.bytes,
        })
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        // Not waiting for a resolver that does not answer: that is in a thread which cannot be called off.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn open_all<S: Session>(endpoints: impl Iterator<Item = Endpoint>) -> Vec<S> {
    in_order(endpoints.map(S::open)).await
}

async fn look_all<S: Session>(
    sessions: &mut Vec<S>,
    deep: bool,
    until: Instant,
) -> Vec<Server<S::Seen>> {
    let looks = std::mem::take(sessions).into_iter().map(|mut session| async move {
        let seen = session.look(deep, until).await;
        (session, seen)
    });
    let (back, seen) = in_order(looks).await.into_iter().unzip();
    *sessions = back;
    seen
}

/// What all come to, in the order in which they were given.
async fn in_order<T: Send + 'static>(
    all: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let mut set = JoinSet::new();
    for (at, one) in all.enumerate() {
        set.spawn(async move { (at, one.await) });
    }
    let mut found = set.join_all().await;
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, one)| one).collect()
}
