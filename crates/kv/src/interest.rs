//! Who wants to hear that an object has changed: long-polling fetches, blocking pops.
//!
//! A watch is registered first, then the object is read, then the watch is waited for: so no change
//! between the read and the wait is missed. It goes by the object's name, so that it outlives a flush
//! and a swap.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use base::{Namespace, StoreTime};
use parking_lot::Mutex;

use crate::namespace::{Handle, Layer, Part};
use crate::object::State;
use crate::shard::Shard;
use crate::store::Store;

/// Not by space, which ends with a flush: whoever waits for an absent object goes on waiting.
type Name = (Namespace, Layer, Box<[u8]>);

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
    /// Whether anybody watches anything. Asked with the stripe held: who comes later sees the commit.
    pub(crate) fn is_in_use(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }

    /// An object has changed. Called with its stripe held, after its last commit was set.
    pub(crate) fn tell(&self, namespace: Namespace, layer: Layer, id: &[u8]) {
        let name = (namespace, layer, id.into());
        let fired = self.watches.lock().get(&name).cloned().unwrap_or_default();
        for one in fired {
            one.yes.store(true, Ordering::Release);
            if let Some(waker) = one.waker.lock().take() {
                waker.wake();
            }
        }
    }
}

impl Interest {
    /// The ids of what is watched of a layer in a namespace.
    pub(crate) fn watched(&self, namespace: Namespace, layer: Layer) -> Vec<Box<[u8]>> {
        if !self.is_in_use() {
            return Vec::new();
        }
        let watches = self.watches.lock();
        let names = watches.keys().filter(|name| (name.0, name.1) == (namespace, layer));
        names.map(|name| name.2.clone()).collect()
    }
}

impl Shard {
    /// Whether there is such an object, as far as memory knows.
    pub(crate) fn may_hold(&self, part: &Part, id: &[u8], now: StoreTime) -> bool {
        let hash = self.stripes.hash(part.space, id);
        // The transaction may hold the stripe itself.
        let there = self.stripes.lock(hash.stripe()).try_read().map_or(Some(true), |stripe| {
            let entry = stripe.get(stripe.find(hash, part.space, id)?)?;
            // Whether one that is being loaded is there, nobody knows yet.
            let is_known = !matches!(entry.state, State::Loading(_));
            is_known.then(|| entry.exists(now))
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
        let name =
            |(handle, layer, id): (&Handle, Layer, &[u8])| (handle.namespace(), layer, id.into());
        let names: Vec<Name> = objects.into_iter().map(name).collect();
        let fired = Arc::<Fired>::default();
        let interest = &self.shard.interest;
        interest.count.fetch_add(names.len(), Ordering::SeqCst);
        let mut watches = interest.watches.lock();
        for name in &names {
            watches.entry(name.clone()).or_default().push(Arc::clone(&fired));
        }
        drop(watches);
        Watch { shard: Arc::clone(&self.shard), names, fired }
    }
}

impl Watch {
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
