//! Gives back the rows of what has died: replaced and deleted objects of any size, flushed spaces.
//!
//! It works from the rows that say what is owed, a bounded slice at a time, of many small debts or of a part of
//! a large one; the row of a debt goes with its last slice. A crash in between costs nothing but doing a slice
//! again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{Event, Monotonic, Sequence, Space};
use log::record;
use tables::View;

use crate::error::Error;
use crate::key::{self, Owed};
use crate::shard::Shard;
use crate::signal::Signal;
use crate::watermark::Level;
use crate::worker::{Next, Worker};
use crate::workers::cursor::Cursor;

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

/// Where a flushed space has tables to itself, these are given back as a whole. They wait for the flush to be in tables
/// on disk, too, but no longer than this.
const DROP_TIME_MAX: Duration = Duration::from_secs(30);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Reclaimer {
    shard: Arc<Shard>,
    /// The last slice's commit: until it is applied, the tables still show what it removed.
    pending: Sequence,
    /// When it last began a slice.
    began_at: Monotonic,
    /// Behind the last debt that was paid, or put off.
    place: Cursor,
    /// Debts that it lies behind and that were put off.
    put_off: usize,
    /// Flushed spaces whose tables wait for such a commit to be in tables on disk, and until when.
    waiting: BTreeMap<Space, (Sequence, Monotonic)>,
    /// The debt that takes more than a slice, if there is one, and behind which row it is paid.
    large: Option<(Vec<u8>, Cursor)>,
}

/// What a slice has room for.
#[derive(Debug)]
struct Slice {
    rows_left: usize,
    changes: Vec<u8>,
}

impl Slice {
    fn is_full(&self) -> bool {
        self.rows_left == 0 || self.changes.len() >= SLICE_BYTES
    }
}

/// How far a debt was paid.
enum Paid {
    Whole,
    /// The slice is full.
    InPart,
    /// It waits for something.
    PutOff,
    /// Tables went as a whole: what is left is seen in a new view.
    Tables,
}

impl Reclaimer {
    pub(crate) fn new(shard: Arc<Shard>) -> Self {
        Self {
            shard,
            pending: Sequence::ZERO,
            began_at: Monotonic::ZERO,
            place: Cursor::default(),
            put_off: 0,
            waiting: BTreeMap::new(),
            large: None,
        }
    }

    /// One slice; whether there may be more to do as soon as it is applied.
    fn slice(&mut self, now: Monotonic) -> Result<bool, Error> {
        let is_from_start = self.place.rewind(now);
        if is_from_start {
            self.put_off = 0;
        }
        let view = self.shard.tables.view();
        let (from, to) = key::owed_bounds();
        let mut slice = Slice { rows_left: ROWS, changes: Vec::new() };
        let (before, mut owed, mut is_more) = (self.put_off, 0, false);
        for row in self.place.rows(&*view, &from, &to).take(OWED_COUNTED_MAX) {
            let (row, _) = row.map_err(Error::Tables)?;
            owed += 1;
            if is_more || slice.is_full() {
                continue;
            }
            match self.pay(now, &*view, &row, &mut slice)? {
                Paid::Whole => self.place.pass(&row),
                Paid::PutOff => {
                    self.put_off += 1;
                    self.place.pass(&row);
                }
                Paid::InPart | Paid::Tables => is_more = true,
            }
        }
        if is_from_start {
            let ended_at = self.shard.machine.monotonic();
            // What was put off is not to be seen too late.
            let took = if self.put_off > 0 { Duration::ZERO } else { ended_at.saturating_sub(now) };
            self.place.rewound(took, ended_at);
        }
        self.shard.figures.owed.set((before + owed).min(OWED_COUNTED_MAX) as u64);
        is_more |= slice.is_full() || owed == OWED_COUNTED_MAX;
        if !is_more {
            self.place.meet_end();
        }
        Ok(self.commit(&slice, is_more) && is_more)
    }

