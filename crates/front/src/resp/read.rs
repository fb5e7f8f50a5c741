//! TOPIC.READ: the one command that reads records, and so waits for the tables.

use kv::{Layer, Level, Receipt};
use topics::partition::{self, Head};
use wire::kafka::batch::{BatchError, batches};
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

    async fn read_batches(&mut self, range: &Range<'_>) -> Result<Vec<u8>, Failure> {
        let namespace = match self.namespace.clone() {
            Some(namespace) => namespace,
            None => self.bind().map_err(|refusal| Failure::Refused(refusal, Receipt::NOTHING))?,
        };
        let server = self.server.clone();
        let mut plan = server.store.plan(server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        let closure = |txn: &mut kv::Txn<'_>| partition::head(txn, place, range.topic, range.partition);
        let (head, receipt) = server.run(&mut plan, closure).await?;
        // What is shown has to be durable, and can be read once it is applied.
        server.reached(Level::Durable, receipt.after).await?;
        server.reached(Level::Applied, receipt.after).await?;
        let Head { records, next, .. } = head;
        if range.offset >= next {
            return Ok(Vec::new());
        }
        let fetch = Fetch { namespace, layer: Layer::Topics, records, from: range.offset, next, rows: range.count, bytes: BYTES_MAX };
        server.fetch(fetch).await.map_err(Failure::Store)
    }
}

fn reply_with_records(reply: &mut Writer, range: &Range<'_>, bytes: &[u8]) -> Result<(), BatchError> {
    let start = reply.mark();
    let mut count = 0;
    for batch in batches(bytes) {
        let batch = batch?;
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
                reply.bulk(value.unwrap_or_default());
            }
        }
    }
    reply.wrap_array(start, count);
    Ok(())
}

