//! Who is connected, and what each does. Of the text of a statement only its first word is kept, if it is a known one.

use serde::{Deserialize, Serialize};

/// How many connections there are, the one that asks left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConnections {
    /// Those of clients that may be seen in full.
    pub clients: u64,
    /// Of these, how many run a statement now.
    pub active: u64,
    /// Of these, how many do nothing.
    pub idle: u64,
    /// Of these, how many do nothing within a transaction.
    pub idle_in_transaction: u64,
    /// Those of a role that the one that asks may not see into: clients, most of them.
    pub hidden: u64,
}

/// Connections that look alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresClients {
    /// The role.
    pub role: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// What the client calls itself.
    pub application: Option<String>,
    /// Its address; none over a socket of the machine.
    pub address: Option<String>,
    /// How many there are.
    pub count: u64,
    /// Of these, how many are idle, outside of a transaction.
    pub idle: u64,
}

/// A role whose connections have a limit of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresRoleLimit {
    /// The role.
    pub role: String,
    /// How many it may have.
    pub limit: u64,
    /// How many it has.
    pub connections: u64,
}

/// A session in a transaction, or one that holds others up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSession {
    /// Its process.
    pub pid: u32,
    /// The role.
    pub role: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// What the client calls itself.
    pub application: Option<String>,
    /// The address of the client.
    pub address: Option<String>,
    /// `client backend`, `walsender`, `autovacuum worker` and so on; none if it may not be seen.
    pub kind: Option<String>,
    /// `active`, `idle in transaction` and so on; none if it may not be seen.
    pub state: Option<String>,
    /// What it waits for, as `Lock/transactionid`.
    pub wait: Option<String>,
    /// The first word of its statement, or of its last one.
    pub verb: Option<String>,
    /// For how long it has been in its transaction, in seconds.
    pub transaction_s: Option<u64>,
    /// For how long its statement runs, or since when the last one began, in seconds.
    pub statement_s: Option<u64>,
    /// For how long it has been in its state, in seconds.
    pub state_s: Option<u64>,
    /// How many transactions began since the oldest one that it may still see.
    pub xmin_age: Option<u64>,
    /// How many transactions began since its own.
    pub xid_age: Option<u64>,
}

/// A transaction that was prepared, and is neither committed nor rolled back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresPrepared {
    /// Its name.
    pub name: String,
    /// Who prepared it.
    pub role: String,
    /// In which database.
    pub database: String,
    /// For how long it has been so, in seconds.
    pub prepared_s: u64,
    /// How many transactions began since.
    pub xid_age: u64,
}

/// A lock for which a session waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresWait {
    /// The process that waits.
    pub pid: u32,
    /// `relation`, `transactionid`, `tuple` and so on.
    pub locktype: String,
    /// `AccessExclusiveLock` and so on.
    pub mode: String,
    /// The table, or that of the row, where it is one of the database that was asked.
    pub relation: Option<String>,
    /// For how long it waits, in seconds; none before 14.
    pub waited_s: Option<u64>,
    /// Who holds it up: processes; 0 is a prepared transaction.
    pub blockers: Vec<u32>,
}

impl PostgresSession {
    /// As it is named in a line: `pid 8841 "billing"`.
    pub fn name(&self) -> String {
        let who = self.role.as_ref().map(|role| format!(" \"{role}\"")).unwrap_or_default();
        format!("pid {}{who}", self.pid)
    }
}
