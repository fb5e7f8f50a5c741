//! PgBouncer: one connection to its admin console, which takes `SHOW` and neither a setting nor a prepared statement.
//!
//! Columns are found by their names, as each version has more of them. What may hold a secret (files of passwords, their queries,
//! lines of connections) is not kept.
//!
//! Source: the documentation of PgBouncer (usage, config), and what 1.18 answers.

use std::collections::BTreeMap;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::SimpleQueryMessage;

use super::dial::{Broken, Dialled, Line, Missed, dial};
use super::{Endpoint, Place, Session};
use crate::probe::Load;
use crate::snapshot::{self, Probed, Server};

mod answers;

/// So many rows of an answer are read; a pooler has as many pools as pairs of users and databases.
const ROWS_MAX: usize = 10_000;

/// A row: what stands in each column that has a value.
type Row = BTreeMap<String, String>;

/// How an address is written.
pub(super) const FORM: &str = "postgres://USER@HOST:PORT/pgbouncer";

/// A connection.
#[derive(Debug)]
pub(super) struct Pgbouncer {
    place: Place,
    /// Or what it said, or what failed.
    client: Result<Dialled, Missed>,
    until: Instant,
    load: Load,
}

impl Session for Pgbouncer {
    type Seen = snapshot::Pgbouncer;

    async fn open(endpoint: Endpoint) -> Self {
        let needs = "to be let in: a user of stats_users or admin_users";
        // Always the console: what else is behind the pooler is no part of it.
        let line = Line { port: 6432, database: "pgbouncer", is_fixed: true, needs, form: FORM };
        let (place, client) = dial(&endpoint, line).await;
        Self { place, client, until: Instant::now(), load: Load::default() }
    }

    async fn look(&mut self, _deep: bool, until: Instant) -> Server<Self::Seen> {
        self.until = until;
        if let Err((refused, seen)) = &self.client {
            return self.place.server(seen.clone().map(|never| match never {}), refused.clone());
        }
        let seen = snapshot::Pgbouncer {
            version: self.rows("SHOW VERSION").await.and_then(|rows| answers::version(&rows)),
            pools: self.rows("SHOW POOLS").await.map(|rows| answers::pools(&rows)),
            servers: self.rows("SHOW SERVERS").await.map(|rows| answers::servers(&rows)),
            databases: self.rows("SHOW DATABASES").await.map(|rows| answers::databases(&rows)),
            stats: self.rows("SHOW STATS").await.map(|rows| answers::stats(&rows)),
            config: self.rows("SHOW CONFIG").await.map(|rows| answers::config(&rows)),
            lists: self.rows("SHOW LISTS").await.map(|rows| answers::lists(&rows)),
        };
        self.place.server(Probed::Seen(seen), None)
    }

    fn load(&self) -> Load {
        self.load
    }
}

impl Pgbouncer {
    async fn rows(&mut self, command: &str) -> Probed<Vec<Row>> {
        let Ok(client) = &self.client else { return Probed::Absent("session".to_owned()) };
        self.load.queries += 1;
        let messages = match timeout_at(self.until, client.simple_query(command)).await {
            Ok(Ok(messages)) => messages,
            Ok(Err(error)) => return unseen(&error),
            Err(_) => return Probed::Failed("it did not answer in time".to_owned()),
        };
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let rows = rows.take(ROWS_MAX).map(|row| {
            let columns = row.columns().iter().enumerate();
            columns
                .filter_map(|(at, column)| {
                    Some((column.name().to_owned(), row.get(at)?.to_owned()))
                })
                .collect()
        });
        let rows: Vec<Row> = rows.collect();
        let bytes: usize = rows.iter().flat_map(BTreeMap::values).map(String::len).sum();
        self.load.bytes += bytes as u64;
        Probed::Seen(rows)
    }
}

/// What it means that a command failed.
fn unseen<T>(broken: &Broken) -> Probed<T> {
    let Some(told) = broken.error.as_db_error() else {
        return Probed::Failed(format!("the connection broke: {}", broken.cause()));
    };
    if told.message().contains("not allowed") || told.message().contains("admin access needed") {
        return Probed::Denied(format!("a user of admin_users; it says \"{}\"", told.message()));
    }
    Probed::Failed(format!("it says \"{}\"", told.message()))
}

#[cfg(test)]
mod tests;
