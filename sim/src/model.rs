//! What the store should hold: all objects in one ordered map, changed one transaction after the
//! other.
//!
//! It knows no locks, no log and no tables. It goes through the notes of each transaction at the
//! moment at which that was stamped, so it says which values the transaction must have seen; and it
//! keeps what each commit replaced, so that it can be set back to what a crash left.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base::codec::varint_len;
use base::{Sequence, StoreTime};
use kv::{Header, LONE_ROW_BYTES_MAX, Layer, PACKED_BYTES_MAX, PACKED_ROWS_MAX, Type};

use crate::notes::{Key, Notes, Op, Rows};

/// An object of more bytes is held in memory by row.
const HUGE_BYTES: usize = 1 << 20;

/// An object.
#[derive(Clone, PartialEq, Eq)]
pub struct Thing {
    /// What it is.
    pub kind: Type,
    /// When it ends.
    pub deadline: Option<StoreTime>,
    /// What is in it.
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Whether it outgrew one row.
    split: bool,
    /// Made by the transaction under way.
    fresh: bool,
}

impl fmt::Debug for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, deadline, rows, split, .. } = self;
        write!(f, "{kind:?} until {deadline:?}, split {split}, {} rows:", rows.len())?;
        for (suffix, value) in rows.iter().take(6) {
            let start = value.get(..16).unwrap_or(value);
            write!(f, " {}={} ({})", suffix.escape_ascii(), start.escape_ascii(), value.len())?;
        }
        Ok(())
    }
}

impl Thing {
    fn exists(&self, now: StoreTime) -> bool {
        self.deadline.is_none_or(|deadline| deadline > now)
    }

    fn put(&mut self, suffix: &[u8], value: &[u8]) {
        let len = |suffix: &[u8], value: &[u8]| {
            let number = |len: usize| varint_len(len as u64) + len;
            number(suffix.len()) + number(value.len())
        };
        if !self.split {
            let others = self.rows.iter().filter(|row| row.0 != suffix);
            let (count, bytes) = others
                .fold((1, len(suffix, value)), |(n, sum), row| (n + 1, sum + len(row.0, row.1)));
            let bytes_max = if count == 1 { LONE_ROW_BYTES_MAX } else { PACKED_BYTES_MAX };
            self.split = count > PACKED_ROWS_MAX || bytes > bytes_max;
        }
        self.rows.insert(suffix.to_vec(), value.to_vec());
    }
}

/// An object that a transaction touches, as it leaves it.
#[derive(Clone, Debug)]
struct Touch {
    thing: Option<Thing>,
    changed: bool,
    /// It was removed past its deadline, which is no change if it had been swept.
    swept: bool,
}

type Touched = BTreeMap<Key, Touch>;

/// What a commit replaced.
#[derive(Debug)]
struct Past {
    sequence: Sequence,
    before: Vec<(Key, Option<Thing>, Sequence)>,
}

/// An object as somebody saw it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    there: bool,
    mortal: bool,
    changed: Sequence,
}

/// What a transaction comes to.
#[derive(Debug)]
pub struct Outcome {
    touched: Touched,
    /// The namespaces whose Redis objects it removed.
    flushed: BTreeSet<u32>,
    /// The last commit that what it saw rests on, absences included.
    pub rests_on: Sequence,
}

impl Outcome {
    /// Whether it has anything to commit; none if that depends on what has been swept.
    #[must_use]
    pub fn changes(&self) -> Option<bool> {
        let surely = !self.flushed.is_empty() || self.touched.values().any(|touch| touch.changed);
        let perhaps = self.touched.values().any(|touch| touch.swept);
        if surely || !perhaps { Some(surely) } else { None }
    }
}

/// See the module's description.
#[derive(Debug, Default)]
pub struct Model {
    things: BTreeMap<Key, Thing>,
    /// The commit that changed or removed each object last.
    changed: BTreeMap<Key, Sequence>,
    past: Vec<Past>,
}

