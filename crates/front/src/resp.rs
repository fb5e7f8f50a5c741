//! RESP: the front that Redis clients speak to.
//!
//! One task a connection. The requests of a read are run one after the other, within a bounded turn,
//! before anybody waits: so a pipeline costs one wait for the log and one write to the socket.

mod client;
mod config;
mod connection;
mod durability;
mod exec;
mod extensions;
mod handshake;
mod info;
mod read;
mod session;
mod slowlog;

use std::sync::Arc;

use tokio::net::TcpListener;

use crate::server::Server;

/// Accepts connections until the server stops, and returns when all of them have ended.
pub async fn serve(server: Arc<Server>, listener: TcpListener) {
    let mut stopping = server.stopping();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        match accepted {
            Ok((stream, address)) => {
                let server = Arc::clone(&server);
                connections.spawn(connection::serve(server, stream, address));
            }
            // Out of descriptors, most likely: those that are open go on, and some will close.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}
