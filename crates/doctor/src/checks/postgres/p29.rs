//! P29: an index is mostly empty, or longer than its table.
//!
//! Source: the documentation of PostgreSQL, F.32 (`pgstatindex`), CREATE INDEX (`fillfactor`: leaves of a B-tree are filled to 90 %), 25.2
//! (routine reindexing).

use super::words::size;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresDensity, PostgresIndex};

/// In hundredths of a percent: half of 90 %, to which a rebuild fills leaves; so a rebuild makes it half as long.
const DENSITY_MIN: u64 = 4_500;

/// To what a rebuild fills leaves, in hundredths of a percent.
const DENSITY_REBUILT: u64 = 9_000;

/// A shorter index is not worth a rebuild.
const BYTES_MIN: u64 = 8 << 20;

/// Without a look into it only a long one is told.
const GUESS_BYTES_MIN: u64 = 1 << 30;

/// The default of a page; a server that says otherwise tells it.
const PAGE_BYTES: u64 = 8_192;

pub(super) static CHECK: Check = Check {
    id: "P29",
    title: "an index is mostly empty, or longer than its table",
    severity: Severity::Warning,
    needs: "--deep and the extension pgstattuple with pg_stat_scan_tables (pg_monitor has it), to look into indexes; without them only lengths",
    expected: "leaves of B-trees are more than half as full as after a rebuild",
    guardrail: "autovacuum that keeps up (P08), no transaction that is open for hours (P04), and a rebuild after each mass deletion",
    probes: &[
        "pg_class: relpages of indexes and of their tables",
        "with --deep pgstatindex(): index_size, avg_leaf_density, of the largest B-trees below 1 GB, 1 GB together",
    ],
    proof: Proof::Lab,
    catalogue: &["index-outgrows-data"],
    page: Page {
        symptom: "An index is as long as its table or longer; scans of it read far more pages than they return rows, and it pushes other things out of memory.",
        culprit: "Pages of a B-tree are only used again once they are wholly empty. Deletions that leave a few entries on each, updates of keys, and a vacuum that was held up for long leave it full of holes, which stay.",
        proof: "With --deep: the leaves of a B-tree of at least 8 MiB are less than 45 % full, half of what a rebuild makes. Without, as information with low confidence: a B-tree of at least 1 GiB that is longer than its table, by the lengths of the last vacuum; one of all columns may rightly be.",
        fix: "REINDEX INDEX CONCURRENTLY. If it is long again in weeks, look for what holds vacuum up first (P04, P08).",
        cost: "It is built anew beside the old one: as much room as the new one takes, and long reading. CONCURRENTLY lets writes go on; if it is cut off, an invalid index with the ending _ccnew is left to drop.",
        lab: "An index of hundred thousands of rows, of which most are deleted and vacuumed; mended by a rebuild.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let indexes = server.indexes.seen()?;
    let density = server.density.seen();
    let page_bytes = server.setting("block_size").ok().and_then(|it| it.parse().ok());
    let page_bytes = page_bytes.unwrap_or(PAGE_BYTES);
    let is_worth_it =
        |it: &PostgresIndex| it.method == "btree" && it.pages * page_bytes >= BYTES_MIN;
    if !indexes.iter().any(is_worth_it) && !density.as_ref().is_ok_and(|all| !all.is_empty()) {
        return Err(Blind::OutOfPlace("there is no B-tree of 8 MiB in this database".to_owned()));
    }
    let mut faults: Vec<Fault> =
        density.iter().flat_map(|all| all.iter()).filter_map(sparse).collect();
    let looked_into = density.as_ref().map_or(0, |all| all.len());
    if looked_into == 0 {
        faults.extend(indexes.iter().filter_map(|index| long(index, page_bytes)));
    }
    Ok(Verdict {
        observed: format!("none of {looked_into} that were looked into is mostly empty"),
        faults,
        unseen: density.err(),
    })
}

fn sparse(index: &PostgresDensity) -> Option<Fault> {
    let PostgresDensity { name, bytes, leaf_density } = index;
    let density = (*leaf_density)?;
    if density >= DENSITY_MIN || *bytes < BYTES_MIN {
        return None;
    }
    let rebuilt = bytes * density / DENSITY_REBUILT;
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("density"),
        at: Some(format!("index {name}")),
        observed: format!(
            "{} long, its leaves {} % full: about {} after a rebuild",
            size(*bytes),
            density / 100,
            size(rebuilt)
        ),
        impact: "scans of it read that many more pages, and keep them in memory instead of others".to_owned(),
        fix: format!("REINDEX INDEX CONCURRENTLY {name};"),
        actions: Vec::new(),
        risk: "it needs the room of the new one meanwhile; if it is cut off, an invalid index _ccnew is left to drop".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pgstatindex('{name}')"),
            value: format!("index_size={bytes} avg_leaf_density={}.{:02}", density / 100, density % 100),
        }],
        confidence: Confidence::High,
    })
}

fn long(index: &PostgresIndex, page_bytes: u64) -> Option<Fault> {
    let PostgresIndex { schema, name, method, pages, table_pages, .. } = index;
    let bytes = pages * page_bytes;
    if method != "btree" || pages <= table_pages || bytes < GUESS_BYTES_MIN {
        return None;
    }
    Some(Fault {
        severity: Severity::Info,
        aspect: Some("length"),
        at: Some(format!("index {schema}.{name}")),
        observed: format!("{} long, its table {}", size(bytes), size(table_pages * page_bytes)),
        impact: "if it is mostly empty, scans of it read many more pages than they have to".to_owned(),
        fix: "look into it with --deep or pgstatindex() at a quiet hour; below 45 % avg_leaf_density REINDEX INDEX CONCURRENTLY it".to_owned(),
        actions: Vec::new(),
        risk: "pgstatindex() reads all of it".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_class {schema}.{name}: relpages"),
            value: format!("{pages}, of its table {table_pages}"),
        }],
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;
