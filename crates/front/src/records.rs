//! Reading the batches of partitions, for every front that shows them.
//!
//! Knows how far a reader may see only from what it is told: whoever asks has waited until that is durable
//! and applied.

use base::Generation;
use bytes::Bytes;
use kv::{Error, Handle, Layer, Store, StoredRecord};
use topics::partition::{Head, split_record, suffix};
use wire::kafka::batch::{Batch, Compression};

use crate::server::Server;

/// Batches to read from one partition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fetch {
    /// Where the partition's batches are.
    pub(crate) records: Generation,
    /// The first offset that is wanted.
    pub(crate) from: u64,
    /// The offset behind the last one that may be shown.
    pub(crate) next: u64,
    /// At most so many batches.
    pub(crate) rows: usize,
    /// At most so many bytes, if the first batch allows it.
    pub(crate) bytes: usize,
}

impl Fetch {
    /// Whether there is anything for it.
    const fn wants(&self) -> bool {
        self.from < self.next && self.rows > 0
    }
}

/// Batches that were read, in order, the first holding the offset that was wanted; `None` if they are not
/// all there, as when the topic was deleted meanwhile.
pub(crate) type Fetched = Option<Vec<Bytes>>;

/// A record that was looked for by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dated {
    pub(crate) offset: i64,
    pub(crate) timestamp_ms: i64,
}

impl Server {
    /// Reads from partitions in turn, of all together about `bytes` at most: but for the very first batch,
    /// which is read whatever it takes, so that a reader can go on.
    pub(crate) async fn fetch(
        &self,
        namespace: &Handle,
        fetches: Vec<Fetch>,
        bytes: usize,
    ) -> Result<Vec<Fetched>, Error> {
        let (store, namespace) = (self.store.clone(), namespace.clone());
        self.on_loader(move || {
            let mut taken = 0;
            let one = |fetch| {
                let fetched = fetch_one(&store, &namespace, fetch, bytes, taken)?;
                taken += match &fetched {
                    // There was no room for its first batch: the rest is left for the next time.
                    Some(batches) if batches.is_empty() && fetch.wants() => bytes,
                    fetched => fetched.iter().flatten().map(Bytes::len).sum(),
                };
                Ok(fetched)
            };
            fetches.into_iter().map(one).collect()
        })
        .await?
    }

    /// The first record with a time at or above `time_ms`, by the order of offsets. Of a compressed batch
    /// the first offset and the highest time are given: it may hold earlier records, and skips none.
    pub(crate) async fn find_time(
        &self,
        namespace: &Handle,
        head: Head,
        time_ms: u64,
    ) -> Result<Option<Dated>, Error> {
        let (store, namespace) = (self.store.clone(), namespace.clone());
        self.on_loader(move || find_time(&store, &namespace, head, time_ms)).await?
    }
}

const DAMAGED: Error = Error::Damaged { what: "a batch of a partition" };

fn fetch_one(
    store: &Store,
    namespace: &Handle,
    fetch: Fetch,
    bytes: usize,
    taken: usize,
) -> Result<Fetched, Error> {
    let left = bytes.saturating_sub(taken);
    if !fetch.wants() || (left == 0 && taken > 0) {
        return Ok(Some(Vec::new()));
    }
    let most = (fetch.rows, fetch.bytes.min(left));
    let found = read(store, namespace, fetch.records, fetch.from, most)?;
    let mut batches = Vec::with_capacity(found.len());
    let mut expected = fetch.from;
    for record in found {
        let (last, batch) = take_apart(record)?;
        if last >= fetch.next {
            break;
        }
        let base = base_offset(&batch)?;
        let follows = if batches.is_empty() { base <= expected } else { base == expected };
        if !follows || last < base {
            return Ok(None);
        }
        expected = last + 1;
        batches.push(batch);
    }
    if batches.is_empty() {
        return Ok(None);
    }
    // Only the very first batch may be more than there is room for.
    if taken > 0 && batches.first().is_some_and(|batch| batch.len() > left) {
        batches.clear();
    }
    Ok(Some(batches))
}

fn read(
    store: &Store,
    namespace: &Handle,
    records: Generation,
    from: u64,
    most: (usize, usize),
) -> Result<Vec<StoredRecord>, Error> {
    store.read_records(namespace, Layer::Topics, records, &suffix(from), most)
}

/// A record as the offset of its last record and its batch.
fn take_apart(record: StoredRecord) -> Result<(u64, Bytes), Error> {
    let last = record.suffix.as_ref().try_into().map(u64::from_be_bytes);
    let last = last.map_err(|_wrong_length| DAMAGED)?;
    let (_, at) = split_record(&record.value).map_err(|_short| DAMAGED)?;
    Ok((last, Bytes::from_owner(record.value).slice(at..)))
}

fn base_offset(batch: &[u8]) -> Result<u64, Error> {
    let bytes = batch.first_chunk::<8>().ok_or(DAMAGED)?;
    Ok(u64::from_be_bytes(*bytes))
}

/// Halves until the first batch is found up to whose end there is a record of that time: it holds one.
fn find_time(
    store: &Store,
    namespace: &Handle,
    head: Head,
    time_ms: u64,
) -> Result<Option<Dated>, Error> {
    let (mut low, mut high) = (head.first, head.next);
    let mut first = None;
    while low < high {
        let middle = low + (high - low) / 2;
        let found = read(store, namespace, head.records, middle, (1, 0))?;
        // Deleted meanwhile: there is nothing of any time.
        let Some(record) = found.into_iter().next() else { return Ok(None) };
        let (time, _) = split_record(&record.value).map_err(|_short| DAMAGED)?;
        let (last, batch) = take_apart(record)?;
        if time >= time_ms {
            high = base_offset(&batch)?.min(middle);
            first = Some(batch);
        } else {
            low = last.max(middle) + 1;
        }
    }
    first.map(|batch| date(&batch, time_ms)).transpose()
}

fn date(bytes: &[u8], time_ms: u64) -> Result<Dated, Error> {
    let batch = Batch::parse(bytes).map_err(|_damaged| DAMAGED)?;
    let header = batch.header();
    let whole = Dated { offset: header.base_offset, timestamp_ms: header.max_timestamp };
    if header.compression != Compression::None {
        return Ok(whole);
    }
    for record in batch.records().map_err(|_damaged| DAMAGED)? {
        let record = record.map_err(|_damaged| DAMAGED)?;
        if u64::try_from(record.timestamp_ms).is_ok_and(|at| at >= time_ms) {
            return Ok(Dated { offset: record.offset, timestamp_ms: record.timestamp_ms });
        }
    }
    // Its header promised a time that no record has: nothing may be skipped for that.
    Ok(whole)
}
