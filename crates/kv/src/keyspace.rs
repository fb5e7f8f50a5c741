//! Walking over the objects of a layer in a namespace, in the order of their ids, and counting them.
//!
//! Beside transactions, what is in memory only is not looked at: the caller waits until *applied* has
//! reached what it has to see, and reads one state of the tables, an [`Overview`]. Within one, the namespace is held alone,
//! and what is seen is exact: a [`Survey`], and over it what the transaction itself has changed.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::sync::Arc;
use std::time::Duration;

use base::codec::Malformed;
use base::{Clock, Space, StoreTime};
use tables::View;

use crate::error::{Error, Refusal, Stop};
use crate::key;
use crate::lock::GateGuard;
use crate::namespace::{Entry as CatalogueEntry, Handle, Layer};
use crate::object::{Entry, State, Type};
use crate::plan::Place;
use crate::store::Store;
use crate::survey::{self, Seen, Survey};
use crate::txn::{Object, Txn};

/// An object as its header row tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: Box<[u8]>,
    /// What it is.
    pub kind: Type,
}

/// Part of a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Objects that exist, in the order of their ids.
    pub objects: Vec<Listed>,
    /// Where to go on; `None` at the end.
    pub next: Option<Box<[u8]>>,
}

/// All objects of a layer in a namespace, in one state of the tables, which it keeps: use it up, or drop it.
pub struct Overview {
    view: Box<dyn View>,
    /// `None` if the namespace is not in that state.
    space: Option<Space>,
    now: StoreTime,
    machine: Arc<dyn Clock>,
}

impl std::fmt::Debug for Overview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overview").field("space", &self.space).finish_non_exhaustive()
    }
}

impl Store {
    /// The objects of a layer in a namespace, as they are applied now. Blocks on the disk.
    pub fn overview(&self, namespace: &Handle, layer: Layer) -> Result<Overview, Error> {
        let (now, view) = (self.now(), self.shard.tables.view());
        let space = space_in(&*view, namespace, layer)?;
        Ok(Overview { view, space, now, machine: Arc::clone(&self.shard.machine) })
    }
}

/// Where a namespace lives in this state of the tables, and not in memory's: a swap or a flush may be on its way.
pub(crate) fn space_in(
    view: &dyn View,
    namespace: &Handle,
    layer: Layer,
) -> Result<Option<Space>, Error> {
    let row = view.get(&key::catalogue(namespace.namespace())).map_err(Error::Tables)?;
    let entry = row.map(|row| CatalogueEntry::decode(&row)).transpose();
    let entry = entry.map_err(|Malformed { .. }| DAMAGED)?;
    Ok(entry.map(|entry| entry.part(layer).space))
}

impl Overview {
    /// Walks over at most `most` header rows from the id `from` on, or as many as 5 ms suffice for, and leaves out
    /// what was past its deadline when the overview was made. Blocks on the disk.
    pub fn list(&self, from: &[u8], most: usize) -> Result<Listing, Error> {
        let Some(space) = self.space else { return Ok(Listing::default()) };
        let until = self.machine.monotonic() + LIST_TIME;
        let is_late = || self.machine.monotonic() >= until;
        let (rows, next) = survey::read_rows(&*self.view, space, from, most, is_late)?;
        let existing = rows.into_iter().filter(|(_, seen)| seen.exists(self.now));
        let objects = existing.map(|(id, seen)| Listed { id, kind: seen.kind }).collect();
        Ok(Listing { objects, next })
    }

    /// How many objects there are; those past their deadline and not yet swept count. Blocks on the disk.
    pub fn count(&self) -> Result<u64, Error> {
        self.space.map_or(Ok(0), |space| survey::read_count(&*self.view, space))
    }
}

const DAMAGED: Error = Error::Damaged { what: "a row of the catalogue" };

/// A piece of a walk takes so long, on a thread that loads wait for.
const LIST_TIME: Duration = Duration::from_millis(5);

/// Rows and objects that one transaction may look at, over and over, while it holds others up.
const LOOKS_MAX: usize = 20 << 20;

/// What a transaction has changed, or found, by id; `None` if there is no such object.
type Over = BTreeMap<Box<[u8]>, Option<Seen>>;