    /// Commits a slice; false if the log has no room for it at present: then nothing of it was done.
    fn commit(&mut self, slice: &Slice, is_more: bool) -> bool {
        if slice.changes.is_empty() {
            return true;
        }
        let Some(pending) = self.shard.release_own(&slice.changes) else {
            (self.place, self.put_off, self.large) = (Cursor::default(), 0, None);
            return false;
        };
        self.pending = pending;
        self.shard.figures.reclaimed_rows.add((ROWS - slice.rows_left) as u64);
        if is_more {
            self.shard.watermarks.demand(Level::Applied, pending);
        }
        true
    }

    /// Removes rows that the row `owed` says are dead, as many as fit, and that row if none is left.
    fn pay(
        &mut self,
        now: Monotonic,
        view: &dyn View,
        owed: &[u8],
        slice: &mut Slice,
    ) -> Result<Paid, Error> {
        let what =
            key::parse_owed(owed).map_err(|_malformed| Error::Damaged { what: "an owed row" })?;
        let begun = self.large.take_if(|(large, _)| large == owed);
        // Tables that go as a whole may bring back rows that were removed, so they go first.
        if let (Owed::Space(space), None) = (what, &begun)
            && let Some(paid) = self.drop_tables(now, view, space)?
        {
            return Ok(paid);
        }
        let mut rows = begun.map(|(_, rows)| rows).unwrap_or_default();
        for prefix in prefixes(what) {
            remove_rows(view, &prefix, &mut rows, slice)?;
        }
        if slice.is_full() {
            self.large = Some((owed.into(), rows));
            return Ok(Paid::InPart);
        }
        if let Owed::Space(space) = what {
            record::remove(&mut slice.changes, &key::keys(space));
        }
        record::remove(&mut slice.changes, owed);
        Ok(Paid::Whole)
    }

    /// Gives back the tables that hold nothing but a flushed space; none if there are none, or it takes too long
    /// until they may go. They may once the flush is in tables on disk: what these hold is right by itself.
    fn drop_tables(
        &mut self,
        now: Monotonic,
        view: &dyn View,
        space: Space,
    ) -> Result<Option<Paid>, Error> {
        let tables = &*self.shard.tables;
        let prefixes = prefixes(Owed::Space(space));
        let ranges = prefixes.iter().map(|from| (from, key::after_prefix(from)));
        let ranges: Vec<_> = ranges.collect();
        let mut is_worth_it = false;
        for (from, to) in &ranges {
            is_worth_it |= tables.is_droppable(from, to).map_err(Error::Tables)?;
        }
        let first_seen = (view.applied(), now + DROP_TIME_MAX);
        let (through, until) = *self.waiting.entry(space).or_insert(first_seen);
        if !is_worth_it || now >= until {
            self.waiting.remove(&space);
            return Ok(None);
        }
        if tables.flushed() < through {
            self.shard.wanted_on_disk.fetch_max(through.0, Ordering::Relaxed);
            return Ok(Some(Paid::PutOff));
        }
        let mut is_dropped = false;
        for (from, to) in &ranges {
            is_dropped |= tables.drop_range(from, to).map_err(Error::Tables)?;
        }
        if !is_dropped {
            // A compaction is under way.
            return Ok(Some(Paid::PutOff));
        }
        tables.maintain();
        self.waiting.remove(&space);
        Ok(Some(Paid::Tables))
    }
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

/// Removes the rows behind a place, as many as fit.
fn remove_rows(
    view: &dyn View,
    prefix: &[u8],
    place: &mut Cursor,
    slice: &mut Slice,
) -> Result<(), Error> {
    let end = key::after_prefix(prefix);
    let start = place.clone();
    for row in start.rows(view, prefix, &end).take(slice.rows_left) {
        let (key, _) = row.map_err(Error::Tables)?;
        record::remove(&mut slice.changes, &key);
        slice.rows_left -= 1;
        place.pass(&key);
        if slice.is_full() {
            break;
        }
    }
    Ok(())
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
        match self.slice(now) {
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
