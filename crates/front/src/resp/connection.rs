//! One connection: bytes in, turns of requests, bytes out.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use wire::resp::{Limits, Parser};

use crate::refusal::resp_error;
use crate::resp::session::{Session, Then};
use crate::server::Server;

/// Requests that are run before their replies are written.
const TURN_REQUESTS: usize = 128;

/// Bytes of replies that are gathered before they are written.
const TURN_BYTES: usize = 1 << 20;

/// Bytes of room that is kept for a connection between reads.
const INBOX_BYTES: usize = 16 * 1024;

struct Connection {
    stream: TcpStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    parser: Parser,
    session: Session,
    stopping: watch::Receiver<bool>,
}

/// Serves one connection to its end.
pub(crate) async fn serve(server: Arc<Server>, mut stream: TcpStream, address: SocketAddr) {
    let Some(_admission) = server.admit() else {
        // Best effort: the client is told why, if it still listens.
        let _unheard = stream.write_all(b"-ERR max number of clients reached\r\n").await;
        return;
    };
    // Without it, a small reply waits for the acknowledgement of the last one.
    let _unsupported = stream.set_nodelay(true);
    let stopping = server.stopping();
    // It may be gone already: then the first read says so.
    let Ok(local) = stream.local_addr() else { return };
    let session = Session::new(server, address, local);
    let parser = Parser::new(Limits::AUTHENTICATED);
    let mut connection =
        Connection { stream, inbox: Vec::new(), outbox: Vec::new(), parser, session, stopping };
    // An error here is the client's end of the connection: there is nobody left to tell.
    let _gone = connection.run().await;
    connection.session.end();
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Every whole request in the inbox was run.
    Drained,
    /// There are more.
    Spent,
    /// The connection closes after the replies.
    Closing,
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            self.session.begin_turn();
            let turn = self.turn().await;
            self.session.end_turn();
            self.inbox.drain(..self.parser.release());
            self.answer().await?;
            match turn {
                Turn::Closing => return self.stream.shutdown().await,
                Turn::Spent => tokio::task::yield_now().await,
                Turn::Drained => {
                    if !self.receive().await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Runs requests from the inbox.
    async fn turn(&mut self) -> Turn {
        for _ in 0..TURN_REQUESTS {
            let args = match self.parser.next(&self.inbox) {
                Ok(Some(args)) => args,
                Ok(None) => return Turn::Drained,
                Err(error) => {
                    self.session.reply.error(&format!("ERR {error}"));
                    return Turn::Closing;
                }
            };
            if self.session.execute(args).await == Then::Close || self.session.is_killed() {
                return Turn::Closing;
            }
            if self.session.reply.len() >= TURN_BYTES {
                return Turn::Spent;
            }
        }
        Turn::Spent
    }

    /// Waits until the replies may leave, and writes them.
    async fn answer(&mut self) -> io::Result<()> {
        if self.session.reply.is_empty() && !self.session.has_dues() {
            return Ok(());
        }
        // Also where replies are turned off: nobody runs ahead of the log.
        let settled = self.session.settle().await;
        if let Err(error) = settled {
            // What the replies say may not have happened.
            self.session.reply.clear();
            self.session.reply.error(&resp_error(&error));
            self.stream.write_all(self.session.reply.as_bytes()).await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let replies = self.session.reply.take(std::mem::take(&mut self.outbox));
        self.session.server.counters.sent_bytes.add(replies.len() as u64);
        let client = Arc::clone(&self.session.presence.client);
        let written = tokio::select! {
            biased;
            written = self.stream.write_all(&replies) => written,
            // A client that does not read can be ended all the same.
            () = client.killed() => Err(io::ErrorKind::ConnectionAborted.into()),
        };
        if replies.capacity() <= 4 * INBOX_BYTES {
            self.outbox = replies;
        }
        written
    }

    /// Reads what has come; false at the end of the connection.
    async fn receive(&mut self) -> io::Result<bool> {
        let client = Arc::clone(&self.session.presence.client);
        loop {
            if self.inbox.is_empty() && self.inbox.capacity() > INBOX_BYTES {
                self.inbox = Vec::new();
            }
            // No room is held for a connection that is silent.
            tokio::select! {
                ready = self.stream.readable() => ready?,
                _ = self.stopping.wait_for(|stopping| *stopping) => return Ok(false),
                () = client.killed() => return Ok(false),
            }
            self.inbox.reserve(self.parser.wants().max(INBOX_BYTES));
            match self.stream.try_read_buf(&mut self.inbox) {
                Ok(0) => return Ok(false),
                Ok(bytes) => {
                    self.session.server.counters.received_bytes.add(bytes as u64);
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}
