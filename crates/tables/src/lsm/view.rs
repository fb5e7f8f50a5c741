//! A state of the tree that stands still.

use std::ops::Bound;
use std::sync::Arc;

use base::Sequence;
use lsm_tree::{AbstractTree, Guard, IterGuardImpl};

use super::guard::{Failure, guarded};
use super::horizon::Snapshot;
use super::{Tree, damage::Near};
use crate::span::span;
use crate::{Error, Rows, Value, View};

/// The tree as it was when a snapshot was taken.
pub(super) struct LsmView {
    tree: Arc<Tree>,
    snapshot: Snapshot,
}

impl LsmView {
    pub(super) fn new(tree: Arc<Tree>, snapshot: Snapshot) -> Self {
        Self { tree, snapshot }
    }
}

impl View for LsmView {
    fn applied(&self) -> Sequence {
        self.snapshot.applied
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.tree.read(key, &self.snapshot)
    }

    fn range<'a>(&'a self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Rows<'a> {
        let Some(range) = span(from, to) else { return Box::new(std::iter::empty()) };
        let opened =
            guarded(|| Ok(self.tree.inner.range::<&[u8], _>(range, self.snapshot.at, None)));
        let low = range.0.map(Value::from);
        let high = range.1.map(Value::from);
        match opened {
            Ok(items) => Box::new(LsmRows { tree: &self.tree, items: Some(items), low, high }),
            Err(failure) => {
                Box::new(std::iter::once(Err(failure.at("read rows of", &self.tree.dir))))
            }
        }
    }
}

type Items = Box<dyn DoubleEndedIterator<Item = IterGuardImpl> + Send>;

/// Rows of a view, which end at the first error.
struct LsmRows<'a> {
    tree: &'a Tree,
    /// None once it has ended.
    items: Option<Items>,
    /// What is left lies between these two; they tell where an error is.
    low: Bound<Value>,
    high: Bound<Value>,
}

impl LsmRows<'_> {
    fn step(
        &mut self,
        next: impl FnOnce(&mut Items) -> Option<IterGuardImpl>,
    ) -> Option<Result<Row, Failure>> {
        let items = self.items.as_mut()?;
        let row = guarded(|| next(items).map(Guard::into_inner).transpose()).transpose();
        if !matches!(row, Some(Ok(_))) {
            self.items = None;
        }
        row.map(|row| row.map(|(key, value)| (Value(key), Value(value))))
    }

    fn fail(&self, failure: Failure, near: Near<'_>) -> Error {
        self.tree.damage.of_range(self.tree, failure, near)
    }
}

/// A key and its row.
type Row = (Value, Value);

impl Iterator for LsmRows<'_> {
    type Item = Result<(Value, Value), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.step(Iterator::next)? {
            Ok((key, value)) => {
                self.low = Bound::Excluded(key.clone());
                Some(Ok((key, value)))
            }
            Err(failure) => Some(Err(self.fail(failure, Near::Above(&self.low)))),
        }
    }
}

impl DoubleEndedIterator for LsmRows<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self.step(DoubleEndedIterator::next_back)? {
            Ok((key, value)) => {
                self.high = Bound::Excluded(key.clone());
                Some(Ok((key, value)))
            }
            Err(failure) => Some(Err(self.fail(failure, Near::Below(&self.high)))),
        }
    }
}
