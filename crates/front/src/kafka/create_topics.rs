//! `CreateTopics`: each topic is a transaction of its own.

mod configs;

use std::collections::HashMap;

use topics::topic;
use wire::kafka::create_topics::{CreatedTopic, NewTopic, Request, Response};
use wire::kafka::{ErrorCode, Response as Answer, TopicId};

use super::session::{Effort, Session, Stopped, Wait};
use crate::refusal::Fault;

/// Bytes of log that a topic takes beside its name, at most.
const TOPIC_BYTES: usize = 1024;

impl Session {
    pub(crate) async fn create_topics(&mut self, request: &Request<'_>) -> Result<Answer, Stopped> {
        let mut times = HashMap::new();
        for topic in &request.topics {
            *times.entry(topic.name).or_insert(0) += 1;
        }
        let mut topics = Vec::with_capacity(request.topics.len());
        for wanted in &request.topics {
            let created = if times.get(wanted.name) == Some(&1) {
                self.create_topic(wanted, request.validate_only).await?
            } else {
                let text = "the topic is named more than once in the request";
                Err(Fault::new(ErrorCode::INVALID_REQUEST, text))
            };
            topics.push(tell(wanted.name, created));
        }
        Ok(Answer::CreateTopics(Response { throttle_time_ms: 0, topics }))
    }

    async fn create_topic(
        &mut self,
        wanted: &NewTopic<'_>,
        validate_only: bool,
    ) -> Result<Result<(TopicId, u32), Fault>, Stopped> {
        let partitions = match check(wanted) {
            Ok(partitions) => partitions,
            Err(fault) => return Ok(Err(fault)),
        };
        let name = wanted.name.as_bytes();
        let effort = Effort::Write(name.len() + TOPIC_BYTES);
        let created = self.transact(effort, Wait::AsAsked, &[], |txn, place| {
            let start = txn.savepoint();
            let topic = topic::create(txn, place, name, partitions)?;
            if validate_only {
                txn.roll_back(start);
                return Ok((TopicId::default(), topic.partitions));
            }
            Ok((topic.id, topic.partitions))
        });
        Ok(created.await?.map(|(created, _)| created))
    }
}

/// What can be said without looking; how many partitions it is to have.
fn check(wanted: &NewTopic<'_>) -> Result<u32, Fault> {
    if !wanted.assignments.is_empty() {
        let text = "partitions are not assigned by hand: there is one broker";
        return Err(Fault::new(ErrorCode::INVALID_REPLICA_ASSIGNMENT, text));
    }
    if !matches!(wanted.replication_factor, -1 | 1) {
        let text = format!(
            "a replication factor of {} is not to be had: there is one broker; ask for 1 or -1",
            wanted.replication_factor
        );
        return Err(Fault::new(ErrorCode::INVALID_REPLICATION_FACTOR, text));
    }
    configs::check(&wanted.configs)?;
    match wanted.num_partitions {
        -1 => Ok(1),
        // 0 is refused where all counts are.
        count => Ok(u32::try_from(count).unwrap_or(0)),
    }
}

fn tell(name: &str, created: Result<(TopicId, u32), Fault>) -> CreatedTopic {
    let (id, error, error_message, num_partitions) = match created {
        Ok((id, count)) => (id, ErrorCode::NONE, None, i32::try_from(count).unwrap_or(-1)),
        Err(fault) => (TopicId::default(), fault.code, Some(fault.message), -1),
    };
    CreatedTopic {
        name: name.to_owned(),
        id,
        error,
        error_message,
        num_partitions,
        replication_factor: if error == ErrorCode::NONE { 1 } else { -1 },
        configs: None,
    }
}
