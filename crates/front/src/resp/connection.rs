//! One connection: bytes in, turns of requests, bytes out.
//!
//! When the server stops, what had arrived by then is still run and answered; a request of which only
//! a part had arrived is not.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::Event;
use kv::SERIES_MAX;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use wire::resp::{Limits, Parser, Requests};

use crate::access::Caller;
use crate::budget::Spent;
use crate::refusal::resp_error;
use crate::resp::inbox::{Inbox, KEPT_BYTES, Received, poll_discard};
use crate::resp::series::Joining;
use crate::resp::session::{Session, Then};
use crate::server::{Front, Server};

/// Requests that are run before their replies are written.
const TURN_REQUESTS: usize = 128;

/// A buffer of replies that was larger is given back at once.
const KEPT_CHARGED: usize = 2 * TURN_BYTES;

/// After this long its replies are written, and others have their turn.
const TURN_TIME: Duration = Duration::from_micros(500);

/// Bytes of replies that are gathered before they are written.
const TURN_BYTES: usize = 1 << 20;

/// After the last reply, a client is given this long to close its end. To close ours at once, while
/// something of it is unread, would throw away replies that are on their way.
const LINGER: Duration = Duration::from_millis(100);

/// A connection over which nothing has come for so long is asked whether its other end still exists.
const KEEPALIVE_IDLE: Duration = Duration::from_mins(5);

/// Without an answer it is asked again after this long, so often.
const KEEPALIVE_INTERVAL: Duration = Duration::from_mins(1);
const KEEPALIVE_TRIES: u32 = 3;

struct Connection {
    stream: TcpStream,
    inbox: Inbox,
    parser: Parser,
    requests: Requests,
    session: Session,
    /// Whether the client was known when it was last looked at.
    is_known: bool,
    stopping: watch::Receiver<bool>,
    /// The most bytes of replies since their buffer was last given back.
    replies_max: usize,
}

impl Drop for Connection {
    /// Also when a command has panicked: the log hears of the session's end.
    fn drop(&mut self) {
        self.session.end();
    }
}

/// Serves one connection to its end.
pub(crate) async fn serve(server: Arc<Server>, mut stream: TcpStream, address: SocketAddr) {
    let Some(_admission) = server.admit(Front::Resp) else {
        // Best effort: the client is told why, if it still listens.
        let _unheard = stream.write_all(b"-ERR max number of clients reached\r\n").await;
        return;
    };
    let Some(caller) = Caller::new(&server) else {
        let text = b"-ERR max number of clients reached that have not authenticated\r\n";
        let _unheard = stream.write_all(text).await;
        return;
    };
    // Without it, a small reply waits for the acknowledgement of the last one.
    let _unsupported = stream.set_nodelay(true);
    // Best effort too: without it, the end of a client's machine may never be noticed.
    let _unsupported = keep_alive(&stream);
    let stopping = server.stopping();
    // It may be gone already: then the first read says so.
    let Ok(local) = stream.local_addr() else { return };
    let inbox = Inbox::new(Arc::clone(&server.inboxes));
    let is_known = caller.is_known();
    let parser = Parser::new(parser_limits(&server, is_known));
    let session = Session::new(server, caller, address, local);
    let requests = Requests::default();
    let mut connection =
        Connection { stream, inbox, parser, requests, session, is_known, stopping, replies_max: 0 };
    // An error here is the client's end of the connection: there is nobody left to tell.
    if connection.run().await.is_ok() {
        finish(&mut connection.stream, &mut connection.inbox).await;
    }
}

/// What no transaction could take is not received either.
pub(crate) fn parser_limits(server: &Server, is_known: bool) -> Limits {
    if !is_known {
        return Limits::UNAUTHENTICATED;
    }
    let store = &server.store.settings().limits;
    let most = Limits::AUTHENTICATED;
    let at_most = |bytes: usize, most: u32| u32::try_from(bytes).unwrap_or(most).min(most);
    // Around its arguments a request has their lengths and line ends.
    let around = most.args_max as usize * 16;
    Limits {
        bulk_bytes_max: at_most(store.value_bytes, most.bulk_bytes_max),
        request_bytes_max: at_most(store.transaction_bytes + around, most.request_bytes_max),
        ..most
    }
}

