//! Reading everything that there is, and holding it against the model.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use base::StoreTime;
use kv::{Attempt, Handle, Store};
use tables::Tables;

use crate::book::Book;
use crate::client::lists;
use crate::notes::{DURABLE, Key, Notes, Op, Rows, Scribe};
use crate::violation::{Checker, Violation};

/// Objects read in one transaction.
const AT_ONCE: usize = 16;

/// Every object that exists, with its rows, as a client reads them.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    things: BTreeMap<Key, Rows>,
}

impl Inventory {
    /// The rows of an object; none if it does not exist.
    #[must_use]
    pub fn rows(&self, key: &Key) -> &[(Vec<u8>, Vec<u8>)] {
        self.things.get(key).map_or(&[], Vec::as_slice)
    }

    /// The value of one row.
    #[must_use]
    pub fn row(&self, key: &Key, suffix: &[u8]) -> Option<&[u8]> {
        let row = self.rows(key).iter().find(|row| row.0 == suffix);
        row.map(|(_, value)| &**value)
    }

    /// All objects.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.things.keys()
    }
}

/// Reads every object that ever was, and checks each value.
pub fn audit(store: &Store, handles: &[Handle; 2], book: &Book) -> Result<Inventory, Violation> {
    let keys: Vec<Key> = book.model.keys().cloned().collect();
    let mut inventory = Inventory::default();
    for keys in keys.chunks(AT_ONCE) {
        let mut plan = store.plan(Duration::from_hours(1));
        let places = [0, 1].map(|at: usize| plan.namespace(&handles[at]));
        for key in keys {
            plan.name(key.place(places), key.layer, |id| id.extend_from_slice(&key.id));
        }
        let mut notes = Notes::default();
        loop {
            let attempt = store.attempt(&mut plan, |txn| {
                let mut scribe = Scribe::new(txn, places, &mut notes, None);
                for key in keys {
                    let held = scribe.open(key)?;
                    scribe.header(held);
                    scribe.rows(held, &[])?;
                }
                Ok(())
            });
            let wants = match attempt {
                Attempt::Done((), _) => break,
                Attempt::Again(wants) => wants,
                Attempt::Busy => continue,
                Attempt::Refused(refusal, _) => {
                    book.check(Checker::Recovered, false, || {
                        format!("everything cannot be read: {refusal:?}")
                    })?;
                    break;
                }
            };
            if let Err(error) = store.load(&mut plan, wants) {
                book.check(Checker::Recovered, false, || {
                    format!("everything cannot be loaded: {error:?}")
                })?;
                break;
            }
        }
        if let Err(what) = book.model.go_through(&notes) {
            book.check(Checker::Recovered, false, || what)?;
        }
        for op in notes.ops {
            if let Op::Rows(at, _, rows) = op
                && !rows.is_empty()
            {
                inventory.things.insert(notes.keys[at].clone(), rows);
            }
        }
    }
    read_feeds(store, handles, book, &mut inventory)?;
    Ok(inventory)
}

/// Puts the records of feeds, to which everything must have been applied, in the place of their heads.
fn read_feeds(
    store: &Store,
    [durable, relaxed]: &[Handle; 2],
    book: &Book,
    inventory: &mut Inventory,
) -> Result<(), Violation> {
    for (feed, rows) in inventory.things.iter_mut().filter(|(key, _)| lists::is_feed(key)) {
        let handle = if feed.namespace == DURABLE { durable } else { relaxed };
        let Some((records, next)) = lists::head(rows) else { continue };
        let read = store.read_records(handle, feed.layer, records, b"", (usize::MAX, usize::MAX));
        let records = read.unwrap_or_default();
        book.check_records(feed, &records)?;
        let (count, expected) = (records.len(), book.records_of(feed));
        book.check(Checker::Records, count == expected && count as u64 == next, || {
            format!("{feed:?} holds {count} records, its head says {next}, {expected} there were")
        })?;
        *rows = records.into_iter().map(|it| (it.suffix.into_vec(), it.value.to_vec())).collect();
    }
    Ok(())
}

/// Counts the objects in the tables, to which everything must have been applied, in two ways. Those
/// that are past their deadline may have been swept, or not.
pub fn count_keys(tables: &dyn Tables, book: &Book, now: StoreTime) -> Result<(), Violation> {
    let view = tables.view();
    let rows = |from: &[u8], to: &[u8]| {
        let rows = view.range(Bound::Included(from), Bound::Excluded(to));
        rows.filter_map(Result::ok).collect::<Vec<_>>()
    };
    let (mut there, mut counted) = (0, 0);
    for (_, entry) in rows(b"\0catalogue", b"\0cataloguf") {
        // Tenant, durability, number of parts; then of each part the layer and the space.
        for part in entry.get(6..).unwrap_or_default().chunks(9) {
            let space =
                part.get(1..).and_then(|space| space.try_into().ok()).map_or(0, u64::from_le_bytes);
            let prefix = |first: &[u8], space: u64| [first, &space.to_be_bytes()].concat();
            there += rows(&prefix(&[1], space), &prefix(&[1], space + 1)).len();
            let count = view.get(&prefix(b"\0keys", space)).ok().flatten();
            counted +=
                count.and_then(|count| (*count).try_into().ok()).map_or(0, i64::from_le_bytes);
        }
    }
    let (least, most) = (book.model.count(now), book.model.len());
    let right = (least..=most).contains(&there) && usize::try_from(counted) == Ok(there);
    book.check(Checker::KeyCount, right, || {
        format!("there are {least} to {most} objects; the tables hold {there} and count {counted}")
    })
}
