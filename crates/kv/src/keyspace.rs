//! Walking over the objects of a layer in a namespace, in the order of their ids, and counting them.
//!
//! What is in memory only is not looked at: the caller waits until *applied* has reached what it has to
//! see, and reads a view of the tables.

use std::ops::Bound;

use base::StoreTime;
use base::codec::Malformed;

use crate::error::Error;
use crate::key;
use crate::load::parse_header_row;
use crate::namespace::{Handle, Layer};
use crate::object::{Entry, State, Type};
use crate::store::Store;

/// An object as its header row tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: Box<[u8]>,
    /// What it is.
    pub kind: Type,
}

/// Part of a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Objects that exist, in the order of their ids.
    pub objects: Vec<Listed>,
    /// Where to go on; `None` at the end.
    pub next: Option<Box<[u8]>>,
}

impl Store {
    /// Walks over at most `most` header rows from the id `from` on, and leaves out what is past its
    /// deadline at `now`. Blocks on the disk. Sees what is applied.
    pub fn list(
        &self,
        namespace: &Handle,
        layer: Layer,
        from: &[u8],
        most: usize,
        now: StoreTime,
    ) -> Result<Listing, Error> {
        let space = namespace.0.entry.read().part(layer).space;
        let (mut start, mut prefix) = (Vec::new(), Vec::new());
        key::put_header(&mut start, space, from);
        key::put_header(&mut prefix, space, b"");
        let end = key::after_prefix(&prefix);
        let view = self.shard.tables.view();
        let mut listing = Listing::default();
        for (count, row) in view.range(Bound::Included(&start), Bound::Excluded(&end)).enumerate() {
            let (key, value) = row.map_err(Error::Tables)?;
            let id: Box<[u8]> = key.get(prefix.len()..).unwrap_or_default().into();
            if count >= most {
                listing.next = Some(id);
                break;
            }
            let damaged = |Malformed { .. }| Error::Damaged { what: "the header row of an object" };
            let (last_commit, body) = parse_header_row(&value).map_err(damaged)?;
            let mut entry = Entry::new(space, &id, State::Absent);
            entry.decode(last_commit, body).map_err(damaged)?;
            if entry.exists(now) {
                listing.objects.push(Listed { id, kind: entry.kind() });
            }
        }
        Ok(listing)
    }

    /// How many objects a layer has in a namespace; those past their deadline and not yet swept count.
    /// Blocks on the disk. Sees what is applied.
    pub fn count(&self, namespace: &Handle, layer: Layer) -> Result<u64, Error> {
        let space = namespace.0.entry.read().part(layer).space;
        let row = self.shard.tables.get(&key::keys(space)).map_err(Error::Tables)?;
        let count = row.map_or(Some(0), |row| (*row).try_into().ok().map(i64::from_le_bytes));
        let damaged = Error::Damaged { what: "a row that counts" };
        u64::try_from(count.ok_or(damaged)?)
            .map_err(|_negative| Error::Damaged { what: "a row that counts" })
    }
}
