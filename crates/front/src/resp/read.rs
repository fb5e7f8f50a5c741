//! TOPIC.READ: the one command that reads records, and so waits for the tables.
//!
//! What it shows is what its transaction saw: where a partition ended then. The records, which nobody changes, are
//! read after it; in EXEC, those that the transaction itself has produced before are among them.

use std::borrow::Cow;

use base::{Kind, Sequence};
use bytes::Bytes;
use kv::{Level, Place, Receipt, Refusal, Stop, Txn};
use topics::partition::{self, Head};
use wire::kafka::batch::{Batch, BatchError};
use wire::resp::{Args, Writer};

use crate::records::Fetch;
use crate::resp::extensions::Range;
use crate::resp::outgoing;
use crate::resp::session::Session;
use crate::server::Failure;

/// Bytes of batches that one call reads, and that all calls of one EXEC read together.
const BYTES_MAX: usize = 4 << 20;

/// What TOPIC.READ may show: of one call, or of all in an EXEC.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Until what the transaction saw may be shown.
    receipt: Receipt,
    /// Bytes of batches that may still be read.
    bytes: usize,
    /// Bytes of batches that were read.
    taken: usize,
    /// Whether that was waited for, and in vain.
    waited: Option<Result<(), Refusal>>,
}

impl Reading {
    pub(crate) const fn new(receipt: Receipt) -> Self {
        Self { receipt, bytes: BYTES_MAX, taken: 0, waited: None }
    }
}

impl Session {
    /// `TOPIC.READ topic partition offset [COUNT count]`
    pub(crate) async fn topic_read(&mut self, args: Args<'_>) {
        let range = match Range::parse(args) {
            Ok(range) => range,
            Err(error) => {
                self.fail(error);
                return;
            }
        };
        let start = self.reply.mark();
        match self.look_at(&range).await {
            Ok((head, receipt)) => {
                self.show_records(&range, head, &mut Reading::new(receipt)).await;
            }
            Err(failure) => self.answer_failure(start, &failure),
        }
    }

    /// The same in EXEC, whose transaction saw `head`.
    pub(crate) async fn topic_read_seen(
        &mut self,
        args: Args<'_>,
        head: Head,
        reading: &mut Reading,
    ) {
        match Range::parse(args) {
            Ok(range) => self.show_records(&range, head, reading).await,
            Err(error) => drop(self.fail(error)),
        }
    }

    /// What there is now.
    async fn look_at(&mut self, range: &Range<'_>) -> Result<(Head, Receipt), Failure> {
        let namespace = self.bound()?;
        let mut plan = self.server.store.plan(self.server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        let closure = |txn: &mut Txn<'_>| range.head(txn, place);
        self.server.run(&mut plan, closure).await
    }

    /// Answers with the records of a partition of the selected namespace that a transaction saw.
    async fn show_records(&mut self, range: &Range<'_>, head: Head, reading: &mut Reading) {
        let start = self.reply.mark();
        let batches = match self.read_batches(range, head, reading).await {
            Ok(batches) => batches,
            Err(failure) => return self.answer_failure(start, &failure),
        };
        if let Err(error) = reply_with_records(&mut self.reply, range, &batches) {
            self.reply.rewind(start);
            self.reply.error(&format!("ERR {error}"));
        }
        // The batches that were read are bounded; what is charged is what replies take beyond them.
        reading.taken += batches.iter().map(Bytes::len).sum::<usize>();
        if let Err(spent) = self.outgoing.grow_to(self.reply.len().saturating_sub(reading.taken)) {
            let failure = refused(Kind::Limit, "LIMIT", outgoing::text(spent).into());
            self.answer_failure(start, &failure);
        }
    }

    async fn read_batches(
        &mut self,
        range: &Range<'_>,
        Head { records, next, .. }: Head,
        reading: &mut Reading,
    ) -> Result<Vec<Bytes>, Failure> {
        let after = reading.receipt.after;
        if reading.waited.is_none() && !self.is_killed() {
            reading.waited = Some(self.may_show(after).await);
        }
        if let Some(Err(refusal)) = &reading.waited {
            return Err(Failure::Refused(refusal.clone(), Receipt::NOTHING));
        }
        if range.offset >= next || self.is_killed() {
            return Ok(Vec::new());
        }
        if reading.bytes == 0 {
            let text = format!(
                "one EXEC reads at most about {BYTES_MAX} bytes of records; read these in another"
            );
            return Err(refused(Kind::Limit, "LIMIT", text.into()));
        }
        let (namespace, bytes) = (self.bound()?, reading.bytes);
        let fetch = Fetch { records, from: range.offset, next, rows: range.count, bytes };
        let fetched = self.server.fetch(&namespace, vec![fetch], bytes).await;
        let fetched = fetched.map_err(Failure::Store)?.pop().flatten();
        let text = "the records of the topic cannot be read: it was deleted meanwhile; read again";
        let batches = fetched.ok_or_else(|| refused(Kind::NotFound, "NOTOPIC", text.into()))?;
        reading.bytes = bytes.saturating_sub(batches.iter().map(Bytes::len).sum());
        Ok(batches)
    }

    /// Waits until what was committed up to `after` may be shown, and can be read: durable, and applied.
    async fn may_show(&self, after: Sequence) -> Result<(), Refusal> {
        let waited = async {
            self.server.reached(Level::Durable, after).await?;
            self.server.applied(after).await
        };
        waited.await.map_err(|failure| match failure {
            Failure::Refused(refusal, _) => refusal,
            Failure::Store(error) => Refusal::internal(error.to_string()),
        })
    }
}

fn refused(kind: Kind, code: &'static str, message: Cow<'static, str>) -> Failure {
    Failure::Refused(Refusal { kind, code, message }, Receipt::NOTHING)
}

impl Range<'_> {
    /// What there is in its partition.
    pub(crate) fn head(&self, txn: &mut Txn<'_>, place: Place) -> Result<Head, Stop> {
        partition::head(txn, place, self.topic, self.partition)
    }
}

fn reply_with_records(
    reply: &mut Writer,
    range: &Range<'_>,
    fetched: &[Bytes],
) -> Result<(), BatchError> {
    let start = reply.mark();
    let mut count = 0;
    for batch in fetched {
        let batch = Batch::parse(batch)?;
        for record in batch.records()? {
            let record = record?;
            let offset = record.offset;
            if offset < range.offset.cast_signed() || count >= range.count {
                continue;
            }
            count += 1;
            reply.array(5);
            reply.integer(offset);
            reply.integer(record.timestamp_ms);
            for part in [record.key, record.value] {
                match part {
                    Some(part) => reply.bulk(part),
                    None => reply.null(),
                }
            }
            // No map, whatever the protocol: names may be there more than once.
            reply.array(2 * record.headers.len());
            for (name, value) in record.headers.iter() {
                reply.bulk(name);
                match value {
                    Some(value) => reply.bulk(value),
                    None => reply.null(),
                }
            }
        }
    }
    reply.wrap_array(start, count);
    Ok(())
}
