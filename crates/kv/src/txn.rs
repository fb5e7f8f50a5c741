//! A transaction while its closure runs: objects that are locked, changed in place, and put back as
//! they were if it does not commit.
//!
//! Commands reach rows only through here. Nothing here waits: what is not in memory or cannot be
//! locked at once is noted, the closure ends with [`Stop::Retry`], and the transaction is run again
//! with it at hand.
//!
//! How objects are changed, and changes taken back, stands in [`change`].
//!
//! Invariants:
//! 1. Every change of an object has an entry in the undo log, so undoing it in reverse gives back every
//!    byte. Changes of rows that no object holds lie in a buffer, and are undone by cutting it off.
//! 2. What is written to the log is derived from these two: a change cannot be made and not logged.
//! 3. A stripe is waited for only before the closure runs, in ascending order; later ones are tried.
//! 4. A transaction happens at one time, which is not before that of any other whose stripe or gate it
//!    takes over: what one has seen expired, none that follows it sees alive.

mod change;

use std::cell::{Cell, RefCell};
use std::ops::RangeBounds;

use base::rng::SplitMix64;
use base::{Generation, Namespace, Sequence, Space, StoreTime};
use hashbrown::HashTable;
use smallvec::SmallVec;

use crate::error::{Refusal, Stop};
use crate::flush::Replaced;
use crate::load::comes_whole;
use crate::lock::{GateGuard, StripeGuard};
use crate::namespace::{Durability, Layer};
use crate::object::{Bounds, Entry, Header, Known, Missing, Row, State, Type};
use crate::packed;
use crate::plan::{
    Access, Attempt, INLINE_BYTES_MAX, INLINE_ROWS_MAX, Named, Pace, Part, Place, Receipt, Want,
    Whole, Work,
};
use crate::queue::Origin;
use crate::settings::Limits;
use crate::shard::Shard;
use crate::stripe::{Hash, Slot, StripeId};
use crate::watermark::Level;

/// An object that a transaction has opened; good within that transaction only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object(u32);

/// A row: its suffix and its value.
pub type RowRef<'a> = (&'a [u8], &'a [u8]);

/// Where a transaction can go back to.
#[derive(Clone, Copy, Debug)]
pub struct Savepoint {
    undo: usize,
    loose: usize,
    replaced: usize,
    bytes: usize,
}

/// What a round has read.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    rows: usize,
    bytes: usize,
}

/// More opened objects than this are found through an index.
const OPENED_LINEAR: usize = 16;

#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) space: Space,
    pub(crate) hash: Hash,
    guard: u16,
    pub(crate) slot: Option<Slot>,
    /// Where its id is in the plan's buffer.
    id: (u32, u32),
    pub(crate) original: Original,
    pub(crate) changed: bool,
}

/// What an object was when the transaction opened it, expired or not: what its rows on disk say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Original {
    pub(crate) there: bool,
    pub(crate) generation: Option<Generation>,
    pub(crate) deadline: Option<StoreTime>,
    pub(crate) charge: usize,
}

/// One change, as it has to be taken back.
#[derive(Debug)]
pub(crate) enum Undo {
    /// An entry was made.
    Inserted,
    /// Bytes and state were replaced.
    Content { bytes: Box<[u8]>, state: State, deadline: Option<StoreTime>, kind: Type },
    /// The deadline was set.
    Deadline(Option<StoreTime>),
    /// All of it went to another name, which was absent.
    Moved { to: Object },
    /// A row of a split object was set.
    Row { generation: Generation, suffix: Box<[u8]>, was: Option<Row>, count: u64, bytes: u64 },
}

