//! Replies that are written as they are read: all of one large object, from a state of the tables that
//! stands still, so that neither memory nor a lock is taken for all of it.
//!
//! Within MULTI the same commands load what they need, up to a bound.

use kv::{Layer, Receipt, Refusal, Snapshot};
use redis::{Command, Error, Stream};
use wire::resp::Args;

use crate::refusal::resp_error;
use crate::resp::session::{Session, Then};
use crate::server::Failure;

/// Rows and bytes that are read and written at once.
const SLICE_ROWS: usize = 1_000;
const SLICE_BYTES: usize = 256 << 10;

/// A reply of which only the beginning was written.
#[derive(Debug)]
pub(crate) struct Streaming {
    snapshot: Snapshot,
    stream: Stream,
}

impl Session {
    /// Whether the reply that was written last goes on.
    pub(crate) const fn is_streaming(&self) -> bool {
        self.streaming.is_some()
    }

    /// Begins a reply that a transaction has found too large; the receipt is that of its refusal.
    pub(crate) async fn begin_stream(
        &mut self,
        command: &'static Command,
        args: Args<'_>,
        receipt: Receipt,
    ) -> Result<(), Failure> {
        let Some(mut stream) = Stream::of(command, args, self.rng.draw()) else {
            let what = "a reply of another command was to be written piece by piece";
            return Err(Failure::Refused(Refusal::internal(what), receipt));
        };
        let namespace = self.bound()?;
        self.server.applied(receipt.after).await?;
        let (mut id, store) = (Vec::new(), self.server.store.clone());
        self.server.keys.put_id(&mut id, &args[1]);
        let opened = {
            let namespace = namespace.clone();
            self.server.on_loader(move || store.snapshot(&namespace, Layer::Redis, &id)).await
        };
        let (snapshot, seen) = opened.and_then(|opened| opened).map_err(Failure::Store)?;
        self.note_receipt(receipt);
        // Not only what the object itself tells of: it may be gone, or elsewhere, by a commit of that state.
        self.note_receipt(namespace.receipt(seen));
        let Some(snapshot) = snapshot else {
            stream.put_absent(&mut self.reply);
            return Ok(());
        };
        match stream.put_head(&mut self.reply, snapshot.header()) {
            Ok(()) => self.streaming = Some(Streaming { snapshot, stream }),
            Err(Error::Reply(text)) => self.reply.error(&text),
            Err(Error::Stop(_)) => {}
        }
        Ok(())
    }

    /// Writes the next slice of the reply that goes on.
    pub(crate) async fn go_on_streaming(&mut self) -> Then {
        let Some(Streaming { mut snapshot, mut stream }) = self.streaming.take() else {
            return Then::Continue;
        };
        let read = move || {
            let rows = snapshot.read(SLICE_ROWS, SLICE_BYTES);
            (snapshot, rows)
        };
        let read = self.server.on_loader(read).await;
        let (snapshot, rows) = match read.and_then(|(snapshot, rows)| Ok((snapshot, rows?))) {
            Ok(read) => read,
            Err(error) => {
                // What was promised cannot be kept: the client must not take what follows for a reply.
                self.reply.error(&resp_error(&error));
                return Then::Close;
            }
        };
        if rows.is_empty() {
            stream.put_end(&mut self.reply);
            return Then::Continue;
        }
        for (suffix, value) in &rows {
            stream.put_row(&mut self.reply, snapshot.header(), suffix, value);
        }
        self.streaming = Some(Streaming { snapshot, stream });
        Then::Continue
    }
}

#[cfg(test)]
mod tests;