impl Model {
    /// Goes through a transaction's notes.
    ///
    /// # Errors
    /// The first thing that it saw and should not have seen.
    pub fn go_through(&self, notes: &Notes) -> Result<Outcome, String> {
        let mut touched = Touched::new();
        let mut rests_on = Sequence::ZERO;
        let mut flushed = BTreeSet::new();
        for key in &notes.keys {
            let thing = self.things.get(key).cloned();
            touched.insert(key.clone(), Touch { thing, changed: false, swept: false });
            rests_on = rests_on.max(self.changed_at(key));
        }
        let mut saved = (Touched::new(), BTreeSet::new());
        for op in &notes.ops {
            match op {
                Op::Savepoint => saved = (touched.clone(), flushed.clone()),
                Op::RollBack => (touched, flushed) = std::mem::take(&mut saved),
                Op::Flush(namespace) => {
                    flushed.insert(*namespace);
                    let there = touched.iter_mut().filter(|(key, _)| is_in(key, &flushed));
                    for (_, touch) in there {
                        *touch = Touch { thing: None, changed: false, swept: false };
                    }
                }
                op => self.step(&mut touched, notes, op)?,
            }
        }
        Ok(Outcome { touched, flushed, rests_on })
    }

    fn step(&self, touched: &mut Touched, notes: &Notes, op: &Op) -> Result<(), String> {
        let now = notes.now;
        let Some(at) = op.object() else { return Ok(()) };
        let key = &notes.keys[at];
        let Some(touch) = touched.get_mut(key) else { return Ok(()) };
        let seen = touch.thing.as_ref().filter(|thing| thing.exists(now));
        let right = match op {
            Op::Header(_, saw) => self.header_is(key, seen, *saw),
            Op::Row(_, suffix, saw) => {
                seen.and_then(|thing| thing.rows.get(suffix)) == saw.as_ref()
            }
            Op::Rows(_, from, saw) => rows_from(seen, from) == *saw,
            Op::Delete(_, existed)
            | Op::Deadline(_, _, existed)
            | Op::Rename(_, _, existed)
            | Op::Copy(_, _, existed) => *existed == seen.is_some(),
            Op::Remove(_, suffix, was) => {
                *was == seen.is_some_and(|thing| thing.rows.contains_key(suffix))
            }
            _ => true,
        };
        if !right {
            let thing = &touch.thing;
            let since = self.changed_at(key);
            return Err(format!(
                "at {now:?} {key:?}: {op:?} does not fit what {since} left: {thing:?}"
            ));
        }
        if let Op::Rename(_, to, true) | Op::Copy(_, to, true) = op {
            if *to != at {
                move_over(touched, key, &notes.keys[*to], matches!(op, Op::Rename(..)));
            }
            return Ok(());
        }
        let ended = touch.thing.is_some() && seen.is_none();
        let changed = write(&mut touch.thing, op, now);
        if matches!(op, Op::Delete(..)) && ended {
            touch.swept = changed;
        } else {
            touch.changed |= changed;
        }
        Ok(())
    }

    fn header_is(&self, key: &Key, thing: Option<&Thing>, saw: Option<Header>) -> bool {
        let (thing, saw) = match (thing, saw) {
            (None, None) => return true,
            (Some(thing), Some(saw)) => (thing, saw),
            _ => return false,
        };
        let rows = thing.rows.len() as u64;
        let bytes = thing.rows.iter().map(|row| (row.0.len() + row.1.len()) as u64).sum();
        let Thing { kind, deadline, split, fresh, .. } = *thing;
        let last_commit = if fresh { saw.last_commit } else { self.changed_at(key) };
        saw == Header { kind, deadline, rows, bytes, split, last_commit }
    }

    /// The commit that changed or removed the object last.
    #[must_use]
    pub fn changed_at(&self, key: &Key) -> Sequence {
        self.changed.get(key).copied().unwrap_or_default()
    }

    /// Takes on what a transaction came to.
    pub fn commit(&mut self, outcome: Outcome, sequence: Sequence) {
        let mut before = Vec::new();
        let dead: Vec<Key> =
            self.keys().filter(|key| is_in(key, &outcome.flushed)).cloned().collect();
        for key in dead {
            let was = self.things.remove(&key);
            let changed = self.changed.insert(key.clone(), sequence).unwrap_or_default();
            before.push((key, was, changed));
        }
        for (key, touch) in
            outcome.touched.into_iter().filter(|(_, touch)| touch.changed || touch.swept)
        {
            let thing = touch.thing.filter(|thing| !thing.rows.is_empty());
            let was = match thing {
                Some(thing) => self.things.insert(key.clone(), Thing { fresh: false, ..thing }),
                None => self.things.remove(&key),
            };
            let changed = self.changed.insert(key.clone(), sequence).unwrap_or_default();
            before.push((key, was, changed));
        }
        self.past.push(Past { sequence, before });
    }