pub(crate) fn keep_alive(stream: &TcpStream) -> rustix::io::Result<()> {
    use rustix::net::sockopt;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_TRIES)
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Every whole request in the inbox was run.
    Drained,
    /// There are more.
    Spent,
    /// The next one is held back.
    Held,
    /// The connection closes after the replies.
    Closing,
}

impl Connection {
    /// Runs what comes, until there is no more to come or to answer.
    async fn run(&mut self) -> io::Result<()> {
        loop {
            self.session.begin_turn();
            let turn = self.turn().await;
            self.session.end_turn();
            self.inbox.release(self.parser.release());
            let mut goes_on = self.answer().await?;
            while goes_on && self.session.is_streaming() {
                let then = self.session.go_on_streaming().await;
                goes_on = self.answer().await? && then == Then::Continue;
            }
            if !goes_on {
                return Ok(());
            }
            match turn {
                _ if self.session.caller.was_late(&self.session.server) => {
                    return self.end_late().await;
                }
                Turn::Closing => return Ok(()),
                Turn::Spent => tokio::task::yield_now().await,
                Turn::Held => {
                    if !self.session.wait_while_held(&self.stream, &mut self.stopping).await {
                        return Ok(());
                    }
                }
                Turn::Drained => match self.receive().await {
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                        return self.end_late().await;
                    }
                    received => match received? {
                        Received::Bytes(count) => {
                            self.session.server.counters.received_bytes.add(count as u64);
                        }
                        Received::End => return Ok(()),
                        Received::Spent(spent) => {
                            self.refuse(spent);
                            self.answer().await?;
                            return Ok(());
                        }
                    },
                },
            }
        }
    }

    /// Runs requests from the inbox.
    async fn turn(&mut self) -> Turn {
        let mut began = self.session.at;
        let mut left = TURN_REQUESTS;
        while left > 0 {
            if self.session.caller.is_known() != self.is_known {
                self.is_known = !self.is_known;
                self.parser.set_limits(parser_limits(&self.session.server, self.is_known));
            }
            if self.session.is_held(self.parser.unread(self.inbox.bytes())) {
                return Turn::Held;
            }
            let ran = match self.run_next(left).await {
                Ok(ran) => ran,
                Err(turn) => return turn,
            };
            left -= ran;
            if self.session.is_streaming() {
                // What follows is answered behind it.
                return Turn::Spent;
            }
            if self.session.is_cold() {
                let rest = self.parser.unread(self.inbox.bytes());
                self.session.look_ahead(rest, left).await;
                // Others have had their turn meanwhile.
                began = self.session.server.store.monotonic();
            }
            // The clock was read for the command's own time.
            let took = self.session.at.saturating_sub(began);
            if self.session.reply.len() >= TURN_BYTES || took >= TURN_TIME {
                return Turn::Spent;
            }
        }
        Turn::Spent
    }

    /// Runs the next request, or the next few of them as a series, at most `most`; how many.
    async fn run_next(&mut self, most: usize) -> Result<usize, Turn> {
        let Self { inbox, parser, requests, session, .. } = self;
        let bytes = inbox.bytes();
        requests.clear();
        let mut joined = Joining::new();
        let most = if session.runs_series() { most.min(SERIES_MAX) } else { 0 };
        while joined.len() < most && parser.next_into(bytes, requests) {
            let args = requests.get(bytes, joined.len());
            let Some(command) = args.and_then(|args| session.joining(args)) else { break };
            joined.push(command);
        }
        let mut ran = 0;
        if joined.len() > 1 {
            let args = (0..joined.len()).filter_map(|at| requests.get(bytes, at));
            let commands = joined.iter().zip(args).map(|(joined, args)| (joined.0, args)).collect();
            ran = session.execute_series(&commands, &joined).await;
        }
        // Those that were found and not run are found again.
        if let Some(start) = requests.start(ran.max(1)) {
            parser.rewind(start);
        }
        if ran > 0 {
            return if session.is_killed() { Err(Turn::Closing) } else { Ok(ran) };
        }
        let found =
            requests.get(bytes, 0).map_or_else(|| parser.next(bytes), |args| Ok(Some(args)));
        match found {
            Ok(Some(args)) => {
                let then = session.execute(args).await;
                let goes_on = then == Then::Continue && !session.is_killed();
                if goes_on { Ok(1) } else { Err(Turn::Closing) }
            }
            Ok(None) => Err(Turn::Drained),
            Err(error) => {
                session.reply.error(&format!("ERR {error}"));
                Err(Turn::Closing)
            }
        }
    }

    /// Waits until the replies may leave, and writes them. False if the connection is to end because
    /// the store has stopped.
    async fn answer(&mut self) -> io::Result<bool> {
        if self.session.reply.is_empty() && !self.session.has_dues() {
            return Ok(true);
        }
        // Also where replies are turned off: nobody runs ahead of the log.
        let settled = self.session.settle().await;
        let goes_on = settled.is_ok();
        if let Err(error) = settled {
            // What the replies say may not have happened.
            self.session.reply.clear();
            self.session.reply.error(&resp_error(&error));
        }
        let Self { stream, session, replies_max, .. } = self;
        let (server, replies) = (&session.server, session.reply.as_bytes());
        let client = &session.presence.client;
        let late = session.caller.is_late(server);
        tokio::select! {
            biased;
            written = write_all(stream, replies, server) => written?,
            // A client that does not read can be ended all the same.
            () = client.killed() => return Err(io::ErrorKind::ConnectionAborted.into()),
            () = late => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
        server.counters.sent_bytes.add(replies.len() as u64);
        *replies_max = replies.len().max(*replies_max);
        session.reply.clear();
        if *replies_max > KEPT_CHARGED {
            // A buffer that a large reply has made is not kept: it is no longer charged.
            drop(session.reply.take(Vec::new()));
        }
        session.outgoing.restart(0);
        Ok(goes_on)
    }

    /// Waits for more requests.
    async fn receive(&mut self) -> io::Result<Received> {
        let Self { stream, inbox, parser, session, stopping, replies_max, .. } = self;
        let wants = parser.wants();
        let client = Arc::clone(&session.presence.client);
        let late = session.caller.is_late(&session.server);
        let received = poll_fn(|context| {
            let received = inbox.poll_receive(stream, wants, context);
            if received.is_pending() {
                inbox.rest();
                if std::mem::take(replies_max) > KEPT_BYTES {
                    drop(session.reply.take(Vec::new()));
                }
            }
            received
        });
        tokio::select! {
            biased;
            received = received => return received,
            () = client.killed() => return Ok(Received::End),
            () = late => return Err(io::ErrorKind::TimedOut.into()),
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        // The kernel may hold what the runtime has not heard of yet: that was sent before the stop.
        inbox.receive_held(stream)
    }

    /// Tells a client that has not shown a password in time why its connection ends.
    async fn end_late(&mut self) -> io::Result<()> {
        self.session.reply.error("NOAUTH Authentication required: no password was sent in time");
        let text = self.session.reply.as_bytes();
        // Whoever has not read either is not waited for.
        let _unheard = timeout(LINGER, self.stream.write_all(text)).await;
        Ok(())
    }

    /// Answers a request for which there is no room.
    fn refuse(&mut self, spent: Spent) {
        self.session.server.counters.crowded_out.add(1);
        let text = format!(
            "LIMIT the requests that are under way over all connections take {} MiB of memory, the most \
             there is for them: send smaller requests, or fewer at a time, and reconnect",
            spent.bytes_max >> 20
        );
        self.session.reply.error(&text);
    }
}

/// Ends our side, and gives the client a moment to end its own.
pub(crate) async fn finish(stream: &mut TcpStream, inbox: &mut Inbox) {
    let end = async {
        inbox.release(inbox.bytes().len());
        stream.shutdown().await?;
        while poll_fn(|context| poll_discard(stream, context)).await? > 0 {}
        io::Result::Ok(())
    };
    // Whether it ends well or not, the connection is over.
    let _over = timeout(LINGER, end).await;
}

/// Writes all of it, and gives a client up that takes nothing of it for too long.
pub(crate) async fn write_all(
    stream: &mut TcpStream,
    mut bytes: &[u8],
    server: &Server,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match timeout(server.limits.write_time, stream.write(bytes)).await {
            Ok(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(Ok(count)) => bytes = bytes.get(count..).unwrap_or_default(),
            Ok(Err(error)) => return Err(error),
            Err(_elapsed) => {
                server.counters.stalled.add(1);
                server.store.tell(&Event::ConnectionStalled { left: bytes.len() as u64 });
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
    Ok(())
}
