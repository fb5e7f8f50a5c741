//! What a transaction knows of all objects of a space: rows of the tables, read outside all locks, and a
//! journal of what was committed since.
//!
//! A survey begins within a transaction that holds the namespace alone: what was committed before has a
//! sequence of at most `since`, and every commit after it finds the journal. Whoever holds the
//! namespace alone again, with rows that are at least as new as `since`, has all of it: the rows, then
//! the journal over them, then what the transaction itself has changed. So no commit of others makes a
//! survey worthless, however many there are, and nothing is read from disk while others are kept out.
//!
//! Invariants:
//! 1. A piece is read from a view that has applied `since`; what the view has beyond that is in the
//!    journal, too, and the same there.
//! 2. A journal that is full says so, and is begun anew.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::codec::Malformed;
use base::{Sequence, Space, StoreTime};
use parking_lot::Mutex;
use tables::{Tables, View};

use crate::error::Error;
use crate::key;
use crate::load::parse_header_row;
use crate::object::{Entry, State, Type};

/// Rows of the tables that one transaction keeps of all that it surveys, and their bytes.
pub(crate) const ROWS_MAX: usize = 1 << 18;
pub(crate) const BYTES_MAX: usize = 64 << 20;

/// Rows that are read at once at least.
const ROWS_MIN: usize = 1000;

/// Changes that a journal takes in.
const NOTES_MAX: usize = 100_000;

/// What a header row says of an object, whether its deadline has passed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: Type,
    pub(crate) deadline: Option<StoreTime>,
}

impl Seen {
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        entry.is_stored().then(|| Self { kind: entry.kind(), deadline: entry.deadline() })
    }

    pub(crate) fn exists(&self, now: StoreTime) -> bool {
        self.deadline.is_none_or(|deadline| deadline > now)
    }
}

/// An object's id and what its header row says.
pub(crate) type Row = (Box<[u8]>, Seen);

/// Rows, and the id behind them if there are more.
pub(crate) type Slice = (Vec<Row>, Option<Box<[u8]>>);

/// Header rows that are read before it is asked again whether that is enough.
const STRIDE: usize = 64;

/// At most `most` header rows of a space, from the id `from` on, and the id behind them if there are more.
/// Ends earlier, but not without a row, once `is_enough` says so. Blocks on the disk.
pub(crate) fn read_rows(
    view: &dyn View,
    space: Space,
    from: &[u8],
    most: usize,
    is_enough: impl Fn() -> bool,
) -> Result<Slice, Error> {
    let (mut start, mut prefix) = (Vec::new(), Vec::new());
    key::put_header(&mut start, space, from);
    key::put_header(&mut prefix, space, b"");
    let end = key::after_prefix(&prefix);
    let mut rows = Vec::new();
    for row in view.range(Bound::Included(&start), Bound::Excluded(&end)) {
        let (key, value) = row.map_err(Error::Tables)?;
        let id: Box<[u8]> = key.get(prefix.len()..).unwrap_or_default().into();
        let is_asked = !rows.is_empty() && rows.len().is_multiple_of(STRIDE);
        if rows.len() >= most || is_asked && is_enough() {
            return Ok((rows, Some(id)));
        }
        let damaged = |Malformed { .. }| Error::Damaged { what: "the header row of an object" };
        let (last_commit, body) = parse_header_row(&value).map_err(damaged)?;
        let mut entry = Entry::new(space, &id, State::Absent);
        entry.decode(last_commit, body).map_err(damaged)?;
        rows.extend(Seen::of(&entry).map(|seen| (id, seen)));
    }
    Ok((rows, None))
}

/// How many objects the tables count in a space. Blocks on the disk.
pub(crate) fn read_count(view: &dyn View, space: Space) -> Result<u64, Error> {
    let damaged = || Error::Damaged { what: "the count of objects of a space" };
    let row = view.get(&key::keys(space)).map_err(Error::Tables)?;
    let Some(row) = row else { return Ok(0) };
    let count = (*row).try_into().ok().map(i64::from_le_bytes).ok_or_else(damaged)?;
    u64::try_from(count).map_err(|_negative| damaged())
}

/// The journals that are kept.
#[derive(Debug, Default)]
pub(crate) struct Journals {
    /// How many there are, so that a commit that nobody surveys costs one read.
    count: AtomicUsize,
    open: Mutex<Vec<Arc<Journal>>>,
}

/// What was committed in a space since the journal began.
#[derive(Debug)]
struct Journal {
    space: Space,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// What each object that was changed is since its last commit; `None` if it is gone.
    headers: BTreeMap<Box<[u8]>, Option<Seen>>,
    /// By how much each commit changed the number of objects.
    grown: Vec<(Sequence, i64)>,
    full: bool,
}

impl Journals {
    /// An object has changed. Called with its namespace's gate held, after its last commit was set.
    pub(crate) fn note(&self, entry: &Entry, was_there: bool) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let grown = i64::from(entry.is_stored()) - i64::from(was_there);
        for journal in self.open.lock().iter().filter(|journal| journal.space == entry.space) {
            let mut notes = journal.notes.lock();
            if notes.headers.len() >= NOTES_MAX || notes.grown.len() >= NOTES_MAX {
                *notes = Notes { full: true, ..Notes::default() };
            }
            if notes.full {
                continue;
            }
            notes.headers.insert(entry.id().into(), Seen::of(entry));
            if grown != 0 {
                notes.grown.push((entry.last_commit, grown));
            }
        }
    }
}

