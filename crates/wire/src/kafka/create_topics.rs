//! `CreateTopics`: new topics.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode, TopicId};

/// The topics to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Each stands or fails alone.
    pub topics: Vec<NewTopic<'a>>,
    /// How long to wait for them to be usable, in milliseconds.
    pub timeout_ms: i32,
    /// Only say whether it would work.
    pub validate_only: bool,
}

/// A topic to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many partitions; -1 for the default, or where they are assigned by hand.
    pub num_partitions: i32,
    /// How many brokers are to hold each; -1 for the default, or where they are assigned by hand.
    pub replication_factor: i16,
    /// Partitions assigned by hand.
    pub assignments: Vec<Assignment>,
    /// Settings: name and value.
    pub configs: Vec<(&'a str, Option<&'a str>)>,
}

/// Which brokers are to hold a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The partition's number.
    pub partition: i32,
    /// The brokers' numbers.
    pub broker_ids: Vec<i32>,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
    /// As in the request.
    pub topics: Vec<CreatedTopic>,
}

/// A topic that was created, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its name.
    pub name: String,
    /// Its id (version 7).
    pub id: TopicId,
    /// Why it was not created.
    pub error: ErrorCode,
    /// The same in words.
    pub error_message: Option<String>,
    /// How many partitions it has; -1 if it was not created (from version 5 on).
    pub num_partitions: i32,
    /// How many brokers hold each; -1 if it was not created (from version 5 on).
    pub replication_factor: i16,
    /// Its settings; `None` if they are not told (from version 5 on).
    pub configs: Option<Vec<Config>>,
}

/// A setting of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<String>,
    /// Whether it cannot be changed.
    pub read_only: bool,
    /// Where it comes from: 1 the topic, 4 the broker's file, 5 the default.
    pub source: i8,
    /// Whether its value is a secret.
    pub is_sensitive: bool,
}

pub(super) fn decode<'a>(f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let topics = f.array("topics", |f| {
        let name = f.string("a topic name")?;
        let num_partitions = f.i32("a number of partitions")?;
        let replication_factor = f.i16("a replication factor")?;
        let assignments = f.array("assignments", |f| {
            let partition = f.i32("a partition")?;
            let broker_ids = f.array("brokers", |f| f.i32("a broker"))?;
            f.tags()?;
            Ok(Assignment { partition, broker_ids })
        })?;
        let configs = f.array("configs", |f| {
            let config = (f.string("a config name")?, f.nullable_string("a config value")?);
            f.tags()?;
            Ok(config)
        })?;
        f.tags()?;
        Ok(NewTopic { name, num_partitions, replication_factor, assignments, configs })
    })?;
    let request = Request {
        topics,
        timeout_ms: f.i32("a timeout")?,
        validate_only: f.boolean("whether to validate only")?,
    };
    f.tags()?;
    Ok(request)
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    w.i32(response.throttle_time_ms);
    w.array(&response.topics, |w, topic| {
        w.string(&topic.name);
        if version >= 7 {
            w.topic_id(&topic.id);
        }
        w.i16(topic.error.0);
        w.nullable_string(topic.error_message.as_deref());
        if version >= 5 {
            w.i32(topic.num_partitions);
            w.i16(topic.replication_factor);
            w.nullable_array(topic.configs.as_deref(), |w, config| {
                w.string(&config.name);
                w.nullable_string(config.value.as_deref());
                w.boolean(config.read_only);
                w.i8(config.source);
                w.boolean(config.is_sensitive);
                w.tags();
            });
        }
        w.tags();
    });
    w.tags();
}
