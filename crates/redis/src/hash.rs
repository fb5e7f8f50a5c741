//! Hashes over rows: a row a field.
//!
//! In a small hash, which is one row of the store, a field's suffix is its name. Once the hash has rows
//! of its own, the suffix is `h48 | name`, with the hash that begins object ids: in that order a
//! scan's cursor is the next `h48`, a number that means the same whatever has been set or removed
//! meanwhile, and no field that was there throughout is missed. A small hash does without the six bytes,
//! because a scan gives it whole.
//!
//! Invariants:
//! 1. The suffixes of a hash carry `h48` if and only if its object is split.
//! 2. A field's name takes at most [`FIELD_BYTES_MAX`], so that its suffix fits either way.

use std::ops::Bound::{Included, Unbounded};

use kv::{Object, Txn, Type};

use crate::call::Call;
use crate::error::Error;
use crate::keys::{HASH_BYTES, KEY_BYTES_MAX, Keys};

/// Longest name of a field, in bytes.
pub(crate) const FIELD_BYTES_MAX: usize = KEY_BYTES_MAX;

/// Hashes are below this.
const HASH_END: u64 = 1 << (8 * HASH_BYTES);

/// Neighbours that [`random_neighbour`] draws from.
pub(crate) const NEIGHBOURS: usize = 16;

/// Name and value.
pub(crate) type Field<'a> = (&'a [u8], &'a [u8]);

fn hashed(keys: &Keys, name: &[u8]) -> Vec<u8> {
    let mut suffix = Vec::with_capacity(HASH_BYTES + name.len());
    keys.put_id(&mut suffix, name);
    suffix
}

/// Takes the `h48` off the suffixes of a split hash.
fn named(mut rows: Vec<Field<'_>>) -> Vec<Field<'_>> {
    for row in &mut rows {
        row.0 = row.0.get(HASH_BYTES..).unwrap_or_default();
    }
    rows
}

/// All fields of a hash, in no order that users may count on.
pub(crate) fn fields<'t>(txn: &'t Txn<'_>, hash: Object) -> Result<Vec<Field<'t>>, Error> {
    let rows = txn.rows(hash, (Unbounded, Unbounded))?;
    Ok(if txn.is_split(hash) { named(rows) } else { rows })
}

/// The same of a hash that may not be there: then it has none.
pub(crate) fn all_fields<'t>(
    txn: &'t Txn<'_>,
    hash: Option<Object>,
) -> Result<Vec<Field<'t>>, Error> {
    hash.map_or(Ok(Vec::new()), |hash| fields(txn, hash))
}

/// Fields from `cursor` on, and the cursor behind them, 0 at the end. About `count`: fields that share
/// an `h48` come together. A small hash comes whole, whatever the cursor.
pub(crate) fn scan<'t>(
    txn: &'t Txn<'_>,
    hash: Object,
    cursor: u64,
    count: usize,
) -> Result<(u64, Vec<Field<'t>>), Error> {
    if !txn.is_split(hash) {
        return Ok((0, fields(txn, hash)?));
    }
    if cursor >= HASH_END {
        return Ok((0, Vec::new()));
    }
    let start = Keys::prefix(cursor);
    let mut most = count.max(1).saturating_add(1);
    loop {
        let mut rows = txn.first_rows(hash, (Included(&start[..]), Unbounded), most)?;
        if rows.len() < most {
            return Ok((0, named(rows)));
        }
        // A cursor names an `h48`: fields that share the last one are left for the next call.
        let next = rows.last().map_or(0, |last| Keys::hash_of(last.0));
        rows.retain(|row| Keys::hash_of(row.0) < next);
        if !rows.is_empty() {
            return Ok((next, named(rows)));
        }
        most = most.saturating_mul(2);
    }
}

/// A field near a random place of a split hash of more than [`NEIGHBOURS`] fields. The order is that of
/// a keyed hash, so all places are alike; a draw among neighbours evens out the gaps between them.
pub(crate) fn random_neighbour<'t>(
    txn: &'t mut Txn<'_>,
    hash: Object,
) -> Result<Option<Field<'t>>, Error> {
    let place = Keys::prefix(txn.rng().below(HASH_END));
    let choice = txn.rng().below(NEIGHBOURS as u64);
    let mut rows = txn.first_rows(hash, (Included(&place[..]), Unbounded), NEIGHBOURS)?;
    if rows.len() < NEIGHBOURS {
        // The order is a circle.
        rows.extend(txn.first_rows(hash, (Unbounded, Unbounded), NEIGHBOURS - rows.len())?);
    }
    Ok(named(rows).get(usize::try_from(choice).unwrap_or(0)).copied())
}

