//! What all connections of a process share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use base::rng::SplitMix64;
use base::{Kind, Monotonic, Namespace, Sequence, Tenant};
use kv::{Attempt, Error, Handle, Level, Plan, Receipt, Refusal, Stop, Store, Txn, Want};
use redis::Keys;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use crate::access::{Access, User};
use crate::budget::Budget;
use crate::clients::Clients;
use crate::counters::Counters;
use crate::host::Host;
use crate::latency::Latencies;
use crate::parameters::Inert;
use crate::pause::Pause;
use crate::slowlog::Slowlog;
use crate::usage::Usages;

/// Bounds on what clients may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time, over all fronts.
    pub connections: usize,
    /// A transaction that takes longer than this is refused.
    pub transaction_time: Duration,
    /// Commands that MULTI queues.
    pub queued_commands: usize,
    /// Bytes of arguments that MULTI queues.
    pub queued_bytes: usize,
    /// Bytes that all connections together may have received and not yet answered.
    pub inbox_bytes: usize,
    /// A client that takes nothing of its replies for so long is given up.
    pub write_time: Duration,
    /// A client that needs a password has to show it within this time.
    pub authentication_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            transaction_time: Duration::from_secs(5),
            queued_commands: 100_000,
            queued_bytes: 128 << 20,
            inbox_bytes: 256 << 20,
            write_time: Duration::from_mins(1),
            authentication_time: Duration::from_secs(10),
        }
    }
}

/// A protocol whose connections are counted together against [`Limits::connections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Resp,
    Kafka,
}

/// Why a transaction did not happen.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was refused; the answer waits for what the receipt says.
    Refused(Refusal, Receipt),
    /// The store could not bring into memory what it needs.
    Store(Error),
}

/// Loads from the tables that run at one time.
const LOADERS: usize = 4;

/// A shorter delay is none: timers round up to a millisecond.
const DELAY_MIN: Duration = Duration::from_millis(1);

/// Of the connections, those that may wait at one time to show their password: one of so many, and no more
/// than that many.
const STRANGERS: (usize, usize) = (2, 1024);

/// Namespaces that one tenant's connections can select.
pub(crate) const DATABASES: u32 = 16;

/// What all connections share.
#[derive(Debug)]
pub struct Server {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    /// `None` where nobody needs a password.
    pub(crate) access: Option<Arc<Access>>,
    strangers: Arc<Semaphore>,
    loaders: Semaphore,
    sessions: AtomicU64,
    connected: AtomicUsize,
    /// Those, by [`Front`].
    connected_to: [AtomicUsize; 2],
    stopping: watch::Receiver<bool>,
    /// The memory of what connections have received.
    pub(crate) inboxes: Arc<Budget>,
    pub(crate) host: Host,
    /// When it began to serve.
    pub(crate) since: Monotonic,
    pub(crate) clients: Arc<Clients>,
    pub(crate) counters: Counters,
    pub(crate) usages: Usages,
    pub(crate) slowlog: Slowlog,
    pub(crate) latencies: Latencies,
    pub(crate) inert: Inert,
    pub(crate) pause: Pause,
    /// The latest store time, in seconds, of which it is known that everything was durable.
    pub(crate) saved: AtomicU64,
    /// What the sessions' random numbers start from.
    seed: u64,
}

impl Server {
    /// Serves `store`; `hash_key` is the data directory's. When `stopping` turns true, connections
    /// finish what they have been sent and close. Without `access`, nobody needs a password.
    pub fn new(
        store: Store,
        access: Option<Arc<Access>>,
        hash_key: &[u8; 16],
        limits: Limits,
        host: Host,
        stopping: watch::Receiver<bool>,
    ) -> Arc<Self> {
        // The key is random and not shown to anybody, and the time differs from start to start.
        let key = hash_key.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
        Arc::new(Self {
            host,
            since: store.monotonic(),
            clients: Arc::default(),
            counters: Counters::default(),
            usages: Usages::default(),
            slowlog: Slowlog::default(),
            latencies: Latencies::default(),
            inert: Inert::default(),
            pause: Pause::default(),
            saved: AtomicU64::new(store.now().0 / 1000),
            seed: key ^ store.now().0,
            store,
            keys: Keys::new(hash_key),
            limits,
            access,
            strangers: Arc::new(Semaphore::new(
                (limits.connections / STRANGERS.0).clamp(1, STRANGERS.1),
            )),
            loaders: Semaphore::new(LOADERS),
            sessions: AtomicU64::new(1),
            connected: AtomicUsize::new(0),
            connected_to: Default::default(),
            stopping,
            inboxes: Arc::new(Budget::new(limits.inbox_bytes)),
        })
    }

