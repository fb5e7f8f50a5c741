//! From a transaction's undo log to its record in the log.
//!
//! What is written is each changed object as it now is: its header row, and of a split object the rows
//! that the undo log names, or all of them if its generation is new. Beside them go what follows from the change: what is owed to the
//! reclaimer, the expiry index, and by how much the number of keys has changed.

use std::ops::Bound::Unbounded;

use base::{Generation, Namespace, Space};
use log::record;
use smallvec::SmallVec;

use crate::error::Stop;
use crate::key::{self, Owed};
use crate::namespace::{LAYERS, Layer};
use crate::object::{Entry, Known, Split, State};
use crate::plan::{Receipt, keep_small};
use crate::shard::Tombstone;
use crate::txn::{Object, Opened, Original, Txn, Undo};

/// What a row takes in a commit beside its object's name, its suffix and its value, at most: lengths, tags, its
/// space and its generation.
const ROW_OVERHEAD: usize = 64;

/// The generations of changed objects, over all of them: a rename takes one from object to object.
#[derive(Debug, Default)]
struct Lives<'a> {
    /// Those that there were when the transaction began, in order.
    before: SmallVec<[Generation; 2]>,
    /// Those that there are, in order.
    after: SmallVec<[Generation; 2]>,
    /// Rows that were set, in order, each once.
    rows: Vec<(Generation, &'a [u8])>,
}

impl<'a> Lives<'a> {
    fn rows_of(&self, generation: Generation) -> impl Iterator<Item = &'a [u8]> {
        let start = self.rows.partition_point(|row| row.0 < generation);
        let rows = self.rows[start..].iter().take_while(move |row| row.0 == generation);
        rows.map(|row| row.1)
    }
}

impl Txn<'_> {
    /// What was changed, as it goes to the log; `None` if nothing was.
    ///
    /// # Errors
    /// [`Stop::Retry`] if it needs more of the log than was set aside for it; a refusal if whole contents that go
    /// with changed headers are more than a transaction may change, as after a deadline for each of many keys.
    pub(crate) fn encode_commit(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        self.mark_changed();
        if self.loose.is_empty() && self.changed.is_empty() {
            return Ok(None);
        }
        let contents: usize = self
            .changes()
            .filter_map(|(object, _)| Some(self.entry(object)?.content().len()))
            .sum();
        self.check_bytes(contents)?;
        let mut changes = std::mem::take(&mut self.work.changes);
        let mut key = std::mem::take(&mut self.work.key);
        changes.clear();
        // All at once: a buffer that doubles would take twice a large value for a while.
        changes.reserve(
            self.bytes.max(contents)
                + 2 * self.work.ids.len()
                + ROW_OVERHEAD * (self.undo.len() + 4),
        );
        self.encode(&mut changes, &mut key);
        self.work.key = key;
        // Before it is queued, and before anything is locked for that: what does not decode could not be
        // recovered.
        assert!(record::Changes::new(&changes).are_sound(), "the changes of a commit decode");
        if self.queued + changes.len() > self.work.reserved {
            self.work.bytes = changes.len();
            self.work.changes = changes;
            return Err(Stop::Retry);
        }
        Ok(Some(changes))
    }

    /// Stamps the commit and queues it, while all is still locked.
    pub(crate) fn queue(&mut self, changes: Option<Vec<u8>>) -> Receipt {
        let (after, level) = self.waits_for();
        let Some(changes) = changes else { return Receipt { commit: None, after, level } };
        let watermarks = &self.shard.watermarks;
        let stamped = |sequence| watermarks.set_queued(sequence);
        let sequence = self.shard.queue.push(self.work.now, self.work.origin, &changes, stamped);
        self.queued += changes.len();
        // The next of the series may read what this one has written.
        self.depend_on(sequence);
        self.work.changes = changes;
        // Not only when the next transaction begins, which may be long after this one was answered.
        keep_small(&mut self.work.changes);
        self.stamp(sequence);
        self.bury_spaces(sequence);
        Receipt { commit: Some(sequence), after: sequence, level }
    }

    /// Ends a transaction that is queued, and begins the next one of its series under the same locks.
    pub(crate) fn begin_next(&mut self) {
        for object in std::mem::take(&mut self.changed) {
            let original = self.entry(object).map(Original::of).unwrap_or_default();
            let opened = &mut self.opened[object.index()];
            (opened.original, opened.changed) = (original, false);
        }
        self.forget();
    }

    fn mark_changed(&mut self) {
        for (object, undo) in &self.undo {
            let opened = &mut self.opened[object.index()];
            if !matches!(undo, Undo::Inserted) && !std::mem::replace(&mut opened.changed, true) {
                self.changed.push(*object);
            }
        }
        // In the order in which they were opened: what is written does not hang on which change came first.
        self.changed.sort_unstable_by_key(|object| object.index());
        for at in 0..self.changed.len() {
            if let Some(entry) = self.entry_mut(self.changed[at])
                && matches!(entry.state, State::Packed)
                && entry.content().is_empty()
            {
                // Created and given no row: an object without rows does not exist.
                entry.state = State::Absent;
                entry.set_deadline(None);
            }
        }
    }

    /// Appends what was changed to `changes`; `key` is room to put keys together in.
    fn encode(&self, changes: &mut Vec<u8>, key: &mut Vec<u8>) {
        let mut counts: SmallVec<[(Space, i64); 2]> = SmallVec::new();
        let lives = self.lives();
        for (object, opened) in self.changes() {
            let Some(entry) = self.entry(object) else { continue };
            let there = !matches!(entry.state, State::Absent);
            if there || opened.original.there {
                encode_header(changes, key, opened, entry, there);
            }
            if let State::Split(split) = &entry.state {
                encode_rows(changes, key, opened.space, split, &lives);
            }
            encode_consequences(changes, key, opened, entry, &lives);
            let grown = i64::from(there) - i64::from(opened.original.there);
            match counts.iter_mut().find(|count| count.0 == opened.space) {
                Some(count) => count.1 += grown,
                None => counts.push((opened.space, grown)),
            }
        }
        for (space, grown) in counts.into_iter().filter(|count| count.1 != 0) {
            record::add(changes, &key::keys(space), grown);
        }
        changes.extend_from_slice(&self.loose);
    }

    /// The objects that were changed, in the order in which they were opened.
    fn changes(&self) -> impl Iterator<Item = (Object, &Opened)> {
        self.changed.iter().map(|object| (*object, &self.opened[object.index()]))
    }

    fn lives(&self) -> Lives<'_> {
        let mut lives = Lives::default();
        for (object, opened) in self.changes() {
            lives.before.extend(opened.original.generation);
            if let Some(State::Split(split)) = self.entry(object).map(|entry| &entry.state) {
                lives.after.push(split.generation);
            }
        }
        lives.before.sort_unstable();
        lives.after.sort_unstable();
        if !lives.after.is_empty() {
            let rows = self.undo.iter().filter_map(|(_, undo)| match undo {
                Undo::Row { generation, suffix, .. } => Some((*generation, &**suffix)),
                _ => None,
            });
            lives.rows.extend(rows);
            lives.rows.sort_unstable();
            lives.rows.dedup();
        }
        lives
    }

    /// Of what a space is a part; none if the transaction has flushed it, which is told by itself.
    fn home(&self, space: Space) -> Option<(Namespace, Layer)> {
        let mut held = self.gates.iter().zip(&self.namespaces);
        held.find_map(|(gate, namespace)| {
            let layer = LAYERS.into_iter().find(|layer| gate.part(*layer).space == space)?;
            Some((*namespace, layer))
        })
    }

    fn stamp(&mut self, sequence: base::Sequence) {
        let mut grown = 0isize;
        let (interest, journals) = (&self.shard.interest, &self.shard.journals);
        let is_watched = interest.is_in_use();
        for at in 0..self.changed.len() {
            let object = self.changed[at];
            let Opened { ref original, space, hash, slot, .. } = self.opened[object.index()];
            let Original { charge: before, there, .. } = *original;
            let home = if is_watched { self.home(space) } else { None };
            let Some(entry) = self.entry_mut(object) else { continue };
            entry.last_commit = sequence;
            let absent = matches!(entry.state, State::Absent);
            // Told while the stripe is held: whoever registered before sees the new commit or hears of it.
            if let Some((namespace, layer)) = home {
                interest.tell(namespace, layer, entry.id());
            }
            journals.note(entry, there);
            grown += entry.charge().cast_signed() - before.cast_signed();
            if absent && let Some(slot) = slot {
                self.shard.bury(Tombstone { sequence, hash, slot });
            }
        }
        self.shard.charge(grown);
    }
}

