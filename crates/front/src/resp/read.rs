//! TOPIC.READ: the one command that reads records, and so waits for the tables.
//!
//! What it shows is what its transaction saw: where a partition ended then. The records, which nobody changes, are
//! read after it; in EXEC, those that the transaction itself has produced before are among them.

use base::Kind;
use bytes::Bytes;
use kv::{Handle, Level, Place, Receipt, Refusal, Stop, Txn};
use topics::partition::{self, Head};
use wire::kafka::batch::{Batch, BatchError};
use wire::resp::{Args, Writer};

use crate::records::Fetch;
use crate::resp::extensions::Range;
use crate::resp::session::Session;
use crate::server::Failure;

/// Bytes of batches that one call reads, and that all calls of one EXEC read together.
pub(crate) const BYTES_MAX: usize = 4 << 20;

/// What a transaction saw of a partition.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) namespace: Handle,
    pub(crate) head: Head,
    /// Until what it saw may be shown.
    pub(crate) receipt: Receipt,
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
            Ok(sight) => drop(self.show_records(&range, &sight, BYTES_MAX).await),
            Err(failure) => self.answer_failure(start, &failure),
        }
    }

    /// The same in EXEC: of what its transaction saw, about `bytes` at most; how many it took.
    pub(crate) async fn topic_read_seen(
        &mut self,
        args: Args<'_>,
        sight: &Sight,
        bytes: usize,
    ) -> usize {
        match Range::parse(args) {
            Ok(range) => self.show_records(&range, sight, bytes).await,
            Err(error) => {
                self.fail(error);
                0
            }
        }
    }

    /// What there is now.
    async fn look_at(&mut self, range: &Range<'_>) -> Result<Sight, Failure> {
        let namespace = match self.namespace.clone() {
            Some(namespace) => namespace,
            None => self.bind().map_err(|refusal| Failure::Refused(refusal, Receipt::NOTHING))?,
        };
        let mut plan = self.server.store.plan(self.server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        let closure = |txn: &mut Txn<'_>| range.head(txn, place);
        let (head, receipt) = self.server.run(&mut plan, closure).await?;
        Ok(Sight { namespace, head, receipt })
    }

    /// Answers with records that a transaction saw, which takes about `bytes` at most; how many it took.
    pub(crate) async fn show_records(
        &mut self,
        range: &Range<'_>,
        sight: &Sight,
        bytes: usize,
    ) -> usize {
        let start = self.reply.mark();
        let batches = match self.read_batches(range, sight, bytes).await {
            Ok(batches) => batches,
            Err(failure) => {
                self.answer_failure(start, &failure);
                return 0;
            }
        };
        if let Err(error) = reply_with_records(&mut self.reply, range, &batches) {
            self.reply.rewind(start);
            self.reply.error(&format!("ERR {error}"));
        }
        batches.iter().map(Bytes::len).sum()
    }

    async fn read_batches(
        &self,
        range: &Range<'_>,
        Sight { namespace, head, receipt }: &Sight,
        bytes: usize,
    ) -> Result<Vec<Bytes>, Failure> {
        // What is shown has to be durable, and can be read once it is applied.
        self.server.reached(Level::Durable, receipt.after).await?;
        self.server.applied(receipt.after).await?;
        let Head { records, next, .. } = *head;
        if range.offset >= next {
            return Ok(Vec::new());
        }
        let refused = |kind, code, message: String| {
            let message = message.into();
            Failure::Refused(Refusal { kind, code, message }, Receipt::NOTHING)
        };
        if bytes == 0 {
            return Err(refused(
                Kind::Limit,
                "LIMIT",
                format!(
                    "one EXEC reads at most about {BYTES_MAX} bytes of records; read these in another"
                ),
            ));
        }
        let fetch = Fetch { records, from: range.offset, next, rows: range.count, bytes };
        let fetched = self.server.fetch(namespace, vec![fetch], bytes).await;
        let fetched = fetched.map_err(Failure::Store)?.pop().flatten();
        fetched.ok_or_else(|| {
            let text =
                "the records of the topic cannot be read: it was deleted meanwhile; read again";
            refused(Kind::NotFound, "NOTOPIC", text.into())
        })
    }
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
            reply.map(record.headers.len());
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
