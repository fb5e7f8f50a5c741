//! TOPIC.READ: the one command that reads records, and so waits for the tables.

use std::sync::Arc;

use base::Kind;
use bytes::Bytes;
use kv::{Level, Receipt, Refusal};
use topics::partition::{self, Head};
use wire::kafka::batch::{Batch, BatchError};
use wire::resp::{Args, Writer};

use crate::records::Fetch;
use crate::resp::extensions::Range;
use crate::resp::session::Session;
use crate::server::Failure;

/// Bytes of batches that one call reads.
const BYTES_MAX: usize = 4 << 20;

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
        match self.read_batches(&range).await {
            Ok(batches) => {
                if let Err(error) = reply_with_records(&mut self.reply, &range, &batches) {
                    self.reply.rewind(start);
                    self.reply.error(&format!("ERR {error}"));
                }
            }
            Err(failure) => self.answer_failure(start, &failure),
        }
    }

    async fn read_batches(&mut self, range: &Range<'_>) -> Result<Vec<Bytes>, Failure> {
        let namespace = match self.namespace.clone() {
            Some(namespace) => namespace,
            None => self.bind().map_err(|refusal| Failure::Refused(refusal, Receipt::NOTHING))?,
        };
        let server = Arc::clone(&self.server);
        let mut plan = server.store.plan(server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        let closure =
            |txn: &mut kv::Txn<'_>| partition::head(txn, place, range.topic, range.partition);
        let (head, receipt) = server.run(&mut plan, closure).await?;
        // What is shown has to be durable, and can be read once it is applied.
        server.reached(Level::Durable, receipt.after).await?;
        server.applied(receipt.after).await?;
        let Head { records, next, .. } = head;
        if range.offset >= next {
            return Ok(Vec::new());
        }
        let (from, rows) = (range.offset, range.count);
        let fetch = Fetch { records, from, next, rows, bytes: BYTES_MAX };
        let fetched = server.fetch(&namespace, vec![fetch], BYTES_MAX).await;
        let fetched = fetched.map_err(Failure::Store)?.pop().flatten();
        fetched.ok_or_else(|| {
            let text =
                "the records of the topic cannot be read: it was deleted meanwhile; read again";
            Failure::Refused(
                Refusal { kind: Kind::NotFound, code: "NOTOPIC", message: text.into() },
                Receipt::NOTHING,
            )
        })
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
