//! Fetch: batches of partitions from given offsets on, waited for if there are too few.
//!
//! No fetch sessions: every request names all its partitions, and clients fall back on that by themselves.

use std::time::Duration;

use base::Monotonic;
use bytes::Bytes;
use kv::{Layer, Receipt};
use topics::partition::{Head, head_id};
use topics::topic;
use wire::kafka::fetch::{FetchedPartition, FetchedTopic, Partition, Request, Response};
use wire::kafka::{ErrorCode, Response as Answer};

use super::connection::{Connection, End, Woken};
use super::session::{Session, Stopped};
use crate::records::{Fetch, Fetched};
use crate::refusal::{Fault, kafka_error};

/// Bytes of records in one answer, whatever the client allows, but for the first batch.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// The same, where the memory that all connections share is taken.
const ANSWER_BYTES_CROWDED: usize = 64 << 10;

/// Nobody waits longer, however long it asks for.
const WAIT_MS_MAX: u64 = 5 * 60 * 1000;

/// A Fetch, apart from the frame that it came in.
#[derive(Debug)]
pub(crate) struct Poll {
    session_id: i32,
    session_epoch: i32,
    is_committed_only: bool,
    wait: Duration,
    bytes_min: u64,
    bytes_max: usize,
    topics: Vec<(String, Vec<Partition>)>,
}

impl Poll {
    pub(crate) fn new(request: &Request<'_>) -> Self {
        let not_negative = |number: i32| u64::try_from(number).unwrap_or(0);
        let topics = request.topics.iter();
        Self {
            session_id: request.session_id,
            session_epoch: request.session_epoch,
            is_committed_only: request.isolation_level == 1,
            wait: Duration::from_millis(not_negative(request.max_wait_ms).min(WAIT_MS_MAX)),
            bytes_min: not_negative(request.min_bytes),
            bytes_max: usize::try_from(request.max_bytes).unwrap_or(0).min(ANSWER_BYTES_MAX),
            topics: topics.map(|topic| (topic.name.to_owned(), topic.partitions.clone())).collect(),
        }
    }

    fn partitions(&self) -> impl Iterator<Item = (&[u8], &Partition)> {
        self.topics.iter().flat_map(|(name, partitions)| {
            partitions.iter().map(move |partition| (name.as_bytes(), partition))
        })
    }

    /// Why no session of that number and epoch goes on.
    fn session_error(&self) -> Option<ErrorCode> {
        match (self.session_id, self.session_epoch) {
            (0, ..=0) => None,
            (0, _) => Some(ErrorCode::INVALID_FETCH_SESSION_EPOCH),
            _ => Some(ErrorCode::FETCH_SESSION_ID_NOT_FOUND),
        }
    }
}

/// Heads of all partitions of a Fetch, with what of it cannot be read.
struct Look {
    each: Vec<Result<Head, Fault>>,
    receipt: Receipt,
    /// Bytes of batches that all the partitions have had so far.
    bytes: u64,
}

impl Look {
    fn has_faults(&self) -> bool {
        self.each.iter().any(Result::is_err)
    }
}

impl Connection {
    /// Answers as soon as there is enough, something to complain of, or no more time.
    pub(crate) async fn fetch(&mut self, poll: &Poll) -> Result<Answer, End> {
        if let Some(error) = poll.session_error() {
            return Ok(answer(error, Vec::new()));
        }
        let deadline = self.session.server.store.monotonic() + poll.wait;
        // What was found at the last reading, and how many bytes the partitions had had by then.
        let mut found = None;
        loop {
            let Ok(namespace) = self.session.namespace() else {
                return Ok(answer(ErrorCode::UNKNOWN_SERVER_ERROR, Vec::new()));
            };
            // Watched before it is looked at: what changes in between wakes.
            let ids = ids(poll);
            let watched = ids.iter().map(|id| (&namespace, Layer::Topics, &id[..]));
            let change = self.session.server.store.watch(watched);
            let look = self.session.look(poll).await?;
            let left = self.left(deadline);
            let may_be_enough = found.is_none_or(|(bytes, had): (u64, u64)| {
                bytes + look.bytes.saturating_sub(had) >= poll.bytes_min
            });
            if may_be_enough || left.is_zero() || look.has_faults() {
                let (topics, bytes) = self.read(poll, &look).await?;
                if bytes >= poll.bytes_min || left.is_zero() || look.has_faults() {
                    return Ok(answer(ErrorCode::NONE, topics));
                }
                found = Some((bytes, look.bytes));
            }
            if self.wait(change, left).await? == Woken::Over {
                let look = self.session.look(poll).await?;
                let (topics, _) = self.read(poll, &look).await?;
                return Ok(answer(ErrorCode::NONE, topics));
            }
        }
    }

    fn left(&self, deadline: Monotonic) -> Duration {
        deadline.saturating_sub(self.session.server.store.monotonic())
    }

    /// Reads what there is, once it is durable; with how many bytes that is.
    async fn read(&mut self, poll: &Poll, look: &Look) -> Result<(Vec<FetchedTopic>, u64), End> {
        self.session.readable(look.receipt).await?;
        let mut bytes = poll.bytes_max;
        // The records, and the frame that they are copied into.
        if self.share.resize(2 * bytes).is_err() {
            bytes = bytes.min(ANSWER_BYTES_CROWDED);
        }
        let fetched = self.session.fetch(poll, look, bytes).await?;
        let total = fetched.iter().flat_map(|partition| &partition.records);
        let total: usize = total.map(Bytes::len).sum();
        let _smaller_or_crowded = self.share.resize(2 * total);
        let mut fetched = fetched.into_iter();
        let topics = poll.topics.iter().map(|(name, partitions)| FetchedTopic {
            name: name.clone(),
            partitions: fetched.by_ref().take(partitions.len()).collect(),
        });
        Ok((topics.collect(), total as u64))
    }
}

