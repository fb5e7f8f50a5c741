//! Metadata: which brokers there are, and which topics with which partitions.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode, TopicId};

/// Which topics are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// `None` for all topics; an empty list for none.
    pub topics: Option<Vec<RequestTopic<'a>>>,
    /// Whether topics that are named and not there may be created. True before version 4.
    pub allow_auto_topic_creation: bool,
    /// Whether the operations allowed on the cluster are asked for (versions 8 to 10).
    pub include_cluster_authorized_operations: bool,
    /// Whether the operations allowed on each topic are asked for (from version 8 on).
    pub include_topic_authorized_operations: bool,
}

/// A topic that is asked for: by name, or, from version 10 on, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTopic<'a> {
    /// Zero if it is asked for by name.
    pub id: TopicId,
    /// `None` if it is asked for by id.
    pub name: Option<&'a str>,
}

/// What stands for "not asked for" where allowed operations are given.
pub const OPERATIONS_OMITTED: i32 = i32::MIN;

/// The cluster as the client is to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
    /// Where to connect to.
    pub brokers: Vec<Broker>,
    /// The name of the cluster.
    pub cluster_id: Option<String>,
    /// Which broker takes requests for the cluster as a whole; -1 for none.
    pub controller_id: i32,
    /// The topics that were asked for.
    pub topics: Vec<Topic>,
    /// Bits of allowed operations, or [`OPERATIONS_OMITTED`].
    pub cluster_authorized_operations: i32,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its number.
    pub node_id: i32,
    /// The name or address that clients reach it under.
    pub host: String,
    /// Its port.
    pub port: i32,
    /// Where it stands.
    pub rack: Option<String>,
}

/// A topic, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Why it cannot be described.
    pub error: ErrorCode,
    /// `None` only where it was asked for by an id that is not known (version 12).
    pub name: Option<String>,
    /// Its id (from version 10 on).
    pub id: TopicId,
    /// Whether it is the broker's own.
    pub is_internal: bool,
    /// Its partitions.
    pub partitions: Vec<Partition>,
    /// Bits of allowed operations, or [`OPERATIONS_OMITTED`].
    pub authorized_operations: i32,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Why it cannot be used.
    pub error: ErrorCode,
    /// Its number in the topic, from 0.
    pub index: i32,
    /// The broker that takes requests for it; -1 for none.
    pub leader_id: i32,
    /// How often its leader has changed.
    pub leader_epoch: i32,
    /// The brokers that hold it.
    pub replicas: Vec<i32>,
    /// Those that are up to date.
    pub in_sync_replicas: Vec<i32>,
    /// Those that cannot be reached.
    pub offline_replicas: Vec<i32>,
}

pub(super) fn decode<'a>(version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let mut topics = f.nullable_array("topics", |f| {
        let id = if version >= 10 { f.topic_id("a topic id")? } else { TopicId::default() };
        let name = if version >= 10 {
            f.nullable_string("a topic name")?
        } else {
            Some(f.string("a topic name")?)
        };
        f.tags()?;
        Ok(RequestTopic { id, name })
    })?;
    // Version 0 has no null: there an empty list asks for all.
    if version == 0 {
        topics = Some(topics.ok_or(Error::Malformed { expected: "topics" })?)
            .filter(|topics| !topics.is_empty());
    }
    let request = Request {
        topics,
        allow_auto_topic_creation: version < 4 || f.boolean("whether topics may be created")?,
        include_cluster_authorized_operations: (8..=10).contains(&version)
            && f.boolean("whether operations on the cluster are asked for")?,
        include_topic_authorized_operations: version >= 8
            && f.boolean("whether operations on topics are asked for")?,
    };
    f.tags()?;
    Ok(request)
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    if version >= 3 {
        w.i32(response.throttle_time_ms);
    }
    w.array(&response.brokers, |w, broker| {
        w.i32(broker.node_id);
        w.string(&broker.host);
        w.i32(broker.port);
        if version >= 1 {
            w.nullable_string(broker.rack.as_deref());
        }
        w.tags();
    });
    if version >= 2 {
        w.nullable_string(response.cluster_id.as_deref());
    }
    if version >= 1 {
        w.i32(response.controller_id);
    }
    w.array(&response.topics, |w, topic| encode_topic(topic, version, w));
    if (8..=10).contains(&version) {
        w.i32(response.cluster_authorized_operations);
    }
    w.tags();
}

fn encode_topic(topic: &Topic, version: i16, w: &mut FieldWriter<'_>) {
    w.i16(topic.error.0);
    if version >= 12 {
        w.nullable_string(topic.name.as_deref());
    } else {
        w.string(topic.name.as_deref().unwrap_or_default());
    }
    if version >= 10 {
        w.topic_id(&topic.id);
    }
    if version >= 1 {
        w.boolean(topic.is_internal);
    }
    w.array(&topic.partitions, |w, partition| {
        w.i16(partition.error.0);
        w.i32(partition.index);
        w.i32(partition.leader_id);
        if version >= 7 {
            w.i32(partition.leader_epoch);
        }
        w.array(&partition.replicas, |w, id| w.i32(*id));
        w.array(&partition.in_sync_replicas, |w, id| w.i32(*id));
        if version >= 5 {
            w.array(&partition.offline_replicas, |w, id| w.i32(*id));
        }
        w.tags();
    });
    if version >= 8 {
        w.i32(topic.authorized_operations);
    }
    w.tags();
}
