//! Objects in memory: what is known of one, in as few bytes as possible.
//!
//! A small object is one allocation: its id, then its content as in its header row ([`crate::packed`]).
//! A large one keeps the rows that are known in an ordered map, and the ranges in which it knows all
//! of them. An object that is known to be absent is an entry too, until nothing depends on it.
//!
//! Knows nothing of locks and commits.
//!
//! Invariants:
//! 1. A split object holds no rows of another generation.
//! 2. `rows` and `bytes` of a split object count the rows that exist, whether in memory or not.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};

use base::codec::{Malformed, Reader, put_varint, varint_len};
use base::{Generation, Sequence, Space, StoreTime};

use crate::packed;

mod suffix;

use suffix::{Name, Sought, Suffix};

/// What an object is. The number is part of the format; which layer gives it meaning stands beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Redis string: one row with an empty suffix, or rows of 16 KiB.
    String = 1,
    /// Redis hash: a row a field.
    Hash = 2,
    /// Lock with its fencing token (coord).
    Lock = 32,
    /// Idempotency record (coord).
    Idempotency = 33,
    /// The names of all topics of a namespace (topics).
    TopicIndex = 47,
    /// Topic: its settings (topics).
    Topic = 48,
    /// Head of one partition of a topic (topics).
    Partition = 49,
}

impl Type {
    fn decode(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            1 => Self::String,
            2 => Self::Hash,
            32 => Self::Lock,
            33 => Self::Idempotency,
            47 => Self::TopicIndex,
            48 => Self::Topic,
            49 => Self::Partition,
            _ => return Err(Malformed { expected: "the type of an object" }),
        })
    }
}

/// What a command may know of an object without its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Type,
    /// When it ends, if it does.
    pub deadline: Option<StoreTime>,
    /// How many rows it has; at least one.
    pub rows: u64,
    /// Bytes of its suffixes and values.
    pub bytes: u64,
    /// Whether it outgrew one row, and has rows of its own until it is replaced.
    pub split: bool,
    /// The commit that changed it last. Within a transaction that changes it: the one before.
    pub last_commit: Sequence,
}

const FLAG_DEADLINE: u8 = 1;
const FLAG_SPLIT: u8 = 2;

/// One slot of a stripe: one line of the processor's cache, so that to look at it costs one miss.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Entry {
    pub(crate) space: Space,
    /// The commit that changed or removed it last; zero if it was only ever loaded as absent.
    pub(crate) last_commit: Sequence,
    /// Milliseconds; zero for none.
    deadline: u64,
    /// The id, then the packed content.
    bytes: Box<[u8]>,
    pub(crate) state: State,
    id_len: u16,
    kind: Type,
    /// Set when used, cleared by the evictor as it passes: a second chance.
    used: AtomicBool,
    /// Transactions and watches that hold it in memory.
    pub(crate) pins: u32,
}

const _: () = assert!(size_of::<Option<Entry>>() == 64, "an entry is one line of the cache");

/// How much of an object is known.
#[derive(Debug)]
pub(crate) enum State {
    /// Being read from the tables; whoever needs it waits for this load.
    Loading(u64),
    /// There is no such object.
    Absent,
    /// All of it is in `bytes`.
    Packed,
    /// Its rows are rows of their own.
    Split(Box<Split>),
}

/// What an object is, apart from its name.
#[derive(Debug)]
pub(crate) struct Body {
    content: Box<[u8]>,
    pub(crate) state: State,
    deadline: u64,
    kind: Type,
}

