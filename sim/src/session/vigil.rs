//! What a client watches: objects, as they were when it looked at them, and whether it was told that
//! one has changed since.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use kv::Watch;

use super::Desk;
use crate::book::Book;
use crate::model::Seen;
use crate::notes::{DURABLE, Key};
use crate::violation::{Checker, Violation};

/// Notes that it was woken.
#[derive(Debug, Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// See the module's description.
pub(super) struct Vigil {
    /// What is watched.
    pub(super) keys: Vec<Key>,
    watch: Option<Watch>,
    seen: Vec<Seen>,
    bell: Arc<Bell>,
    asleep: bool,
}

impl fmt::Debug for Vigil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vigil").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Vigil {
    /// Of these, but nothing is registered yet.
    pub(super) fn new(keys: Vec<Key>) -> Self {
        Self { keys, watch: None, seen: Vec::new(), bell: Arc::default(), asleep: false }
    }

    /// Registers the watch, if it is not.
    pub(super) fn register(&mut self, desk: &Desk<'_>) {
        let [durable, relaxed] = desk.handles;
        let objects = self.keys.iter().map(|key| {
            let handle = if key.namespace == DURABLE { durable } else { relaxed };
            (handle, key.layer, &*key.id)
        });
        if self.watch.is_none() {
            self.watch = Some(desk.store.watch(objects));
        }
    }

    /// The objects are looked at now.
    pub(super) fn look(&mut self, book: &Book) {
        self.seen = self.keys.iter().map(|key| book.model.see(key)).collect();
    }

    /// Whether one of them is not as it was, as far as that has to be told.
    fn has_changed(&self, book: &Book) -> bool {
        self.keys.iter().zip(&self.seen).any(|(key, seen)| book.model.differs(key, seen))
    }

    /// Whether it was told of a change.
    pub(super) fn has_fired(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::has_fired)
    }

    /// A transaction that was to run only if nothing has changed is about to be entered.
    pub(super) fn check_unchanged(&self, book: &Book) -> Result<(), Violation> {
        book.tally.count("watched transactions that ran");
        book.check(Checker::Watched, !self.has_changed(book), || {
            format!("a transaction ran although {:?} have changed since {:?}", self.keys, self.seen)
        })
    }

    /// One was refused because something has changed.
    pub(super) fn refused(&self, book: &Book) {
        let changed = self.has_changed(book);
        book.tally.count(if changed {
            "watched transactions refused"
        } else {
            "watched transactions refused for nothing"
        });
    }

    /// Sleeps on; whether it was woken.
    pub(super) fn sleep(&mut self, book: &Book) -> Result<bool, Violation> {
        let Some(watch) = &mut self.watch else { return Ok(true) };
        if !self.asleep {
            self.asleep = true;
            let waker = Waker::from(Arc::clone(&self.bell));
            if let Poll::Ready(()) = Pin::new(watch).poll(&mut Context::from_waker(&waker)) {
                book.tally.count("sleepers that did not fall asleep");
                return Ok(true);
            }
            return Ok(false);
        }
        let woken = self.bell.0.load(Ordering::Relaxed);
        book.check(Checker::Woken, woken || !self.has_changed(book), || {
            format!("{:?} have changed since {:?}, and nobody was woken", self.keys, self.seen)
        })?;
        book.tally.add("sleepers woken", u64::from(woken));
        Ok(woken)
    }
}
