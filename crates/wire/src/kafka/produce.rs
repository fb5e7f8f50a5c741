//! Produce: records for partitions.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode};

/// Records, by topic and partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The transaction that the records belong to.
    pub transactional_id: Option<&'a str>,
    /// When to answer: -1 when all replicas have it, 1 when the leader has it, 0 not at all: **no
    /// response is sent then**.
    pub acks: i16,
    /// How long to wait for that, in milliseconds.
    pub timeout_ms: i32,
    /// The topics.
    pub topics: Vec<Topic<'a>>,
}

/// Records for one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its partitions.
    pub partitions: Vec<Partition<'a>>,
}

/// Records for one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition<'a> {
    /// Its number.
    pub index: i32,
    /// To be read with [`super::batch::batches`].
    pub records: Option<&'a [u8]>,
}

/// What became of each partition's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// As in the request.
    pub topics: Vec<TopicResult>,
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
}

/// What became of one topic's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicResult {
    /// The topic's name.
    pub name: String,
    /// As in the request.
    pub partitions: Vec<PartitionResult>,
}

/// Where one partition's records went, or why they did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionResult {
    /// The partition's number.
    pub index: i32,
    /// Why nothing was appended.
    pub error: ErrorCode,
    /// The offset of the first record; -1 if nothing was appended.
    pub base_offset: i64,
    /// The time given to the records, if the broker gives it; else -1.
    pub log_append_time_ms: i64,
    /// The first offset of the partition; -1 if it is not known (from version 5 on).
    pub log_start_offset: i64,
    /// Which records were refused: number in the batch, and why (from version 8 on).
    pub record_errors: Vec<(i32, Option<String>)>,
    /// What was wrong, in words (from version 8 on).
    pub error_message: Option<String>,
}

pub(super) fn decode<'a>(f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let transactional_id = f.nullable_string("a transactional id")?;
    let acks = f.i16("acks")?;
    let timeout_ms = f.i32("a timeout")?;
    let topics = f.array("topics", |f| {
        let name = f.string("a topic name")?;
        let partitions = f.array("partitions", |f| {
            let index = f.i32("a partition")?;
            let records = f.nullable_bytes("records")?;
            f.tags()?;
            Ok(Partition { index, records })
        })?;
        f.tags()?;
        Ok(Topic { name, partitions })
    })?;
    f.tags()?;
    Ok(Request { transactional_id, acks, timeout_ms, topics })
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    w.array(&response.topics, |w, topic| {
        w.string(&topic.name);
        w.array(&topic.partitions, |w, partition| encode_partition(partition, version, w));
        w.tags();
    });
    w.i32(response.throttle_time_ms);
    w.tags();
}

fn encode_partition(partition: &PartitionResult, version: i16, w: &mut FieldWriter<'_>) {
    w.i32(partition.index);
    w.i16(partition.error.0);
    w.i64(partition.base_offset);
    w.i64(partition.log_append_time_ms);
    if version >= 5 {
        w.i64(partition.log_start_offset);
    }
    if version >= 8 {
        w.array(&partition.record_errors, |w, (number, message)| {
            w.i32(*number);
            w.nullable_string(message.as_deref());
            w.tags();
        });
        w.nullable_string(partition.error_message.as_deref());
    }
    w.tags();
}