/// What is known of an object whose rows are rows of their own.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) generation: Generation,
    /// Drawn anew at each rename, so that rows read before it are not taken for rows read after it: on
    /// the way the object may have left memory under its other name, and what was newer with it.
    pub(crate) arrival: Generation,
    /// Rows that exist, in memory or not.
    pub(crate) count: u64,
    /// Bytes of their suffixes and values.
    pub(crate) bytes: u64,
    /// Whether every row that exists is in `known`.
    pub(crate) complete: bool,
    known: BTreeMap<Suffix, Row>,
    /// Where every row that exists is in `known`: from each of these on, up to what it maps to, the end of
    /// the object if that is none. They neither touch nor overlap.
    ranges: BTreeMap<Box<[u8]>, Option<Box<[u8]>>>,
    /// What `known` is taken to cost, in bytes of memory.
    memory: usize,
}

type RowRef<'a> = (&'a [u8], &'a [u8]);

/// Rows that are not known: from a suffix on, so many.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) from: Vec<u8>,
    pub(crate) most: usize,
}

type Range = (Box<[u8]>, Option<Box<[u8]>>);

/// Bytes of memory that a range costs.
fn range_cost(from: &[u8], to: Option<&[u8]>) -> usize {
    ROW_OVERHEAD + from.len() + to.map_or(0, <[u8]>::len)
}

/// A row that is known; `None` if it is known to be absent.
pub(crate) type Row = Option<Box<[u8]>>;

/// What memory can say of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known<'a> {
    Value(&'a [u8]),
    Absent,
    /// It has to be looked up in the tables.
    Unknown,
}

/// Whether nothing can lie within bounds; an ordered map panics at some of these.
fn is_empty(bounds: Bounds<'_>) -> bool {
    use Bound::{Excluded, Included, Unbounded};
    match bounds {
        (Included(from), Included(to)) => from > to,
        (Included(from) | Excluded(from), Excluded(to)) | (Excluded(from), Included(to)) => {
            from >= to
        }
        (Unbounded, _) | (_, Unbounded) => false,
    }
}

/// Bytes of memory that a known row costs beside its suffix and value: two boxes, the suffix's first bytes
/// once more, and a share of nodes that are two thirds full.
const ROW_OVERHEAD: usize = 68;

fn as_name<'a>(sought: &'a Sought<'_>) -> &'a dyn Name {
    sought
}

impl Split {
    /// An object of no rows so far; `complete` if none exist elsewhere.
    pub(crate) fn new(generation: Generation, count: u64, bytes: u64, complete: bool) -> Self {
        let (arrival, known, ranges) = (Generation::NONE, BTreeMap::new(), BTreeMap::new());
        Self { generation, arrival, count, bytes, complete, known, ranges, memory: 0 }
    }

