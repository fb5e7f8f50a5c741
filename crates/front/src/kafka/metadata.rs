//! Metadata: this one broker, and the topics.

use kv::{Place, Stop, Txn};
use topics::topic::{self, Topic};
use wire::kafka::metadata::{
    Broker, OPERATIONS_OMITTED, Partition, Request, RequestTopic, Response, Topic as Described,
};
use wire::kafka::{ErrorCode, Response as Answer, TopicId};

use super::session::{Effort, Session, Stopped, Wait, refused};
use crate::refusal::{Fault, kafka_refusal};

/// The number of the one broker.
const NODE: i32 = 1;

/// A topic that was asked for, and what is known of it.
struct Found {
    name: Option<Vec<u8>>,
    id: TopicId,
    topic: Result<Topic, Fault>,
}

impl Session {
    pub(crate) async fn metadata(&mut self, request: &Request<'_>) -> Result<Answer, Stopped> {
        let asked = request.topics.as_deref();
        let find = |txn: &mut Txn<'_>, place| find(txn, place, asked);
        let found = match self.transact(Effort::Read, Wait::AsAsked, &[], find).await? {
            Ok((found, _)) => found,
            Err(fault) => all_failed(asked.unwrap_or_default(), &fault),
        };
        let broker = Broker {
            node_id: NODE,
            host: self.local.ip().to_canonical().to_string(),
            port: self.local.port().into(),
            rack: None,
        };
        Ok(Answer::Metadata(Response {
            throttle_time_ms: 0,
            brokers: vec![broker],
            cluster_id: Some(self.cluster_id()),
            controller_id: NODE,
            topics: found.into_iter().map(describe).collect(),
            cluster_authorized_operations: OPERATIONS_OMITTED,
        }))
    }

    /// Another for each store, so that a client notices when it comes to a different one. It says nothing
    /// of the store's own id, which is not for clients.
    fn cluster_id(&self) -> String {
        let mut id = Vec::new();
        self.server.keys.put_id(&mut id, b"");
        let number = id.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        format!("groundsill-{number:012x}")
    }
}

/// The topics that are asked for, or all.
fn find(
    txn: &mut Txn<'_>,
    place: Place,
    asked: Option<&[RequestTopic<'_>]>,
) -> Result<Vec<Found>, Stop> {
    let by_id = asked.is_none_or(|asked| asked.iter().any(|topic| topic.name.is_none()));
    let mut all = Vec::new();
    if by_id {
        for name in topic::names(txn, place)? {
            let topic = topic::find(txn, place, &name)?;
            all.push(Found { name: Some(name), id: topic.id, topic: Ok(topic) });
        }
    }
    let Some(asked) = asked else { return Ok(all) };
    asked
        .iter()
        .map(|wanted| match wanted.name {
            Some(name) => {
                let found = refused(topic::find(txn, place, name.as_bytes()))?;
                let id = found.as_ref().map_or(wanted.id, |topic| topic.id);
                let topic = found.map_err(|refusal| kafka_refusal(&refusal));
                Ok(Found { name: Some(name.as_bytes().to_vec()), id, topic })
            }
            None => Ok(find_by_id(&all, wanted.id)),
        })
        .collect()
}

fn find_by_id(all: &[Found], id: TopicId) -> Found {
    let found = all.iter().find(|found| found.id == id);
    let unknown = || Fault::new(ErrorCode::UNKNOWN_TOPIC_ID, "there is no topic of that id");
    let topic = found.map_or_else(|| Err(unknown()), |found| found.topic.clone());
    Found { name: found.and_then(|found| found.name.clone()), id, topic }
}

fn all_failed(asked: &[RequestTopic<'_>], fault: &Fault) -> Vec<Found> {
    let failed = |wanted: &RequestTopic<'_>| Found {
        name: wanted.name.map(|name| name.as_bytes().to_vec()),
        id: wanted.id,
        topic: Err(fault.clone()),
    };
    asked.iter().map(failed).collect()
}

fn describe(Found { name, id, topic }: Found) -> Described {
    let (error, partitions) = match topic {
        Ok(topic) => (ErrorCode::NONE, topic.partitions),
        Err(fault) => (fault.code, 0),
    };
    let partition = |index| Partition {
        error: ErrorCode::NONE,
        index,
        leader_id: NODE,
        leader_epoch: 0,
        replicas: vec![NODE],
        in_sync_replicas: vec![NODE],
        offline_replicas: Vec::new(),
    };
    Described {
        error,
        name: name.map(|name| String::from_utf8_lossy(&name).into_owned()),
        id,
        is_internal: false,
        partitions: (0..i32::try_from(partitions).unwrap_or(0)).map(partition).collect(),
        authorized_operations: OPERATIONS_OMITTED,
    }
}
