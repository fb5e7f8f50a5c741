//! The waist: what a store asks of its tables.

use std::ops::Bound;

use base::Sequence;

use crate::{Change, Error, Stats, Value};

/// What became of a call to [`Tables::flush`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flush {
    /// Through which commit tables are on disk: the log may be trimmed up to here.
    pub through: Sequence,
    /// Another sealed memtable may be written at once.
    pub more: bool,
}

/// Why [`Tables::reclaim_space`] is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The disk is short of space: whatever it costs.
    Shortage,
    /// Nothing else is to be done: where there is plenty of room.
    Rest,
}

/// The sealed memtables: those that wait to be written to a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// How many there are.
    pub count: u64,
    /// What they take in memory, in bytes.
    pub bytes: u64,
}

/// Rows in ascending order of their keys. After an error it ends: what came before the error is
/// right, and what would follow it is not known.
pub type Rows<'a> = Box<dyn DoubleEndedIterator<Item = Result<(Value, Value), Error>> + Send + 'a>;

/// Ordered rows, changed a batch at a time.
///
/// Four kinds of thread use it: any number of readers; one *applier*, which alone calls
/// [`Tables::apply`] and [`Tables::rotate`]; one flusher; one compactor. The last two both call
/// [`Tables::maintain`]. A reader may wait for a version change of the tree, which syncs: never call from a
/// thread that serves connections.
pub trait Tables: Send + Sync {
    /// The last commit that readers see.
    fn applied(&self) -> Sequence;

    /// Makes the changes of the commits up to `through` visible, all at once, with the row
    /// [`crate::APPLIED_KEY`]. In memory only. Keys must ascend, each once, and `through` must be
    /// above [`Tables::applied`]; a batch that is refused has changed nothing.
    fn apply(&self, changes: Vec<Change>, through: Sequence) -> Result<(), Error>;

    /// The row of that key at the newest state.
    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error>;

    /// The state as it is now, which stands still as long as the view lives. A view pins memory and
    /// files: keep it for the length of one request.
    fn view(&self) -> Box<dyn View>;

    /// What the memtable that batches go to takes in memory. Takes no lock.
    fn memtable_bytes(&self) -> u64;

    /// The memtables that wait for a flush. Takes no lock.
    fn sealed(&self) -> Sealed;

    /// How many runs of tables lie unmerged at the top: what reads must look through. A flush is
    /// refused with [`Error::Crowded`] at a hard bound; let the applier wait long before. Takes no
    /// lock.
    fn top_runs(&self) -> u64;

    /// Bytes of the disk that the next flushes and a compaction may take beside what the tables take now: as
    /// long as so much is free beyond what is to stay free, both can be done. Takes no lock.
    fn space_wanted(&self) -> u64 {
        0
    }

    /// Seals the memtable, so that it can be flushed. False if there was nothing in it.
    fn rotate(&self) -> bool;

    /// Writes the oldest sealed memtable to a table and syncs it, if its last commit is at most
    /// `durable`, the watermark of the log. On an error nothing is lost: try again, later.
    fn flush(&self, durable: Sequence) -> Result<Flush, Error>;

    /// Through which commit tables are on disk: the log may be trimmed up to here.
    fn flushed(&self) -> Sequence;

    /// Does one bounded piece of compaction. False if there was none to do. On an error nothing is
    /// lost: try again, later.
    fn compact(&self) -> Result<bool, Error>;

    /// Does one piece of merging markers of deletion with what they remove, if a good part of all is such markers,
    /// so that what was removed gives its space back; no other compaction is done meanwhile. To be called until it
    /// says false: there is nothing to gain, no room for it, or the cause is not worth it. On an error nothing is
    /// lost.
    fn reclaim_space(&self, _cause: Cause) -> Result<bool, Error> {
        Ok(false)
    }

    /// Gives up the compaction that is under way, and begins none any more: the process is to end soon, and the next
    /// one begins again. That is no failure.
    fn cease(&self) {}

    /// Frees what no reader needs any more. To be called from time to time by a background thread,
    /// also when nothing else happens.
    fn maintain(&self);

    /// Gives back space of rows that nobody reads any more, with keys in `from..to`, table by table: those on disk
    /// that hold nothing else. Of the rest some may stay, and older versions of them may come back: it must mean
    /// nothing. True if there was any; [`Tables::maintain`], and views see that. False, too, while a compaction is
    /// under way.
    fn drop_range(&self, from: &[u8], to: &[u8]) -> Result<bool, Error>;

    /// Whether that would give anything back.
    fn is_droppable(&self, from: &[u8], to: &[u8]) -> Result<bool, Error>;

    /// Figures for gauges. Waits for version changes, like a read.
    fn stats(&self) -> Stats;
}

/// A state of the tables that stands still.
pub trait View: Send + Sync {
    /// The last commit that is in it.
    fn applied(&self) -> Sequence;

    /// The row of that key.
    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error>;

    /// The rows between two keys, from either end. A range whose bounds are out of order is empty.
    fn range<'a>(&'a self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Rows<'a>;
}