    pub(crate) fn get(&self, suffix: &[u8]) -> Known<'_> {
        let sought: &dyn Name = &Sought::new(suffix);
        match self.known.get(sought) {
            Some(Some(value)) => Known::Value(value),
            Some(None) => Known::Absent,
            None if self.complete || self.range_at(suffix).is_some() => Known::Absent,
            None => Known::Unknown,
        }
    }

    /// The end of the range that `suffix` is in; `None` if it is in none.
    fn range_at(&self, suffix: &[u8]) -> Option<Bound<&[u8]>> {
        let (_, end) = self
            .ranges
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(suffix)))
            .next_back()?;
        let end = end.as_deref();
        let is_within = end.is_none_or(|end| suffix < end);
        is_within.then_some(end.map_or(Bound::Unbounded, Bound::Excluded))
    }

    /// The first rows within bounds, at most `most`.
    ///
    /// # Errors
    /// If they are not all known: from where on, and how many are missing.
    pub(crate) fn first_rows(
        &self,
        bounds: Bounds<'_>,
        most: usize,
    ) -> Result<Vec<RowRef<'_>>, Missing> {
        let mut from = match bounds.0 {
            Bound::Included(from) | Bound::Excluded(from) => from.to_vec(),
            Bound::Unbounded => Vec::new(),
        };
        if let Bound::Excluded(_) = bounds.0 {
            from.push(0);
        }
        let Some(end) = self.range_at(&from) else { return Err(Missing { from, most }) };
        let reaches = |end: &[u8]| match bounds.1 {
            Bound::Included(to) => to < end,
            Bound::Excluded(to) => to <= end,
            Bound::Unbounded => false,
        };
        let end = match end {
            Bound::Excluded(end) if !reaches(end) => end,
            _ => return Ok(self.rows(bounds).take(most).collect()),
        };
        let rows: Vec<_> = self.rows((bounds.0, Bound::Excluded(end))).take(most).collect();
        if rows.len() < most {
            return Err(Missing { from: end.to_vec(), most: most - rows.len() });
        }
        Ok(rows)
    }

    /// From now on every row that exists from `from` on is known, up to `to`, or to the end.
    pub(crate) fn cover(&mut self, from: Box<[u8]>, to: Option<Box<[u8]>>) {
        if from.is_empty() && to.is_none() {
            self.complete = true;
            self.memory -=
                self.ranges.iter().map(|(from, to)| range_cost(from, to.as_deref())).sum::<usize>();
            self.ranges.clear();
            return;
        }
        let (mut from, mut to) = (from, to);
        // What touches it or overlaps becomes one with it.
        while let Some((start, end)) = self.touching(&from, to.as_deref()) {
            let end = self.ranges.remove(&start).unwrap_or(end);
            self.memory -= range_cost(&start, end.as_deref());
            from = from.min(start);
            to = match (to, end) {
                (Some(to), Some(end)) => Some(to.max(end)),
                _ => None,
            };
        }
        self.memory += range_cost(&from, to.as_deref());
        self.ranges.insert(from, to);
    }

    /// A range that touches or overlaps another.
    fn touching(&self, from: &[u8], to: Option<&[u8]>) -> Option<Range> {
        let before = match to {
            Some(to) => {
                self.ranges.range::<[u8], _>((Bound::Unbounded, Bound::Included(to))).next_back()
            }
            None => self.ranges.iter().next_back(),
        };
        let (start, end) = before?;
        let touches = end.as_ref().is_none_or(|end| &**end >= from);
        touches.then(|| (start.clone(), end.clone()))
    }

    /// Known rows that exist, in order.
    pub(crate) fn rows(
        &self,
        bounds: Bounds<'_>,
    ) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        let bounds = if is_empty(bounds) {
            (Bound::Included(&[][..]), Bound::Excluded(&[][..]))
        } else {
            bounds
        };
        let (from, to) = (bounds.0.map(Sought::new), bounds.1.map(Sought::new));
        let (from, to) = (from.as_ref().map(as_name), to.as_ref().map(as_name));
        self.known
            .range::<dyn Name, _>((from, to))
            .filter_map(|(suffix, row)| Some((&*suffix.bytes, &**row.as_ref()?)))
    }

    /// Puts a row in its place and returns what was known of it before. Does not touch the counts.
    pub(crate) fn set(&mut self, suffix: &[u8], row: Option<Row>) -> Option<Row> {
        let cost =
            |row: &Row| ROW_OVERHEAD + suffix.len() + row.as_ref().map_or(0, |value| value.len());
        let new = row.as_ref().map_or(0, cost);
        let sought: &dyn Name = &Sought::new(suffix);
        let was = match row {
            Some(row) => match self.known.get_mut(sought) {
                Some(place) => Some(std::mem::replace(place, row)),
                None => self.known.insert(Suffix::new(suffix), row),
            },
            None => self.known.remove(sought),
        };
        self.memory = self.memory + new - was.as_ref().map_or(0, cost);
        was
    }

    /// The same rows as those of another generation. All have to be known.
    pub(crate) fn copy(&self, generation: Generation) -> Self {
        let mut copy = Self::new(generation, self.count, self.bytes, true);
        self.rows((Bound::Unbounded, Bound::Unbounded)).for_each(|(suffix, value)| {
            copy.set(suffix, Some(Some(value.into())));
        });
        copy
    }

    /// Takes in a row read from the tables, unless something newer is known.
    pub(crate) fn learn(&mut self, suffix: &[u8], row: Row) {
        if self.get(suffix) == Known::Unknown {
            self.set(suffix, Some(row));
        }
    }
}

