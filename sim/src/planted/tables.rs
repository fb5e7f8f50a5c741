//! Tables that break a rule of [`Tables`].

use std::ops::Bound;
use std::sync::Arc;

use base::Sequence;
use parking_lot::Mutex;
use tables::{Change, Error, Flush, Rows, Sealed, Stats, Tables, Value, View};

use super::Planted;

/// Tables with a bug over sound ones.
pub(super) struct PlantedTables {
    inner: Arc<dyn Tables>,
    bug: Planted,
    /// Changes that belong to an earlier batch.
    late: Mutex<Vec<Change>>,
    /// The state before the last batch.
    before: Mutex<Option<Arc<dyn View>>>,
}

/// A view that several look at.
struct Shared(Arc<dyn View>);

impl View for Shared {
    fn applied(&self) -> Sequence {
        self.0.applied()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.0.get(key)
    }

    fn range<'a>(&'a self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Rows<'a> {
        self.0.range(from, to)
    }
}

/// A view that ends ranges of content early.
struct Short(Box<dyn View>);

/// A first byte of rows of content.
const CONTENT: u8 = 2;

/// Fewer rows than an object has that is not held in one.
const SHORT_ROWS: usize = 20;

impl View for Short {
    fn applied(&self) -> Sequence {
        self.0.applied()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.0.get(key)
    }

    fn range<'a>(&'a self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Rows<'a> {
        let is_content = matches!(from, Bound::Included([CONTENT, ..]));
        let most = if is_content { SHORT_ROWS } else { usize::MAX };
        let rows: Vec<_> = self.0.range(from, to).take(most).collect();
        Box::new(rows.into_iter())
    }
}

impl PlantedTables {
    pub(super) fn new(inner: Arc<dyn Tables>, bug: Planted) -> Self {
        Self { inner, bug, late: Mutex::default(), before: Mutex::default() }
    }

    /// The batch with what is late of earlier ones, and without its own last rows.
    fn behind(&self, changes: Vec<Change>) -> Vec<Change> {
        let mut late = self.late.lock();
        let mut batch = std::mem::take(&mut *late);
        batch.retain(|old| changes.iter().all(|new| new.key != old.key));
        batch.extend(changes);
        batch.sort_by(|a, b| a.key.cmp(&b.key));
        late.extend(batch.split_off(batch.len() - batch.len() / 2));
        batch
    }
}

impl Tables for PlantedTables {
    fn applied(&self) -> Sequence {
        self.inner.applied()
    }

    fn apply(&self, mut changes: Vec<Change>, through: Sequence) -> Result<(), Error> {
        let before = Sequence(through.0 - 1);
        match self.bug {
            Planted::RemovesForgotten => changes.retain(|change| change.value.is_some()),
            Planted::RotatedInsideBatch if before > self.inner.applied() => {
                let rest = changes.split_off(changes.len() / 2);
                self.inner.apply(std::mem::replace(&mut changes, rest), before)?;
                self.inner.rotate();
            }
            Planted::LoadedFromBefore => *self.before.lock() = Some(self.inner.view().into()),
            Planted::AppliedAhead => changes = self.behind(changes),
            _ => {}
        }
        self.inner.apply(changes, through)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.inner.get(key)
    }

    fn view(&self) -> Box<dyn View> {
        match &*self.before.lock() {
            Some(before) => Box::new(Shared(Arc::clone(before))),
            None if self.bug == Planted::RangeCutShort => Box::new(Short(self.inner.view())),
            None => self.inner.view(),
        }
    }

    fn memtable_bytes(&self) -> u64 {
        self.inner.memtable_bytes()
    }

    fn sealed(&self) -> Sealed {
        self.inner.sealed()
    }

    fn top_runs(&self) -> u64 {
        self.inner.top_runs()
    }

    fn rotate(&self) -> bool {
        self.inner.rotate()
    }

    fn flush(&self, durable: Sequence) -> Result<Flush, Error> {
        let early = self.bug == Planted::FlushedBeforeDurable;
        self.inner.flush(if early { Sequence(u64::MAX) } else { durable })
    }

    fn flushed(&self) -> Sequence {
        self.inner.flushed()
    }

    fn compact(&self) -> Result<bool, Error> {
        self.inner.compact()
    }

    fn maintain(&self) {
        self.inner.maintain();
    }

    fn drop_range(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        self.inner.drop_range(from, to)
    }

    fn is_droppable(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        match self.bug {
            Planted::DroppedBeforeFlushed => self.inner.drop_range(from, to),
            _ => self.inner.is_droppable(from, to),
        }
    }

    fn stats(&self) -> Stats {
        self.inner.stats()
    }
}
