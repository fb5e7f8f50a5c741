//! The rows of the expiry index, as the sweeper moves them. Commands set deadlines through
//! [`Txn::set_deadline`]; what the index needs then follows from the change.

use base::StoreTime;
use log::record;

use crate::error::Stop;
use crate::key;
use crate::txn::{Object, Txn};

impl Txn<'_> {
    /// The deadline of an object, also when it has passed.
    pub(crate) fn stored_deadline(&self, object: Object) -> Option<StoreTime> {
        self.entry(object)
            .filter(|entry| entry.is_stored())
            .and_then(crate::object::Entry::deadline)
    }

    /// Adds a row to the index.
    pub(crate) fn index_deadline(
        &mut self,
        object: Object,
        deadline: StoreTime,
    ) -> Result<(), Stop> {
        self.alone()?;
        let key = self.index_key(object, deadline);
        record::put(&mut self.loose, &key, &[]);
        Ok(())
    }

    /// Takes a row out of the index.
    pub(crate) fn unindex_deadline(
        &mut self,
        object: Object,
        deadline: StoreTime,
    ) -> Result<(), Stop> {
        self.alone()?;
        let key = self.index_key(object, deadline);
        record::remove(&mut self.loose, &key);
        Ok(())
    }

    fn index_key(&self, object: Object, deadline: StoreTime) -> Vec<u8> {
        let opened = &self.opened[object.index()];
        let mut key = Vec::new();
        key::put_expiry(&mut key, deadline, opened.space, self.id(opened));
        key
    }
}
