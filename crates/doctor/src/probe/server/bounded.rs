//! A connection that breaks where the other side sends more than it may: whoever listens on a port need not be who is expected there, and
//! a client of a protocol keeps what it is sent until a message is whole. MySQL's client has such a bound of its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that may come for one answer: some times more than the largest that is asked for.
pub(super) const ANSWER_BYTES_MAX: usize = 16 << 20;

/// How much has come; more than may is that it was broken off.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// A new answer is asked for.
    pub(super) fn renew(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Why the connection was broken off, if it was.
    pub(super) fn exhausted(&self) -> Option<String> {
        let is_more = self.0.load(Ordering::Relaxed) > ANSWER_BYTES_MAX;
        is_more.then(|| format!("an answer of more than {} MiB", ANSWER_BYTES_MAX >> 20))
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        self.exhausted().map_or(Ok(()), |why| Err(io::Error::other(why)))
    }
}

/// The connection.
#[derive(Debug)]
pub(super) struct Bounded<S> {
    stream: S,
    budget: Budget,
}

impl<S> Bounded<S> {
    pub(super) fn new(stream: S, budget: Budget) -> Self {
        Self { stream, budget }
    }

    /// The same that this one has.
    pub(super) fn budget(&self) -> Budget {
        self.budget.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match read {
            Poll::Ready(Ok(())) => Poll::Ready(self.budget.take(buffer.filled().len() - before)),
            other => other,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
