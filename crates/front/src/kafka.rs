//! Kafka: the front that Kafka clients speak to, for producers and for consumers with assigned partitions.
//!
//! One task a connection. The requests of a read are run one after the other, within a bounded turn,
//! before anybody waits: so producers that pipeline cost one wait for the log. A Fetch that has to wait
//! lets the answers before it leave first.
//!
//! Knows no consumer groups and no transactions of Kafka's own: both are refused with a reason.
//!
//! Invariants:
//! 1. A consumer is shown no offset before its commit is synced.
//! 2. A partition's records in a Produce are there whole, as one transaction, or not at all.

mod connection;
mod create_topics;
mod delete_topics;
mod fetch;
mod find_coordinator;
mod heads;
mod init_producer_id;
mod list_offsets;
mod metadata;
mod produce;
mod sasl;
mod session;

use std::sync::Arc;

use tokio::net::TcpListener;

use crate::resp;
use crate::server::Server;

/// Accepts connections until the server stops, and returns when all of them have ended.
pub async fn serve(server: Arc<Server>, listener: TcpListener) {
    resp::accept(server, listener, connection::serve).await;
}