    /// Takes back every commit above `last`.
    pub fn set_back(&mut self, last: Sequence) {
        while let Some(past) = self.past.pop_if(|past| past.sequence > last) {
            for (key, was, changed) in past.before.into_iter().rev() {
                match was {
                    Some(thing) => self.things.insert(key.clone(), thing),
                    None => self.things.remove(&key),
                };
                self.changed.insert(key, changed);
            }
        }
    }

    /// Forgets how to take back the commits up to `last`.
    pub fn settle(&mut self, last: Sequence) {
        self.past.retain(|past| past.sequence > last);
    }

    /// How many rows a transaction read of objects that are too large to be held as a whole.
    #[must_use]
    pub fn huge_rows(&self, notes: &Notes) -> u64 {
        let is_huge = |at: &usize| {
            let thing = notes.keys.get(*at).and_then(|key| self.things.get(key));
            let bytes = |thing: &Thing| thing.rows.values().map(Vec::len).sum::<usize>();
            thing.is_some_and(|thing| bytes(thing) > HUGE_BYTES)
        };
        let read = notes.ops.iter().map(|op| match op {
            Op::Row(at, ..) if is_huge(at) => 1,
            Op::Rows(at, _, rows) if is_huge(at) => rows.len() as u64,
            _ => 0,
        });
        read.sum()
    }

    /// Whether there is such an object at a time; at time zero, one past its deadline too.
    #[must_use]
    pub fn exists(&self, key: &Key, now: StoreTime) -> bool {
        self.things.get(key).is_some_and(|thing| thing.exists(now))
    }

    /// What has to be known of an object to say later whether it has changed.
    #[must_use]
    pub fn see(&self, key: &Key) -> Seen {
        let thing = self.things.get(key);
        let mortal = thing.is_some_and(|thing| thing.deadline.is_some());
        Seen { there: thing.is_some(), mortal, changed: self.changed_at(key) }
    }

    /// Whether an object has changed since it was seen, surely and other than by its end.
    #[must_use]
    pub fn differs(&self, key: &Key, was: &Seen) -> bool {
        let is = self.see(key);
        !was.mortal && (was.there || is.there) && was.changed != is.changed
    }

    /// Every object that ever was.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.changed.keys()
    }

    /// How many objects there are at a time.
    #[must_use]
    pub fn count(&self, now: StoreTime) -> usize {
        self.things.values().filter(|thing| thing.exists(now)).count()
    }

    /// How many objects there are, expired ones that nobody has swept included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.things.len()
    }

    /// Whether there is no object at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.things.is_empty()
    }
}

fn is_in(key: &Key, flushed: &BTreeSet<u32>) -> bool {
    flushed.contains(&key.namespace) && key.layer == Layer::Redis
}

fn rows_from(thing: Option<&Thing>, from: &[u8]) -> Rows {
    let rows = thing.into_iter().flat_map(|thing| thing.rows.range(from.to_vec()..));
    rows.map(|(suffix, value)| (suffix.clone(), value.clone())).collect()
}

/// Puts a thing in the place of another, and takes it away where it was if it is to move.
fn move_over(touched: &mut Touched, from: &Key, to: &Key, moves: bool) {
    let Some(source) = touched.get_mut(from) else { return };
    let thing = source.thing.clone().map(|thing| Thing { fresh: true, ..thing });
    if moves {
        source.thing = None;
        source.changed = true;
    }
    if let Some(target) = touched.get_mut(to) {
        *target = Touch { thing, changed: true, swept: target.swept };
    }
}

/// Does to the object what the operation did; whether that is a change.
fn write(thing: &mut Option<Thing>, op: &Op, now: StoreTime) -> bool {
    match op {
        Op::Create(_, kind) => {
            let (deadline, rows) = (None, BTreeMap::new());
            *thing = Some(Thing { kind: *kind, deadline, rows, split: false, fresh: true });
            true
        }
        Op::Delete(..) => thing.take().is_some(),
        Op::Put(_, suffix, value) => {
            if let Some(thing) = thing {
                thing.put(suffix, value);
            }
            true
        }
        Op::Remove(_, suffix, was) => {
            if let Some(left) = thing
                && *was
            {
                left.rows.remove(suffix);
                if left.rows.is_empty() {
                    *thing = None;
                }
            }
            *was
        }
        Op::Deadline(_, deadline, _) => match thing.as_mut().filter(|thing| thing.exists(now)) {
            Some(thing) if thing.deadline != *deadline => {
                thing.deadline = *deadline;
                true
            }
            _ => false,
        },
        _ => false,
    }
}
