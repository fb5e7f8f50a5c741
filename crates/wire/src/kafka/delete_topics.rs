//! `DeleteTopics`: topics that are to go, with all they hold.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode, TopicId};

/// The topics to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Each stands or fails alone.
    pub topics: Vec<TopicName<'a>>,
    /// How long to wait for them to be gone, in milliseconds.
    pub timeout_ms: i32,
}

/// A topic to delete: by name, or, in version 6, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicName<'a> {
    /// `None` if it is given by id.
    pub name: Option<&'a str>,
    /// Zero if it is given by name.
    pub id: TopicId,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
    /// As in the request.
    pub topics: Vec<DeletedTopic>,
}

/// A topic that was deleted, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedTopic {
    /// `None` only where it was given by an id that is not known (version 6).
    pub name: Option<String>,
    /// Its id (version 6).
    pub id: TopicId,
    /// Why it was not deleted.
    pub error: ErrorCode,
    /// The same in words (from version 5 on).
    pub error_message: Option<String>,
}

pub(super) fn decode<'a>(version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let topics = f.array("topics", |f| {
        if version < 6 {
            return Ok(TopicName { name: Some(f.string("a topic name")?), id: TopicId::default() });
        }
        let name = f.nullable_string("a topic name")?;
        let id = f.topic_id("a topic id")?;
        f.tags()?;
        Ok(TopicName { name, id })
    })?;
    let request = Request { topics, timeout_ms: f.i32("a timeout")? };
    f.tags()?;
    Ok(request)
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    w.i32(response.throttle_time_ms);
    w.array(&response.topics, |w, topic| {
        if version >= 6 {
            w.nullable_string(topic.name.as_deref());
            w.topic_id(&topic.id);
        } else {
            w.string(topic.name.as_deref().unwrap_or_default());
        }
        w.i16(topic.error.0);
        if version >= 5 {
            w.nullable_string(topic.error_message.as_deref());
        }
        w.tags();
    });
    w.tags();
}
