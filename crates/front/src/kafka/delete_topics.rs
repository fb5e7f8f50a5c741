//! `DeleteTopics`: each topic is a transaction of its own.

use topics::topic;
use wire::kafka::delete_topics::{DeletedTopic, Request, Response, TopicName};
use wire::kafka::{ErrorCode, Response as Answer, TopicId};

use super::session::{Effort, Session, Stopped, Wait};
use crate::refusal::Fault;

impl Session {
    pub(crate) async fn delete_topics(&mut self, request: &Request<'_>) -> Result<Answer, Stopped> {
        let mut topics = Vec::with_capacity(request.topics.len());
        for wanted in &request.topics {
            let deleted = self.delete_topic(wanted).await?;
            topics.push(tell(wanted, deleted));
        }
        Ok(Answer::DeleteTopics(Response { throttle_time_ms: 0, topics }))
    }

    /// Its name and id, if it was there; `None` if no topic has that id.
    async fn delete_topic(
        &mut self,
        wanted: &TopicName<'_>,
    ) -> Result<Result<Option<(Vec<u8>, TopicId)>, Fault>, Stopped> {
        let deleted = self.transact(Effort::Release, Wait::AsAsked, &[], |txn, place| {
            let name = match wanted.name {
                Some(name) => Some(name.as_bytes().to_vec()),
                None => topic::name_of(txn, place, wanted.id)?,
            };
            let Some(name) = name else { return Ok(None) };
            let topic = topic::find(txn, place, &name)?;
            topic::delete(txn, place, &name)?;
            Ok(Some((name, topic.id)))
        });
        Ok(deleted.await?.map(|(deleted, _)| deleted))
    }
}

fn tell(
    wanted: &TopicName<'_>,
    deleted: Result<Option<(Vec<u8>, TopicId)>, Fault>,
) -> DeletedTopic {
    let name = wanted.name.map(str::to_owned);
    match deleted {
        Ok(Some((name, id))) => DeletedTopic {
            name: Some(String::from_utf8_lossy(&name).into_owned()),
            id,
            error: ErrorCode::NONE,
            error_message: None,
        },
        Ok(None) => DeletedTopic {
            name,
            id: wanted.id,
            error: ErrorCode::UNKNOWN_TOPIC_ID,
            error_message: Some("there is no topic of that id".to_owned()),
        },
        Err(fault) => DeletedTopic {
            name,
            id: wanted.id,
            error: fault.code,
            error_message: Some(fault.message),
        },
    }
}
