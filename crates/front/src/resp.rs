//! RESP: the front that Redis clients speak to.
//!
//! One task a connection. The requests of a read are run one after the other, within a bounded turn,
//! before anybody waits: so a pipeline costs one wait for the log and one write to the socket.

mod ahead;
mod client;
mod config;
pub(crate) mod connection;
mod durability;
mod exec;
pub(crate) mod extensions;
mod handshake;
mod held;
pub(crate) mod inbox;
mod info;
mod keyspace;
mod latency;
pub mod numbers;
mod outgoing;
mod read;
mod series;
mod session;
mod slowlog;
mod stream;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;

use base::Event;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinError;

use crate::server::Server;

/// Accepts connections until the server stops, and returns when all of them have ended.
pub async fn serve(server: Arc<Server>, listener: TcpListener) {
    accept(server, listener, connection::serve).await;
}

/// Accepts connections for any protocol, and has `serve` serve each.
pub(crate) async fn accept<F: Future<Output = ()> + Send + 'static>(
    server: Arc<Server>,
    listener: TcpListener,
    serve: impl Fn(Arc<Server>, TcpStream, SocketAddr) -> F,
) {
    let mut stopping = server.stopping();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => break,
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                tell_of_failure(&server, ended);
                continue;
            }
        };
        match accepted {
            Ok((stream, address)) => {
                let server = Arc::clone(&server);
                connections.spawn(serve(server, stream, address));
            }
            // Out of descriptors, most likely: those that are open go on, and some will close.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        tell_of_failure(&server, ended);
    }
}

/// A connection whose task has panicked is one defect and one line for the operator, no more.
pub(crate) fn tell_of_failure(server: &Server, ended: Result<(), JoinError>) {
    let Err(error) = ended else { return };
    server.counters.failed.add(1);
    server.store.tell(&Event::ConnectionFailed { reason: error.to_string() });
}

#[cfg(test)]
pub(crate) mod tests;
