//! What all connections of a process share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use base::{Monotonic, Namespace, Tenant};
use kv::{Error, Handle, Level, Plan, Receipt, Refusal, Store, Want};
use redis::Keys;
use tokio::sync::{Semaphore, watch};

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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            transaction_time: Duration::from_secs(5),
            queued_commands: 100_000,
            queued_bytes: 128 << 20,
        }
    }
}

/// Loads from the tables that run at one time.
const LOADERS: usize = 4;

/// Namespaces that one tenant's connections can select.
pub(crate) const DATABASES: u32 = 16;

/// What all connections share.
#[derive(Debug)]
pub struct Server {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    loaders: Semaphore,
    sessions: AtomicU64,
    connected: AtomicUsize,
    stopping: watch::Receiver<bool>,
}

impl Server {
    /// Serves `store`; `hash_key` is the data directory's. When `stopping` turns true, connections
    /// finish what they have been sent and close.
    pub fn new(
        store: Store,
        hash_key: &[u8; 16],
        limits: Limits,
        stopping: watch::Receiver<bool>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            keys: Keys::new(hash_key),
            limits,
            loaders: Semaphore::new(LOADERS),
            sessions: AtomicU64::new(1),
            connected: AtomicUsize::new(0),
            stopping,
        })
    }

    /// How many connections there are.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    pub(crate) fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }

    /// Takes a connection's place; `None` if all are taken.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Admission> {
        let admission = Admission { server: Arc::clone(self) };
        let before = self.connected.fetch_add(1, Ordering::Relaxed);
        (before < self.limits.connections).then_some(admission)
    }

    /// The namespace that is database `number` of a tenant.
    pub(crate) fn database(&self, tenant: Tenant, number: u32) -> Result<Handle, Refusal> {
        self.store.namespace(tenant, Namespace(tenant.0 * DATABASES + number))
    }

    /// Brings into memory what a transaction wants, before it is run again.
    pub(crate) async fn load(&self, plan: &mut Plan, wants: Vec<Want>) -> Result<(), Error> {
        if wants.is_empty() {
            // A lock was taken: its holder is another task or thread, which goes on meanwhile.
            tokio::task::yield_now().await;
            return Ok(());
        }
        let permit = self.loaders.acquire().await;
        let store = self.store.clone();
        let mut moved = std::mem::replace(plan, Plan::new(plan.now(), Monotonic::ZERO));
        let loaded = tokio::task::spawn_blocking(move || {
            let joined = store.load(&mut moved, wants);
            (moved, joined)
        });
        let (moved, joined) = loaded.await.map_err(|_join| Error::Unknown)?;
        drop(permit);
        *plan = moved;
        for ticket in joined? {
            std::future::poll_fn(|context| self.store.poll_load(ticket, context)).await;
        }
        Ok(())
    }
}

/// A connection's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    server: Arc<Server>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.server.connected.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the replies that are waiting to leave depend on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dues {
    written: base::Sequence,
    durable: base::Sequence,
}

impl Dues {
    pub(crate) fn add(&mut self, receipt: Receipt) {
        let due =
            if receipt.level == Level::Durable { &mut self.durable } else { &mut self.written };
        *due = receipt.after.max(*due);
    }

    /// Waits until all of it has come to pass.
    pub(crate) async fn settle(&mut self, store: &Store) -> Result<(), Error> {
        let Self { written, durable } = std::mem::take(self);
        store.watermarks().reached(Level::Durable, durable).await?;
        store.watermarks().reached(Level::Written, written).await
    }
}
