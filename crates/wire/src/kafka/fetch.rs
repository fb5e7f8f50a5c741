//! Fetch: records of partitions, from given offsets on.

use bytes::Bytes;

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode};

/// What is asked for, and how long to wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// -1 for a client; a broker's number for a follower.
    pub replica_id: i32,
    /// How long to wait for `min_bytes`, in milliseconds.
    pub max_wait_ms: i32,
    /// Answer as soon as there are so many bytes of records.
    pub min_bytes: i32,
    /// Answer with about so many bytes of records at most. The first batch is given even if it alone
    /// is larger, or the client could never go on.
    pub max_bytes: i32,
    /// 0 reads what is there, 1 only what is committed.
    pub isolation_level: i8,
    /// The fetch session; 0 for none (from version 7 on).
    pub session_id: i32,
    /// The number of the request in its session; -1 for none (from version 7 on).
    pub session_epoch: i32,
    /// The topics.
    pub topics: Vec<Topic<'a>>,
    /// Partitions that leave the session (from version 7 on).
    pub forgotten: Vec<ForgottenTopic<'a>>,
    /// Where the client stands (from version 11 on).
    pub rack_id: &'a str,
}

/// A topic to read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// A partition to read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub index: i32,
    /// The leader epoch that the client knows; -1 if it knows none (from version 9 on).
    pub current_leader_epoch: i32,
    /// The first offset that is wanted.
    pub fetch_offset: i64,
    /// The epoch of the last record that the client has; -1 if it is not known (version 12).
    pub last_fetched_epoch: i32,
    /// A follower's first offset; -1 for a client (from version 5 on).
    pub log_start_offset: i64,
    /// Answer with about so many bytes of this partition at most.
    pub max_bytes: i32,
}

/// Partitions of a topic that leave the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// Its partitions.
    pub partitions: Vec<i32>,
}

/// Records, by topic and partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why nothing could be read at all (from version 7 on).
    pub error: ErrorCode,
    /// The fetch session; 0 for none (from version 7 on).
    pub session_id: i32,
    /// The topics.
    pub topics: Vec<FetchedTopic>,
}

/// Records of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedTopic {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: Vec<FetchedPartition>,
}

/// Records of one partition, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedPartition {
    /// Its number.
    pub index: i32,
    /// Why it could not be read.
    pub error: ErrorCode,
    /// The offset after the last that is replicated; -1 if it is not known.
    pub high_watermark: i64,
    /// The offset before which every transaction is decided; -1 if it is not known.
    pub last_stable_offset: i64,
    /// The first offset; -1 if it is not known (from version 5 on).
    pub log_start_offset: i64,
    /// Transactions among the records that were aborted: producer id and first offset. `None` where
    /// uncommitted records are read.
    pub aborted_transactions: Option<Vec<(i64, i64)>>,
    /// A broker that had better be asked; -1 for none (from version 11 on).
    pub preferred_read_replica: i32,
    /// Whole batches, in order of their offsets.
    pub records: Vec<Bytes>,
}

pub(super) fn decode<'a>(version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let replica_id = f.i32("a replica id")?;
    let max_wait_ms = f.i32("a time to wait")?;
    let min_bytes = f.i32("a minimum of bytes")?;
    let max_bytes = f.i32("a maximum of bytes")?;
    let isolation_level = f.i8("an isolation level")?;
    let has_session = version >= 7;
    let session_id = if has_session { f.i32("a session id")? } else { 0 };
    let session_epoch = if has_session { f.i32("a session epoch")? } else { -1 };
    let topics = f.array("topics", |f| {
        let name = f.string("a topic name")?;
        let partitions = f.array("partitions", |f| decode_partition(version, f))?;
        f.tags()?;
        Ok(Topic { name, partitions })
    })?;
    let forgotten =
        if has_session { f.array("forgotten topics", decode_forgotten)? } else { vec![] };
    let rack_id = if version >= 11 { f.string("a rack")? } else { "" };
    f.tags()?;
    Ok(Request {
        replica_id,
        max_wait_ms,
        min_bytes,
        max_bytes,
        isolation_level,
        session_id,
        session_epoch,
        topics,
        forgotten,
        rack_id,
    })
}

fn decode_partition(version: i16, f: &mut Fields<'_>) -> Result<Partition, Error> {
    let index = f.i32("a partition")?;
    let current_leader_epoch = if version >= 9 { f.i32("a leader epoch")? } else { -1 };
    let fetch_offset = f.i64("an offset")?;
    let last_fetched_epoch = if version >= 12 { f.i32("the epoch fetched last")? } else { -1 };
    let log_start_offset = if version >= 5 { f.i64("a start offset")? } else { -1 };
    let max_bytes = f.i32("a maximum of bytes")?;
    f.tags()?;
    Ok(Partition {
        index,
        current_leader_epoch,
        fetch_offset,
        last_fetched_epoch,
        log_start_offset,
        max_bytes,
    })
}

fn decode_forgotten<'a>(f: &mut Fields<'a>) -> Result<ForgottenTopic<'a>, Error> {
    let name = f.string("a topic name")?;
    let partitions = f.array("partitions", |f| f.i32("a partition"))?;
    f.tags()?;
    Ok(ForgottenTopic { name, partitions })
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    w.i32(response.throttle_time_ms);
    if version >= 7 {
        w.i16(response.error.0);
        w.i32(response.session_id);
    }
    w.array(&response.topics, |w, topic| {
        w.string(&topic.name);
        w.array(&topic.partitions, |w, partition| encode_partition(partition, version, w));
        w.tags();
    });
    w.tags();
}

fn encode_partition(partition: &FetchedPartition, version: i16, w: &mut FieldWriter<'_>) {
    w.i32(partition.index);
    w.i16(partition.error.0);
    w.i64(partition.high_watermark);
    w.i64(partition.last_stable_offset);
    if version >= 5 {
        w.i64(partition.log_start_offset);
    }
    w.nullable_array(
        partition.aborted_transactions.as_deref(),
        |w, (producer_id, first_offset)| {
            w.i64(*producer_id);
            w.i64(*first_offset);
            w.tags();
        },
    );
    if version >= 11 {
        w.i32(partition.preferred_read_replica);
    }
    w.bytes(&partition.records);
    w.tags();
}
