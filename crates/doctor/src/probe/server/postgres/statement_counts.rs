//! Statements that cost most, by the extension `pg_stat_statements` where it is installed.
//!
//! Source: the documentation of PostgreSQL, F.32 (`pg_stat_statements`: columns have other names before 1.8 of the extension).

use serde::Deserialize;

use super::Postgres;
use super::statement_texts::without_literals;
use crate::snapshot::{PostgresStatement, Probed};

const EXTENSION: &str = "SELECT quote_ident(n.nspname) AS schema, split_part(e.extversion, '.', 2)::int AS minor, \
     split_part(e.extversion, '.', 1)::int AS major FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
     WHERE e.extname = 'pg_stat_statements'";

/// Only of those that read or write rows: others, such as one that sets a password, are kept with their literals.
const STATEMENTS: &str = "SELECT concat_ws('/', s.userid, s.queryid, {level}) AS id, s.calls, {plans} AS plans, \
     (s.{total} * 1000)::bigint AS total_us, (s.{mean} * 1000)::bigint AS mean_us, (s.{max} * 1000)::bigint AS max_us, \
     (s.{stddev} * 1000)::bigint AS stddev_us, nullif(left(s.query, 4000), '<insufficient privilege>') AS text \
     FROM {schema}.pg_stat_statements s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND (s.query = '<insufficient privilege>' OR s.query ~* '^(\\s|/\\*([^*]|\\*[^/])*\\*/|--[^\\n]*\\n|\\()*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|PREPARE)\\M') \
     ORDER BY s.{total} DESC LIMIT 100";

const MISSING: &str = "extension pg_stat_statements in this database: shared_preload_libraries = 'pg_stat_statements', a restart, and CREATE EXTENSION pg_stat_statements";

#[derive(Deserialize)]
struct Extension {
    schema: String,
    major: u32,
    minor: u32,
}

/// Asks for them.
pub(super) async fn look(session: &mut Postgres) -> Probed<Vec<PostgresStatement>> {
    let found: Vec<Extension> = match session.rows(EXTENSION).await {
        Probed::Seen(found) => found,
        other => return other.map(|_: Vec<Extension>| Vec::new()),
    };
    let Some(Extension { schema, major, minor }) = found.first() else {
        return Probed::Absent(MISSING.to_owned());
    };
    let is_new = (*major, *minor) >= (1, 8);
    let column = |name: &str| {
        if is_new { format!("{name}_exec_time") } else { format!("{name}_time") }
    };
    let statement = STATEMENTS
        .replace("{plans}", if is_new { "s.plans" } else { "NULL::bigint" })
        // From 1.9 on those that functions run are counted apart.
        .replace("{level}", if (*major, *minor) >= (1, 9) { "s.toplevel" } else { "NULL" })
        .replace("{total}", &column("total"))
        .replace("{mean}", &column("mean"))
        .replace("{max}", &column("max"))
        .replace("{stddev}", &column("stddev"))
        .replace("{schema}", schema);
    let statements: Probed<Vec<PostgresStatement>> = match session.rows(&statement).await {
        // It is made in the database, and the server was not started with it.
        Probed::Failed(error) if error.contains("shared_preload_libraries") => {
            Probed::Absent(MISSING.to_owned())
        }
        other => other,
    };
    statements.map(|mut all| {
        for it in &mut all {
            it.text = it.text.as_deref().map(without_literals);
        }
        all
    })
}
