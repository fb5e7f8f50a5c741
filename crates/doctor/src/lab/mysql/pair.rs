//! A server of MariaDB and its replica.

use super::server::Server;
use crate::lab::Stop;

/// A source, and a replica that follows it by its positions.
#[derive(Debug)]
pub(super) struct Replicated {
    /// It writes a binary log.
    pub(super) source: Server,
    /// It applies that.
    pub(super) replica: Server,
}

impl Replicated {
    /// Both, with options of the replica's own. The replica runs.
    pub(super) fn start(name: &str, source: &[&str], replica: &[&str]) -> Result<Self, Stop> {
        let mut options = vec!["--log-bin=log", "--server-id=1", "--binlog-format=ROW"];
        options.extend(source);
        let source = Server::start(&format!("{name}-source"), &options)?;
        let mut options = vec!["--server-id=2", "--slave-net-timeout=2"];
        options.extend(replica);
        let replica = Server::start(&format!("{name}-replica"), &options)?;
        source.sql("CREATE USER follower@'%'; GRANT REPLICATION SLAVE ON *.* TO follower@'%'")?;
        let both = Self { source, replica };
        both.replica.sql(&format!(
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'follower', \
             MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos; START SLAVE",
            both.source.port
        ))?;
        Ok(both)
    }

    /// What the replica says of itself, by the name of a column of `SHOW SLAVE STATUS`.
    pub(super) fn of_replica(&self, column: &str) -> Result<String, Stop> {
        let told = self.replica.table("SHOW SLAVE STATUS")?;
        let mut lines = told.lines().map(|line| line.split('\t'));
        let (Some(mut names), Some(mut values)) = (lines.next(), lines.next()) else {
            return Err(format!("it is no replica: {told}").into());
        };
        let at = names.position(|name| name == column);
        let value = at.and_then(|at| values.nth(at));
        value.map(str::to_owned).ok_or_else(|| format!("no {column} in {told}").into())
    }
}
