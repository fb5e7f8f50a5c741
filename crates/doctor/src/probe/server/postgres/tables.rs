//! Statements about tables, sequences and indexes of the database that was asked. None opens what it tells of, so none waits for a
//! lock on it: sizes are those of the last vacuum.

use serde::Deserialize;

use super::Postgres;
use crate::snapshot::{PostgresColumn, PostgresSequence, Probed};

/// Schemas of users.
macro_rules! of_users {
    () => {
        "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
    };
}

const TABLES: &str = concat!(
    "SELECT schema, name, pages, toast_pages, rows, live, dead, inserted_since_vacuum, changed_since_analyze, inserts, updates, hot_updates, moved_updates, \
     deletes, scans, scanned_rows, index_scans, vacuum_s, analyze_s, autovacuums, xid_age, multixact_age, options FROM (SELECT *, \
     row_number() OVER (ORDER BY dead DESC) AS by_dead, row_number() OVER (ORDER BY updates + deletes DESC) AS by_change, \
     row_number() OVER (ORDER BY pages + toast_pages DESC) AS by_size, row_number() OVER (ORDER BY xid_age DESC NULLS LAST) AS by_age, \
     row_number() OVER (ORDER BY multixact_age DESC NULLS LAST) AS by_multixact_age, row_number() OVER (ORDER BY scanned_rows DESC) AS by_scan, \
     row_number() OVER (ORDER BY coalesce(inserted_since_vacuum, 0) DESC) AS by_insert, \
     row_number() OVER (ORDER BY dead::float / (live + 1000) DESC) AS by_share FROM (SELECT n.nspname::text AS schema, c.relname::text AS name, \
     c.relpages AS pages, coalesce(t.relpages, 0) AS toast_pages, c.reltuples::bigint AS rows, pg_stat_get_live_tuples(c.oid) AS live, \
     pg_stat_get_dead_tuples(c.oid) AS dead, {inserted} AS inserted_since_vacuum, pg_stat_get_mod_since_analyze(c.oid) AS changed_since_analyze, \
     pg_stat_get_tuples_inserted(c.oid) AS inserts, pg_stat_get_tuples_updated(c.oid) AS updates, pg_stat_get_tuples_hot_updated(c.oid) AS hot_updates, \
     {moved} AS moved_updates, pg_stat_get_tuples_deleted(c.oid) AS deletes, pg_stat_get_numscans(c.oid) AS scans, \
     pg_stat_get_tuples_returned(c.oid) AS scanned_rows, \
     (SELECT sum(pg_stat_get_numscans(i.indexrelid))::bigint FROM pg_index i WHERE i.indrelid = c.oid) AS index_scans, \
     {since greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid))} AS vacuum_s, \
     {since greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid))} AS analyze_s, \
     pg_stat_get_autovacuum_count(c.oid) AS autovacuums, \
     nullif(abs(greatest(age(c.relfrozenxid), age(t.relfrozenxid))), 2147483647) AS xid_age, \
     nullif(abs(greatest(mxid_age(c.relminmxid), mxid_age(t.relminmxid))), 2147483647) AS multixact_age, \
     to_jsonb(coalesce(c.reloptions, '{}')) AS options \
     FROM (SELECT * FROM pg_class WHERE relkind IN ('r', 'm') AND relpersistence <> 't' ORDER BY relpages DESC LIMIT 5000) c \
     JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid WHERE ",
    of_users!(),
    ") s) r WHERE least(by_dead, by_change, by_size, by_age, by_multixact_age, by_scan, by_insert, by_share) <= 20 ORDER BY schema, name"
);

/// Tables; 13 and 16 tell more of them.
pub(super) fn tables(version: u32) -> String {
    let since =
        |first, column: &'static str| if version >= first { column } else { "NULL::bigint" };
    TABLES
        .replace("{inserted}", since(130_000, "pg_stat_get_ins_since_vacuum(c.oid)"))
        .replace("{moved}", since(160_000, "pg_stat_get_tuples_newpage_updated(c.oid)"))
}

