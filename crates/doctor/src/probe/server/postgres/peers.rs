//! Sessions as their network knows them, and what they keep beyond their transaction.
//!
//! Source: the documentation of PostgreSQL, 54.12 (`pg_locks`: advisory locks are seen by every role, and each transaction has its own
//! `virtualxid`) and 28.2.3. The two views are not of one moment: what is idle in the one may be in a transaction in the other.

use super::Postgres;
use crate::snapshot::{PEERS_MAX, PostgresPeer, Probed};

/// Of the text only these two first words are told, and of a setting its name, if the server has one by that name: never its value.
const STATEMENT: &str = "SELECT s.pid, s.application, s.address, s.port, s.state, s.verb, \
     CASE WHEN s.name LIKE '%.%' THEN 'custom' WHEN s.name = 'role' THEN s.name ELSE g.name END AS setting, s.advisory, s.advisory_keys \
     FROM (SELECT a.pid, nullif(a.application_name, '') AS application, host(a.client_addr) AS address, \
     nullif(a.client_port, -1) AS port, a.state, w.word AS verb, coalesce(l.locks, 0) AS advisory, coalesce(l.keys, ARRAY[]::int[]) AS advisory_keys, \
     CASE w.word WHEN 'SET' THEN lower(substring(a.query FROM '^(?:\\s|/\\*(?:[^*]|\\*[^/])*\\*/|--[^\\n]*\\n)*[Ss][Ee][Tt]\\s+(?:[Ss][Ee][Ss][Ss][Ii][Oo][Nn]\\s+)?([A-Za-z_][A-Za-z0-9_.]*)')) END AS name \
     FROM pg_stat_activity a \
     LEFT JOIN (SELECT k.pid, count(k.key) AS locks, (array_agg(k.key ORDER BY k.key) FILTER (WHERE k.key IS NOT NULL))[1:64] AS keys \
     FROM (SELECT pid, locktype, CASE WHEN locktype = 'advisory' AND granted THEN hashtext(concat_ws(' ', database, classid, objid, objsubid)) END AS key FROM pg_locks) k \
     GROUP BY k.pid HAVING NOT bool_or(k.locktype = 'virtualxid')) l ON l.pid = a.pid \
     LEFT JOIN LATERAL (SELECT upper(substring(a.query FROM '^(?:\\s|/\\*(?:[^*]|\\*[^/])*\\*/|--[^\\n]*\\n)*([A-Za-z]+)')) AS word) w ON w.word IN ('LISTEN', 'SET') \
     WHERE a.pid <> pg_backend_pid() AND a.datid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend') s \
     LEFT JOIN pg_settings g ON lower(g.name) = s.name ORDER BY s.advisory > 0 OR s.verb IS NOT NULL DESC, s.pid LIMIT";

/// Asks for them.
pub(super) async fn look(session: &mut Postgres) -> Probed<Vec<PostgresPeer>> {
    session.rows(&format!("{STATEMENT} {PEERS_MAX}")).await
}

#[cfg(test)]
mod tests;