impl Session {
    async fn look(&mut self, poll: &Poll) -> Result<Look, Stopped> {
        let wanted: Vec<_> =
            poll.partitions().map(|(name, partition)| (name, partition.index)).collect();
        let heads = self.heads(&wanted).await?;
        let checked = heads.each.into_iter().zip(poll.partitions());
        let each: Vec<_> = checked.map(|(head, (_, wanted))| check(head?, wanted)).collect();
        let bytes = each.iter().flatten().map(|head| head.bytes).sum();
        Ok(Look { each, receipt: heads.receipt, bytes })
    }

    /// Reads the batches of all partitions, and makes the answer of each.
    async fn fetch(
        &mut self,
        poll: &Poll,
        look: &Look,
        bytes: usize,
    ) -> Result<Vec<FetchedPartition>, Stopped> {
        let mut fetches = Vec::new();
        for (head, (_, wanted)) in look.each.iter().zip(poll.partitions()) {
            let Ok(head) = head else { continue };
            fetches.push(Fetch {
                records: head.records,
                from: u64::try_from(wanted.fetch_offset).unwrap_or(0),
                next: head.next,
                rows: usize::MAX,
                bytes: usize::try_from(wanted.max_bytes).unwrap_or(0),
            });
        }
        let fetched = self.fetch_all(fetches, bytes).await;
        let mut fetched = fetched.into_iter();
        let mut partitions = Vec::with_capacity(look.each.len());
        for (head, (name, wanted)) in look.each.iter().zip(poll.partitions()) {
            let partition = match head {
                Err(fault) => failed(wanted.index, fault.code, -1),
                Ok(head) => match fetched.next() {
                    Some(Ok(Some(records))) => shown(wanted.index, *head, records),
                    Some(Ok(None)) => {
                        let code = self.missing(name, wanted.index, *head).await?;
                        failed(wanted.index, code, -1)
                    }
                    Some(Err(fault)) => failed(wanted.index, fault.code, -1),
                    None => failed(wanted.index, ErrorCode::UNKNOWN_SERVER_ERROR, -1),
                },
            };
            partitions.push(FetchedPartition {
                aborted_transactions: poll.is_committed_only.then(Vec::new),
                ..partition
            });
        }
        Ok(partitions)
    }

    async fn fetch_all(
        &mut self,
        fetches: Vec<Fetch>,
        bytes: usize,
    ) -> Vec<Result<Fetched, Fault>> {
        let count = fetches.len();
        if fetches.iter().all(|fetch| fetch.from >= fetch.next) {
            return vec![Ok(Some(Vec::new())); count];
        }
        let fetched = match self.namespace() {
            Ok(namespace) => self.server.fetch(&namespace, fetches, bytes).await,
            Err(fault) => return vec![Err(fault); count],
        };
        match fetched {
            Ok(fetched) => fetched.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(kafka_error(&error)); count],
        }
    }

    /// Why records that a head told of are not there: the topic was deleted meanwhile, or they are lost.
    async fn missing(
        &mut self,
        name: &[u8],
        number: i32,
        before: Head,
    ) -> Result<ErrorCode, Stopped> {
        let now = self.heads(&[(name, number)]).await?.each.pop();
        Ok(match now {
            Some(Ok(now)) if now.records == before.records => ErrorCode::STORAGE_ERROR,
            _ => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        })
    }
}

/// Whether a partition can be read from the wanted offset on.
fn check(head: Head, wanted: &Partition) -> Result<Head, Fault> {
    if wanted.current_leader_epoch > 0 {
        return Err(Fault::new(ErrorCode::UNKNOWN_LEADER_EPOCH, "there is no such leader epoch"));
    }
    let is_there = |from: &u64| (head.first..=head.next).contains(from);
    match u64::try_from(wanted.fetch_offset).ok().filter(is_there) {
        Some(_) => Ok(head),
        None => Err(Fault::new(ErrorCode::OFFSET_OUT_OF_RANGE, "there is no such offset")),
    }
}

fn shown(index: i32, head: Head, records: Vec<Bytes>) -> FetchedPartition {
    FetchedPartition {
        high_watermark: head.next.cast_signed(),
        last_stable_offset: head.next.cast_signed(),
        log_start_offset: head.first.cast_signed(),
        records,
        ..failed(index, ErrorCode::NONE, -1)
    }
}

const fn failed(index: i32, error: ErrorCode, unknown: i64) -> FetchedPartition {
    FetchedPartition {
        index,
        error,
        high_watermark: unknown,
        last_stable_offset: unknown,
        log_start_offset: unknown,
        aborted_transactions: None,
        preferred_read_replica: -1,
        records: Vec::new(),
    }
}

/// What is watched: the partitions, and the topics, which can go or come.
fn ids(poll: &Poll) -> Vec<Vec<u8>> {
    let topics = poll.topics.iter().map(|(name, _)| topic::id(name.as_bytes()));
    let number = |partition: &Partition| u32::try_from(partition.index).unwrap_or(u32::MAX);
    let heads = poll.partitions().map(|(name, partition)| head_id(name, number(partition)));
    topics.chain(heads).collect()
}

fn answer(error: ErrorCode, topics: Vec<FetchedTopic>) -> Answer {
    Answer::Fetch(Response { throttle_time_ms: 0, error, session_id: 0, topics })
}
