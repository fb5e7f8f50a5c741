//! Reading the batches of a partition, for every front that shows them.

use base::Generation;
use kv::{Error, Handle, Layer};
use topics::partition::suffix;

use crate::server::Server;

/// Batches to read.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) namespace: Handle,
    pub(crate) layer: Layer,
    /// Where the partition's batches are.
    pub(crate) records: Generation,
    /// The first offset that is wanted.
    pub(crate) from: u64,
    /// The offset behind the last one that may be shown.
    pub(crate) next: u64,
    /// At most so many batches.
    pub(crate) rows: usize,
    /// At most so many bytes, but at least one batch.
    pub(crate) bytes: usize,
}

impl Server {
    /// Reads batches from the one that holds the first offset on; their bytes, one after the other.
    pub(crate) async fn fetch(&self, fetch: Fetch) -> Result<Vec<u8>, Error> {
        let store = self.store.clone();
        self.on_loader(move || {
            let Fetch { namespace, layer, records, from, next, rows, bytes } = fetch;
            let found = store.read_records(&namespace, layer, records, &suffix(from), (rows, bytes))?;
            let end = suffix(next);
            let shown = found.iter().take_while(|record| *record.suffix < end[..]);
            Ok(shown.flat_map(|record| record.value.iter().copied()).collect())
        })
        .await?
    }
}
