//! How a transaction changes objects: in place, each change with what takes it back.
//!
//! Knows nothing of locks and rounds; the invariants are those of the module above.

use base::StoreTime;

use super::{Object, Savepoint, Txn, Undo};
use crate::error::{Refusal, Stop};
use crate::object::{Entry, Known, Split, State, Type};
use crate::packed;
use crate::plan::Part;

impl Txn<'_> {
    /// Puts an object without rows in the place of whatever is there. It comes to be with its first row.
    pub fn create(&mut self, object: Object, kind: Type) -> Result<(), Stop> {
        self.make_entry(object)?;
        self.replace(object, State::Packed, kind);
        Ok(())
    }

    /// The same as [`Txn::create`] with its first row [`Txn::put`].
    pub fn create_with(
        &mut self,
        object: Object,
        kind: Type,
        suffix: &[u8],
        value: &[u8],
    ) -> Result<(), Stop> {
        let len = packed::row_len(suffix, value);
        if !packed::fits(1, len) {
            self.create(object, kind)?;
            return self.put(object, suffix, value);
        }
        self.make_entry(object)?;
        self.charge(suffix, value.len())?;
        self.replace_with(object, State::Packed, kind, len, |out| packed::push(out, suffix, value));
        Ok(())
    }

    /// Removes the object; whether it existed.
    pub fn delete(&mut self, object: Object) -> Result<bool, Stop> {
        let existed = self.existing(object).is_some();
        if self.entry(object).is_some_and(|entry| !matches!(entry.state, State::Absent)) {
            self.alone()?;
            self.replace(object, State::Absent, Type::String);
        }
        Ok(existed)
    }

    /// Sets when the object ends, or that it does not. Nothing happens to an absent one.
    pub fn set_deadline(
        &mut self,
        object: Object,
        deadline: Option<StoreTime>,
    ) -> Result<(), Stop> {
        if self.existing(object).is_none_or(|entry| entry.deadline() == deadline) {
            return Ok(());
        }
        self.alone()?;
        if let Some(entry) = self.entry_mut(object) {
            let was = entry.deadline();
            entry.set_deadline(deadline);
            self.undo.push((object, Undo::Deadline(was)));
        }
        Ok(())
    }

    /// Sets one row of an object that exists or was created in this transaction.
    pub fn put(&mut self, object: Object, suffix: &[u8], value: &[u8]) -> Result<(), Stop> {
        self.alone()?;
        if self.existing(object).is_none() {
            return Err(Refusal::internal("a row was set in an object that does not exist").into());
        }
        self.charge(suffix, value.len())?;
        if !self.is_split(object) && !self.edit(object, suffix, Some(value)) {
            self.split(object);
        }
        if self.is_split(object) {
            return self.set_row(object, suffix, Some(value));
        }
        Ok(())
    }

    /// Removes one row; whether it was there. With its last row the object goes.
    pub fn remove(&mut self, object: Object, suffix: &[u8]) -> Result<bool, Stop> {
        if self.row(object, suffix)?.is_none() {
            return Ok(false);
        }
        self.alone()?;
        self.charge(suffix, 0)?;
        if self.is_split(object) {
            self.set_row(object, suffix, None)?;
        } else {
            self.edit(object, suffix, None);
        }
        let empty = self.entry(object).is_some_and(|entry| match &entry.state {
            State::Split(split) => split.count == 0,
            _ => entry.content().is_empty(),
        });
        if empty {
            self.replace(object, State::Absent, Type::String);
        }
        Ok(true)
    }

    /// Where to go back to with [`Txn::roll_back`].
    pub fn savepoint(&self) -> Savepoint {
        Savepoint {
            undo: self.undo.len(),
            loose: self.loose.len(),
            replaced: self.replaced.len(),
            bytes: self.bytes,
        }
    }

    /// Takes back every change since `savepoint`.
    pub fn roll_back(&mut self, savepoint: Savepoint) {
        while self.undo.len() > savepoint.undo {
            let Some((object, undo)) = self.undo.pop() else { break };
            self.take_back(object, undo);
        }
        self.loose.truncate(savepoint.loose);
        self.put_back_spaces(savepoint.replaced);
        self.bytes = savepoint.bytes;
    }

    fn take_back(&mut self, object: Object, undo: Undo) {
        if let Undo::Inserted = undo {
            let opened = &mut self.opened[object.0 as usize];
            let (hash, slot) = (opened.hash, opened.slot.take());
            let stripe = self.guards[usize::from(opened.guard)].1.stripe_mut();
            if let (Some(stripe), Some(slot)) = (stripe, slot) {
                stripe.remove(hash, slot);
            }
            return;
        }
        if let Undo::Moved { to } = undo {
            return self.move_body(to, object);
        }
        let Some(entry) = self.entry_mut(object) else { return };
        match undo {
            Undo::Inserted | Undo::Moved { .. } => {}
            Undo::Content { bytes, state, deadline, kind } => {
                entry.restore(bytes, state);
                entry.set_deadline(deadline);
                entry.set_kind(kind);
            }
            Undo::Deadline(was) => entry.set_deadline(was),
            Undo::Row { suffix, was, count, bytes, .. } => {
                if let State::Split(split) = &mut entry.state {
                    split.set(&suffix, was);
                    (split.count, split.bytes) = (count, bytes);
                }
            }
        }
    }

    pub(crate) fn charge(&mut self, suffix: &[u8], value: usize) -> Result<(), Stop> {
        let limits = &self.shard.settings.limits;
        let max = base::limits::ID_BYTES_MAX;
        if suffix.len() > max {
            return Err(Refusal::limit(format!(
                "a field takes at most {max} bytes, this one {}",
                suffix.len()
            ))
            .into());
        }
        if value > limits.value_bytes {
            let max = limits.value_bytes;
            return Err(Refusal::limit(format!(
                "a value takes at most {max} bytes, this one {value}"
            ))
            .into());
        }
        self.charge_bytes(suffix.len() + value)
    }

    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.check_bytes(self.bytes)
    }

    /// Whether a transaction may change so many bytes.
    pub(crate) fn check_bytes(&self, bytes: usize) -> Result<(), Stop> {
        let max = self.shard.settings.limits.transaction_bytes;
        if bytes > max {
            return Err(Refusal::limit(format!(
                "a transaction changes at most {max} bytes; split it up"
            ))
            .into());
        }
        Ok(())
    }

    pub(crate) fn make_entry(&mut self, object: Object) -> Result<(), Stop> {
        self.alone()?;
        let opened = &self.opened[object.0 as usize];
        if opened.slot.is_some() {
            return Ok(());
        }
        let entry = Entry::new(opened.space, self.id(opened), State::Absent);
        let (hash, guard) = (opened.hash, usize::from(opened.guard));
        if let Some(stripe) = self.guards[guard].1.stripe_mut() {
            self.opened[object.0 as usize].slot = Some(stripe.insert(hash, entry));
            self.undo.push((object, Undo::Inserted));
        }
        Ok(())
    }

    /// Empties the object into `state`, keeping for undo what it was.
    pub(crate) fn replace(&mut self, object: Object, state: State, kind: Type) {
        self.replace_with(object, state, kind, 0, |_| ());
    }

    /// The same, with packed content of `len` bytes that `build` appends.
    fn replace_with(
        &mut self,
        object: Object,
        state: State,
        kind: Type,
        len: usize,
        build: impl FnOnce(&mut Vec<u8>),
    ) {
        let Some(entry) = self.entry_mut(object) else { return };
        let (deadline, was) = (entry.deadline(), entry.kind());
        let old = std::mem::replace(&mut entry.state, state);
        let bytes = entry.replace_content(|_, out| build(out), len);
        entry.set_deadline(None);
        entry.set_kind(kind);
        self.undo.push((object, Undo::Content { bytes, state: old, deadline, kind: was }));
    }

    /// Sets or removes a row of packed content; false if it would become too large to be one row.
    fn edit(&mut self, object: Object, suffix: &[u8], value: Option<&[u8]>) -> bool {
        let Some(entry) = self.entry_mut(object) else { return true };
        let (deadline, kind) = (entry.deadline(), entry.kind());
        let content = entry.content();
        let place = packed::place(content, suffix);
        if value.is_some_and(|value| place.outgrows(content, suffix, value)) {
            return false;
        }
        let len = place.len_with(content, suffix, value);
        let build = |content: &[u8], out: &mut Vec<u8>| place.replace(out, content, suffix, value);
        let bytes = entry.replace_content(build, len);
        self.undo.push((object, Undo::Content { bytes, state: State::Packed, deadline, kind }));
        true
    }

    /// Whether the object outgrew one row, and has rows of its own until it is replaced.
    pub fn is_split(&self, object: Object) -> bool {
        self.existing(object).is_some_and(|entry| matches!(entry.state, State::Split(_)))
    }

    /// Whether setting this row would give the object, which is one row so far, rows of its own.
    pub fn outgrows(&self, object: Object, suffix: &[u8], value: &[u8]) -> bool {
        let packed = |entry: &&Entry| matches!(entry.state, State::Packed);
        self.entry(object).filter(packed).is_some_and(|entry| {
            let content = entry.content();
            packed::place(content, suffix).outgrows(content, suffix, value)
        })
    }

    /// Gives the object, which is one row so far, rows of its own.
    fn split(&mut self, object: Object) {
        let Some(entry) = self.entry(object) else { return };
        let content = entry.content();
        let mut split = Split::new(self.shard.next_generation(), 0, 0, true);
        for row in packed::rows(content) {
            split.count += 1;
            split.bytes += (row.suffix.len() + row.value.len()) as u64;
            split.set(row.suffix, Some(Some(row.value.into())));
        }
        let (deadline, kind) = (entry.deadline(), entry.kind());
        let Some(entry) = self.entry_mut(object) else { return };
        let state = std::mem::replace(&mut entry.state, State::Split(Box::new(split)));
        let bytes = entry.replace_content(|_, _| (), 0);
        self.undo.push((object, Undo::Content { bytes, state, deadline, kind }));
    }

    fn set_row(&mut self, object: Object, suffix: &[u8], value: Option<&[u8]>) -> Result<(), Stop> {
        let old = match self.entry(object).map(|entry| &entry.state) {
            Some(State::Split(split)) => match split.get(suffix) {
                Known::Value(value) => Some(value.len()),
                Known::Absent => None,
                Known::Unknown => return Err(self.want(object, Part::Row(suffix.into()))),
            },
            _ => return Ok(()),
        };
        let Some(State::Split(split)) = self.entry_mut(object).map(|entry| &mut entry.state) else {
            return Ok(());
        };
        let (count, bytes, generation) = (split.count, split.bytes, split.generation);
        let len = |value: usize| (suffix.len() + value) as u64;
        split.count = count - u64::from(old.is_some()) + u64::from(value.is_some());
        split.bytes = bytes - old.map_or(0, len) + value.map_or(0, |value| len(value.len()));
        // Where all rows are known, one that is not there need not be remembered.
        let row = value.map(|value| Some(value.into()));
        let was = split.set(suffix, row.or((!split.complete).then_some(None)));
        self.undo
            .push((object, Undo::Row { generation, suffix: suffix.into(), was, count, bytes }));
        Ok(())
    }
}