fn encode_header(
    changes: &mut Vec<u8>,
    key: &mut Vec<u8>,
    opened: &Opened,
    entry: &Entry,
    there: bool,
) {
    key.clear();
    key::put_header(key, opened.space, entry.id());
    if there {
        record::put_with(changes, key, entry.encoded_len(), |out| entry.encode(out));
    } else {
        record::remove(changes, key);
    }
}

/// The rows of a split object that are new: all of them, or those that were set.
fn encode_rows(
    changes: &mut Vec<u8>,
    key: &mut Vec<u8>,
    space: Space,
    split: &Split,
    lives: &Lives<'_>,
) {
    let mut put = |suffix: &[u8], known: Known<'_>| {
        key.clear();
        key::put_content(key, space, split.generation, suffix);
        match known {
            Known::Value(value) => record::put(changes, key, value),
            Known::Absent => record::remove(changes, key),
            Known::Unknown => {}
        }
    };
    if lives.before.binary_search(&split.generation).is_err() {
        let all = split.rows((Unbounded, Unbounded));
        return all.for_each(|(suffix, value)| put(suffix, Known::Value(value)));
    }
    lives.rows_of(split.generation).for_each(|suffix| put(suffix, split.get(suffix)));
}

/// What is owed for an old generation, and the expiry index.
fn encode_consequences(
    changes: &mut Vec<u8>,
    key: &mut Vec<u8>,
    opened: &Opened,
    entry: &Entry,
    lives: &Lives<'_>,
) {
    let died = |old: &Generation| lives.after.binary_search(old).is_err();
    if let Some(old) = opened.original.generation.filter(died) {
        key.clear();
        key::put_owed(key, Owed::Generation(opened.space, old));
        record::put(changes, key, &[]);
    }
    let Some(deadline) = entry.deadline().filter(|_| entry.is_stored()) else { return };
    // Prolonging leaves the old row of the index: it is early, and the sweeper moves it on.
    if opened.original.deadline.is_none_or(|old| deadline < old) {
        key.clear();
        key::put_expiry(key, deadline, opened.space, entry.id());
        record::put(changes, key, &[]);
    }
}
