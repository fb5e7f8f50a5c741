//! What a transaction says of itself before it runs, and what it has found out in earlier rounds.

use std::ops::Range;
use std::sync::Arc;

use base::{Monotonic, Sequence, Space, StoreTime};
use smallvec::SmallVec;

use crate::load::Pins;
use crate::namespace::{Handle, Layer};
use crate::queue::Origin;
use crate::stripe::Hash;
use crate::survey::Survey;
use crate::txn::{Object, Undo};
use crate::wait::Wait;
use crate::watermark::Level;

/// How the objects of a transaction are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Beside others that only read.
    Shared,
    /// Alone.
    Exclusive,
}

/// A namespace within a plan, by the order in which it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub(crate) u8);

impl Place {
    /// The one that was added first.
    pub const FIRST: Self = Self(0);
}

/// How much a round may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Little: others wait for the thread.
    Inline,
    /// As much as it likes.
    Unhurried,
}

/// What becomes of a large object of which all rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// It comes into memory.
    Loaded,
    /// It is refused, to be read from a snapshot.
    Streamed,
}

/// Rows and bytes that a round reads on a thread that serves others too.
pub(crate) const INLINE_ROWS_MAX: usize = 1_000;
pub(crate) const INLINE_BYTES_MAX: usize = 256 << 10;

/// After this many rounds that ended at a lock, the namespaces are taken exclusively.
pub(crate) const LOCK_FAILURES_MAX: u32 = 3;

#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) place: Place,
    pub(crate) layer: Layer,
    pub(crate) id: Range<u32>,
    /// Where it lives in this round, as its gate says.
    pub(crate) space: Space,
    pub(crate) hash: Hash,
    /// Which of the locks that are held is its stripe's.
    pub(crate) guard: u16,
}

/// A transaction to be: its namespaces, the objects it names, its deadline. Made anew for each, or kept
/// and cleared so that its buffers are used again.
#[derive(Debug)]
pub struct Plan {
    pub(crate) namespaces: SmallVec<[Handle; 1]>,
    pub(crate) work: Work,
}

/// What changes while a transaction runs.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) origin: Origin,
    pub(crate) now: StoreTime,
    pub(crate) deadline: Monotonic,
    pub(crate) access: Access,
    /// Bytes of log that it is expected to take; see [`Plan::expect_bytes`].
    pub(crate) bytes: usize,
    /// Bytes of log that were set aside for this round.
    pub(crate) reserved: usize,
    /// It may take more space than it gives back: the reserve for a full disk is not for it.
    pub(crate) grows: bool,
    /// It is work of the store's own, which leaves half of that reserve to clients.
    pub(crate) is_upkeep: bool,
    /// What [`crate::Txn::rng`] starts from, in every round.
    pub(crate) seed: u64,
    pub(crate) ids: Vec<u8>,
    pub(crate) named: Vec<Named>,
    pub(crate) rounds: u32,
    pub(crate) lock_failures: u32,
    pub(crate) pins: Pins,
    /// Encoded changes, kept for its capacity.
    pub(crate) changes: Vec<u8>,
    /// A key that is put together, kept for its capacity.
    pub(crate) key: Vec<u8>,
    /// Undo log, kept for its capacity.
    pub(crate) undo: Vec<(Object, Undo)>,
    /// What the last round was held up by.
    pub(crate) wait: Wait,
    /// Its namespaces are held exclusively from the first round on.
    pub(crate) exclusive: bool,
    /// What it knows of whole spaces.
    pub(crate) surveys: Vec<Survey>,
    /// Whether it runs where it holds up nobody: see [`Plan::is_long`].
    pub(crate) pace: Pace,
    /// See [`Plan::stream`].
    pub(crate) whole: Whole,
    /// Asked for room for what is read; kept when the plan is cleared.
    pub(crate) allowance: Option<Arc<dyn Allowance>>,
}

/// Who grants room for what a transaction reads, and so for its reply.
pub trait Allowance: Send + Sync + std::fmt::Debug {
    /// Takes room for so many bytes more.
    ///
    /// # Errors
    /// There is none; the transaction ends with this.
    fn take(&self, bytes: usize) -> Result<(), crate::Refusal>;
}