impl Txn<'_> {
    /// Walks over at most `most` objects of a layer from the id `from` on, as they are in this transaction,
    /// and leaves out what is past its deadline. The plan has to have asked for the namespace to be held
    /// exclusively ([`crate::Plan::take_exclusively`]).
    ///
    /// # Errors
    /// [`Stop::Retry`] until what it needs of the tables was read; [`Stop::Refused`] if that is more than a
    /// transaction may keep.
    pub fn list(
        &mut self,
        place: Place,
        layer: Layer,
        from: &[u8],
        most: usize,
    ) -> Result<Listing, Stop> {
        let space = self.surveyed_space(place, layer)?;
        let mut over = Over::new();
        if self.is_fresh(space) {
            self.own_changes(space, from, None, &mut over);
            let mut rows = std::iter::empty::<(&[u8], Seen)>().peekable();
            let listing = merge(&mut rows, over, most, None, self.now());
            return self.looked(most.min(listing.objects.len())).map(|()| listing);
        }
        let at = self.survey(space);
        let Some(piece) = self.work.surveys[at].piece(from) else {
            self.check_survey_size()?;
            self.work.surveys[at].want(from, most);
            return Err(self.retry());
        };
        let (end, start) =
            (piece.next.as_deref(), piece.rows.partition_point(|row| *row.0 < *from));
        self.work.surveys[at].changes(from, end, &mut over);
        self.own_changes(space, from, end, &mut over);
        let mut rows = piece.rows[start..].iter().map(|(id, seen)| (&**id, *seen)).peekable();
        let looks = over.len() + most.min(piece.rows.len() - start);
        let listing = merge(&mut rows, over, most, end, self.now());
        self.looked(looks).map(|()| listing)
    }

    /// How many objects a layer has, as they are in this transaction; those past their deadline and not yet
    /// swept count. As [`Txn::list`].
    pub fn count(&mut self, place: Place, layer: Layer) -> Result<u64, Stop> {
        let space = self.surveyed_space(place, layer)?;
        let others = if self.is_fresh(space) {
            0
        } else {
            let at = self.survey(space);
            let Some(count) = self.work.surveys[at].count() else {
                self.work.surveys[at].want_count();
                return Err(self.retry());
            };
            count
        };
        self.looked(1)?;
        let opened = self.opened.iter().enumerate().filter(|(_, opened)| opened.space == space);
        let grown = opened.map(|(at, opened)| {
            let there = self.entry(Object::at(at)).is_some_and(will_be_stored);
            i64::from(there) - i64::from(opened.original.there)
        });
        Ok(u64::try_from(others + grown.sum::<i64>()).unwrap_or(0))
    }

    /// Where a layer lives; the reply then waits for all that was committed there.
    fn surveyed_space(&mut self, place: Place, layer: Layer) -> Result<Space, Stop> {
        let gate = &self.gates[usize::from(place.0)];
        let GateGuard::Exclusive(entry) = gate else {
            return Err(
                Refusal::internal("a namespace was listed that is not held exclusively").into()
            );
        };
        let space = entry.part(layer).space;
        self.depend_on(self.shard.watermarks.queued());
        Ok(space)
    }

    /// Which of the plan's surveys is that of a space; a new one if there is none, or none that is good.
    fn survey(&mut self, space: Space) -> usize {
        let surveys = &mut self.work.surveys;
        surveys.retain(|survey| !survey.is_void());
        surveys.iter().position(|survey| survey.space == space).unwrap_or_else(|| {
            let since = self.shard.watermarks.queued();
            surveys.push(Survey::begin(&self.shard.journals, space, since));
            surveys.len() - 1
        })
    }

    fn check_survey_size(&self) -> Result<(), Stop> {
        let sizes = self.work.surveys.iter().map(Survey::size);
        let (rows, bytes) = sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
        if rows < survey::ROWS_MAX && bytes < survey::BYTES_MAX {
            return Ok(());
        }
        let max = survey::ROWS_MAX;
        let text = format!(
            "a transaction looks over at most {max} keys; do it outside of MULTI, or a piece at a time"
        );
        Err(Refusal::limit(text).into())
    }

    /// Counts what was looked at while others are kept out, and what it takes to find the
    /// transaction's own changes.
    fn looked(&mut self, rows: usize) -> Result<(), Stop> {
        self.looks = self.looks.saturating_add(rows + self.opened.len());
        if self.looks > LOOKS_MAX {
            let text = "a transaction looks over all keys too many times; split it up";
            return Err(Refusal::limit(text).into());
        }
        Ok(())
    }

    fn own_changes(&self, space: Space, from: &[u8], end: Option<&[u8]>, over: &mut Over) {
        for (at, opened) in self.opened.iter().enumerate() {
            let id = self.id(opened);
            if opened.space == space && id >= from && end.is_none_or(|end| id < end) {
                let entry = self.entry(Object::at(at)).filter(|entry| will_be_stored(entry));
                over.insert(id.into(), entry.and_then(Seen::of));
            }
        }
    }
}

/// Whether the object will have a header row if the transaction commits: one without rows does not exist.
fn will_be_stored(entry: &Entry) -> bool {
    entry.is_stored() && !(matches!(entry.state, State::Packed) && entry.content().is_empty())
}

/// The first `most` of rows and what lies over them, and where to go on: behind them, or at `end`.
fn merge<'r>(
    rows: &mut Peekable<impl Iterator<Item = (&'r [u8], Seen)>>,
    over: Over,
    most: usize,
    end: Option<&[u8]>,
    now: StoreTime,
) -> Listing {
    let mut over = over.into_iter().peekable();
    let mut listing = Listing::default();
    for visited in 0.. {
        let row = rows.peek().map(|row| row.0);
        let change = over.peek().map(|change| &*change.0);
        let Some(first) = row.into_iter().chain(change).min() else { break };
        if visited >= most {
            listing.next = Some(first.into());
            return listing;
        }
        let (from_row, from_change) = (row == Some(first), change == Some(first));
        let row = if from_row { rows.next() } else { None };
        let changed = if from_change { over.next() } else { None };
        let (id, seen) = match (changed, row) {
            (Some((id, seen)), _) => (id, seen),
            (None, Some((id, seen))) => (id.into(), Some(seen)),
            (None, None) => break,
        };
        if let Some(seen) = seen.filter(|seen| seen.exists(now)) {
            listing.objects.push(Listed { id, kind: seen.kind });
        }
    }
    listing.next = end.map(Into::into);
    listing
}
