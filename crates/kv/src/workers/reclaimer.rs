//! Gives back the rows of what has died: replaced and deleted objects of any size, flushed spaces.
//!
//! It works from the rows that say what is owed, a bounded slice at a time, of many small debts or of a part of
//! a large one; the row of a debt goes with its last slice. A crash in between costs nothing but doing a slice
//! again.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use base::{Event, Monotonic, Sequence};
use log::record;
use tables::View;

use crate::error::Error;
use crate::key::{self, Owed};
use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};

/// How often it looks whether anything is owed.
const INTERVAL: Duration = Duration::from_millis(50);

/// Rows removed in one slice, at most.
const ROWS: usize = 1000;

/// And no more once they take so many bytes of the log: keys may be long, and the room of a full disk is short.
const SLICE_BYTES: usize = 256 << 10;

/// Debts that a slice looks at, at most; the gauge of what is owed counts up to here.
pub const OWED_COUNTED_MAX: usize = 1000;

/// While the tables are far behind, a slice is done so often, so that clients' writes come first and yet it goes on.
const BUSY_INTERVAL: Duration = Duration::from_secs(1);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Reclaimer {
    shard: Arc<Shard>,
    /// The last slice's commit: until it is applied, the tables still show what it removed.
    pending: Sequence,
    /// When it last began a slice.
    began_at: Monotonic,
}

impl Reclaimer {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, pending: Sequence::ZERO, began_at: Monotonic::ZERO }
    }

    /// One slice; whether there may be more to do as soon as it is applied.
    fn slice(&mut self) -> Result<bool, Error> {
        let view = self.shard.tables.view();
        let (from, to) = key::owed_bounds();
        let mut changes = Vec::new();
        let (mut owed, mut left) = (0, ROWS);
        for row in view.range(Bound::Included(&from), Bound::Excluded(&to)).take(OWED_COUNTED_MAX) {
            let (row, _) = row.map_err(Error::Tables)?;
            owed += 1;
            if left > 0 && changes.len() < SLICE_BYTES {
                left -= pay(&*view, &row, left, &mut changes)?;
            }
        }
        self.shard.figures.owed.set(owed as u64);
        if owed == 0 {
            return Ok(false);
        }
        let Some(pending) = self.shard.release_own(&changes) else { return Ok(false) };
        self.pending = pending;
        self.shard.figures.reclaimed_rows.add((ROWS - left) as u64);
        let is_full = left == 0 || changes.len() >= SLICE_BYTES || owed == OWED_COUNTED_MAX;
        if is_full {
            self.shard.watermarks.demand(Level::Applied, self.pending);
        }
        Ok(is_full)
    }
}

/// Removes at most `most` rows of what the row `owed` says is dead, and that row if none is left; how many.
fn pay(view: &dyn View, owed: &[u8], most: usize, changes: &mut Vec<u8>) -> Result<usize, Error> {
    let what =
        key::parse_owed(owed).map_err(|_malformed| Error::Damaged { what: "an owed row" })?;
    let mut left = most;
    for prefix in prefixes(what) {
        left -= remove_rows(view, &prefix, left, changes)?;
    }
    if left > 0 && changes.len() < SLICE_BYTES {
        if let Owed::Space(space) = what {
            record::remove(changes, &key::keys(space));
        }
        record::remove(changes, owed);
    }
    Ok(most - left)
}

/// What the keys of dead rows begin with.
fn prefixes(owed: Owed) -> Vec<Vec<u8>> {
    let mut prefixes = vec![Vec::new()];
    match owed {
        Owed::Generation(space, generation) => {
            key::put_content(&mut prefixes[0], space, generation, b"");
        }
        Owed::Space(space) => {
            key::put_header(&mut prefixes[0], space, b"");
            prefixes.push(key::content_of(space));
        }
    }
    prefixes
}

/// Removes at most `most` rows; how many there were.
fn remove_rows(
    view: &dyn View,
    prefix: &[u8],
    most: usize,
    changes: &mut Vec<u8>,
) -> Result<usize, Error> {
    let end = key::after_prefix(prefix);
    let mut count = 0;
    for row in view.range(Bound::Included(prefix), Bound::Excluded(&end)).take(most) {
        let (key, _) = row.map_err(Error::Tables)?;
        record::remove(changes, &key);
        count += 1;
        if changes.len() >= SLICE_BYTES {
            break;
        }
    }
    Ok(count)
}

impl Worker for Reclaimer {
    fn name(&self) -> &'static str {
        "reclaimer"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let shard = &*self.shard;
        let is_busy = shard.backlog.is_half_full(shard.settings.backlog_bytes)
            && now < self.began_at + BUSY_INTERVAL;
        if shard.watermarks.is_poisoned()
            || is_busy
            || shard.watermarks.at(Level::Applied) < self.pending
        {
            return Next::At(now + INTERVAL / 10);
        }
        self.began_at = now;
        match self.slice() {
            Ok(true) => Next::Again,
            Ok(false) => Next::At(now + INTERVAL),
            Err(error) => {
                self.shard.observer.event(&Event::TableWorkFailed { reason: error.to_string() });
                Next::At(now + Duration::from_secs(5))
            }
        }
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        None
    }
}