impl Plan {
    /// A transaction at the time `now` that is given up at `deadline`.
    pub fn new(now: StoreTime, deadline: Monotonic) -> Self {
        let work = Work {
            origin: Origin::default(),
            now,
            deadline,
            access: Access::Shared,
            bytes: 0,
            reserved: 0,
            grows: false,
            is_upkeep: false,
            seed: 0,
            ids: Vec::new(),
            named: Vec::new(),
            rounds: 0,
            lock_failures: 0,
            pins: Pins::default(),
            changes: Vec::new(),
            key: Vec::new(),
            undo: Vec::new(),
            wait: Wait::Nothing,
            exclusive: false,
            surveys: Vec::new(),
            pace: Pace::Inline,
            whole: Whole::Loaded,
            allowance: None,
        };
        Self { namespaces: SmallVec::new(), work }
    }

    /// Forgets everything but its buffers.
    pub fn reset(&mut self, now: StoreTime, deadline: Monotonic) {
        self.namespaces.clear();
        let work = &mut self.work;
        (work.now, work.deadline, work.access, work.bytes) = (now, deadline, Access::Shared, 0);
        (work.rounds, work.lock_failures, work.grows) = (0, 0, false);
        keep_small(&mut work.ids);
        keep_small(&mut work.changes);
        keep_small(&mut work.key);
        keep_small(&mut work.undo);
        keep_small(&mut work.named);
        work.surveys.clear();
        (work.wait, work.exclusive) = (Wait::Nothing, false);
        (work.pace, work.whole) = (Pace::Inline, Whole::Loaded);
        work.pins.release();
    }

    /// Refuses to read all rows of a large object, with a refusal that [`crate::Refusal::is_too_large`]:
    /// whoever asks reads them from a [`crate::Snapshot`] instead.
    pub fn stream(&mut self) {
        self.work.whole = Whole::Streamed;
    }

    /// Has `allowance` asked before much is read, in this transaction and those after it.
    pub fn set_allowance(&mut self, allowance: Arc<dyn Allowance>) {
        self.work.allowance = Some(allowance);
    }

    /// Lets what it has brought into memory go again, as its end does.
    pub fn release(&mut self) {
        self.work.pins.release();
    }

    /// When it is given up.
    pub fn deadline(&self) -> Monotonic {
        self.work.deadline
    }

    /// Whether its next round may take longer than others on the same thread should wait: it is not the
    /// first, or it names or writes much, or the last one ended because it was about to read more than
    /// [`INLINE_ROWS_MAX`] rows or [`INLINE_BYTES_MAX`] bytes. Such a round reads as much as it likes.
    pub fn is_long(&mut self) -> bool {
        let work = &mut self.work;
        if work.rounds > 0 || work.named.len() > INLINE_ROWS_MAX || work.bytes > INLINE_BYTES_MAX {
            work.pace = Pace::Unhurried;
        }
        work.pace == Pace::Unhurried
    }

    /// The time that the transaction's last round happened at, or that it was planned at.
    pub fn now(&self) -> StoreTime {
        self.work.now
    }

    /// Who it is for.
    pub fn set_origin(&mut self, origin: Origin) {
        self.work.origin = origin;
    }

    /// What its random numbers come from: the same in every round, so that each does the same. Kept when
    /// the plan is cleared.
    pub fn set_seed(&mut self, seed: u64) {
        self.work.seed = seed;
    }

    /// Says that it may write, and about how many bytes: as much log is set aside before it runs.
    pub fn expect_bytes(&mut self, bytes: usize) {
        self.work.access = Access::Exclusive;
        self.work.bytes = self.work.bytes.saturating_add(bytes);
        self.work.grows = true;
    }

    /// Says that its namespaces are to be held exclusively, as for flushing them.
    pub fn take_exclusively(&mut self) {
        self.work.access = Access::Exclusive;
        self.work.exclusive = true;
    }

    /// Whether it was said that it may write.
    pub fn writes(&self) -> bool {
        self.work.access == Access::Exclusive
    }