impl Call<'_, '_> {
    /// Opens the key at argument 1, which has to be a hash if it exists; `None` if it does not.
    pub(crate) fn open_hash(&mut self) -> Result<Option<Object>, Error> {
        let object = self.open(1)?;
        Ok(self.exists_as(object, Type::Hash)?.then_some(object))
    }

    /// Opens the key at argument 1 to set at least one field of it.
    pub(crate) fn make_hash(&mut self) -> Result<Object, Error> {
        let object = self.open(1)?;
        if !self.exists_as(object, Type::Hash)? {
            self.txn.create(object, Type::Hash)?;
        }
        Ok(object)
    }

    fn suffix(&self, hash: Object, name: &[u8]) -> Result<Vec<u8>, Error> {
        if name.len() > FIELD_BYTES_MAX {
            let text = format!(
                "ERR a field takes at most {FIELD_BYTES_MAX} bytes, this one {}",
                name.len()
            );
            return Err(Error::Reply(text.into()));
        }
        Ok(if self.txn.is_split(hash) { hashed(self.keys, name) } else { name.to_vec() })
    }

    /// Asks for all of these fields that are not in memory before one of them is touched, so that they are
    /// loaded together and not one in each round.
    pub(crate) fn need_fields<'n>(
        &self,
        hash: Object,
        names: impl Iterator<Item = &'n [u8]>,
    ) -> Result<(), Error> {
        if !self.txn.is_split(hash) {
            return Ok(());
        }
        names.map(|name| self.field(hash, name).map(drop)).fold(Ok(()), Result::and)
    }

    /// The value of a field.
    pub(crate) fn field(&self, hash: Object, name: &[u8]) -> Result<Option<&[u8]>, Error> {
        let suffix = self.suffix(hash, name)?;
        Ok(self.txn.row(hash, &suffix)?)
    }

    /// Answers the value of a field, or null.
    pub(crate) fn reply_with_field(&mut self, hash: Object, name: &[u8]) -> Result<(), Error> {
        let suffix = self.suffix(hash, name)?;
        match self.txn.row(hash, &suffix)? {
            Some(value) => self.reply.bulk(value),
            None => self.reply.null(),
        }
        Ok(())
    }

    /// Sets a field; whether it is new.
    pub(crate) fn set_field(
        &mut self,
        hash: Object,
        name: &[u8],
        value: &[u8],
    ) -> Result<bool, Error> {
        let suffix = self.suffix(hash, name)?;
        let is_new = self.txn.row(hash, &suffix)?.is_none();
        if self.txn.outgrows(hash, &suffix, value) {
            self.split_hash(hash, name, value)?;
        } else {
            self.txn.put(hash, &suffix, value)?;
        }
        Ok(is_new)
    }

    /// Sets the fields and values from argument 2 on; how many are new.
    pub(crate) fn set_fields(&mut self, command: &str) -> Result<i64, Error> {
        let rest = self.args.skip(2);
        if rest.len() % 2 == 1 {
            return Err(Error::wrong_arity(command));
        }
        let hash = self.make_hash()?;
        if rest.len() > 2 {
            self.need_fields(hash, rest.iter().step_by(2))?;
        }
        let (mut added, mut rest) = (0, rest.iter());
        while let Some((name, value)) = rest.next().zip(rest.next()) {
            added += i64::from(self.set_field(hash, name, value)?);
        }
        Ok(added)
    }

    /// Writes a small hash anew, with one more field and with suffixes that carry `h48`: it is about to
    /// get rows of its own.
    fn split_hash(&mut self, hash: Object, name: &[u8], value: &[u8]) -> Result<(), Error> {
        let deadline = self.txn.header(hash).and_then(|header| header.deadline);
        let others = fields(self.txn, hash)?.into_iter().filter(|field| field.0 != name);
        let others: Vec<_> =
            others.map(|(name, value)| (hashed(self.keys, name), value.to_vec())).collect();
        self.txn.create(hash, Type::Hash)?;
        for (suffix, value) in &others {
            self.txn.put(hash, suffix, value)?;
        }
        self.txn.put(hash, &hashed(self.keys, name), value)?;
        debug_assert!(self.txn.is_split(hash), "longer suffixes do not make it smaller");
        Ok(self.txn.set_deadline(hash, deadline)?)
    }

    /// Removes a field; whether it was there. With its last field the hash goes.
    pub(crate) fn remove_field(&mut self, hash: Object, name: &[u8]) -> Result<bool, Error> {
        let suffix = self.suffix(hash, name)?;
        Ok(self.txn.remove(hash, &suffix)?)
    }
}

#[cfg(test)]
mod tests;
