//! From a transaction's undo log to its record in the log.
//!
//! What is written is each changed object as it now is: its header row, and of a split object the rows
//! that the undo log names. Beside them go what follows from the change: what is owed to the
//! reclaimer, the expiry index, and by how much the number of keys has changed.

use base::Space;
use log::record;
use smallvec::SmallVec;

use crate::key::{self, Owed};
use crate::object::{Entry, Known, Split, State};
use crate::plan::Receipt;
use crate::shard::Tombstone;
use crate::txn::{Object, Opened, Txn, Undo};

impl Txn<'_> {
    /// Stamps and queues what was changed, while all is still locked.
    pub(crate) fn commit(mut self) -> Receipt {
        let (after, level) = self.waits_for();
        self.mark_changed();
        if self.opened.iter().all(|opened| !opened.changed) {
            return Receipt { commit: None, after, level };
        }
        let mut changes = std::mem::take(&mut self.work.changes);
        changes.clear();
        self.encode(&mut changes);
        let watermarks = &self.shard.watermarks;
        let stamped = |sequence| watermarks.set_queued(sequence);
        let sequence = self.shard.queue.push(self.work.now, self.work.origin, &changes, stamped);
        self.work.changes = changes;
        self.stamp(sequence);
        Receipt { commit: Some(sequence), after: sequence, level }
    }

    fn mark_changed(&mut self) {
        for (object, undo) in &self.undo {
            if !matches!(undo, Undo::Inserted) {
                self.opened[object.index()].changed = true;
            }
        }
        for at in 0..self.opened.len() {
            let object = Object::at(at);
            if self.opened[at].changed
                && let Some(entry) = self.entry_mut(object)
                && matches!(entry.state, State::Packed)
                && entry.content().is_empty()
            {
                // Created and given no row: an object without rows does not exist.
                entry.state = State::Absent;
                entry.set_deadline(None);
            }
        }
    }

    fn encode(&self, changes: &mut Vec<u8>) {
        let mut key = Vec::with_capacity(64);
        let mut counts: SmallVec<[(Space, i64); 2]> = SmallVec::new();
        for (at, opened) in self.opened.iter().enumerate().filter(|(_, opened)| opened.changed) {
            let Some(entry) = self.entry(Object::at(at)) else { continue };
            let there = !matches!(entry.state, State::Absent);
            if there || opened.original.there {
                encode_header(changes, &mut key, opened, entry, there);
            }
            if let State::Split(split) = &entry.state {
                self.encode_rows(changes, &mut key, Object::at(at), opened.space, split);
            }
            encode_consequences(changes, &mut key, opened, entry, there);
            let grown = i64::from(there) - i64::from(opened.original.there);
            match counts.iter_mut().find(|count| count.0 == opened.space) {
                Some(count) => count.1 += grown,
                None => counts.push((opened.space, grown)),
            }
        }
        for (space, grown) in counts.into_iter().filter(|count| count.1 != 0) {
            record::add(changes, &key::keys(space), grown);
        }
    }

    fn encode_rows(
        &self,
        changes: &mut Vec<u8>,
        key: &mut Vec<u8>,
        object: Object,
        space: Space,
        split: &Split,
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
        if self.opened[object.index()].original.generation != Some(split.generation) {
            use std::ops::Bound::Unbounded;
            return split
                .rows((Unbounded, Unbounded))
                .for_each(|(suffix, value)| put(suffix, Known::Value(value)));
        }
        let mut suffixes: Vec<&[u8]> = self
            .undo
            .iter()
            .filter_map(|(of, undo)| match undo {
                Undo::Row { generation, suffix, .. }
                    if *of == object && *generation == split.generation =>
                {
                    Some(&**suffix)
                }
                _ => None,
            })
            .collect();
        suffixes.sort_unstable();
        suffixes.dedup();
        suffixes.into_iter().for_each(|suffix| put(suffix, split.get(suffix)));
    }

    fn stamp(&mut self, sequence: base::Sequence) {
        let mut grown = 0isize;
        for at in 0..self.opened.len() {
            if !self.opened[at].changed {
                continue;
            }
            let before = self.opened[at].original.charge;
            let Some(entry) = self.entry_mut(Object::at(at)) else { continue };
            entry.last_commit = sequence;
            let absent = matches!(entry.state, State::Absent);
            grown += entry.charge().cast_signed() - before.cast_signed();
            if absent && let Opened { hash, slot: Some(slot), .. } = self.opened[at] {
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

/// What is owed for an old generation, and the expiry index.
fn encode_consequences(
    changes: &mut Vec<u8>,
    key: &mut Vec<u8>,
    opened: &Opened,
    entry: &Entry,
    there: bool,
) {
    let generation =
        if let State::Split(split) = &entry.state { Some(split.generation) } else { None };
    if let Some(old) = opened.original.generation.filter(|old| Some(*old) != generation) {
        key.clear();
        key::put_owed(key, Owed::Generation(opened.space, old));
        record::put(changes, key, &[]);
    }
    let Some(deadline) = entry.deadline().filter(|_| there) else { return };
    // Prolonging leaves the old row of the index: it is early, and the sweeper moves it on.
    if opened.original.deadline.is_none_or(|old| deadline < old) {
        key.clear();
        key::put_expiry(key, deadline, opened.space, entry.id());
        record::put(changes, key, &[]);
    }
}
