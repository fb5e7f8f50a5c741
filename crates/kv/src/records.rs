//! Records: rows that are appended once and never held in memory, such as the batches of a topic.
//!
//! An object that keeps records draws a generation for them and remembers it in a row of its own; the
//! records lie under that generation, in the order of their suffixes. They are read from the tables,
//! by range, once *applied* has reached the commit that appended them.

use std::ops::Bound;

use base::{Generation, Sequence};
use log::record;
use tables::Value;

use crate::error::{Error, Stop};
use crate::key::{self, Owed};
use crate::namespace::{Handle, Layer};
use crate::store::Store;
use crate::txn::{Object, Txn};

/// One record, as it was appended.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    /// Its suffix: what orders it.
    pub suffix: Box<[u8]>,
    /// Its bytes.
    pub value: Value,
}

impl Txn<'_> {
    /// Draws a generation for records. What is appended under it is reclaimed after
    /// [`Txn::disown_records`].
    pub fn draw_generation(&mut self) -> Result<Generation, Stop> {
        self.alone()?;
        Ok(self.shard.next_generation())
    }

    /// Appends a record under a generation that `object` has drawn. The caller sees to it that a suffix
    /// is used once.
    pub fn append_record(
        &mut self,
        object: Object,
        records: Generation,
        suffix: &[u8],
        value: &[u8],
    ) -> Result<(), Stop> {
        self.alone()?;
        self.charge(suffix, value.len())?;
        let mut key = Vec::with_capacity(key::CONTENT_PREFIX_BYTES + suffix.len());
        key::put_content(&mut key, self.opened[object.index()].space, records, suffix);
        record::put(&mut self.loose, &key, value);
        Ok(())
    }

    /// Gives up all records of a generation: they are reclaimed in the background.
    pub fn disown_records(&mut self, object: Object, records: Generation) -> Result<(), Stop> {
        self.alone()?;
        let mut key = Vec::new();
        key::put_owed(&mut key, Owed::Generation(self.opened[object.index()].space, records));
        record::put(&mut self.loose, &key, &[]);
        Ok(())
    }

    /// The last commit that changed the object before this transaction.
    pub fn last_commit(&self, object: Object) -> Sequence {
        self.entry(object).map_or(Sequence::ZERO, |entry| entry.last_commit)
    }
}

impl Store {
    /// Reads records from `from` on, in order, until there are `rows` or more than `bytes`; at least one if
    /// there is one. Blocks on the disk. Sees what is applied.
    pub fn read_records(
        &self,
        namespace: &Handle,
        layer: Layer,
        records: Generation,
        from: &[u8],
        (rows, bytes): (usize, usize),
    ) -> Result<Vec<StoredRecord>, Error> {
        let space = namespace.0.entry.read().part(layer).space;
        let (mut start, mut prefix) = (Vec::new(), Vec::new());
        key::put_content(&mut start, space, records, from);
        key::put_content(&mut prefix, space, records, b"");
        let end = key::after_prefix(&prefix);
        let view = self.shard.tables.view();
        let mut found = Vec::new();
        let mut total = 0;
        for row in view.range(Bound::Included(&start), Bound::Excluded(&end)) {
            let (key, value) = row.map_err(Error::Tables)?;
            total += value.len();
            if found.len() >= rows || (total > bytes && !found.is_empty()) {
                break;
            }
            let suffix = key.get(key::CONTENT_PREFIX_BYTES..).unwrap_or_default().into();
            found.push(StoredRecord { suffix, value });
        }
        Ok(found)
    }
}