/// Sequences that are not of 64 bits from end to end, and the columns where their numbers go: those that take from them, and those
/// that refer to such a column.
const SEQUENCES: &str = "WITH own AS (SELECT d.objid AS seq, d.refobjid AS rel, d.refobjsubid AS att FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid \
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') \
     UNION SELECT d.refobjid, f.adrelid, f.adnum FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.refobjid JOIN pg_attrdef f ON f.oid = d.objid \
     WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass), \
     flow AS (SELECT seq, rel, att, false AS refers FROM own UNION SELECT o.seq, f.conrelid, f.conkey[k.n], true FROM own o \
     JOIN pg_constraint f ON f.contype = 'f' AND f.confrelid = o.rel CROSS JOIN LATERAL generate_subscripts(f.confkey, 1) k(n) WHERE f.confkey[k.n] = o.att), \
     columns AS (SELECT f.seq, jsonb_agg(jsonb_build_object('schema', n.nspname, 'table', c.relname, 'name', a.attname, \
     'kind', format_type(a.atttypid, NULL), 'refers', f.refers) ORDER BY f.refers, n.nspname, c.relname, a.attname) AS columns, \
     min(a.attlen) AS bytes FROM flow f JOIN pg_class c ON c.oid = f.rel AND NOT c.relispartition JOIN pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_attribute a ON a.attrelid = f.rel AND a.attnum = f.att AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) GROUP BY f.seq) \
     SELECT n.nspname::text AS schema, c.relname::text AS name, format_type(s.seqtypid, NULL) AS kind, s.seqmax AS max, s.seqincrement AS step, s.seqcycle AS cycles, \
     (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) AS readable, coalesce(u.columns, '[]') AS columns, \
     format('%I.%I', n.nspname, c.relname) AS quoted \
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN columns u ON u.seq = s.seqrelid \
     WHERE s.seqincrement > 0 AND c.relpersistence <> 't' AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery()) \
     AND (s.seqmax < 9223372036854775807 OR u.bytes < 8) ORDER BY least(u.bytes, CASE WHEN s.seqmax <= 32767 THEN 2 WHEN s.seqmax <= 2147483647 THEN 4 ELSE 8 END), 1, 2 LIMIT 300";

#[derive(Deserialize)]
struct Sequence {
    schema: String,
    name: String,
    kind: String,
    max: i64,
    step: i64,
    cycles: bool,
    readable: bool,
    columns: Vec<PostgresColumn>,
    /// As the server itself would write it in a statement.
    quoted: String,
}

#[derive(Deserialize)]
struct Last {
    at: usize,
    last: Option<i64>,
}

/// Sequences with what they gave last. That is read from each, as `pg_sequence_last_value` takes a lock that a reader need not.
pub(super) async fn sequences(session: &mut Postgres) -> Probed<Vec<PostgresSequence>> {
    let found: Probed<Vec<Sequence>> = session.rows(SEQUENCES).await;
    let Probed::Seen(found) = found else { return found.map(|_| Vec::new()) };
    let readable = found.iter().enumerate().filter(|(_, it)| it.readable);
    let each = readable.map(|(at, it)| {
        let quoted = &it.quoted;
        format!("SELECT {at} AS at, CASE WHEN is_called THEN last_value END AS last FROM {quoted}")
    });
    let each: Vec<_> = each.collect();
    let lasts: Probed<Vec<Last>> = if each.is_empty() {
        Probed::Seen(Vec::new())
    } else {
        session.rows(&each.join(" UNION ALL ")).await
    };
    lasts.map(|lasts| {
        let mut sequences: Vec<_> = found.into_iter().map(without_last).collect();
        for Last { at, last } in lasts {
            if let Some(sequence) = sequences.get_mut(at) {
                sequence.last = last;
            }
        }
        sequences
    })
}

fn without_last(found: Sequence) -> PostgresSequence {
    let Sequence { schema, name, kind, max, step, cycles, readable, columns, quoted: _ } = found;
    PostgresSequence { schema, name, kind, max, step, cycles, last: None, readable, columns }
}

