//! Whole objects under other names: moved, and copied.
//!
//! Rows are kept by generation, not by name, so a rename of any size is two header rows; a copy is a
//! generation of its own. Either keeps the form of the object, split or not, and its deadline.
//!
//! Invariants:
//! 1. After a rename neither name owes the generation, and no row of it is written anew.
//! 2. Rows that were set before a rename, in the same transaction, are written.

use crate::error::{Refusal, Stop};
use crate::object::{Entry, State, Type};
use crate::plan::Part;
use crate::txn::{Object, Txn, Undo};

impl Txn<'_> {
    /// Gives an object the name of another, which is replaced; whether there was one to be renamed.
    /// Nothing happens if both are the same.
    ///
    /// # Errors
    /// [`Stop::Refused`] of kind `Internal` if the two are not in one part of one namespace, by which
    /// rows are kept too: copy it instead.
    pub fn rename(&mut self, from: Object, to: Object) -> Result<bool, Stop> {
        let Some(entry) = self.existing(from) else { return Ok(false) };
        if from == to {
            return Ok(true);
        }
        if self.opened[from.index()].space != self.opened[to.index()].space {
            return Err(Refusal::internal("an object was renamed into another space").into());
        }
        let content = entry.content().len();
        self.make_entry(to)?;
        self.charge_bytes(content)?;
        self.replace(to, State::Absent, Type::String);
        self.move_body(from, to);
        self.undo.push((from, Undo::Moved { to }));
        Ok(true)
    }

    /// Puts a copy of an object in the place of another; whether there was one to be copied. Nothing
    /// happens if both are the same. Brings all of it into memory.
    ///
    /// # Errors
    /// [`Stop::Retry`] until it is; [`Stop::Refused`] of kind `Limit` if it is larger than an object
    /// that is loaded at once may be, or than what a transaction may change.
    pub fn copy(&mut self, from: Object, to: Object) -> Result<bool, Stop> {
        let Some(entry) = self.existing(from) else { return Ok(false) };
        if from == to {
            return Ok(true);
        }
        let (bytes, is_complete) = match &entry.state {
            State::Split(split) => (split.bytes, split.complete),
            _ => (entry.content().len() as u64, true),
        };
        let max = self.shard.settings.limits.object_bytes;
        if bytes > max {
            let text = format!("what is copied at once takes at most {max} bytes, this {bytes}");
            return Err(Refusal::limit(text).into());
        }
        self.make_entry(to)?;
        self.charge_bytes(usize::try_from(bytes).unwrap_or(usize::MAX))?;
        if !is_complete {
            return Err(self.want(from, Part::All));
        }
        self.replace(to, State::Absent, Type::String);
        let body = self.entry(from).map(|entry| entry.copy_body(|| self.shard.next_generation()));
        if let (Some(entry), Some(body)) = (self.entry_mut(to), body) {
            entry.set_body(body);
        }
        Ok(true)
    }

    /// Moves everything but the name to an entry that is absent, and leaves one that is.
    pub(crate) fn move_body(&mut self, from: Object, to: Object) {
        let Some(mut body) = self.entry_mut(from).map(Entry::take_body) else { return };
        if let State::Split(split) = &mut body.state {
            split.arrival = self.shard.next_generation();
        }
        if let Some(entry) = self.entry_mut(to) {
            entry.set_body(body);
        }
    }
}
