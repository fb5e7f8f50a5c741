//! Who wants to hear that an object has changed: long-polling fetches, blocking pops.
//!
//! A watch is registered first, then the object is read, then the watch is waited for: so no change
//! between the read and the wait is missed.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use base::{Space, StoreTime};
use parking_lot::Mutex;

use crate::namespace::{Handle, Layer, Part};
use crate::shard::Shard;
use crate::store::Store;
use crate::txn::{Object, Txn};

type Name = (Space, Box<[u8]>);

/// Watches by object.
#[derive(Debug, Default)]
pub(crate) struct Interest {
    /// How many there are, so that a commit that nobody waits for costs one read.
    count: AtomicUsize,
    watches: Mutex<HashMap<Name, Vec<Arc<Fired>>>>,
}

#[derive(Debug, Default)]
struct Fired {
    yes: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Interest {
    /// An object has changed. Called with its stripe held, after its last commit was set.
    pub(crate) fn tell(&self, space: Space, id: &[u8]) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let fired = self.watches.lock().get(&(space, id.into())).cloned().unwrap_or_default();
        for one in fired {
            one.yes.store(true, Ordering::Release);
            if let Some(waker) = one.waker.lock().take() {
                waker.wake();
            }
        }
    }
}

impl Shard {
    /// A space was flushed or has given place to another, by a transaction that holds its gate: whoever
    /// watches an object that was there, or is in its place, is told.
    pub(crate) fn tell_replaced(&self, was: &Part, by: Option<&Part>, now: StoreTime) {
        let watched: Vec<Name> = self
            .interest
            .watches
            .lock()
            .keys()
            .filter(|name| name.0 == was.space)
            .cloned()
            .collect();
        for (space, id) in watched {
            if [Some(was), by].into_iter().flatten().any(|part| self.may_hold(part, &id, now)) {
                self.interest.tell(space, &id);
            }
        }
    }

    /// Whether there is such an object, as far as memory knows.
    fn may_hold(&self, part: &Part, id: &[u8], now: StoreTime) -> bool {
        let hash = self.stripes.hash(part.space, id);
        // The transaction may hold the stripe itself: then it has changed what it has opened.
        let there = self.stripes.lock(hash.stripe()).try_read().map_or(Some(true), |stripe| {
            let entry = stripe.get(stripe.find(hash, part.space, id)?)?;
            Some(entry.exists(now))
        });
        there.unwrap_or(!part.is_complete())
    }
}

/// Resolves when one of its objects changes; see [`Store::watch`].
#[derive(Debug)]
#[must_use = "a future does nothing until it is awaited"]
pub struct Watch {
    shard: Arc<Shard>,
    names: Vec<Name>,
    fired: Arc<Fired>,
}

impl Store {
    /// Watches objects, from now on. Dropping it ends the watch.
    pub fn watch<'a>(
        &self,
        objects: impl IntoIterator<Item = (&'a Handle, Layer, &'a [u8])>,
    ) -> Watch {
        let fired = Arc::<Fired>::default();
        let interest = &self.shard.interest;
        let mut names = Vec::new();
        for (handle, layer, id) in objects {
            // With the gate held: a space that is replaced is told of to all that are registered in it.
            let gate = handle.0.entry.read();
            let name: Name = (gate.part(layer).space, id.into());
            interest.count.fetch_add(1, Ordering::SeqCst);
            interest.watches.lock().entry(name.clone()).or_default().push(Arc::clone(&fired));
            names.push(name);
        }
        Watch { shard: Arc::clone(&self.shard), names, fired }
    }
}

impl Watch {
    /// Whether it is of that object, where it is now: a namespace may have been flushed or swapped since.
    pub fn covers(&self, txn: &Txn<'_>, object: Object) -> bool {
        let opened = &txn.opened[object.index()];
        self.names.iter().any(|name| name.0 == opened.space && *name.1 == *txn.id(opened))
    }

    /// Whether one of its objects has changed since it was made. Certain only while the objects are
    /// locked: within a transaction that names them.
    pub fn has_fired(&self) -> bool {
        self.fired.yes.load(Ordering::Acquire)
    }
}

impl Future for Watch {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        *self.fired.waker.lock() = Some(context.waker().clone());
        // After the waker is in its place: a change from here on wakes it.
        if self.fired.yes.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let interest = &self.shard.interest;
        let mut watches = interest.watches.lock();
        for name in &self.names {
            if let Some(fired) = watches.get_mut(name) {
                fired.retain(|one| !Arc::ptr_eq(one, &self.fired));
                if fired.is_empty() {
                    watches.remove(name);
                }
            }
        }
        interest.count.fetch_sub(self.names.len(), Ordering::SeqCst);
    }
}
