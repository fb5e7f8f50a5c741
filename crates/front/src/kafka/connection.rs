//! One connection: bytes in, turns of requests, bytes out.

use std::future::{pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::{Event, Monotonic};
use kv::Watch;
use tokio::net::TcpStream;
use tokio::sync::watch;
use wire::kafka::{
    Header, Limits, Request, Response, decode, encode, encode_empty, frame_wants, split_frame,
};

use super::fetch::Poll;
use super::sasl::{STRANGERS_LIMITS, Verdict};
use super::session::{Outcome, Session, Stopped};
use crate::access::Caller;
use crate::budget::Share;
use crate::resp::connection::{finish, keep_alive, write_all};
use crate::resp::inbox::{Inbox, Received};
use crate::server::{Front, Server};

/// Requests that are run before their answers are written.
const TURN_REQUESTS: usize = 128;

/// Bytes of answers that are gathered before they are written.
const TURN_BYTES: usize = 1 << 20;

/// Room for answers that a connection keeps, in bytes.
const OUTBOX_BYTES: usize = 16 * 1024;

/// Bytes before a frame: its length.
const LENGTH_BYTES: usize = 4;

/// Room for a frame is taken as it comes, this much at first: to announce a large one costs nobody else
/// anything.
const ROOM_BYTES: usize = 16 * 1024;

/// A frame of which a part has come has to come whole within this time, and a second for each MiB of it:
/// its room is not there for others meanwhile.
const FRAME_TIME: Duration = Duration::from_mins(1);

/// What is received while a Fetch waits is bounded by this many bytes: enough to notice the client's end.
const AHEAD_BYTES: usize = 64 * 1024;

/// One client's connection.
pub(crate) struct Connection {
    stream: TcpStream,
    inbox: Inbox,
    outbox: Vec<u8>,
    /// What the answers in the outbox are taken to cost, of the memory that all connections share.
    pub(crate) share: Share,
    pub(crate) session: Session,
    stopping: watch::Receiver<bool>,
    limits: Limits,
    /// Since when a part of a frame has been there.
    partial_since: Option<Monotonic>,
}

/// How a connection ends before its client ends it.
#[derive(Debug)]
pub(crate) enum End {
    /// The client has gone, or takes nothing.
    Client,
    /// The store has stopped.
    Store,
}

impl From<io::Error> for End {
    /// There is nobody left to tell.
    fn from(_: io::Error) -> Self {
        Self::Client
    }
}

impl From<Stopped> for End {
    fn from(_: Stopped) -> Self {
        Self::Store
    }
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Every whole request in the inbox was run.
    Drained,
    /// There are more.
    Spent,
    /// The connection closes after the answers.
    Closing,
}

/// Why a Fetch was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// A partition has changed.
    Change,
    /// It has waited as long as the client wants, or the server stops, or the client has ended its side.
    Over,
}

/// Serves one connection to its end.
pub(crate) async fn serve(server: Arc<Server>, stream: TcpStream, address: SocketAddr) {
    // The protocol has no word for it: a client that is turned away sees the connection end.
    let Some(_admission) = server.admit(Front::Kafka) else { return };
    let Some(caller) = Caller::new(&server) else { return };
    let limits = if caller.is_known() { Limits::default() } else { STRANGERS_LIMITS };
    // Without it, a small answer waits for the acknowledgement of the last one.
    let _unsupported = stream.set_nodelay(true);
    // Best effort too: without it, the end of a client's machine may never be noticed.
    let _unsupported = keep_alive(&stream);
    // It may be gone already.
    let Ok(local) = stream.local_addr() else { return };
    let mut connection = Connection {
        stream,
        inbox: Inbox::new(Arc::clone(&server.inboxes)),
        outbox: Vec::new(),
        share: Share::new(Arc::clone(&server.inboxes)),
        stopping: server.stopping(),
        session: Session::new(server, caller, address, local),
        limits,
        partial_since: None,
    };
    if connection.run().await.is_ok() {
        finish(&mut connection.stream, &mut connection.inbox).await;
    }
}