    /// How many connections there are.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// How many connections of a front there are.
    pub(crate) fn connected_to(&self, front: Front) -> usize {
        self.connected_to[front as usize].load(Ordering::Relaxed)
    }

    /// Whether it has been told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    pub(crate) fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Random numbers for one session.
    pub(crate) fn rng(&self, session: u64) -> SplitMix64 {
        SplitMix64::new(SplitMix64::new(self.seed.wrapping_add(session)).draw())
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }

    /// Takes a connection's place; `None` if all are taken.
    pub(crate) fn admit(self: &Arc<Self>, front: Front) -> Option<Admission> {
        let admission = Admission { server: Arc::clone(self), front };
        self.connected_to[front as usize].fetch_add(1, Ordering::Relaxed);
        let before = self.connected.fetch_add(1, Ordering::Relaxed);
        let is_admitted = before < self.limits.connections;
        let counters = &self.counters;
        if is_admitted { &counters.connections } else { &counters.rejected }.add(1);
        is_admitted.then_some(admission)
    }

    /// A place for a client that is not known yet, given back when dropped; `None` if all are taken.
    pub(crate) fn stranger_place(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.strangers).try_acquire_owned().ok();
        if place.is_none() {
            self.counters.rejected.add(1);
        }
        place
    }

    /// The user, if the password is theirs; see [`Access::authenticate`].
    pub(crate) async fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<Arc<User>> {
        let user = self.access.as_ref()?.authenticate(name, password).await;
        if user.is_none() {
            self.counters.turned_away.add(1);
        }
        user
    }

    /// Whether there is a user of that name.
    pub(crate) fn has_user(&self, name: &[u8]) -> bool {
        self.access.as_ref().is_some_and(|access| access.names(name))
    }

    /// The namespace that is database `number` of a tenant.
    pub(crate) fn database(&self, tenant: Tenant, number: u32) -> Result<Handle, Refusal> {
        self.store.namespace(tenant, Namespace(tenant.0 * DATABASES + number))
    }

    /// The same, if it has ever been written to or selected.
    pub(crate) fn find_database(&self, tenant: Tenant, number: u32) -> Option<Handle> {
        self.store.find_namespace(tenant, Namespace(tenant.0 * DATABASES + number))
    }

    /// Waits a moment before a transaction that writes, or a series of them, where the tables are behind.
    pub(crate) async fn hold_back(&self, plan: &Plan) {
        if plan.writes()
            && let Some(delay) = self.store.write_delay().filter(|delay| *delay >= DELAY_MIN)
        {
            self.counters.held_back.add(1);
            tokio::time::sleep(delay).await;
        }
    }

    /// Runs a transaction to its end: as many rounds as it takes, loading what it wants in between. Does
    /// not wait until it is written or durable.
    pub(crate) async fn run<R>(
        &self,
        plan: &mut Plan,
        mut closure: impl FnMut(&mut Txn<'_>) -> Result<R, Stop>,
    ) -> Result<(R, Receipt), Failure> {
        self.hold_back(plan).await;
        loop {
            let attempt = if plan.is_long() {
                beside_others(|| self.store.attempt(plan, &mut closure))
            } else {
                self.store.attempt(plan, &mut closure)
            };
            match attempt {
                Attempt::Done(result, receipt) => return Ok((result, receipt)),
                Attempt::Refused(refusal, receipt) => {
                    self.counters.defects.add(u64::from(refusal.kind == Kind::Internal));
                    return Err(Failure::Refused(refusal, receipt));
                }
                Attempt::Again(wants) => self.load(plan, wants).await?,
                Attempt::Busy => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }

    /// Brings into memory what a transaction wants, before it is run again. What it has by then stays
    /// its own also on an error, until it is given up.
    pub(crate) async fn load(&self, plan: &mut Plan, wants: Vec<Want>) -> Result<(), Failure> {
        if let Some(sequence) = plan.awaits() {
            let left = plan.deadline().saturating_sub(self.store.monotonic());
            let applied = self.store.reached(Level::Applied, sequence);
            // Late: then the next round is, too, and says so.
            if let Ok(reached) = tokio::time::timeout(left, applied).await {
                reached.map_err(Failure::Store)?;
            }
        } else if wants.is_empty() {
            // A lock was taken: its holder is another task or thread, which goes on meanwhile.
            tokio::task::yield_now().await;
            return Ok(());
        }
        let left = plan.deadline().saturating_sub(self.store.monotonic());
        let store = self.store.clone();
        let mut moved = std::mem::replace(plan, Plan::new(plan.now(), plan.deadline()));
        let load = move || {
            let joined = store.load(&mut moved, wants);
            (moved, joined)
        };
        let (moved, joined) = self.on_loader(load).await.map_err(Failure::Store)?;
        *plan = moved;
        let joined = joined.map_err(|error| {
            self.counters.defects.add(u64::from(error.kind() == Kind::Internal));
            plan.release();
            Failure::Store(error)
        })?;
        let over = async {
            for ticket in joined {
                std::future::poll_fn(|context| self.store.poll_load(ticket, context)).await;
            }
        };
        tokio::time::timeout(left, over).await.map_err(|_elapsed| {
            plan.release();
            let text = "given up: what it needs is still being read from the disk for somebody else; try again";
            Failure::Refused(Refusal::limit(text), Receipt::NOTHING)
        })
    }
}

/// Runs what takes long on a thread of its own: the connections that this one serves go on elsewhere.
fn beside_others<R>(work: impl FnOnce() -> R) -> R {
    use tokio::runtime::{Handle, RuntimeFlavor};
    if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

impl Server {
    /// Runs what waits for the disk on a thread that may: at most [`LOADERS`] at one time.
    pub(crate) async fn on_loader<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Error> {
        let _permit = self.loaders.acquire().await;
        tokio::task::spawn_blocking(work).await.map_err(|_panicked| {
            self.counters.defects.add(1);
            Error::Defect { during: "a read of the tables" }
        })
    }

    /// Waits until everything up to `sequence` has come as far as `level`.
    pub(crate) async fn reached(&self, level: Level, sequence: Sequence) -> Result<(), Failure> {
        self.store.reached(level, sequence).await.map_err(Failure::Store)
    }

    /// Waits until reads of the tables see everything up to `sequence`. Refused when that takes longer
    /// than a transaction may, as it does while the disk has no space for the tables.
    pub(crate) async fn applied(&self, sequence: Sequence) -> Result<(), Failure> {
        let reached = self.reached(Level::Applied, sequence);
        timeout(self.limits.transaction_time, reached).await.unwrap_or_else(|_late| {
            let text = "the tables are too far behind the log to be read, because the disk is slow or full: free some of it if it is full, else try again later";
            Err(Failure::Refused(Refusal::limit(text), Receipt::NOTHING))
        })
    }
}

/// A connection's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    server: Arc<Server>,
    front: Front,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.server.connected.fetch_sub(1, Ordering::Relaxed);
        self.server.connected_to[self.front as usize].fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the replies that are waiting to leave depend on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dues {
    written: base::Sequence,
    durable: base::Sequence,
    /// Whether one of them changed anything.
    changed: bool,
}

impl Dues {
    pub(crate) fn add(&mut self, receipt: Receipt) {
        let due =
            if receipt.level == Level::Durable { &mut self.durable } else { &mut self.written };
        *due = receipt.after.max(*due);
        self.changed |= receipt.commit.is_some();
    }

    pub(crate) fn any(&self) -> bool {
        self.written.max(self.durable) > base::Sequence::ZERO
    }

    /// Waits until all of it has come to pass.
    ///
    /// # Errors
    /// [`Error::Unknown`] if the store has stopped before; [`Error::Stopped`] if none of the replies is of
    /// a change, so that no outcome is in doubt.
    pub(crate) async fn settle(&mut self, store: &Store) -> Result<(), Error> {
        let Self { written, durable, changed } = std::mem::take(self);
        if !store.has_reached(Level::Written, written.max(durable)) {
            // Others whose requests have come queue what they change: one write, or one sync, is for them all.
            tokio::task::yield_now().await;
        }
        let settled = async {
            store.reached(Level::Durable, durable).await?;
            store.reached(Level::Written, written).await
        };
        settled.await.map_err(|error| match error {
            Error::Unknown if !changed => Error::Stopped,
            error => error,
        })
    }
}