    /// Says that it may write, with about so many bytes of log, and only gives back space: where nothing
    /// else is said, it may use the reserve that is kept for a full disk.
    pub fn release_bytes(&mut self, bytes: usize) {
        self.work.access = Access::Exclusive;
        self.work.bytes = self.work.bytes.saturating_add(bytes);
    }

    /// The same for work of the store's own, which leaves half of that reserve to clients.
    pub(crate) fn release_bytes_in_upkeep(&mut self, bytes: usize) {
        self.release_bytes(bytes);
        self.work.is_upkeep = true;
    }

    /// Adds a namespace, or finds it. At most 255.
    pub fn namespace(&mut self, handle: &Handle) -> Place {
        let namespace = handle.namespace();
        let at =
            self.namespaces.iter().position(|have| have.namespace() == namespace).unwrap_or_else(
                || {
                    self.namespaces.push(handle.clone());
                    self.namespaces.len() - 1
                },
            );
        Place(u8::try_from(at).unwrap_or(u8::MAX))
    }

    /// Names an object that it will use. `write` appends the id.
    pub fn name(&mut self, place: Place, layer: Layer, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.work.ids.len();
        write(&mut self.work.ids);
        self.work.add(place, layer, start);
    }

    /// The commit that the tables have to have before [`crate::Store::load`] can bring what it wants to know
    /// of a whole namespace; without waiting for it, it goes on wanting that.
    pub fn awaits(&self) -> Option<Sequence> {
        self.work.surveys.iter().filter_map(Survey::awaits).max()
    }

    /// How many rounds it has taken.
    pub fn rounds(&self) -> u32 {
        self.work.rounds
    }
}

/// Elements that a buffer keeps room for from one transaction to the next.
const KEPT: usize = 4096;

/// Empties a buffer, and gives back what one large transaction made of it.
pub(crate) fn keep_small<T>(buffer: &mut Vec<T>) {
    buffer.clear();
    buffer.shrink_to(KEPT);
}

impl Work {
    fn add(&mut self, place: Place, layer: Layer, start: usize) {
        let bound = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let id = bound(start)..bound(self.ids.len());
        self.named.push(Named {
            place,
            layer,
            id,
            space: Space(0),
            hash: Hash::default(),
            guard: 0,
        });
    }

    /// Names an object that it turned out to use.
    pub(crate) fn found(&mut self, place: Place, layer: Layer, id: &[u8]) {
        let start = self.ids.len();
        self.ids.extend_from_slice(id);
        self.add(place, layer, start);
    }

    pub(crate) fn is_desperate(&self) -> bool {
        self.lock_failures >= LOCK_FAILURES_MAX
    }

    /// Whether its next round takes its namespaces for itself.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_desperate() || self.exclusive
    }
}

/// Something that a transaction needs and that is not in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    pub(crate) space: Space,
    pub(crate) hash: Hash,
    pub(crate) id: Box<[u8]>,
    pub(crate) part: Part,
}

/// Which part of an object is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its header, and its rows if they are few.
    Header,
    /// One row.
    Row(Box<[u8]>),
    /// Rows from a suffix on, so many.
    Range {
        /// The suffix.
        from: Box<[u8]>,
        /// How many rows.
        most: usize,
    },
    /// All rows.
    All,
}

/// How a round of a transaction ended.
#[derive(Debug)]
pub enum Attempt<R> {
    /// It is done. Reply when [`Receipt`] says so.
    Done(R, Receipt),
    /// It was undone. Nothing of it happened; but why may depend on commits that are not yet durable,
    /// so the reply waits like any other.
    Refused(crate::Refusal, Receipt),
    /// Load these, if any, and try again.
    Again(Vec<Want>),
    /// The log has no room at present, and will have: try again in a millisecond.
    Busy,
}

impl Receipt {
    /// Nothing to wait for.
    pub const NOTHING: Self = Self { commit: None, after: Sequence::ZERO, level: Level::Written };
}

/// What the reply to a transaction has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its own sequence, if it changed anything.
    pub commit: Option<Sequence>,
    /// The last commit that its result depends on, its own included.
    pub after: Sequence,
    /// How far that commit must have come.
    pub level: Level,
}