impl Connection {
    /// Runs what comes, until there is no more to come or to answer.
    async fn run(&mut self) -> Result<(), End> {
        loop {
            let turn = self.turn().await?;
            self.answer().await?;
            match turn {
                _ if self.session.caller.was_late(&self.session.server) => return Ok(()),
                Turn::Closing => return Ok(()),
                Turn::Spent => tokio::task::yield_now().await,
                Turn::Drained => match self.receive().await? {
                    Received::Bytes(count) => self.count_received(count),
                    Received::End => return Ok(()),
                    Received::Spent(_) => {
                        self.session.server.counters.crowded_out.add(1);
                        return Ok(());
                    }
                },
            }
        }
    }

    /// There is no answer to what is no request: the operator is told instead.
    fn close_over(&self, malformed: &dyn std::fmt::Display) -> Turn {
        let server = &self.session.server;
        server.counters.malformed.add(1);
        server.store.tell(&Event::RequestMalformed { reason: format!("kafka: {malformed}") });
        Turn::Closing
    }

    /// Runs requests from the inbox. A frame that cannot be read ends the connection: what follows it
    /// cannot be told from it.
    async fn turn(&mut self) -> Result<Turn, End> {
        let mut used = 0;
        for _ in 0..TURN_REQUESTS {
            let rest = self.inbox.bytes().get(used..).unwrap_or_default();
            let frame = match split_frame(rest, self.limits) {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    self.inbox.release(used);
                    return Ok(Turn::Drained);
                }
                Err(malformed) => return Ok(self.close_over(&malformed)),
            };
            used += LENGTH_BYTES + frame.len();
            self.partial_since = None;
            if !self.session.caller.is_known() {
                let greeted = greet(&mut self.session, &mut self.outbox, frame, self.limits).await;
                let goes_on = match greeted {
                    Ok(goes_on) => goes_on,
                    Err(malformed) => return Ok(self.close_over(&malformed)),
                };
                if self.session.caller.is_known() {
                    self.limits = Limits::default();
                }
                if !goes_on {
                    return Ok(Turn::Closing);
                }
                continue;
            }
            let (header, request) = match decode(frame, self.limits) {
                Ok(decoded) => decoded,
                Err(malformed) => return Ok(self.close_over(&malformed)),
            };
            let writes = matches!(
                request,
                Request::Produce(_)
                    | Request::CreateTopics(_)
                    | Request::DeleteTopics(_)
                    | Request::InitProducerId(_)
            );
            self.session.begin(&header, writes);
            let outcome = match &request {
                Request::Fetch(request) => {
                    let (poll, header) = (Poll::new(request), without_frame(&header));
                    self.inbox.release(std::mem::take(&mut used));
                    let answer = self.fetch(&poll).await?;
                    put(&mut self.outbox, &header, &answer)
                }
                other => match self.session.run(&header, other).await? {
                    Outcome::Answer(answer) => put(&mut self.outbox, &header, &answer),
                    Outcome::Silence => true,
                    Outcome::Close => false,
                },
            };
            if !outcome {
                return Ok(Turn::Closing);
            }
            if self.outbox.len() >= TURN_BYTES {
                break;
            }
        }
        self.inbox.release(used);
        Ok(Turn::Spent)
    }

    /// Waits until the answers may leave, and writes them.
    pub(crate) async fn answer(&mut self) -> Result<(), End> {
        self.session.settle().await?;
        let server = &self.session.server;
        let late = self.session.caller.is_late(server);
        tokio::select! {
            biased;
            written = write_all(&mut self.stream, &self.outbox, server) => written?,
            () = late => return Err(End::Client),
        }
        server.counters.sent_bytes.add(self.outbox.len() as u64);
        self.outbox.clear();
        if self.outbox.capacity() > OUTBOX_BYTES {
            self.outbox = Vec::new();
        }
        // It gets smaller, which never fails.
        let _smaller = self.share.resize(0);
        Ok(())
    }

    /// Waits for more requests.
    async fn receive(&mut self) -> Result<Received, End> {
        let late = self.frame_is_late();
        let caller_is_late = self.session.caller.is_late(&self.session.server);
        let Self { stream, inbox, stopping, limits, session, .. } = self;
        let room = inbox.bytes().len().max(ROOM_BYTES);
        let wants = frame_wants(inbox.bytes(), *limits).min(room);
        let received = poll_fn(|context| {
            let received = inbox.poll_receive(stream, wants, context);
            if received.is_pending() {
                inbox.rest();
            }
            received
        });
        tokio::select! {
            biased;
            received = received => return Ok(received?),
            () = late => {
                session.server.counters.stalled.add(1);
                return Ok(Received::End);
            }
            () = caller_is_late => return Ok(Received::End),
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        // The kernel may hold what the runtime has not heard of yet: that was sent before the stop.
        Ok(inbox.receive_held(stream)?)
    }

    /// Returns when a frame that has begun to come has taken too long; never if none has.
    fn frame_is_late(&mut self) -> impl Future<Output = ()> + use<> {
        let now = self.session.server.store.monotonic();
        let len = self.inbox.bytes().len() as u64;
        let left = (len > 0).then(|| {
            let since = *self.partial_since.get_or_insert(now);
            (since + FRAME_TIME + Duration::from_secs(len >> 20)).saturating_sub(now)
        });
        async move {
            match left {
                Some(left) => tokio::time::sleep(left).await,
                None => pending().await,
            }
        }
    }

    /// Waits for a change, while the answers before have left.
    pub(crate) async fn wait(&mut self, change: Watch, longest: Duration) -> Result<Woken, End> {
        self.answer().await?;
        let Self { stream, inbox, stopping, .. } = self;
        let mut received = 0;
        let end = async {
            while inbox.bytes().len() < AHEAD_BYTES {
                match poll_fn(|context| inbox.poll_receive(stream, 1, context)).await {
                    Ok(Received::Bytes(count)) => received += count,
                    Ok(Received::End | Received::Spent(_)) | Err(_) => return,
                }
            }
            pending::<()>().await;
        };
        let woken = tokio::select! {
            () = change => Woken::Change,
            () = tokio::time::sleep(longest) => Woken::Over,
            _ = stopping.wait_for(|stopping| *stopping) => Woken::Over,
            () = end => Woken::Over,
        };
        self.count_received(received);
        Ok(woken)
    }

    fn count_received(&self, count: usize) {
        self.session.server.counters.received_bytes.add(count as u64);
    }
}

/// Answers what a client that is not known has sent; false if its connection is to end.
async fn greet(
    session: &mut Session,
    outbox: &mut Vec<u8>,
    frame: &[u8],
    limits: Limits,
) -> Result<bool, wire::kafka::Error> {
    if session.awaits_token() {
        let is_right = session.take_token(frame).await;
        if is_right {
            encode_empty(outbox);
        }
        return Ok(is_right);
    }
    let (header, request) = decode(frame, limits)?;
    Ok(match session.greet(&header, &request).await {
        Verdict::Answer(answer) => put(outbox, &header, &answer),
        Verdict::Refuse(answer) => {
            put(outbox, &header, &answer);
            false
        }
        Verdict::CutOff => false,
    })
}

/// Appends an answer; false if it cannot be written, which is a defect of ours, or too long.
fn put(outbox: &mut Vec<u8>, header: &Header<'_>, answer: &Response) -> bool {
    encode(header, answer, outbox).is_ok()
}

/// A header that does not borrow from its frame.
const fn without_frame(header: &Header<'_>) -> Header<'static> {
    let Header { api, version, correlation_id, .. } = *header;
    Header { api, version, correlation_id, client_id: None }
}