/// See the module's description.
#[derive(Debug)]
pub struct Txn<'a> {
    pub(crate) shard: &'a Shard,
    pub(crate) work: &'a mut Work,
    pub(crate) gates: SmallVec<[GateGuard<'a>; 1]>,
    /// Which namespaces the gates are of.
    pub(crate) namespaces: SmallVec<[Namespace; 1]>,
    pub(crate) guards: SmallVec<[(StripeId, StripeGuard<'a>); 2]>,
    /// How many of the guards were taken before the closure ran, in ascending order.
    sorted: usize,
    pub(crate) opened: SmallVec<[Opened; 2]>,
    index: HashTable<u32>,
    /// What the plan named, in its order.
    pub(crate) named: SmallVec<[Object; 2]>,
    /// What was changed, once it is about to be committed; in the order of `opened`.
    pub(crate) changed: SmallVec<[Object; 2]>,
    /// Bytes of changes that earlier transactions of the series have queued.
    pub(crate) queued: usize,
    /// Parts of namespaces that have another space since.
    pub(crate) replaced: Vec<Replaced>,
    pub(crate) undo: Vec<(Object, Undo)>,
    pub(crate) wants: RefCell<Vec<Want>>,
    /// Something was not at hand: whatever the closure makes of it, it is run again.
    must_retry: Cell<bool>,
    /// What was read so far, and whether it was about to become too much for this round.
    cost: Cell<Cost>,
    too_long: Cell<bool>,
    /// Bytes that may be read before the plan's allowance is asked for more.
    granted: Cell<usize>,
    /// Changes of rows that no object in memory holds, as they go to the log.
    pub(crate) loose: Vec<u8>,
    after: Sequence,
    level: Level,
    pub(crate) bytes: usize,
    /// What was looked at while walking over whole namespaces.
    pub(crate) looks: usize,
    rng: SplitMix64,
}

impl<'a> Txn<'a> {
    pub(crate) fn new(
        shard: &'a Shard,
        work: &'a mut Work,
        gates: SmallVec<[GateGuard<'a>; 1]>,
        namespaces: SmallVec<[Namespace; 1]>,
        guards: SmallVec<[(StripeId, StripeGuard<'a>); 2]>,
    ) -> Self {
        let level = level_of(&gates);
        let rng = SplitMix64::new(work.seed);
        let undo = std::mem::take(&mut work.undo);
        Self {
            rng,
            shard,
            work,
            gates,
            namespaces,
            sorted: guards.len(),
            guards,
            opened: SmallVec::new(),
            index: HashTable::new(),
            named: SmallVec::new(),
            changed: SmallVec::new(),
            queued: 0,
            replaced: Vec::new(),
            undo,
            wants: RefCell::default(),
            must_retry: Cell::new(false),
            cost: Cell::default(),
            too_long: Cell::new(false),
            granted: Cell::new(INLINE_BYTES_MAX),
            loose: Vec::new(),
            after: Sequence::ZERO,
            level,
            bytes: 0,
            looks: 0,
        }
    }

    /// Of a transaction that is queued, what the next one of its series does not go on with. What it waits
    /// for stays: their replies leave together.
    pub(crate) fn forget(&mut self) {
        self.undo.clear();
        self.loose.clear();
        self.bytes = 0;
        self.level = level_of(&self.gates);
    }

    /// It was taken back because of `stop`.
    pub(crate) fn end_with<R>(&self, stop: Stop) -> Attempt<R> {
        match stop {
            Stop::Refused(refusal) => {
                let (after, level) = self.waits_for();
                Attempt::Refused(refusal, Receipt { commit: None, after, level })
            }
            Stop::Retry => Attempt::Again(self.wants.take()),
        }
    }

    /// Says who the transaction is for, where the plan has not.
    pub fn set_origin(&mut self, origin: Origin) {
        self.work.origin = origin;
    }

    /// The time that everything in the transaction happens at. A later round has a later one.
    pub fn now(&self) -> StoreTime {
        self.work.now
    }

    /// Random numbers, from the plan's seed: the same in every round.
    pub const fn rng(&mut self) -> &mut SplitMix64 {
        &mut self.rng
    }

    /// The bounds that it is held to.
    pub fn limits(&self) -> &Limits {
        &self.shard.settings.limits
    }

    /// Makes the reply wait until everything it depends on is synced, whatever the namespace asks for:
    /// for locks, leases and idempotency records.
    pub fn require_durable(&mut self) {
        self.level = Level::Durable;
    }

    /// Makes the reply wait for a commit.
    pub(crate) fn depend_on(&mut self, sequence: Sequence) {
        self.after = self.after.max(sequence);
    }

    pub(crate) const fn waits_for(&self) -> (Sequence, Level) {
        (self.after, self.level)
    }

    /// Opens an object, whether it exists or not.
    ///
    /// # Errors
    /// [`Stop::Retry`] if it is locked by another or not in memory; [`Stop::Refused`] if its id is
    /// longer than [`base::limits::ID_BYTES_MAX`] or the transaction has opened too many.
    pub fn open(&mut self, place: Place, layer: Layer, id: &[u8]) -> Result<Object, Stop> {
        let space = self.gates[usize::from(place.0)].part(layer).space;
        let hash = self.shard.stripes.hash(space, id);
        if let Some(object) = self.find_opened(hash, space, id) {
            return Ok(object);
        }
        self.check_id(id)?;
        let start = self.work.ids.len();
        self.work.found(place, layer, id);
        let guard = self.guard_of(hash.stripe())?;
        self.open_new(place, layer, (space, hash), (start, self.work.ids.len()), guard)
    }

    /// Opens the object that the plan named `at`-th.
    pub(crate) fn open_named(&mut self, at: usize) -> Result<(), Stop> {
        let Named { place, layer, ref id, space, hash, guard } = self.work.named[at];
        let id = (id.start as usize, id.end as usize);
        let bytes = &self.work.ids[id.0..id.1];
        let object = if let Some(object) = self.find_opened(hash, space, bytes) {
            object
        } else {
            self.check_id(&self.work.ids[id.0..id.1])?;
            self.open_new(place, layer, (space, hash), id, usize::from(guard))?
        };
        self.named.push(object);
        Ok(())
    }

    /// The object that the plan named `at`-th: opened before the closure ran.
    pub fn named(&self, at: usize) -> Option<Object> {
        self.named.get(at).copied()
    }

    fn check_id(&self, id: &[u8]) -> Result<(), Stop> {
        let limits = &self.shard.settings.limits;
        if id.len() > base::limits::ID_BYTES_MAX {
            let max = base::limits::ID_BYTES_MAX;
            return Err(Refusal::limit(format!(
                "a key takes at most {max} bytes, this one {}",
                id.len()
            ))
            .into());
        }
        if self.opened.len() >= limits.transaction_objects {
            let max = limits.transaction_objects;
            return Err(Refusal::limit(format!(
                "a transaction touches at most {max} keys; split it up"
            ))
            .into());
        }
        Ok(())
    }

    pub(crate) fn find_opened(&self, hash: Hash, space: Space, id: &[u8]) -> Option<Object> {
        let same =
            |opened: &Opened| opened.hash == hash && opened.space == space && self.id(opened) == id;
        let at = if self.opened.len() <= OPENED_LINEAR {
            self.opened.iter().position(same).and_then(|at| u32::try_from(at).ok())
        } else {
            self.index.find(hash.spread(), |&at| same(&self.opened[at as usize])).copied()
        };
        at.map(Object)
    }

    fn open_new(
        &mut self,
        place: Place,
        layer: Layer,
        (space, hash): (Space, Hash),
        id: (usize, usize),
        guard: usize,
    ) -> Result<Object, Stop> {
        let bytes = &self.work.ids[id.0..id.1];
        let stripe = self.guards[guard].1.stripe();
        let slot = stripe.find(hash, space, bytes);
        let part = self.gates[usize::from(place.0)].part(layer);
        self.after = self.after.max(part.since);
        let mut original = Original::default();
        match slot.and_then(|slot| stripe.get(slot)) {
            Some(entry) if !matches!(entry.state, State::Loading(_)) => {
                entry.touch();
                self.after = self.after.max(entry.last_commit);
                original = Original::of(entry);
            }
            None if part.is_complete() => {}
            _ => {
                let want = Want { space, hash, id: bytes.into(), part: Part::Header };
                self.wants.get_mut().push(want);
                return Err(self.retry());
            }
        }
        let bound = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let object = Object(bound(self.opened.len()));
        let guard = u16::try_from(guard).unwrap_or(u16::MAX);
        let id = (bound(id.0), bound(id.1));
        self.opened.push(Opened { space, hash, guard, slot, id, original, changed: false });
        self.add_to_index();
        Ok(object)
    }

    /// Keeps the index of opened objects, from the object on with which a walk becomes slow.
    fn add_to_index(&mut self) {
        let from = match self.opened.len() {
            ..=OPENED_LINEAR => return,
            len if len == OPENED_LINEAR + 1 => 0,
            len => len - 1,
        };
        let opened = &self.opened;
        for (at, new) in opened.iter().enumerate().skip(from) {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            self.index
                .insert_unique(new.hash.spread(), at, |&at| opened[at as usize].hash.spread());
        }
    }

    /// The guard of a stripe; tried, not waited for, if it is not held yet.
    fn guard_of(&mut self, stripe: StripeId) -> Result<usize, Stop> {
        let (sorted, tried) = self.guards.split_at(self.sorted);
        let at = sorted.binary_search_by_key(&stripe, |held| held.0).ok();
        let at =
            at.or_else(|| Some(sorted.len() + tried.iter().position(|held| held.0 == stripe)?));
        if let Some(at) = at {
            return Ok(at);
        }
        let Some(guard) = StripeGuard::try_lock(self.shard.stripes.lock(stripe), self.work.access)
        else {
            self.work.lock_failures += 1;
            return Err(self.retry());
        };
        if !guard.stripe().use_at(self.work.now) {
            // Someone has judged here by a later time. The next round names it, and takes its own time.
            return Err(self.retry());
        }
        self.guards.push((stripe, guard));
        Ok(self.guards.len() - 1)
    }

    pub(crate) fn id(&self, opened: &Opened) -> &[u8] {
        &self.work.ids[opened.id.0 as usize..opened.id.1 as usize]
    }

    pub(crate) fn entry(&self, object: Object) -> Option<&Entry> {
        let opened = &self.opened[object.0 as usize];
        self.guards[usize::from(opened.guard)].1.stripe().get(opened.slot?)
    }

    pub(crate) fn entry_mut(&mut self, object: Object) -> Option<&mut Entry> {
        let opened = &self.opened[object.0 as usize];
        self.guards[usize::from(opened.guard)].1.stripe_mut()?.get_mut(opened.slot?)
    }

    pub(crate) fn existing(&self, object: Object) -> Option<&Entry> {
        self.entry(object).filter(|entry| entry.exists(self.work.now))
    }

    /// What is known of the object without its rows; `None` if it does not exist.
    pub fn header(&self, object: Object) -> Option<Header> {
        self.existing(object).map(Entry::header)
    }

    /// The type of the object; `None` if it does not exist. Cheaper than [`Txn::header`].
    pub fn kind(&self, object: Object) -> Option<Type> {
        self.existing(object).map(Entry::kind)
    }

    /// Whether this transaction has changed the object: its last commit is then yet to come.
    pub fn is_changed(&self, object: Object) -> bool {
        self.undo.iter().any(|(changed, _)| *changed == object)
    }

    /// The value of one row; `None` if the object or the row does not exist.
    pub fn row(&self, object: Object, suffix: &[u8]) -> Result<Option<&[u8]>, Stop> {
        let Some(entry) = self.existing(object) else { return Ok(None) };
        let value = match &entry.state {
            State::Split(split) => match split.get(suffix) {
                Known::Value(value) => Some(value),
                Known::Absent => None,
                Known::Unknown => return Err(self.want(object, Part::Row(suffix.into()))),
            },
            _ => packed::get(entry.content(), suffix),
        };
        self.spend(1, value.map_or(0, <[u8]>::len))?;
        Ok(value)
    }

    /// The rows within bounds, in order of suffix.
    pub fn rows(&self, object: Object, bounds: Bounds<'_>) -> Result<Vec<RowRef<'_>>, Stop> {
        self.first_rows(object, bounds, usize::MAX)
    }

    /// The first rows within bounds, at most `most`, in order of suffix. Costs what it gives, once the
    /// object's rows are in memory.
    pub fn first_rows(
        &self,
        object: Object,
        bounds: Bounds<'_>,
        most: usize,
    ) -> Result<Vec<RowRef<'_>>, Stop> {
        let Some(entry) = self.existing(object) else { return Ok(Vec::new()) };
        match &entry.state {
            State::Split(split)
                if self.work.whole == Whole::Streamed
                    && most == usize::MAX
                    && !comes_whole(split) =>
            {
                Err(Refusal::too_large().into())
            }
            State::Split(split) if split.complete => {
                let rows = usize::try_from(split.count).unwrap_or(usize::MAX);
                let bytes = usize::try_from(split.bytes).unwrap_or(usize::MAX);
                let part = most.min(rows);
                self.spend(part, bytes / rows.max(1) * part)?;
                Ok(split.rows(bounds).take(most).collect())
            }
            State::Split(split) if most < usize::MAX => {
                let rows = split.first_rows(bounds, most).map_err(|Missing { from, most }| {
                    self.want(object, Part::Range { from: from.into(), most })
                })?;
                self.spend(rows.len(), rows.iter().map(|row| row.0.len() + row.1.len()).sum())?;
                Ok(rows)
            }
            State::Split(split) if split.bytes > self.limits().object_bytes => {
                let (bytes, max) = (split.bytes, self.limits().object_bytes);
                let text = format!(
                    "the key holds {bytes} bytes, and at most {max} are read at once; ask for a part"
                );
                Err(Refusal::limit(text).into())
            }
            State::Split(_) => Err(self.want(object, Part::All)),
            _ => {
                let rows = packed::rows(entry.content()).map(|row| (row.suffix, row.value));
                Ok(rows
                    .filter(|(suffix, _)| RangeBounds::<[u8]>::contains(&bounds, *suffix))
                    .take(most)
                    .collect())
            }
        }
    }

    /// Notes that so much is about to be read. Too much for a thread that serves others too ends the
    /// round, and the next one is run elsewhere.
    fn spend(&self, rows: usize, bytes: usize) -> Result<(), Stop> {
        let Cost { rows: before, bytes: read } = self.cost.get();
        let cost = Cost { rows: before.saturating_add(rows), bytes: read.saturating_add(bytes) };
        self.cost.set(cost);
        let much = cost.rows > INLINE_ROWS_MAX || cost.bytes > INLINE_BYTES_MAX;
        if much && self.work.pace == Pace::Inline {
            self.too_long.set(true);
            return Err(self.retry());
        }
        let granted = self.granted.get();
        if cost.bytes > granted
            && let Some(allowance) = &self.work.allowance
        {
            let more = (cost.bytes - granted).max(INLINE_BYTES_MAX);
            allowance.take(more)?;
            self.granted.set(granted + more);
        }
        Ok(())
    }

    /// Bytes of memory that the object is taken to cost at present; `None` if it does not exist.
    pub fn resident_bytes(&self, object: Object) -> Option<usize> {
        self.existing(object).map(Entry::charge)
    }

    pub(crate) fn want(&self, object: Object, part: Part) -> Stop {
        let opened = &self.opened[object.0 as usize];
        let (space, hash) = (opened.space, opened.hash);
        self.wants.borrow_mut().push(Want { space, hash, id: self.id(opened).into(), part });
        self.retry()
    }

    /// Fails with a re-run, exclusively, where the transaction was thought to only read.
    pub(crate) fn alone(&mut self) -> Result<(), Stop> {
        if self.work.access == Access::Exclusive {
            return Ok(());
        }
        self.work.access = Access::Exclusive;
        Err(self.retry())
    }

    pub(crate) fn retry(&self) -> Stop {
        self.must_retry.set(true);
        Stop::Retry
    }

    /// Whether it has to be run again, also if the closure has swallowed that.
    pub(crate) const fn must_retry(&self) -> bool {
        self.must_retry.get()
    }
}

/// What a reply waits for in the most careful of the namespaces.
fn level_of(gates: &[GateGuard<'_>]) -> Level {
    let durable = gates.iter().any(|gate| gate.durability == Durability::Durable);
    if durable { Level::Durable } else { Level::Written }
}

/// Leaves its buffer to the next transaction of the plan.
impl Drop for Txn<'_> {
    fn drop(&mut self) {
        if self.too_long.get() {
            self.work.pace = Pace::Unhurried;
        }
        self.undo.clear();
        self.work.undo = std::mem::take(&mut self.undo);
    }
}

impl Original {
    pub(crate) fn of(entry: &Entry) -> Self {
        let generation =
            if let State::Split(split) = &entry.state { Some(split.generation) } else { None };
        Self {
            there: !matches!(entry.state, State::Absent),
            generation,
            deadline: entry.deadline(),
            charge: entry.charge(),
        }
    }
}

impl Object {
    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}
