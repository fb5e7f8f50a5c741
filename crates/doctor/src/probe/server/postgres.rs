//! PostgreSQL: one connection, on which nothing is written and nothing waits.
//!
//! Each part is one statement, whose rows the server itself makes into JSON: so a column that an older version does not have, and
//! a value that a role may not see, are what they are and not an error of types. The statements of the parts stand with what they
//! tell, in [`statements`].
//!
//! Source: the documentation of PostgreSQL, appendix A (error codes).

use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::error::SqlState;

use super::dial::{Broken, Dialled, Line, Missed, dial};
use super::{Endpoint, Place, Session};
use crate::probe::Load;
use crate::snapshot::{self, Probed, Server};

mod bloat;
mod collations;
mod configuration;
mod conflicts;
mod counters;
mod databases;
mod decoding;
mod density;
mod disk;
mod gin;
mod index_heads;
mod peers;
mod plans;
mod replication;
mod sessions;
mod slru;
mod statement_counts;
mod statement_texts;
mod statements;
mod subscriptions;
mod tables;
mod toast;
pub(super) mod trust;
mod unanalysed;

/// What stands before each statement: it writes nothing, waits for no lock, and does not take long. Together they are one transaction, to
/// which this is local: behind a pooler the session is another's afterwards, who must not find it changed.
const MANNERS: &str = "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '1s'; SET LOCAL lock_timeout = '100ms'; ";

/// How an address is written.
pub(super) const FORM: &str = "postgres://USER@HOST:PORT/DATABASE";

/// A connection.
#[derive(Debug)]
pub(super) struct Postgres {
    place: Place,
    /// Or what the server said, or what failed.
    client: Result<Dialled, Missed>,
    until: Instant,
    load: Load,
}

impl Session for Postgres {
    type Seen = snapshot::Postgres;

    async fn open(endpoint: Endpoint) -> Self {
        let (needs, database) = ("to be let in", "postgres");
        let line = Line { port: 5432, database, is_fixed: false, needs, form: FORM };
        let (place, client) = dial(&endpoint, line).await;
        Self { place, client, until: Instant::now(), load: Load::default() }
    }

    async fn look(&mut self, deep: bool, until: Instant) -> Server<Self::Seen> {
        self.until = until;
        match &self.client {
            Ok(_) => {
                let seen = statements::look(self, deep).await;
                self.place.server(Probed::Seen(seen), None)
            }
            Err((refused, seen)) => {
                self.place.server(seen.clone().map(|never| match never {}), refused.clone())
            }
        }
    }

    fn load(&self) -> Load {
        self.load
    }
}

impl Postgres {
    /// The rows of a statement.
    async fn rows<R: DeserializeOwned>(&mut self, statement: &str) -> Probed<Vec<R>> {
        let Ok(client) = &self.client else { return Probed::Absent("session".to_owned()) };
        self.load.queries += 1;
        let statement = with_ages(statement);
        let statement =
            format!("{MANNERS}SELECT coalesce(json_agg(x), '[]')::text FROM ({statement}) x");
        let answer = timeout_at(self.until, client.simple_query(&statement)).await;
        let messages = match answer {
            Ok(Ok(messages)) => messages,
            Ok(Err(error)) => return unseen(&error),
            Err(_) => return Probed::Failed("it did not answer in time".to_owned()),
        };
        let text = messages.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let text = text.unwrap_or("[]");
        self.load.bytes += text.len() as u64;
        match serde_json::from_str(text) {
            Ok(rows) => Probed::Seen(rows),
            Err(error) => Probed::Failed(format!("its answer is not as expected: {error}")),
        }
    }

    /// The one row of a statement.
    async fn row<R: DeserializeOwned>(&mut self, statement: &str) -> Probed<R> {
        self.rows(statement).await.and_then(|rows| {
            let first = rows.into_iter().next();
            first.map_or_else(|| Probed::Absent("such row".to_owned()), Probed::Seen)
        })
    }
}

/// Puts for each `{since TIME}` how many whole seconds ago that was. A time that is not known stays so: `greatest` would make it a zero.
/// One in the future, as a clock was set back, is now.
fn with_ages(statement: &str) -> String {
    let (first, rest) = statement.split_once("{since ").unwrap_or((statement, ""));
    let ages = rest.split("{since ").filter_map(|part| {
        let (time, rest) = part.split_once('}')?;
        Some(format!(
            "CASE WHEN {time} > clock_timestamp() THEN 0 \
             ELSE floor(extract(epoch FROM clock_timestamp() - {time}))::bigint END{rest}"
        ))
    });
    std::iter::once(first.to_owned()).chain(ages).collect()
}

/// What it means that a statement failed.
fn unseen<T>(broken: &Broken) -> Probed<T> {
    let Some(told) = broken.error.as_db_error() else {
        return Probed::Failed(format!("the connection broke: {}", broken.cause()));
    };
    match told.code() {
        &SqlState::INSUFFICIENT_PRIVILEGE => Probed::Denied(format!(
            "a right on it ({}): GRANT pg_monitor to the role",
            told.message()
        )),
        &SqlState::UNDEFINED_TABLE
        | &SqlState::UNDEFINED_COLUMN
        | &SqlState::UNDEFINED_FUNCTION
        | &SqlState::UNDEFINED_OBJECT => {
            Probed::Absent(format!("such a thing in this version ({})", told.message()))
        }
        code => Probed::Failed(format!("it says \"{}\" ({})", told.message(), code.code())),
    }
}

#[cfg(test)]
mod tests;
