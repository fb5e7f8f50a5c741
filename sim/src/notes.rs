//! What a transaction did and saw, operation by operation, so that it can be gone through again on a
//! model.
//!
//! A program reaches the store only through a [`Scribe`]. Notes are begun afresh in each round.

use std::fmt;
use std::ops::Bound;

use base::{Generation, StoreTime};
use kv::{Header, Layer, Object, Place, Refusal, Savepoint, Stop, Txn, Type};

/// The namespace whose writes wait for the sync.
pub const DURABLE: u32 = 1;

/// The namespace whose writes wait for the write only.
pub const RELAXED: u32 = 2;

/// The name of an object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// In which namespace, by number.
    pub namespace: u32,
    /// In which part of it.
    pub layer: Layer,
    /// Its id there.
    pub id: Vec<u8>,
}

impl Key {
    /// The object `id` of a layer of the durable namespace.
    pub fn durable(layer: Layer, id: impl fmt::Display) -> Self {
        Self { namespace: DURABLE, layer, id: id.to_string().into_bytes() }
    }

    /// The place of its namespace in a plan to which both were added in order.
    #[must_use]
    pub fn place(&self, places: [Place; 2]) -> Place {
        if self.namespace == DURABLE { places[0] } else { places[1] }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:?}:{}", self.namespace, self.layer, self.id.escape_ascii())
    }
}

/// Suffixes and values.
pub type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// One operation and what came of it. Objects are named by their place in [`Notes::keys`].
#[derive(Clone, Debug)]
pub enum Op {
    /// Looked at the header.
    Header(usize, Option<Header>),
    /// Read a row.
    Row(usize, Vec<u8>, Option<Vec<u8>>),
    /// Read all rows from a suffix on.
    Rows(usize, Vec<u8>, Rows),
    /// Created, in place of whatever was there.
    Create(usize, Type),
    /// Deleted; whether it existed.
    Delete(usize, bool),
    /// Given an end, or none; whether it existed.
    Deadline(usize, Option<StoreTime>, bool),
    /// Set a row.
    Put(usize, Vec<u8>, Vec<u8>),
    /// Removed a row; whether it was there.
    Remove(usize, Vec<u8>, bool),
    /// Gave it the name of another; whether it existed.
    Rename(usize, usize, bool),
    /// Put a copy of it in the place of another; whether it existed.
    Copy(usize, usize, bool),
    /// Removed all Redis objects of that namespace.
    Flush(u32),
    /// Took a savepoint.
    Savepoint,
    /// Went back to the last savepoint.
    RollBack,
}

impl Op {
    /// The object that it was done to, by its place in [`Notes::keys`].
    #[must_use]
    pub fn object(&self) -> Option<usize> {
        match self {
            Self::Header(at, ..)
            | Self::Row(at, ..)
            | Self::Rows(at, ..)
            | Self::Create(at, ..)
            | Self::Delete(at, ..)
            | Self::Deadline(at, ..)
            | Self::Put(at, ..)
            | Self::Rename(at, ..)
            | Self::Copy(at, ..)
            | Self::Remove(at, ..) => Some(*at),
            Self::Flush(_) | Self::Savepoint | Self::RollBack => None,
        }
    }
}

/// What one round of a transaction did and saw.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// The time that it happened at.
    pub now: StoreTime,
    /// The objects that were opened, in order.
    pub keys: Vec<Key>,
    /// What was done, in order.
    pub ops: Vec<Op>,
    /// Whether its reply is to wait for the sync, whatever the namespace asks for.
    pub durable: bool,
}

/// Called between two operations, with the objects that are held.
pub type Interrupt<'a> = (usize, &'a mut dyn FnMut(&[Key]));

/// A transaction that takes notes.
pub struct Scribe<'a, 'b, 't> {
    txn: &'a mut Txn<'t>,
    places: [Place; 2],
    notes: &'a mut Notes,
    interrupt: Option<Interrupt<'b>>,
    savepoint: Option<Savepoint>,
    quirk: Quirk,
}

/// How a scribe sees wrongly, on purpose.
#[derive(Clone, Debug, Default)]
pub struct Quirk {
    /// What it has seen before is what it sees.
    pub recalls: Vec<(Key, Op)>,
    /// It sees no record of what was done before.
    pub blind: bool,
    /// It does not see the rows that it has set itself.
    pub own_unseen: bool,
    /// A namespace that was flushed stays so, whatever is taken back.
    pub flushes_stay: bool,
    /// How it goes about locks.
    pub locks: Care,
}

/// How a scribe goes about locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Care {
    /// As it should.
    #[default]
    Sound,
    /// It does not look whether one is held.
    Unguarded,
    /// The time of one that is prolonged does not begin anew.
    ForgetsToRenew,
    /// One that is given back stays held.
    ForgetsToRelease,
    /// Whoever asks for one that is held is taken for its holder.
    OwnerIgnored,
}

/// An opened object.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    object: Object,
    at: usize,
}