/// Rows as they lie in the tables, from an id on, without a gap.
#[derive(Debug)]
pub(crate) struct Piece {
    from: Box<[u8]>,
    pub(crate) rows: Vec<Row>,
    /// Where the next piece begins; `None` if there is nothing behind this one.
    pub(crate) next: Option<Box<[u8]>>,
}

impl Piece {
    fn holds(&self, id: &[u8]) -> bool {
        *self.from <= *id && self.next.as_ref().is_none_or(|next| id < &**next)
    }
}

/// Rows that are to be read.
#[derive(Debug)]
struct Wanted {
    from: Box<[u8]>,
    most: usize,
}

/// See the module's description. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) space: Space,
    since: Sequence,
    journal: Arc<Journal>,
    journals: Arc<Journals>,
    pieces: Vec<Piece>,
    /// How many objects there were, and as of which commit.
    counted: Option<(Sequence, u64)>,
    wanted: Option<Wanted>,
    wants_count: bool,
}

impl Survey {
    /// Begins one, in a transaction that holds the namespace alone; `since` is the last commit queued.
    pub(crate) fn begin(journals: &Arc<Journals>, space: Space, since: Sequence) -> Self {
        let journal = Arc::new(Journal { space, notes: Mutex::default() });
        journals.count.fetch_add(1, Ordering::SeqCst);
        journals.open.lock().push(Arc::clone(&journal));
        Self {
            space,
            since,
            journal,
            journals: Arc::clone(journals),
            pieces: Vec::new(),
            counted: None,
            wanted: None,
            wants_count: false,
        }
    }

    /// Whether its journal has had to give up: begin another.
    pub(crate) fn is_void(&self) -> bool {
        self.journal.notes.lock().full
    }

    /// Rows and bytes of the tables that it keeps.
    pub(crate) fn size(&self) -> (usize, usize) {
        let rows = || self.pieces.iter().flat_map(|piece| &piece.rows);
        (rows().count(), rows().map(|row| row.0.len() + size_of::<Row>()).sum())
    }

    /// The commit that the tables have to have before what is wanted can be read.
    pub(crate) fn awaits(&self) -> Option<Sequence> {
        (self.wanted.is_some() || self.wants_count).then_some(self.since)
    }

    /// The piece that `id` lies in or would lie in.
    pub(crate) fn piece(&self, id: &[u8]) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.holds(id))
    }

    /// Asks for rows from the id `from` on. A walk that goes on is read ahead, twice as far each time, so
    /// that the rounds stay few.
    pub(crate) fn want(&mut self, from: &[u8], most: usize) {
        let most = most.max(self.size().0).clamp(ROWS_MIN, ROWS_MAX);
        self.wanted = Some(Wanted { from: from.into(), most });
    }

    /// Asks for the number of objects.
    pub(crate) fn want_count(&mut self) {
        self.wants_count = true;
    }

    /// Reads what is wanted, if the tables have come far enough; else that stays wanted. Blocks on the
    /// disk. `applied` is the watermark, from before: what the view itself says is lower after an open,
    /// which leaves numbers out.
    pub(crate) fn read(&mut self, tables: &dyn Tables, applied: Sequence) -> Result<(), Error> {
        if self.awaits().is_none_or(|since| applied < since) {
            return Ok(());
        }
        let view = tables.view();
        if let Some(Wanted { from, most }) = self.wanted.take() {
            let (rows, next) = read_rows(&*view, self.space, &from, most, || false)?;
            self.pieces.push(Piece { from, rows, next });
        }
        if std::mem::take(&mut self.wants_count) {
            self.counted = Some((view.applied(), read_count(&*view, self.space)?));
        }
        Ok(())
    }

    /// Puts into `over` what was committed since to the objects from `from` to before `end`.
    pub(crate) fn changes(
        &self,
        from: &[u8],
        end: Option<&[u8]>,
        over: &mut BTreeMap<Box<[u8]>, Option<Seen>>,
    ) {
        let notes = self.journal.notes.lock();
        let bounds = (Bound::Included(from), end.map_or(Bound::Unbounded, Bound::Excluded));
        let changed = notes.headers.range::<[u8], _>(bounds);
        over.extend(changed.map(|(id, seen)| (id.clone(), *seen)));
    }

    /// How many objects there are, those past their deadline and not yet swept included; `None` until that
    /// was read.
    pub(crate) fn count(&self) -> Option<i64> {
        let (applied, count) = self.counted?;
        let notes = self.journal.notes.lock();
        let later = notes.grown.iter().filter(|grown| grown.0 > applied).map(|grown| grown.1);
        Some(i64::try_from(count).unwrap_or(i64::MAX) + later.sum::<i64>())
    }
}

impl Drop for Survey {
    fn drop(&mut self) {
        self.journals.open.lock().retain(|open| !Arc::ptr_eq(open, &self.journal));
        self.journals.count.fetch_sub(1, Ordering::SeqCst);
    }
}
