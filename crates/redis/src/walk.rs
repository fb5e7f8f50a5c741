//! Commands over all keys of a database, as machines that ask for pieces of it.
//!
//! Who drives one answers what it asks, until it asks for nothing more: from the tables, waiting for
//! them, or within a transaction. So both do the same.

use kv::{Layer, Listing, Place, Stop, Txn};
use wire::resp::Writer;

/// Header rows that a walk asks for at once.
pub(crate) const ROWS_MAX: usize = 10_000;

/// What a walk wants to know next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Keys from an id on.
    Rows {
        /// The id.
        from: Vec<u8>,
        /// Header rows to look at.
        most: usize,
    },
    /// How many keys there are.
    Count,
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Of [`Ask::Rows`].
    Rows(Listing),
    /// Of [`Ask::Count`].
    Count(u64),
}

/// A command over all keys while it runs.
pub trait Walk: Send {
    /// What it wants to know; `None` once it can answer.
    fn ask(&self) -> Option<Ask>;

    /// Tells it what it asked for.
    fn tell(&mut self, told: Told);

    /// Bytes that it keeps for its reply.
    fn bytes(&self) -> usize {
        0
    }

    /// Writes the reply.
    fn answer(&self, reply: &mut Writer);
}

impl dyn Walk + '_ {
    /// Goes all the way within a transaction that holds the database alone.
    pub fn run(&mut self, txn: &mut Txn<'_>, db: Place) -> Result<(), Stop> {
        while let Some(ask) = self.ask() {
            let told = match ask {
                Ask::Rows { from, most } => Told::Rows(txn.list(db, Layer::Redis, &from, most)?),
                Ask::Count => Told::Count(txn.count(db, Layer::Redis)?),
            };
            self.tell(told);
        }
        Ok(())
    }
}
