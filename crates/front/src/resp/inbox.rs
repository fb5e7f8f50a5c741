//! What a connection has received and not yet run.
//!
//! Knows nothing of requests.
//!
//! Invariants:
//! 1. Its room is charged to the budget that all connections share, before it is taken.
//! 2. A connection that waits with nothing received holds next to no room: short reads go by way of a
//!    buffer that the thread's connections share.

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::RecvFlags;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::TcpStream;

use crate::budget::{Budget, Share, Spent};

/// Bytes of one read, unless a long request is under way.
const READ_BYTES: usize = 16 * 1024;

/// Room that a silent connection keeps, in bytes.
pub(crate) const KEPT_BYTES: usize = 1024;

/// Rooms of [`READ_BYTES`] that a thread keeps for the next connection that needs one: 1 MiB of them.
const SPARE_ROOMS: usize = 64;

thread_local! {
    static SHARED: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// What came of waiting for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// This many.
    Bytes(usize),
    /// There are no more to come.
    End,
    /// The budget of all connections has no room for them.
    Spent(Spent),
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    share: Share,
}

impl Inbox {
    /// An empty one, whose room is charged to `budget`.
    pub(crate) const fn new(budget: Arc<Budget>) -> Self {
        Self { bytes: Vec::new(), share: Share::new(budget) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Drops bytes from the front, and the room that what is left is far from needing.
    pub(crate) fn release(&mut self, count: usize) {
        self.bytes.drain(..count);
        let wanted = self.bytes.len().max(READ_BYTES);
        if self.bytes.capacity() > 4 * wanted {
            self.shrink(wanted);
        }
    }

    /// Keeps next to no room while nothing has come.
    pub(crate) fn rest(&mut self) {
        if !self.bytes.is_empty() || self.bytes.capacity() <= KEPT_BYTES {
            return;
        }
        let room = std::mem::take(&mut self.bytes);
        self.shrink(0);
        if room.capacity() == READ_BYTES {
            // Another connection of the thread is about to need one.
            SPARE.with_borrow_mut(|spare| {
                if spare.len() < SPARE_ROOMS {
                    spare.push(room);
                }
            });
        }
    }

    /// Reads what has come; `wants` are how many bytes the request under way is short of. Ready with
    /// an error if the connection has failed. Holds no room while it waits, unless a long request is
    /// under way.
    pub(crate) fn poll_receive(
        &mut self,
        stream: &mut TcpStream,
        wants: usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Received>> {
        if wants > READ_BYTES {
            if let Err(spent) = self.reserve(wants) {
                return Poll::Ready(Ok(Received::Spent(spent)));
            }
            let count = ready!(pin!(stream.read_buf(&mut self.bytes)).poll(context))?;
            return Poll::Ready(Ok(received(count)));
        }
        SHARED.with_borrow_mut(|shared| {
            // A read that does not fill the buffer tells tokio that there is no more: the next one
            // waits without asking the kernel first.
            let mut buffer = ReadBuf::new(shared);
            ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
            Poll::Ready(Ok(self.append(buffer.filled())))
        })
    }

    /// Reads what the kernel holds, and waits for nothing: [`Received::End`] if that is nothing.
    pub(crate) fn receive_held(&mut self, stream: &TcpStream) -> io::Result<Received> {
        SHARED.with_borrow_mut(|shared| {
            let count = match rustix::net::recv(stream, &mut **shared, RecvFlags::DONTWAIT) {
                Ok((_, count)) => count,
                Err(rustix::io::Errno::AGAIN) => 0,
                Err(error) => return Err(error.into()),
            };
            Ok(self.append(shared.get(..count).unwrap_or_default()))
        })
    }

    fn append(&mut self, bytes: &[u8]) -> Received {
        match self.reserve(bytes.len()) {
            Ok(()) => self.bytes.extend_from_slice(bytes),
            Err(spent) => return Received::Spent(spent),
        }
        received(bytes.len())
    }

    /// Makes room for `more` bytes: twice what there is, so that a long request is moved few times, or
    /// as much as needed where the budget does not allow that.
    fn reserve(&mut self, more: usize) -> Result<(), Spent> {
        let needed = self.bytes.len() + more;
        if needed <= self.bytes.capacity() {
            return Ok(());
        }
        let is_read = self.bytes.capacity() == 0 && needed > KEPT_BYTES && needed <= READ_BYTES;
        if is_read && self.share.resize(READ_BYTES).is_ok() {
            let spare = SPARE.with_borrow_mut(Vec::pop);
            self.bytes = spare.unwrap_or_else(|| Vec::with_capacity(READ_BYTES));
            return Ok(());
        }
        let roomy = needed.max(2 * self.bytes.capacity());
        let room = if self.share.resize(roomy).is_ok() {
            roomy
        } else {
            self.share.resize(needed)?;
            needed
        };
        self.bytes.reserve_exact(room - self.bytes.len());
        Ok(())
    }

    fn shrink(&mut self, room: usize) {
        self.bytes.shrink_to(room);
        // It gets smaller, which never fails.
        let _smaller = self.share.resize(self.bytes.capacity());
    }
}

/// Reads what has come and drops it; how many bytes there were.
pub(crate) fn poll_discard(
    stream: &mut TcpStream,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    SHARED.with_borrow_mut(|shared| {
        let mut buffer = ReadBuf::new(shared);
        ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    })
}

const fn received(count: usize) -> Received {
    if count == 0 { Received::End } else { Received::Bytes(count) }
}

#[cfg(test)]
mod tests;
