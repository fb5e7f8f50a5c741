//! `ListOffsets`: the ends of partitions, and offsets by time.

use topics::partition::Head;
use wire::kafka::list_offsets::{
    EARLIEST, LATEST, MAX_TIMESTAMP, Partition, PartitionOffset, Request, Response, TopicOffsets,
};
use wire::kafka::{ErrorCode, Response as Answer};

use super::session::{Session, Stopped};
use crate::records::Dated;
use crate::refusal::{Fault, kafka_error};

/// What stands for "there is none".
const NONE: Dated = Dated { offset: -1, timestamp_ms: -1 };

impl Session {
    pub(crate) async fn list_offsets(&mut self, request: &Request<'_>) -> Result<Answer, Stopped> {
        let wanted: Vec<_> = request
            .topics
            .iter()
            .flat_map(|topic| {
                let name = topic.name.as_bytes();
                topic.partitions.iter().map(move |partition| (name, partition.index))
            })
            .collect();
        let heads = self.heads(&wanted).await?;
        // Offsets are shown once they are synced; and to look for a time, batches are read.
        self.readable(heads.receipt).await?;
        let mut heads = heads.each.into_iter();
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for (wanted, head) in topic.partitions.iter().zip(heads.by_ref()) {
                partitions.push(self.list_offset(wanted, head).await);
            }
            topics.push(TopicOffsets { name: topic.name.to_owned(), partitions });
        }
        Ok(Answer::ListOffsets(Response { throttle_time_ms: 0, topics }))
    }

    async fn list_offset(
        &mut self,
        wanted: &Partition,
        head: Result<Head, Fault>,
    ) -> PartitionOffset {
        let found = match head {
            Ok(head) => self.find_offset(wanted, head).await,
            Err(fault) => Err(fault),
        };
        let (error, Dated { offset, timestamp_ms }) = match found {
            Ok(found) => (ErrorCode::NONE, found),
            Err(fault) => (fault.code, NONE),
        };
        let (index, leader_epoch) = (wanted.index, if offset < 0 { -1 } else { 0 });
        PartitionOffset { index, error, timestamp: timestamp_ms, offset, leader_epoch }
    }

    async fn find_offset(&mut self, wanted: &Partition, head: Head) -> Result<Dated, Fault> {
        let undated = |offset: u64| Dated { offset: offset.cast_signed(), ..NONE };
        let time_ms = match wanted.timestamp {
            LATEST => return Ok(undated(head.next)),
            EARLIEST => return Ok(undated(head.first)),
            MAX_TIMESTAMP => head.max_timestamp_ms,
            time => u64::try_from(time).map_err(|_negative| {
                Fault::new(ErrorCode::INVALID_REQUEST, "there is no such time")
            })?,
        };
        if head.first == head.next || time_ms > head.max_timestamp_ms {
            return Ok(NONE);
        }
        let namespace = self.namespace()?;
        let found = self.server.find_time(&namespace, head, time_ms).await;
        found.map(|found| found.unwrap_or(NONE)).map_err(|error| kafka_error(&error))
    }
}
