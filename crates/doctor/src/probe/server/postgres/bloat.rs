//! Room in tables that no row needs: what the statistics say, and, if the look is deep, what `pgstattuple_approx` finds, which leaves out
//! pages where all is alive.
//!
//! Source: the documentation of PostgreSQL, F.33 (`pgstattuple_approx`), 54.27 (`pg_stats`: only of columns that the role may read, and of no
//! table of which row security hides rows from it), 52.7 (`attstattarget`: 0 has no statistics made; `attgenerated`: `v` is not stored).

use serde::Deserialize;

use super::Postgres;
use crate::snapshot::{PostgresBloat, PostgresSpace, Probed};

/// The largest of those of at least 1 GiB, as many as [`TABLES_MAX`](crate::snapshot::TABLES_MAX). One that somebody has to himself now cannot be read.
const TABLES: &str = "SELECT c.oid::bigint AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relpages AS pages, \
     current_setting('block_size')::bigint AS page_bytes, CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows, \
     coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'), 100) AS fill, \
     w.columns, CASE WHEN w.known = w.columns THEN ceil(w.width)::bigint END AS width, w.without, row_security_active(c.oid) AS filtered, \
     has_table_privilege(c.oid, 'SELECT') AS readable, \
     EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock') AS locked, \
     (SELECT quote_ident(en.nspname) FROM pg_extension e JOIN pg_namespace en ON en.oid = e.extnamespace WHERE e.extname = 'pgstattuple') AS schema \
     FROM (SELECT * FROM pg_class WHERE relkind IN ('r', 'm') AND relpersistence <> 't' AND oid >= 16384 \
     AND relpages::bigint * current_setting('block_size')::bigint >= 1073741824 ORDER BY relpages DESC LIMIT 100) c \
     JOIN pg_namespace n ON n.oid = c.relnamespace \
     CROSS JOIN LATERAL (SELECT count(*) AS columns, count(s.avg_width) AS known, count(*) FILTER (WHERE a.attstattarget = 0 AND s.avg_width IS NULL) AS without, sum((1 - s.null_frac) * s.avg_width) AS width \
     FROM pg_attribute a LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited \
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v') w";

/// So many are read at most, and none that is larger.
const READ_MAX: usize = 5;
const READ_BYTES_MAX: u64 = 10 << 30;

#[derive(Deserialize)]
struct Table {
    oid: u64,
    locked: bool,
    schema: Option<String>,
    name: String,
    pages: u64,
    page_bytes: u64,
    rows: Option<u64>,
    fill: u64,
    columns: u64,
    width: Option<u64>,
    without: u64,
    filtered: bool,
    readable: bool,
}

/// Asks for it.
pub(super) async fn look(session: &mut Postgres, deep: bool) -> Probed<Vec<PostgresBloat>> {
    let tables: Vec<Table> = match session.rows(TABLES).await {
        Probed::Seen(tables) => tables,
        other => return other.map(|_: Vec<Table>| Vec::new()),
    };
    let (mut seen, mut read) = (Vec::new(), 0);
    for table in tables {
        let measured = match why_not(&table, deep) {
            Some(why) => Probed::Absent(why.to_owned()),
            None if read == READ_MAX => {
                Probed::Absent(format!("reading of more than {READ_MAX} tables"))
            }
            None => {
                read += 1;
                measure(session, &table).await
            }
        };
        seen.push(PostgresBloat {
            name: table.name,
            pages: table.pages,
            page_bytes: table.page_bytes,
            rows: table.rows,
            fill: table.fill,
            columns: table.columns,
            width: table.width,
            without: table.without,
            filtered: table.filtered,
            readable: table.readable,
            measured,
        });
    }
    Probed::Seen(seen)
}

/// Why a table is not read.
fn why_not(table: &Table, deep: bool) -> Option<&'static str> {
    if !deep {
        return Some("reading of whole tables unless the look is deep (--deep)");
    }
    if table.schema.is_none() {
        return Some("extension pgstattuple in this database, which reads tables");
    }
    if table.pages.saturating_mul(table.page_bytes) > READ_BYTES_MAX {
        return Some("reading of a table of more than 10 GB");
    }
    table.locked.then_some("reading of a table that somebody has to himself now")
}

/// Reads one; what takes too long for one statement is not measured.
async fn measure(session: &mut Postgres, table: &Table) -> Probed<PostgresSpace> {
    let schema = table.schema.as_deref().unwrap_or_default();
    let statement = format!(
        "SELECT table_len AS bytes, dead_tuple_len AS dead_bytes, approx_free_space::bigint AS free_bytes \
         FROM {schema}.pgstattuple_approx({}::oid::regclass)",
        table.oid
    );
    match session.row(&statement).await {
        Probed::Denied(_) => Probed::Denied("GRANT pg_stat_scan_tables to the role".to_owned()),
        Probed::Failed(why) if why.ends_with("(57014)") => {
            Probed::Absent("measure of it: reading it takes more than a second".to_owned())
        }
        other => other,
    }
}
