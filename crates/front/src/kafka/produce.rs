//! Produce: a batch for each of some partitions, each a transaction of its own.
//!
//! | acks | the answer leaves once the batch is |
//! |---|---|
//! | all (-1) | synced |
//! | 1 | as durable as the namespace asks for |
//! | 0 | no answer; a failure ends the connection |

use topics::partition::{self, Appended};
use wire::kafka::batch::{Batch, BatchError, batches};
use wire::kafka::produce::{Partition, PartitionResult, Request, Response, TopicResult};
use wire::kafka::{ErrorCode, Response as Answer};

use super::find_coordinator::NO_TRANSACTIONS;
use super::session::{Effort, Outcome, Session, Stopped, Wait};
use crate::refusal::{Fault, no_partition};

/// Bytes of log that a batch takes beside its own, at most: the head and the producer.
const HEAD_BYTES: usize = 512;

/// A batch up to this long is looked at where it came.
const INLINE_BYTES: usize = 256 * 1024;

/// Partitions after which others get their turn.
const PARTITIONS: usize = 16;

impl Session {
    pub(crate) async fn produce(&mut self, request: &Request<'_>) -> Result<Outcome, Stopped> {
        let wait = match request.acks {
            -1 => Ok(Wait::Durable),
            1 => Ok(Wait::AsAsked),
            0 => Ok(Wait::None),
            acks => Err(Fault::new(
                ErrorCode::INVALID_REQUIRED_ACKS,
                format!("acks is {acks}: use 0, 1 or all"),
            )),
        };
        let wait = wait.and_then(|wait| match request.transactional_id {
            None => Ok(wait),
            Some(_) => Err(no_transactions()),
        });
        let mut topics = Vec::with_capacity(request.topics.len());
        let mut count = 0;
        for topic in &request.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let appended = match &wait {
                    Ok(wait) => self.append(topic.name.as_bytes(), partition, *wait).await?,
                    Err(fault) => Err(fault.clone()),
                };
                partitions.push(tell(partition.index, appended));
                count += 1;
                if count % PARTITIONS == 0 {
                    tokio::task::yield_now().await;
                }
            }
            topics.push(TopicResult { name: topic.name.to_owned(), partitions });
        }
        if request.acks == 0 {
            let is_fine = |result: &PartitionResult| result.error == ErrorCode::NONE;
            let all_fine = topics.iter().flat_map(|topic| &topic.partitions).all(is_fine);
            return Ok(if all_fine { Outcome::Silence } else { Outcome::Close });
        }
        Ok(Answer::Produce(Response { topics, throttle_time_ms: 0 }).into())
    }

    async fn append(
        &mut self,
        name: &[u8],
        partition: &Partition<'_>,
        wait: Wait,
    ) -> Result<Result<Appended, Fault>, Stopped> {
        let Ok(number) = u32::try_from(partition.index) else {
            return Ok(Err(no_partition(partition.index)));
        };
        let bytes_max = self.server.store.settings().limits.value_bytes;
        let records = partition.records.unwrap_or_default();
        let checked = if records.len() > INLINE_BYTES {
            // A long batch takes long to look at: the thread's other connections go on elsewhere.
            tokio::task::block_in_place(|| check(records, bytes_max))
        } else {
            check(records, bytes_max)
        };
        let batch = match checked {
            Ok(batch) => batch,
            Err(fault) => return Ok(Err(fault)),
        };
        let effort = Effort::Write(batch.as_bytes().len() + HEAD_BYTES);
        let names = [(name, number)];
        let appended = self.transact(effort, wait, &names, |txn, place| {
            partition::produce(txn, place, name, number, &batch)
        });
        Ok(appended.await?.map(|(appended, _)| appended))
    }
}

/// The one batch that a producer may send to a partition at a time.
fn check(records: &[u8], bytes_max: usize) -> Result<Batch<'_>, Fault> {
    if records.len() > bytes_max - partition::RECORD_OVERHEAD_BYTES {
        let text = format!("a batch takes at most {bytes_max} bytes, this one {}", records.len());
        return Err(Fault::new(ErrorCode::MESSAGE_TOO_LARGE, text));
    }
    let invalid = |error: BatchError| Fault::new(error.code(), error.to_string());
    let mut found = batches(records);
    let batch = found.next().unwrap_or(Err(BatchError::Count)).map_err(invalid)?;
    if let Some(more) = found.next() {
        more.map_err(invalid)?;
        let text = "more than one batch for a partition: send one in each request";
        return Err(Fault::new(ErrorCode::INVALID_RECORD, text));
    }
    batch.check_produced().map_err(invalid)?;
    let header = batch.header();
    if header.is_transactional {
        return Err(no_transactions());
    }
    if header.has_append_time {
        let text = "times by the broker are set by the broker: send the producer's";
        return Err(Fault::new(ErrorCode::INVALID_TIMESTAMP, text));
    }
    Ok(batch)
}

fn no_transactions() -> Fault {
    Fault::new(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, NO_TRANSACTIONS)
}

fn tell(index: i32, appended: Result<Appended, Fault>) -> PartitionResult {
    let (error, error_message, base_offset, log_start_offset) = match appended {
        Ok(Appended { base, first }) => {
            (ErrorCode::NONE, None, base.cast_signed(), first.cast_signed())
        }
        Err(fault) => (fault.code, Some(fault.message), -1, -1),
    };
    PartitionResult {
        index,
        error,
        base_offset,
        log_append_time_ms: -1,
        log_start_offset,
        record_errors: Vec::new(),
        error_message,
    }
}