impl Entry {
    /// An entry for `id` in the given state, with nothing in it.
    pub(crate) fn new(space: Space, id: &[u8], state: State) -> Self {
        Self {
            space,
            last_commit: Sequence::ZERO,
            deadline: 0,
            bytes: id.into(),
            state,
            id_len: u16::try_from(id.len()).unwrap_or(u16::MAX),
            kind: Type::String,
            used: AtomicBool::new(true),
            pins: 0,
        }
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.bytes[..usize::from(self.id_len)]
    }

    pub(crate) fn content(&self) -> &[u8] {
        &self.bytes[usize::from(self.id_len)..]
    }

    pub(crate) fn is(&self, space: Space, id: &[u8]) -> bool {
        self.id() == id && self.space == space
    }

    pub(crate) fn deadline(&self) -> Option<StoreTime> {
        (self.deadline != 0).then_some(StoreTime(self.deadline))
    }

    pub(crate) fn set_deadline(&mut self, deadline: Option<StoreTime>) {
        self.deadline = deadline.map_or(0, |at| at.0.max(1));
    }

    pub(crate) fn kind(&self) -> Type {
        self.kind
    }

    pub(crate) fn set_kind(&mut self, kind: Type) {
        self.kind = kind;
    }

    /// Whether it exists at `now`: an object past its deadline does not, whether swept or not.
    pub(crate) fn exists(&self, now: StoreTime) -> bool {
        let there = matches!(self.state, State::Packed | State::Split(_));
        there && (self.deadline == 0 || self.deadline > now.0)
    }

    /// Whether the tables have a header row for it, or will: it exists, or its deadline has passed and it
    /// was not swept yet.
    pub(crate) fn is_stored(&self) -> bool {
        matches!(self.state, State::Packed | State::Split(_))
    }