/// Trees of expressions are compared by a hash without the places where they stood in a text: they may hold values. Who builds an index
/// without stopping writes holds a lock on its table all the while; so does a vacuum, for which an index that is not valid is left
/// alone until the next look.
const INDEXES: &str = concat!(
    "SELECT schema, \"table\", name, method, pages, table_pages, table_rows, valid, ready, \"unique\", \"primary\", \"constraint\", identity, key, scans, scan_s, building \
     FROM (SELECT n.nspname::text AS schema, t.relname::text AS \"table\", c.relname::text AS name, m.amname::text AS method, c.relpages AS pages, t.relpages AS table_pages, \
     t.reltuples::bigint AS table_rows, i.indisvalid AS valid, i.indisready AS ready, i.indisunique AS \"unique\", i.indisprimary AS \"primary\", \
     EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid) AS \"constraint\", i.indisreplident AS identity, \
     md5(concat_ws('/', c.relam, i.indnkeyatts, i.indkey, i.indclass, i.indcollation, i.indoption, \
     coalesce(regexp_replace(i.indexprs::text, ':location -?[0-9]+', '', 'g'), '-'), coalesce(regexp_replace(i.indpred::text, ':location -?[0-9]+', '', 'g'), '-'))) AS key, \
     pg_stat_get_numscans(i.indexrelid) AS scans, {scan} AS scan_s, \
     (NOT i.indisvalid AND EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted AND l.pid <> pg_backend_pid() \
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'AccessExclusiveLock'))) AS building, \
     row_number() OVER (ORDER BY c.relpages DESC, c.oid) AS by_size, row_number() OVER (ORDER BY i.indisvalid, c.relpages DESC, c.oid) AS by_use \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' JOIN pg_class t ON t.oid = i.indrelid AND t.relpersistence <> 't' \
     JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_am m ON m.oid = c.relam WHERE ",
    of_users!(),
    ") x WHERE by_size <= 500 OR (NOT valid AND by_use <= 100) ORDER BY 1, 2, 3"
);

/// Indexes; 16 tells when each was last used.
pub(super) fn indexes(version: u32) -> String {
    let scan = if version >= 160_000 {
        "{since pg_stat_get_lastscan(i.indexrelid)}"
    } else {
        "NULL::bigint"
    };
    INDEXES.replace("{scan}", scan)
}

pub(super) const CONSTRAINTS: &str = concat!(
    "SELECT n.nspname::text AS schema, t.relname::text AS \"table\", o.conname::text AS name, o.contype::text AS kind \
     FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
     WHERE NOT o.convalidated AND {enforced} AND ",
    of_users!(),
    " ORDER BY 1, 2, 3 LIMIT 100"
);

/// Constraints that are not valid; from 18 on there are those that are not meant to hold.
pub(super) fn constraints(version: u32) -> String {
    CONSTRAINTS.replace("{enforced}", if version >= 180_000 { "o.conenforced" } else { "true" })
}

/// The columns may stand in an index in any order, if only they come first.
pub(super) const FOREIGN_KEYS: &str = concat!(
    "SELECT n.nspname::text AS schema, t.relname::text AS \"table\", o.conname::text AS name, \
     (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) FROM unnest(o.conkey) WITH ORDINALITY k(att, n) \
     JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.att) AS columns, t.relpages AS pages, t.reltuples::bigint AS rows, \
     format('%I.%I', pn.nspname, p.relname) AS parent, pg_stat_get_tuples_deleted(p.oid) AS parent_deletes \
     FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid AND t.relkind = 'r' JOIN pg_namespace n ON n.oid = t.relnamespace \
     JOIN pg_class p ON p.oid = o.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace \
     WHERE o.contype = 'f' AND ",
    of_users!(),
    " AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = o.conrelid AND i.indisvalid AND i.indpred IS NULL \
     AND (i.indkey::smallint[])[0:cardinality(o.conkey) - 1] @> o.conkey) ORDER BY t.relpages DESC, o.oid LIMIT 100"
);
