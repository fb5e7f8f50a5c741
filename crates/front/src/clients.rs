//! The connections that there are, so that they can be listed and ended by others.
//!
//! A connection shows what it is once a turn, not at each command.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::Monotonic;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::access::{DEFAULT_USER, User};

/// One connection, as others see it.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its number, also that of its session in the log.
    pub(crate) id: u64,
    /// The client's end.
    pub(crate) address: SocketAddr,
    /// Our end.
    pub(crate) local: SocketAddr,
    /// When it was taken.
    pub(crate) since: Monotonic,
    /// What it shows.
    pub(crate) shown: Mutex<Shown>,
    is_killed: AtomicBool,
    killed: Notify,
}

/// What a connection was at the end of its latest turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// `None` for one that has not said who it is.
    pub(crate) user: Option<Arc<User>>,
    /// As CLIENT SETNAME set it.
    pub(crate) name: Vec<u8>,
    /// As CLIENT SETINFO set them.
    pub(crate) library: Library,
    /// The database that it has selected.
    pub(crate) database: u32,
    /// The version of the protocol: 2 or 3.
    pub(crate) protocol: u8,
    /// Commands queued since MULTI, if that was begun.
    pub(crate) queued: Option<usize>,
    /// Its latest command.
    pub(crate) command: &'static str,
    /// When it last sent something.
    pub(crate) active: Monotonic,
}

impl Shown {
    /// The user's name.
    pub(crate) fn user(&self) -> &[u8] {
        self.user.as_ref().map_or(DEFAULT_USER, |user| user.name()).as_bytes()
    }
}

/// What the client says of its library.
#[derive(Clone, Debug, Default)]
pub(crate) struct Library {
    pub(crate) name: Vec<u8>,
    pub(crate) version: Vec<u8>,
}

impl Client {
    /// Has the connection end: at once if it waits, after its command if it runs one.
    pub(crate) fn kill(&self) {
        self.is_killed.store(true, Ordering::Release);
        self.killed.notify_one();
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::Acquire)
    }

    /// Returns once it is to end. For its own task alone; may be dropped at any time.
    pub(crate) async fn killed(&self) {
        while !self.is_killed() {
            self.killed.notified().await;
        }
    }
}

/// All connections, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    all: Mutex<BTreeMap<u64, Arc<Client>>>,
}

impl Clients {
    /// Adds a connection, for as long as what is returned is kept.
    pub(crate) fn enter(
        self: &Arc<Self>,
        id: u64,
        address: SocketAddr,
        local: SocketAddr,
        since: Monotonic,
    ) -> Presence {
        let client = Arc::new(Client {
            id,
            address,
            local,
            since,
            shown: Mutex::new(Shown { protocol: 2, active: since, ..Shown::default() }),
            is_killed: AtomicBool::new(false),
            killed: Notify::new(),
        });
        self.all.lock().insert(id, Arc::clone(&client));
        Presence { clients: Arc::clone(self), client }
    }

    /// All that there are now, in order of number.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.all.lock().values().cloned().collect()
    }
}

/// A connection's place among the others, given back when dropped.
#[derive(Debug)]
pub(crate) struct Presence {
    clients: Arc<Clients>,
    pub(crate) client: Arc<Client>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.clients.all.lock().remove(&self.client.id);
    }
}