    /// Marks it as used, for the evictor.
    pub(crate) fn touch(&self) {
        // Read first: a store would take the cache line from the other core each time.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was used since the last call.
    pub(crate) fn take_used(&mut self) -> bool {
        std::mem::take(self.used.get_mut())
    }

    pub(crate) fn header(&self) -> Header {
        let (rows, bytes) = match &self.state {
            State::Split(split) => (split.count, split.bytes),
            State::Packed => packed::rows(self.content()).fold((0, 0), |(n, len), row| {
                (n + 1, len + row.suffix.len() as u64 + row.value.len() as u64)
            }),
            State::Loading(_) | State::Absent => (0, 0),
        };
        let split = matches!(self.state, State::Split(_));
        Header {
            kind: self.kind,
            deadline: self.deadline(),
            rows,
            bytes,
            split,
            last_commit: self.last_commit,
        }
    }

    /// Bytes of memory that it is taken to cost.
    pub(crate) fn charge(&self) -> usize {
        let split = if let State::Split(split) = &self.state {
            size_of::<Split>() + split.memory
        } else {
            0
        };
        size_of::<Self>() + 12 + self.bytes.len() + split
    }

    /// Puts what `build` makes of the packed content, `len` bytes, in its place, and gives back the old
    /// bytes, for undo. One allocation if `len` is exact, two if not.
    pub(crate) fn replace_content(
        &mut self,
        build: impl FnOnce(&[u8], &mut Vec<u8>),
        len: usize,
    ) -> Box<[u8]> {
        let mut bytes = Vec::with_capacity(usize::from(self.id_len) + len);
        bytes.extend_from_slice(self.id());
        build(self.content(), &mut bytes);
        std::mem::replace(&mut self.bytes, bytes.into_boxed_slice())
    }

    /// Puts back bytes that [`Entry::replace_content`] gave, and the state that went with them.
    pub(crate) fn restore(&mut self, bytes: Box<[u8]>, state: State) {
        (self.bytes, self.state) = (bytes, state);
    }

    /// Takes away everything but the name: what is left is known to be absent.
    pub(crate) fn take_body(&mut self) -> Body {
        let content = self.content().into();
        self.replace_content(|_, _| (), 0);
        Body {
            content,
            state: std::mem::replace(&mut self.state, State::Absent),
            deadline: std::mem::take(&mut self.deadline),
            kind: std::mem::replace(&mut self.kind, Type::String),
        }
    }

    /// A copy of everything but the name; rows of their own become those of `generation`.
    pub(crate) fn copy_body(&self, generation: impl FnOnce() -> Generation) -> Body {
        let state = match &self.state {
            State::Split(split) => State::Split(Box::new(split.copy(generation()))),
            State::Packed => State::Packed,
            State::Absent | State::Loading(_) => State::Absent,
        };
        Body { content: self.content().into(), state, deadline: self.deadline, kind: self.kind }
    }

    /// Becomes what another object was.
    pub(crate) fn set_body(&mut self, body: Body) {
        let Body { content, state, deadline, kind } = body;
        self.replace_content(|_, out| out.extend_from_slice(&content), content.len());
        (self.state, self.deadline, self.kind) = (state, deadline, kind);
    }

    /// Length of the body of its header row.
    pub(crate) fn encoded_len(&self) -> usize {
        let deadline = if self.deadline == 0 { 0 } else { varint_len(self.deadline) };
        let content = match &self.state {
            State::Split(split) => {
                varint_len(split.generation.0) + varint_len(split.count) + varint_len(split.bytes)
            }
            _ => self.content().len(),
        };
        2 + deadline + content
    }

    /// Appends the body of its header row.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let split = if let State::Split(split) = &self.state { Some(split) } else { None };
        let deadline = if self.deadline == 0 { 0 } else { FLAG_DEADLINE };
        out.push(self.kind as u8);
        out.push(deadline | split.map_or(0, |_| FLAG_SPLIT));
        if self.deadline != 0 {
            put_varint(out, self.deadline);
        }
        match split {
            None => out.extend_from_slice(self.content()),
            Some(split) => {
                put_varint(out, split.generation.0);
                put_varint(out, split.count);
                put_varint(out, split.bytes);
            }
        }
    }

    /// Takes on what a header row says.
    ///
    /// # Errors
    /// [`Malformed`] if no store writes such a row; the entry is then as it was.
    pub(crate) fn decode(&mut self, last_commit: Sequence, body: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::new(body);
        let kind = Type::decode(reader.u8("the type of an object")?)?;
        let flags = reader.u8("the flags of an object")?;
        if flags & !(FLAG_DEADLINE | FLAG_SPLIT) != 0 {
            return Err(Malformed { expected: "the flags of an object" });
        }
        let deadline = if flags & FLAG_DEADLINE == 0 { 0 } else { reader.varint("a deadline")? };
        let state = if flags & FLAG_SPLIT == 0 {
            packed::check(reader.rest())?;
            State::Packed
        } else {
            let generation = Generation(reader.varint("a generation")?);
            let (count, bytes) = (reader.varint("a row count")?, reader.varint("a byte count")?);
            if !reader.is_empty() {
                return Err(Malformed { expected: "the end of a header row" });
            }
            State::Split(Box::new(Split::new(generation, count, bytes, false)))
        };
        if matches!(state, State::Packed) {
            self.replace_content(
                |_, out| out.extend_from_slice(reader.rest()),
                reader.rest().len(),
            );
        }
        (self.kind, self.deadline, self.state, self.last_commit) =
            (kind, deadline, state, last_commit);
        Ok(())
    }
}

/// Bounds of suffixes, as a range of rows is asked for.
pub(crate) type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

#[cfg(test)]
mod tests;
