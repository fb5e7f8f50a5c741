//! MySQL and MariaDB: one connection, on which nothing is written and nothing waits.
//!
//! Answers are taken as text, row by row, as columns differ by version in their types as much as in their names. What they tell
//! is made of them by functions that know no server: see [`answers`]. The statements stand in [`statements`].
//!
//! Source: the reference of MySQL 8.4, "Server Error Message Reference"; the knowledge base of MariaDB, "MariaDB Error Codes".

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Opts, OptsBuilder, Value};
use tokio::time::{Instant, timeout_at};

use super::bounded::ANSWER_BYTES_MAX;
use super::{Endpoint, Place, Session};
use crate::probe::{LOOK, Load};
use crate::snapshot::{self, MysqlIdentity, Probed, Refusal, Server};

mod answers;
mod disk;
mod refusals;
mod statements;

/// A row: the values by the names of their columns in lower case; none where it is `NULL`.
type Row = BTreeMap<String, Option<String>>;

/// So long the server keeps a session of which it hears nothing, in seconds.
const IDLE_SECONDS_MAX: usize = 600;

/// What both are told first: it writes nothing, and waits for no lock.
const MANNERS: [&str; 2] =
    ["SET SESSION TRANSACTION READ ONLY", "SET SESSION lock_wait_timeout = 1"];

/// No statement takes longer, in seconds and in milliseconds.
const MANNERS_OF_MARIADB: &str = "SET SESSION max_statement_time = 1";
const MANNERS_OF_MYSQL: &str = "SET SESSION max_execution_time = 1000";

/// Since 8.0 MySQL tells numbers of tables as they were a day ago, unless told so.
const FRESH: &str = "SET SESSION information_schema_stats_expiry = 0";

/// A connection.
#[derive(Debug)]
pub(super) struct Mysql {
    place: Place,
    /// Or what the server said, or what failed.
    connection: Result<Conn, (Option<Refusal>, Probed<snapshot::Mysql>)>,
    identity: MysqlIdentity,
    until: Instant,
    load: Load,
}

impl Session for Mysql {
    type Seen = snapshot::Mysql;

    async fn open(endpoint: Endpoint) -> Self {
        let until = Instant::now() + LOOK;
        let mut session = Self {
            place: Place::unknown(&endpoint),
            connection: Err((None, Probed::Absent("session".to_owned()))),
            identity: MysqlIdentity::default(),
            until,
            load: Load::default(),
        };
        let Some(options) = options(&endpoint.url) else {
            // The error of the parser may tell the address, and the password with it.
            let seen = format!("it cannot be read as an address: {FORM}");
            session.connection = Err((None, Probed::Failed(seen)));
            return session;
        };
        let host = options.socket().map_or_else(|| options.ip_or_hostname(), |_| "");
        session.place = Place::of(&endpoint, host, options.tcp_port(), until).await;
        session.connection = match timeout_at(until, Conn::new(options)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(refusals::refusal(&error)),
            Err(_) => {
                let late = format!("it did not let the doctor in within {} s", LOOK.as_secs());
                Err((None, Probed::Failed(late)))
            }
        };
        if session.connection.is_ok()
            && let Err(why) = session.greet().await
        {
            session.connection = Err((None, why));
        }
        session
    }

    async fn look(&mut self, _deep: bool, until: Instant) -> Server<Self::Seen> {
        self.until = until;
        if let Err((refused, seen)) = &self.connection {
            return self.place.server(seen.clone(), refused.clone());
        }
        let mut server = self.place.server(Probed::Absent("look".to_owned()), None);
        let mut seen = statements::look(self).await;
        seen.log_disk = if server.local {
            disk::room(&seen, until).await
        } else {
            Probed::Absent("disk of this machine under it".to_owned())
        };
        server.seen = Probed::Seen(seen);
        server
    }

    fn load(&self) -> Load {
        self.load
    }
}

/// How an address is written.
pub(super) const FORM: &str = "mysql://USER@HOST:PORT/DATABASE";

/// Whether this is an address.
pub(super) fn is_address(url: &str) -> bool {
    options(url).is_some()
}

/// How to connect: not by way of another socket than the one that is named, and without a statement that the server does not need.
fn options(url: &str) -> Option<Opts> {
    let options = Opts::from_url(url).ok()?;
    let options = OptsBuilder::from_opts(options)
        .prefer_socket(false)
        .max_allowed_packet(Some(ANSWER_BYTES_MAX))
        .wait_timeout(Some(IDLE_SECONDS_MAX))
        .stmt_cache_size(0)
        .tcp_nodelay(true);
    Some(options.into())
}

impl Mysql {
    /// Asks who it is, and says how the session will behave.
    async fn greet(&mut self) -> Result<(), Probed<snapshot::Mysql>> {
        let told = self.rows("SELECT VERSION() AS version, CURRENT_USER() AS account").await;
        let told = told.and_then(|rows| answers::identity(&rows));
        match told {
            Probed::Seen(identity) => self.identity = identity,
            other => return Err(other.map(|_| snapshot::Mysql::default())),
        }
        let mut manners = MANNERS.to_vec();
        if self.identity.is_mariadb() {
            manners.push(MANNERS_OF_MARIADB);
        } else {
            manners.push(MANNERS_OF_MYSQL);
            if self.identity.number() >= statements::DICTIONARY {
                manners.push(FRESH);
            }
        }
        for statement in manners {
            match self.rows(statement).await {
                Probed::Seen(_) => {}
                other => return Err(other.map(|_| snapshot::Mysql::default())),
            }
        }
        Ok(())
    }

    /// The rows of a statement.
    async fn rows(&mut self, statement: &str) -> Probed<Vec<Row>> {
        let Ok(connection) = &mut self.connection else {
            return Probed::Failed("the connection broke".to_owned());
        };
        self.load.queries += 1;
        let answer =
            timeout_at(self.until, connection.query::<mysql_async::Row, _>(statement)).await;
        let rows = match answer {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => {
                if !matches!(error, Error::Server(_)) {
                    self.give_up("the connection broke");
                }
                return refusals::unseen(&error);
            }
            Err(_) => {
                // Its answer may still come, and would be taken for that of the next statement.
                self.give_up("it did not answer in time");
                return Probed::Failed("it did not answer in time".to_owned());
            }
        };
        let rows: Vec<Row> = rows.into_iter().map(plain).collect();
        self.load.bytes += rows.iter().flatten().map(bytes).sum::<u64>();
        Probed::Seen(rows)
    }

    fn give_up(&mut self, why: &str) {
        self.connection = Err((None, Probed::Failed(why.to_owned())));
    }
}

fn plain(row: mysql_async::Row) -> Row {
    let names: Vec<String> =
        row.columns_ref().iter().map(|it| it.name_str().to_lowercase()).collect();
    names.into_iter().zip(row.unwrap_raw().into_iter().map(|value| value.and_then(text))).collect()
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        // What is asked for as text comes as bytes.
        other => Some(other.as_sql(true)),
    }
}

fn bytes((name, value): (&String, &Option<String>)) -> u64 {
    (name.len() + value.as_ref().map_or(0, String::len)) as u64
}