impl<'a, 'b, 't> Scribe<'a, 'b, 't> {
    /// Begins notes of a round. `interrupt` is called once, after so many operations.
    pub fn new(
        txn: &'a mut Txn<'t>,
        places: [Place; 2],
        notes: &'a mut Notes,
        interrupt: Option<Interrupt<'b>>,
    ) -> Self {
        *notes = Notes { now: txn.now(), ..Notes::default() };
        Self { txn, places, notes, interrupt, savepoint: None, quirk: Quirk::default() }
    }

    /// Makes it see wrongly.
    #[must_use]
    pub fn with(mut self, quirk: Quirk) -> Self {
        self.quirk = quirk;
        self
    }

    /// Makes it go by another time.
    #[must_use]
    pub fn at(self, now: StoreTime) -> Self {
        self.notes.now = now;
        self
    }

    /// What it has noted so far.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        self.notes
    }

    /// Takes notes of another round for its own.
    pub fn take_over(&mut self, notes: Notes) {
        *self.notes = notes;
    }

    /// What it has seen before in place of `op`.
    fn recall(&self, op: Op) -> Op {
        let at = match &op {
            Op::Header(at, _) | Op::Row(at, ..) | Op::Rows(at, ..) => *at,
            _ => return op,
        };
        let key = &self.notes.keys[at];
        let same = |(of, seen): &&(Key, Op)| {
            of == key
                && match (seen, &op) {
                    (Op::Header(..), Op::Header(..)) => true,
                    (Op::Row(_, a, _), Op::Row(_, b, _))
                    | (Op::Rows(_, a, _), Op::Rows(_, b, _)) => a == b,
                    _ => false,
                }
        };
        let Some((_, seen)) = self.quirk.recalls.iter().find(same) else { return op };
        match seen.clone() {
            Op::Header(_, header) => Op::Header(at, header),
            Op::Row(_, suffix, value) => Op::Row(at, suffix, value),
            Op::Rows(_, from, rows) => Op::Rows(at, from, rows),
            other => other,
        }
    }

    fn note(&mut self, op: Op) {
        self.notes.ops.push(op);
        self.between();
    }

    fn between(&mut self) {
        match self.interrupt.take() {
            Some((0, call)) => call(&self.notes.keys),
            later => self.interrupt = later.map(|(after, call)| (after - 1, call)),
        }
    }

    /// The time of the transaction.
    #[must_use]
    pub fn now(&self) -> StoreTime {
        self.notes.now
    }

    /// See [`Txn::require_durable`].
    pub fn require_durable(&mut self) {
        self.txn.require_durable();
        self.notes.durable = true;
    }

    /// See [`Txn::open`].
    pub fn open(&mut self, key: &Key) -> Result<Held, Stop> {
        let known = self.notes.keys.iter().position(|known| known == key);
        // Noted first: what could not be opened is named in the next round.
        let at = known.unwrap_or_else(|| {
            self.notes.keys.push(key.clone());
            self.notes.keys.len() - 1
        });
        let object = self.txn.open(key.place(self.places), key.layer, &key.id)?;
        self.between();
        Ok(Held { object, at })
    }

    /// See [`Txn::header`].
    pub fn header(&mut self, held: Held) -> Option<Header> {
        let mut header = self.txn.header(held.object);
        if self.quirk.blind && self.notes.keys[held.at].layer == Layer::Coord {
            header = None;
        }
        let op = self.recall(Op::Header(held.at, header));
        if let Op::Header(_, recalled) = op {
            header = recalled;
        }
        self.note(op);
        header
    }

    /// See [`Txn::row`].
    pub fn row(&mut self, held: Held, suffix: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        let value = self.txn.row(held.object, suffix)?.map(<[u8]>::to_vec);
        let op = self.recall(Op::Row(held.at, suffix.to_vec(), value.clone()));
        let value = if let Op::Row(_, _, recalled) = &op { recalled.clone() } else { value };
        self.note(op);
        Ok(value)
    }

    /// All rows from a suffix on; see [`Txn::rows`].
    pub fn rows(&mut self, held: Held, from: &[u8]) -> Result<Rows, Stop> {
        let rows = self.txn.rows(held.object, (Bound::Included(from), Bound::Unbounded))?;
        let mut rows: Rows =
            rows.iter().map(|(suffix, value)| (suffix.to_vec(), value.to_vec())).collect();
        if self.quirk.own_unseen {
            let is_own = |suffix: &Vec<u8>| {
                let own =
                    |op: &Op| matches!(op, Op::Put(at, own, _) if *at == held.at && own == suffix);
                self.notes.ops.iter().any(own)
            };
            rows.retain(|(suffix, _)| !is_own(suffix));
        }
        let op = self.recall(Op::Rows(held.at, from.to_vec(), rows));
        let rows = if let Op::Rows(_, _, rows) = &op { rows.clone() } else { Rows::new() };
        self.note(op);
        Ok(rows)
    }

    /// Has the product work on an object that has one row, if it is there; notes what it found and what it left.
    pub fn have_done<T>(
        &mut self,
        held: Held,
        act: impl FnOnce(&mut Txn<'t>, Place) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.header(held);
        self.rows(held, &[])?;
        let place = self.notes.keys[held.at].place(self.places);
        let done = act(self.txn, place)?;
        if !self.txn.is_changed(held.object) {
            return Ok(done);
        }
        let Some(left) = self.txn.header(held.object) else {
            self.note(Op::Delete(held.at, true));
            return Ok(done);
        };
        let rows = self.txn.rows(held.object, (Bound::Unbounded, Bound::Unbounded))?;
        let rows: Rows = rows.iter().map(|(at, value)| (at.to_vec(), value.to_vec())).collect();
        self.note(Op::Create(held.at, left.kind));
        for (suffix, value) in rows {
            self.note(Op::Put(held.at, suffix, value));
        }
        self.note(Op::Deadline(held.at, left.deadline, true));
        Ok(done)
    }

    /// How it goes about locks.
    #[must_use]
    pub fn care(&self) -> Care {
        self.quirk.locks
    }

    /// See [`Txn::create`].
    pub fn create(&mut self, held: Held, kind: Type) -> Result<(), Stop> {
        self.txn.create(held.object, kind)?;
        self.note(Op::Create(held.at, kind));
        Ok(())
    }

    /// See [`Txn::draw_generation`].
    pub fn draw_generation(&mut self) -> Result<Generation, Stop> {
        self.txn.draw_generation()
    }

    /// See [`Txn::append_record`]. No note is taken: what was appended is read from the tables.
    pub fn append_record(
        &mut self,
        held: Held,
        records: Generation,
        suffix: &[u8],
        value: &[u8],
    ) -> Result<(), Stop> {
        self.txn.append_record(held.object, records, suffix, value)?;
        self.between();
        Ok(())
    }

    /// See [`Txn::delete`].
    pub fn delete(&mut self, held: Held) -> Result<bool, Stop> {
        let existed = self.txn.delete(held.object)?;
        self.note(Op::Delete(held.at, existed));
        Ok(existed)
    }

    /// See [`Txn::set_deadline`].
    pub fn set_deadline(&mut self, held: Held, deadline: Option<StoreTime>) -> Result<(), Stop> {
        let existed = self.txn.kind(held.object).is_some();
        self.txn.set_deadline(held.object, deadline)?;
        self.note(Op::Deadline(held.at, deadline, existed));
        Ok(())
    }

    /// See [`Txn::put`].
    pub fn put(&mut self, held: Held, suffix: &[u8], value: &[u8]) -> Result<(), Stop> {
        self.txn.put(held.object, suffix, value)?;
        self.note(Op::Put(held.at, suffix.to_vec(), value.to_vec()));
        Ok(())
    }

    /// See [`Txn::remove`].
    pub fn remove(&mut self, held: Held, suffix: &[u8]) -> Result<bool, Stop> {
        let was = self.txn.remove(held.object, suffix)?;
        self.note(Op::Remove(held.at, suffix.to_vec(), was));
        Ok(was)
    }

    /// See [`Txn::rename`].
    pub fn rename(&mut self, from: Held, to: Held) -> Result<bool, Stop> {
        let was = self.txn.rename(from.object, to.object)?;
        self.note(Op::Rename(from.at, to.at, was));
        Ok(was)
    }

    /// See [`Txn::copy`].
    pub fn copy(&mut self, from: Held, to: Held) -> Result<bool, Stop> {
        let was = self.txn.copy(from.object, to.object)?;
        self.note(Op::Copy(from.at, to.at, was));
        Ok(was)
    }

    /// Removes all Redis objects of a namespace; see [`Txn::flush`]. What was opened is to be opened anew.
    pub fn flush(&mut self, namespace: u32) -> Result<(), Stop> {
        let place = if namespace == DURABLE { self.places[0] } else { self.places[1] };
        self.txn.flush(place, Layer::Redis)?;
        self.note(Op::Flush(namespace));
        Ok(())
    }

    /// See [`Txn::savepoint`].
    pub fn savepoint(&mut self) {
        self.savepoint = Some(self.txn.savepoint());
        self.note(Op::Savepoint);
    }

    /// Goes back to the last savepoint, if there is one; see [`Txn::roll_back`].
    pub fn roll_back(&mut self) {
        if let Some(savepoint) = self.savepoint.take() {
            self.txn.roll_back(savepoint);
            let since = self.notes.ops.iter().rev();
            let since = since.take_while(|op| !matches!(op, Op::Savepoint));
            let flushed = since.filter_map(|op| match op {
                Op::Flush(namespace) => Some(*namespace),
                _ => None,
            });
            for namespace in flushed.filter(|_| self.quirk.flushes_stay) {
                let place = if namespace == DURABLE { self.places[0] } else { self.places[1] };
                let _it_went_well_before = self.txn.flush(place, Layer::Redis);
            }
            self.note(Op::RollBack);
        }
    }
}

impl fmt::Debug for Scribe<'_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.notes.fmt(f)
    }
}

/// Ends a transaction because a guard did not hold.
pub fn refuse<T>(code: &'static str) -> Result<T, Stop> {
    Err(Refusal { kind: base::Kind::Conflict, code, message: code.into() }.into())
}
