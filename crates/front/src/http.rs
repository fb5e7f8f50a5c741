//! HTTP: the front that probes and monitoring speak to. `/livez`, `/readyz` and `/metrics`, for GET and
//! HEAD.
//!
//! Answers through a stop, until the process ends, so that `/readyz` can tell of it. Has places of its own:
//! clients that take all of theirs do not lock an operator out.
//!
//! `/livez` and `/readyz` are open to everybody; the metrics are for users, where there are any.
//!
//! Knows no bodies of requests: a connection over which one is announced is closed after the answer.
//!
//! Invariants:
//! 1. A connection that sends too slowly, or takes its answer too slowly, is closed.
//! 2. At most one look at the tables is under way, however many ask and however long the disk takes.

mod metrics;
mod probe;
mod request;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::probe::Probe;
use self::request::{Fault, Method, Request};
use crate::resp::inbox::poll_discard;
use crate::resp::tell_of_failure;
use crate::server::Server;

/// Connections at one time. One more is closed at once.
const CONNECTIONS_MAX: usize = 32;

/// The head of a request has to come within this time, and an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(10);

/// After an answer, a connection may be silent for so long.
const IDLE_TIME: Duration = Duration::from_mins(1);

/// After the last answer, a client is given this long to close its end.
const LINGER: Duration = Duration::from_millis(100);

/// What metrics are, in the words of their format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// Accepts connections for as long as it is polled: it does not end by itself.
pub async fn serve(server: Arc<Server>, listener: TcpListener) {
    let probe = Arc::new(Probe::new(Arc::clone(&server)));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                tell_of_failure(&server, ended);
                continue;
            }
        };
        match accepted {
            Ok((mut stream, _address)) => {
                let Some(place) = probe.place() else { continue };
                let probe = Arc::clone(&probe);
                connections.spawn(async move {
                    // An error here is the client's end of the connection: there is nobody left to tell.
                    if converse(&probe, &mut stream).await.is_ok() {
                        finish(&mut stream).await;
                    }
                    drop(place);
                });
            }
            // Out of descriptors, most likely: those that are open go on, and some will close.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Answers one request after the other, until one side has had enough.
async fn converse(probe: &Probe, stream: &mut TcpStream) -> io::Result<()> {
    let mut held = Vec::new();
    let mut silence = PATIENCE;
    loop {
        let (answer, is_head, closes) = match receive(stream, &mut held, silence).await? {
            Some(Ok(request)) => {
                (answer(probe, &request).await, request.method == Method::Head, request.closes)
            }
            Some(Err(fault)) => (Answer::fault(fault), false, true),
            None => return Ok(()),
        };
        let bytes = answer.encode(is_head, closes);
        timeout(PATIENCE, stream.write_all(&bytes)).await.map_err(io::Error::from)??;
        if closes {
            return Ok(());
        }
        silence = IDLE_TIME;
    }
}

/// The next request; none if the client has ended its side, or was silent for too long.
async fn receive(
    stream: &mut TcpStream,
    held: &mut Vec<u8>,
    silence: Duration,
) -> io::Result<Option<Result<Request, Fault>>> {
    if held.is_empty() {
        match timeout(silence, stream.read_buf(held)).await {
            Ok(Ok(1..)) => {}
            _failed_ended_or_silent => return Ok(None),
        }
    }
    let head = async {
        loop {
            match request::parse(held) {
                Ok(Some((request, len))) => {
                    held.drain(..len);
                    return Ok(Some(Ok(request)));
                }
                Ok(None) if stream.read_buf(held).await? == 0 => return Ok(None),
                Ok(None) => {}
                Err(fault) => return Ok(Some(Err(fault))),
            }
        }
    };
    timeout(PATIENCE, head).await.unwrap_or(Ok(Some(Err(Fault::Slow))))
}

/// Ends our side. To close it at once, while something of the client is unread, would throw away an answer
/// that is on its way.
async fn finish(stream: &mut TcpStream) {
    let end = async {
        stream.shutdown().await?;
        while poll_fn(|context| poll_discard(stream, context)).await? > 0 {}
        io::Result::Ok(())
    };
    // Whether it ends well or not, the connection is over.
    let _over = timeout(LINGER, end).await;
}

async fn answer(probe: &Probe, request: &Request) -> Answer {
    let is_known = matches!(&*request.path, "/livez" | "/readyz" | "/metrics");
    if is_known && request.method == Method::Other {
        return Answer::text("405 Method Not Allowed", "only GET and HEAD\n");
    }
    match &*request.path {
        "/livez" if probe.is_live() => Answer::text("200 OK", "live\n"),
        "/livez" => Answer::text("503 Service Unavailable", "the log has failed\n"),
        "/readyz" => match &*probe.hindrances().await {
            [] => Answer::text("200 OK", "ready\n"),
            reasons => Answer::text("503 Service Unavailable", reasons.join("\n") + "\n"),
        },
        "/metrics" if !probe.lets_in(request.credentials.as_ref()).await => {
            Answer::text("401 Unauthorized", "the metrics are for users of the password file\n")
        }
        "/metrics" => {
            let body = probe.metrics().await;
            Answer { status: "200 OK", content_type: METRICS_TYPE, body }
        }
        _ => Answer::text("404 Not Found", "there are /livez, /readyz and /metrics\n"),
    }
}

struct Answer {
    status: &'static str,
    content_type: &'static str,
    body: String,
}

impl Answer {
    fn text(status: &'static str, body: impl Into<String>) -> Self {
        Self { status, content_type: TEXT_TYPE, body: body.into() }
    }

    fn fault(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(what) => {
                Self::text("400 Bad Request", format!("{what}: this is no request of HTTP/1.1\n"))
            }
            Fault::Slow => Self::text("408 Request Timeout", "the request took too long to come\n"),
            Fault::TooLong => {
                Self::text("431 Request Header Fields Too Large", "at most 8 KiB of head\n")
            }
            Fault::Version => Self::text("505 HTTP Version Not Supported", "only HTTP/1.1\n"),
        }
    }

    fn encode(&self, is_head: bool, closes: bool) -> Vec<u8> {
        let Self { status, content_type, body } = self;
        let connection = if closes { "connection: close\r\n" } else { "" };
        let ask = if status.starts_with("401") {
            "www-authenticate: Basic realm=\"groundsill\", charset=\"UTF-8\"\r\n"
        } else {
            ""
        };
        // Whoever is told that the method is the wrong one is owed the right ones.
        let allow = if status.starts_with("405") { "allow: GET, HEAD\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\n{ask}{allow}{connection}\r\n",
            body.len()
        );
        let mut bytes = head.into_bytes();
        if !is_head {
            bytes.extend_from_slice(body.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests;
