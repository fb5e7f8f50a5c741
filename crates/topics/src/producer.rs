//! Idempotent producers: a batch that is sent again, because its answer was lost, is appended once.
//!
//! A producer has an id and an epoch and numbers its records in each partition. The partition's head keeps
//! a row for each producer (suffix: id u64, big-endian): epoch varint, then up to [`BATCHES`] batches, the
//! latest first, each first sequence varint, last sequence varint, base offset varint.
//!
//! Source: KIP-98, and Kafka's `ProducerStateManager` for the number of batches that are remembered.

use std::ops::Bound::{Excluded, Unbounded};

use base::Kind;
use base::codec::{Malformed, Reader, put_varint};
use kv::{Layer, Object, Place, Refusal, Stop, Txn, Type};
use wire::kafka::batch::Header;

use crate::topic::refusal;

/// Batches that are remembered of each producer: as many as a client has under way at most.
const BATCHES: usize = 5;

/// Producers that a partition knows. Beyond, the one with the lowest id is forgotten: it is told so with
/// its next batch, and takes a new id.
const PRODUCERS_MAX: u64 = 10_000;

/// The object id of the counter of producer ids.
const COUNTER: &[u8] = &[3];

/// Gives out a producer id that no other producer has had.
pub fn next_id(txn: &mut Txn<'_>, place: Place) -> Result<u64, Stop> {
    let counter = txn.open(place, Layer::Topics, COUNTER)?;
    let last =
        txn.row(counter, b"")?.and_then(|row| row.try_into().ok()).map_or(0, u64::from_le_bytes);
    if txn.kind(counter).is_none() {
        txn.create(counter, Type::TopicIndex)?;
    }
    txn.put(counter, b"", &(last + 1).to_le_bytes())?;
    Ok(last + 1)
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Producer {
    epoch: u64,
    /// First sequence, last sequence, base offset; the latest first.
    batches: Vec<(u64, u64, u64)>,
}

/// Takes note of a batch that is to be appended at `base`. If it was appended before, returns where.
///
/// # Errors
/// Refuses an old epoch (`STALEPRODUCER`), numbers that do not follow those of the last batch
/// (`OUTOFORDER`), and a producer that is not known and does not begin at 0 (`UNKNOWNPRODUCER`): it was
/// forgotten, or the partition is a new one, and what came before cannot be told.
pub(crate) fn admit(
    txn: &mut Txn<'_>,
    head: Object,
    batch: &Header,
    base: u64,
) -> Result<Option<u64>, Stop> {
    let Ok(id) = u64::try_from(batch.producer_id) else { return Ok(None) };
    let first = u64::try_from(batch.base_sequence).unwrap_or(0);
    // Sequences go round at 2^31.
    let last = (first + u64::try_from(batch.last_offset_delta).unwrap_or(0)) & 0x7fff_ffff;
    let epoch = u64::try_from(batch.producer_epoch).unwrap_or(0);
    let suffix = id.to_be_bytes();
    let known = txn.row(head, &suffix)?.map(decode).transpose();
    let known =
        known.map_err(|error| Refusal::internal(format!("the row of a producer: {error}")))?;
    let is_new = known.is_none();
    let mut producer = known.unwrap_or_default();
    if epoch < producer.epoch {
        let message = format!("producer {id} has epoch {}, not {epoch}", producer.epoch);
        return Err(refusal(Kind::Conflict, "STALEPRODUCER", message));
    }
    if epoch > producer.epoch {
        producer = Producer { epoch, batches: Vec::new() };
    }
    if let Some(again) = producer.batches.iter().find(|seen| (seen.0, seen.1) == (first, last)) {
        return Ok(Some(again.2));
    }
    let expected = producer.batches.first().map_or(0, |latest| (latest.1 + 1) & 0x7fff_ffff);
    if is_new && first != 0 {
        let message =
            format!("producer {id} sends number {first}, and is not known here: it takes a new id");
        return Err(refusal(Kind::Conflict, "UNKNOWNPRODUCER", message));
    }
    if first != expected {
        let message = format!("producer {id} sends number {first}, and {expected} is to come");
        return Err(refusal(Kind::Conflict, "OUTOFORDER", message));
    }
    producer.batches.insert(0, (first, last, base));
    producer.batches.truncate(BATCHES);
    txn.put(head, &suffix, &encode(&producer))?;
    // One row is the partition's own.
    if is_new && txn.header(head).is_some_and(|header| header.rows - 1 > PRODUCERS_MAX) {
        forget_oldest(txn, head, &suffix)?;
    }
    Ok(None)
}

/// Forgets the producer with the lowest id, but for the one that has just come.
fn forget_oldest(txn: &mut Txn<'_>, head: Object, newcomer: &[u8]) -> Result<(), Stop> {
    let rows = txn.first_rows(head, (Excluded(&b""[..]), Unbounded), 2)?;
    let oldest = rows.iter().find(|(suffix, _)| *suffix != newcomer);
    if let Some(oldest) = oldest.map(|(suffix, _)| suffix.to_vec()) {
        txn.remove(head, &oldest)?;
    }
    Ok(())
}

fn encode(producer: &Producer) -> Vec<u8> {
    let mut row = Vec::new();
    put_varint(&mut row, producer.epoch);
    for (first, last, base) in &producer.batches {
        [first, last, base].into_iter().for_each(|number| put_varint(&mut row, *number));
    }
    row
}

fn decode(row: &[u8]) -> Result<Producer, Malformed> {
    let mut reader = Reader::new(row);
    let mut producer = Producer { epoch: reader.varint("an epoch")?, batches: Vec::new() };
    while !reader.is_empty() {
        let (first, last) = (reader.varint("a sequence")?, reader.varint("a sequence")?);
        producer.batches.push((first, last, reader.varint("an offset")?));
    }
    Ok(producer)
}

#[cfg(test)]
mod tests;
