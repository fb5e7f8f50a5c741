//! `ListOffsets`: the offsets at given times, and at the ends of partitions.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode};

/// In place of a time: the offset after the last record.
pub const LATEST: i64 = -1;

/// In place of a time: the first offset.
pub const EARLIEST: i64 = -2;

/// In place of a time: the record with the highest time (version 7).
pub const MAX_TIMESTAMP: i64 = -3;

/// The partitions and times that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// -1 for a client; a broker's number for a follower.
    pub replica_id: i32,
    /// 0 counts what is there, 1 only what is committed (from version 2 on).
    pub isolation_level: i8,
    /// The topics.
    pub topics: Vec<Topic<'a>>,
}

/// A topic that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// A partition that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub index: i32,
    /// The leader epoch that the client knows; -1 if it knows none (from version 4 on).
    pub current_leader_epoch: i32,
    /// Milliseconds since the epoch, or one of [`LATEST`], [`EARLIEST`], [`MAX_TIMESTAMP`].
    pub timestamp: i64,
}

/// The offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
    /// As in the request.
    pub topics: Vec<TopicOffsets>,
}

/// The offsets of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicOffsets {
    /// Its name.
    pub name: String,
    /// As in the request.
    pub partitions: Vec<PartitionOffset>,
}

/// The offset of one partition, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionOffset {
    /// The partition's number.
    pub index: i32,
    /// Why there is none.
    pub error: ErrorCode,
    /// The time of the record that was found; -1 for none.
    pub timestamp: i64,
    /// Its offset; -1 for none.
    pub offset: i64,
    /// Its leader epoch; -1 if it is not known (from version 4 on).
    pub leader_epoch: i32,
}

pub(super) fn decode<'a>(version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let replica_id = f.i32("a replica id")?;
    let isolation_level = if version >= 2 { f.i8("an isolation level")? } else { 0 };
    let topics = f.array("topics", |f| {
        let name = f.string("a topic name")?;
        let partitions = f.array("partitions", |f| {
            let index = f.i32("a partition")?;
            let current_leader_epoch = if version >= 4 { f.i32("a leader epoch")? } else { -1 };
            let timestamp = f.i64("a timestamp")?;
            f.tags()?;
            Ok(Partition { index, current_leader_epoch, timestamp })
        })?;
        f.tags()?;
        Ok(Topic { name, partitions })
    })?;
    f.tags()?;
    Ok(Request { replica_id, isolation_level, topics })
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    if version >= 2 {
        w.i32(response.throttle_time_ms);
    }
    w.array(&response.topics, |w, topic| {
        w.string(&topic.name);
        w.array(&topic.partitions, |w, partition| {
            w.i32(partition.index);
            w.i16(partition.error.0);
            w.i64(partition.timestamp);
            w.i64(partition.offset);
            if version >= 4 {
                w.i32(partition.leader_epoch);
            }
            w.tags();
        });
        w.tags();
    });
    w.tags();
}
