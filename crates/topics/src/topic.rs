//! Topics: created, deleted, described, listed.
//!
//! A topic is an object with one row: id 16 bytes, partitions varint. One more object in each namespace, the
//! index, has a row for each topic's name (its partitions varint), so that they can be listed and counted.

use std::ops::Bound::Unbounded;

use base::Kind;
use base::codec::{Malformed, Reader, put_varint};
use kv::{Layer, Object, Place, Refusal, Stop, Txn, Type};

use crate::partition;

/// First byte of a topic's object id.
const PREFIX: u8 = 1;

/// The object id of the index of topics.
const INDEX: &[u8] = &[0];

/// The one row's suffix.
const ROW: &[u8] = b"";

/// Most partitions of one topic.
pub const PARTITIONS_MAX: u32 = 1024;

/// Most topics of one namespace.
pub const TOPICS_MAX: usize = 10_000;

/// Most partitions of one namespace, over all topics: what one answer can list.
pub const ALL_PARTITIONS_MAX: u64 = 100_000;

/// Longest name of a topic, in bytes.
pub const NAME_BYTES_MAX: usize = 249;

/// What is known of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Tells this topic from others that had its name before.
    pub id: [u8; 16],
    /// How many partitions it has.
    pub partitions: u32,
}

/// Makes a topic.
///
/// # Errors
/// Refuses a bad name (`BADTOPIC`) or count (`BADPARTITIONS`), a topic that is there already
/// (`TOPICEXISTS`), and one too many (`LIMIT`).
pub fn create(
    txn: &mut Txn<'_>,
    place: Place,
    name: &[u8],
    partitions: u32,
) -> Result<Topic, Stop> {
    check_name(name)?;
    if partitions == 0 || partitions > PARTITIONS_MAX {
        let message = format!("a topic has 1 to {PARTITIONS_MAX} partitions, not {partitions}");
        return Err(refusal(Kind::Invalid, "BADPARTITIONS", message));
    }
    let topic = open(txn, place, name)?;
    if txn.kind(topic).is_some() {
        let message = format!("the topic '{}' is there already", name.escape_ascii());
        return Err(refusal(Kind::Exists, "TOPICEXISTS", message));
    }
    let index = txn.open(place, Layer::Topics, INDEX)?;
    if txn.kind(index).is_none() {
        txn.create(index, Type::TopicIndex)?;
    }
    check_room(txn, index, partitions)?;
    let mut count = Vec::new();
    put_varint(&mut count, u64::from(partitions));
    txn.put(index, name, &count)?;
    // Never given out before, so no other topic has had it.
    let number = u128::from(txn.draw_generation()?.0) << 64 | u128::from(txn.now().0);
    let id = number.to_be_bytes();
    txn.create(topic, Type::Topic)?;
    txn.put(topic, ROW, &[&id[..], &count].concat())?;
    Ok(Topic { id, partitions })
}

/// Whether a namespace may have one more topic, of so many partitions.
fn check_room(txn: &Txn<'_>, index: Object, partitions: u32) -> Result<(), Stop> {
    let rows = txn.rows(index, (Unbounded, Unbounded))?;
    if rows.len() >= TOPICS_MAX {
        let message = format!("there are {TOPICS_MAX} topics, and may not be more: delete one");
        return Err(refusal(Kind::Limit, "LIMIT", message));
    }
    let mut sum = u64::from(partitions);
    for (_, row) in rows {
        let damaged = |error| Refusal::internal(format!("the index of topics: {error}"));
        sum += Reader::new(row).varint("a count of partitions").map_err(damaged)?;
    }
    if sum > ALL_PARTITIONS_MAX {
        let message = format!(
            "all topics together have at most {ALL_PARTITIONS_MAX} partitions: delete a topic, or ask for fewer"
        );
        return Err(refusal(Kind::Limit, "LIMIT", message));
    }
    Ok(())
}

/// Removes a topic with all its records, which are reclaimed in the background.
///
/// # Errors
/// Refuses if there is no such topic.
pub fn delete(txn: &mut Txn<'_>, place: Place, name: &[u8]) -> Result<(), Stop> {
    let Topic { partitions, .. } = find(txn, place, name)?;
    for number in 0..partitions {
        partition::delete(txn, place, name, number)?;
    }
    let index = txn.open(place, Layer::Topics, INDEX)?;
    txn.remove(index, name)?;
    let topic = open(txn, place, name)?;
    txn.delete(topic)?;
    Ok(())
}

/// What is known of a topic.
///
/// # Errors
/// Refuses if there is no such topic.
pub fn find(txn: &mut Txn<'_>, place: Place, name: &[u8]) -> Result<Topic, Stop> {
    get(txn, place, name)?.ok_or_else(|| {
        let message =
            format!("there is no topic '{}'; TOPIC.CREATE makes one", name.escape_ascii());
        refusal(Kind::NotFound, "NOTOPIC", message)
    })
}

/// What is known of a topic, if it is there.
pub fn get(txn: &mut Txn<'_>, place: Place, name: &[u8]) -> Result<Option<Topic>, Stop> {
    let topic = open(txn, place, name)?;
    let Some(row) = txn.row(topic, ROW)? else { return Ok(None) };
    let decoded =
        decode(row).map_err(|error| Refusal::internal(format!("the row of a topic: {error}")))?;
    Ok(Some(decoded))
}

/// The names of all topics, in order.
pub fn names(txn: &mut Txn<'_>, place: Place) -> Result<Vec<Vec<u8>>, Stop> {
    let index = txn.open(place, Layer::Topics, INDEX)?;
    let rows = txn.rows(index, (Unbounded, Unbounded))?;
    Ok(rows.into_iter().map(|(name, _)| name.to_vec()).collect())
}

/// The name of the topic with this id, if there is one. Costs a look at every topic.
pub fn name_of(txn: &mut Txn<'_>, place: Place, id: [u8; 16]) -> Result<Option<Vec<u8>>, Stop> {
    for name in names(txn, place)? {
        if find(txn, place, &name)?.id == id {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The object id of a topic, to name it.
pub fn id(name: &[u8]) -> Vec<u8> {
    [&[PREFIX], name].concat()
}

fn open(txn: &mut Txn<'_>, place: Place, name: &[u8]) -> Result<Object, Stop> {
    txn.open(place, Layer::Topics, &id(name))
}

fn decode(row: &[u8]) -> Result<Topic, Malformed> {
    let mut reader = Reader::new(row);
    let mut id = [0; 16];
    id.copy_from_slice(reader.take(16, "a topic's id")?);
    let partitions = u32::try_from(reader.varint("a count of partitions")?);
    let partitions = partitions.map_err(|_wide| Malformed { expected: "a count of partitions" })?;
    Ok(Topic { id, partitions })
}

/// Names are as Kafka allows them: letters, digits, `.`, `_` and `-`.
fn check_name(name: &[u8]) -> Result<(), Stop> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let is_fine = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.iter().all(allowed)
        && name != b"."
        && name != b"..";
    if is_fine {
        return Ok(());
    }
    let message = format!(
        "a topic's name is 1 to {NAME_BYTES_MAX} of the characters A-Z a-z 0-9 . _ -, and neither . nor .."
    );
    Err(refusal(Kind::Invalid, "BADTOPIC", message))
}

pub(crate) fn refusal(kind: Kind, code: &'static str, message: String) -> Stop {
    Refusal { kind, code, message: message.into() }.into()
}
