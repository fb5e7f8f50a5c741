//! CLIENT PAUSE: until when commands of Redis clients are held back, and which.
//!
//! Knows no connection: each looks before it runs a command, and waits until that may have changed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::Monotonic;
use tokio::sync::watch;

/// Which commands are held back; what is further down holds back more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Those that may change keys.
    Writes,
    /// All that are about more than the connection.
    All,
}

/// A pause that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) scope: Scope,
    pub(crate) until: Monotonic,
}

/// The pause of a server, if there is one.
#[derive(Debug)]
pub(crate) struct Pause {
    /// What every command looks at: false if there is none for certain.
    may_be_on: AtomicBool,
    extent: watch::Sender<Option<Extent>>,
    held: AtomicUsize,
}

impl Default for Pause {
    fn default() -> Self {
        let extent = watch::Sender::new(None);
        Self { may_be_on: AtomicBool::new(false), extent, held: AtomicUsize::new(0) }
    }
}

impl Pause {
    /// Begins one. Of one that is under way, the later end and the wider scope stay, as in Redis.
    pub(crate) fn begin(&self, Extent { scope, until }: Extent, now: Monotonic) {
        self.extent.send_modify(|extent| {
            let before = extent.filter(|before| before.until > now);
            let joined = |before: Extent| Extent {
                scope: before.scope.max(scope),
                until: before.until.max(until),
            };
            *extent = Some(before.map_or(Extent { scope, until }, joined));
            self.may_be_on.store(true, Ordering::Relaxed);
        });
    }

    /// Ends it.
    pub(crate) fn end(&self) {
        self.extent.send_modify(|extent| {
            *extent = None;
            self.may_be_on.store(false, Ordering::Relaxed);
        });
    }

    /// Whether [`Pause::at`] is to be asked: costs next to nothing.
    pub(crate) fn may_be_on(&self) -> bool {
        self.may_be_on.load(Ordering::Relaxed)
    }

    /// The one that is under way.
    pub(crate) fn at(&self, now: Monotonic) -> Option<Extent> {
        let extent = *self.extent.borrow();
        if extent.is_some_and(|extent| extent.until <= now) {
            self.extent.send_if_modified(|extent| {
                // Another may have begun one meanwhile.
                let is_over = extent.is_some_and(|extent| extent.until <= now);
                if is_over {
                    *extent = None;
                    self.may_be_on.store(false, Ordering::Relaxed);
                }
                is_over
            });
            return None;
        }
        extent
    }

    /// Returns when `extent` has come to its end, or may be another one since; may be dropped at any time.
    /// Counts as one that is held back meanwhile.
    pub(crate) async fn wait(&self, extent: Extent, now: Monotonic) {
        let mut changes = self.extent.subscribe();
        if *changes.borrow_and_update() != Some(extent) {
            return;
        }
        let _held = Held::new(&self.held);
        let _changed_or_late =
            tokio::time::timeout(extent.until.saturating_sub(now), changes.changed()).await;
    }

    /// How many connections have a command that is held back.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// One that is held back.
struct Held<'a>(&'a AtomicUsize);

impl<'a> Held<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
