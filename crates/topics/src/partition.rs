//! Partitions: the head of each is an object, its batches are records under the head.
//!
//! The head's row with an empty suffix: generation of the records varint, first offset varint, next offset
//! varint, bytes of the batches varint, highest time of its records varint. Its other rows are the idempotent
//! producers that it knows ([`crate::producer`]). It comes to be with the first batch; a partition without
//! it is empty.
//!
//! A batch's suffix is its last offset (u64, big-endian), so that the batch with a given offset is the first
//! at or behind it. Its value is the highest time of all records up to its last (u64, big-endian, in
//! milliseconds), then the batch. Those times never go down, whatever times producers send: so the first
//! batch with a time at or above a given one is found by halving.

use base::codec::{Malformed, Reader, put_varint};
use base::{Generation, Kind};
use kv::{Layer, Object, Place, Refusal, Stop, Txn, Type};
use wire::kafka::batch::{Batch, set_base_offset, set_leader_epoch};

use crate::producer;
use crate::topic::{self, refusal};

/// First byte of a head's object id.
const PREFIX: u8 = 2;

/// The one row's suffix.
const ROW: &[u8] = b"";

/// Bytes before a batch in its record.
const TIME_BYTES: usize = 8;

/// Bytes that a batch takes beside its own: time and suffix.
pub const RECORD_OVERHEAD_BYTES: usize = TIME_BYTES + 8;

/// What there is in a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Where its batches are.
    pub records: Generation,
    /// The first offset that is still there.
    pub first: u64,
    /// The offset that the next record gets.
    pub next: u64,
    /// Bytes of its batches.
    pub bytes: u64,
    /// The highest time of its records, in milliseconds; 0 if there are none.
    pub max_timestamp_ms: u64,
}

/// Where a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The offset of its first record.
    pub base: u64,
    /// The first offset of the partition.
    pub first: u64,
}

/// One record of a partition, taken apart: the highest time up to it, in milliseconds, and where its
/// batch begins.
///
/// # Errors
/// If it is too short to be one.
pub fn split_record(value: &[u8]) -> Result<(u64, usize), Malformed> {
    let time = Reader::new(value).u64_ordered("the highest time up to a batch")?;
    Ok((time, TIME_BYTES))
}

/// The object id of a partition's head, to name or watch it.
pub fn head_id(name: &[u8], partition: u32) -> Vec<u8> {
    [&[PREFIX], name, &[0], &partition.to_be_bytes()].concat()
}

/// Under which generation the batches of a partition lie, as its head's row says.
pub fn records_of(row: &[u8]) -> Option<Generation> {
    decode(row).ok().map(|head| head.records)
}

/// The suffix under which the batch lies that holds `offset`, or the first one behind it.
pub fn suffix(offset: u64) -> [u8; 8] {
    offset.to_be_bytes()
}

/// The partition that a record with this key goes to: the same that the Java client chooses.
pub fn of_key(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % partitions.max(1)
}

/// `MurmurHash2` with the seed that Kafka uses (`org.apache.kafka.common.utils.Utils.murmur2`).
fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(key.len()).unwrap_or(u32::MAX);
    let (words, rest) = key.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail, byte| tail << 8 | u32::from(*byte));
        hash = (hash ^ tail).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// Appends one batch. The batch is checked before the transaction, with [`Batch::check_produced`]. One
/// that an idempotent producer sends again is not appended again: where it is already is returned.
///
/// # Errors
/// Refuses if there is no such topic or partition, or if the producer's numbers do not follow.
pub fn produce(
    txn: &mut Txn<'_>,
    place: Place,
    name: &[u8],
    partition: u32,
    batch: &Batch<'_>,
) -> Result<Appended, Stop> {
    let object = find(txn, place, name, partition)?;
    let mut head = read(txn, object)?.unwrap_or_default();
    if head.records == Generation::NONE {
        head.records = txn.draw_generation()?;
        txn.create(object, Type::Partition)?;
        txn.put(object, ROW, &encode(&head))?;
    }
    let base = head.next;
    let header = batch.header();
    if let Some(before) = producer::admit(txn, object, header, base)? {
        return Ok(Appended { base: before, first: head.first });
    }
    let time = u64::try_from(header.max_timestamp).unwrap_or(0);
    head.max_timestamp_ms = head.max_timestamp_ms.max(time);
    let mut record = head.max_timestamp_ms.to_be_bytes().to_vec();
    record.extend_from_slice(batch.as_bytes());
    let bytes = &mut record[TIME_BYTES..];
    let stamped =
        set_base_offset(bytes, base.cast_signed()).and_then(|()| set_leader_epoch(bytes, 0));
    stamped.map_err(|error| Refusal::internal(format!("a batch that was checked: {error}")))?;
    head.bytes += bytes.len() as u64;
    let last = base + u64::try_from(header.last_offset_delta).unwrap_or(0);
    txn.append_record(object, head.records, &suffix(last), &record)?;
    head.next = last + 1;
    txn.put(object, ROW, &encode(&head))?;
    Ok(Appended { base, first: head.first })
}

/// What there is in a partition.
///
/// # Errors
/// Refuses if there is no such topic or partition.
pub fn head(txn: &mut Txn<'_>, place: Place, name: &[u8], partition: u32) -> Result<Head, Stop> {
    let object = find(txn, place, name, partition)?;
    Ok(read(txn, object)?.unwrap_or_default())
}

/// Removes a partition's head and gives up its records.
pub(crate) fn delete(
    txn: &mut Txn<'_>,
    place: Place,
    name: &[u8],
    partition: u32,
) -> Result<(), Stop> {
    let object = txn.open(place, Layer::Topics, &head_id(name, partition))?;
    if let Some(head) = read(txn, object)? {
        txn.disown_records(object, head.records)?;
        txn.delete(object)?;
    }
    Ok(())
}

fn find(txn: &mut Txn<'_>, place: Place, name: &[u8], partition: u32) -> Result<Object, Stop> {
    let topic = topic::find(txn, place, name)?;
    if partition >= topic.partitions {
        let (name, last) = (name.escape_ascii(), topic.partitions - 1);
        let message =
            format!("the topic '{name}' has no partition {partition}: its last is {last}");
        return Err(refusal(Kind::NotFound, "NOPARTITION", message));
    }
    txn.open(place, Layer::Topics, &head_id(name, partition))
}

fn read(txn: &Txn<'_>, object: Object) -> Result<Option<Head>, Stop> {
    let Some(row) = txn.row(object, ROW)? else { return Ok(None) };
    let head = decode(row)
        .map_err(|error| Refusal::internal(format!("the head of a partition: {error}")))?;
    Ok(Some(head))
}

fn encode(head: &Head) -> Vec<u8> {
    let mut row = Vec::with_capacity(32);
    let numbers = [head.records.0, head.first, head.next, head.bytes, head.max_timestamp_ms];
    for number in numbers {
        put_varint(&mut row, number);
    }
    row
}

fn decode(row: &[u8]) -> Result<Head, Malformed> {
    let mut reader = Reader::new(row);
    Ok(Head {
        records: Generation(reader.varint("a generation")?),
        first: reader.varint("an offset")?,
        next: reader.varint("an offset")?,
        bytes: reader.varint("a count of bytes")?,
        max_timestamp_ms: reader.varint("a time")?,
    })
}

#[cfg(test)]
mod tests;
