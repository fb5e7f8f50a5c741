//! M10: a table without a key, whose rows a replica has to find one by one.
//!
//! Source: the reference of MySQL 8.4, 17.6.2.1 (`GEN_CLUST_INDEX`) and 19.2.1.2 ("Usage of Row-Based Logging"); that a table of fewer
//! rows is no trouble is of the house: to read ten thousand takes some milliseconds.

use super::ticked;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlTable, Pair};

/// A table of so many rows, about, is one to tell of.
const ROWS_MIN: u64 = 10_000;

pub(super) static CHECK: Check = Check {
    id: "M10",
    title: "a table without a primary key makes replicas search it for each row",
    severity: Severity::Warning,
    needs: "PROCESS",
    expected: "each table of 10,000 rows or more that is replicated by rows has a primary key, or a unique one without NULL",
    guardrail: "innodb_force_primary_key = ON (MariaDB), sql_require_primary_key = ON (MySQL 8.0.13 and later): then none is made any more",
    probes: &[
        "information_schema.INNODB_SYS_INDEXES, INNODB_SYS_TABLES and INNODB_SYS_TABLESTATS (INNODB_INDEXES and so on in MySQL 8.0): tables whose index is GEN_CLUST_INDEX, the 50 largest",
        "SHOW GLOBAL VARIABLES: log_bin, binlog_format, wsrep_on",
        "SHOW REPLICA STATUS: whether it is a replica",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A replica stands still for hours with one event, one CPU busy, while its source has long gone on. The statement that did it, a DELETE or UPDATE of many rows, took a second there.",
        culprit: "By rows, the log says of each row that was changed what it looked like. The replica looks it up by the primary key. Without one, and without another index that it can use, it reads the table from its start, for each row again (or, in MySQL with hashes, once for each event): rows that are changed times rows that there are. InnoDB gives such a table a hidden key, which is another one on each server and of no use for this.",
        proof: "The hidden key, which InnoDB makes only where there is neither a primary key nor a unique one without NULL. Only tables that are large enough to hurt, and only on servers that replicate: where the log has rows, or the server is a replica itself. The number of rows is an estimate. Where the log is MIXED rows are used now and then only: that is info.",
        fix: "Best a key that the rows have anyway: ALTER TABLE ... ADD PRIMARY KEY (COLUMNS). Not ADD COLUMN ... AUTO_INCREMENT by ALTER while there are replicas: each server numbers the rows in its own order, and later changes by that key hit other rows there, without an error. With writes stopped instead: CREATE TABLE new LIKE old, ALTER TABLE new ADD id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, INSERT INTO new SELECT ... ORDER BY all columns, RENAME. On a large table by gh-ost or pt-online-schema-change, which themselves need a unique key: then on a replica, and switch over. If a replica stands still now: let it, or make the key there first (it may have one that the source has not), with writes to the binary log off.",
        cost: "A copy of the table: its room on the disk once more, and time. Programs that insert without naming columns fail with one more column (in MySQL 8.0.23 and later, and MariaDB 10.3 and later, the column can be INVISIBLE). Undone by dropping the column, which is another copy.",
        lab: "A server that writes rows to its log, and a table of a number of rows that is drawn, without a key; mended by giving it one. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let severity = severity(server)?;
    let tables = server.keyless.seen()?;
    let mut faults = Vec::new();
    let mut unknown = None;
    for table in tables {
        match table.rows {
            Some(rows) if rows >= ROWS_MIN => faults.push(fault(severity, table, rows)),
            Some(_) => {}
            None => {
                let what = format!(
                    "count of the rows of {}: nobody has used it since the server was started",
                    table.name
                );
                unknown = Some(Blind::Absent(what));
            }
        }
    }
    let observed =
        format!("{} tables are without a key, none has {ROWS_MIN} rows or more", tables.len());
    Ok(Verdict { observed, faults, unseen: unknown })
}

/// How bad it is here, by how this server replicates.
fn severity(server: &Mysql) -> Result<Severity, Blind> {
    if server.variable_if_any("wsrep_on")? == Some("ON") {
        return Ok(Severity::Warning);
    }
    // A replica has the log of its source applied, of whatever format that is.
    let channels = server.channels.seen();
    if channels.as_ref().is_ok_and(|channels| !channels.is_empty()) {
        return Ok(Severity::Warning);
    }
    let format = server.variable("binlog_format")?;
    match (server.variable("log_bin")?, format) {
        ("ON", "ROW") => Ok(Severity::Warning),
        ("ON", "MIXED") => Ok(Severity::Info),
        _ => match channels {
            Err(blind) => Err(blind),
            Ok(_) => Err(Blind::OutOfPlace("it replicates no rows".to_owned())),
        },
    }
}

fn fault(severity: Severity, table: &MysqlTable, rows: u64) -> Fault {
    let name = &table.name;
    Fault {
        severity,
        aspect: None,
        at: Some(name.clone()),
        observed: format!("{name} has about {rows} rows, and no key"),
        impact: format!(
            "an UPDATE or DELETE of many rows of {name} makes each replica read the whole table for each of them: it stands still for hours"
        ),
        fix: format!(
            "a key that its rows have: ALTER TABLE {} ADD PRIMARY KEY (COLUMNS); not ADD COLUMN with AUTO_INCREMENT, which numbers the rows differently on each replica (--explain M10 has the way)",
            ticked(name)
        ),
        actions: Vec::new(),
        risk: "a copy of the table; it fails where two rows have the same key".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "INNODB_SYS_INDEXES; INNODB_SYS_TABLESTATS".to_owned(),
            value: format!("GEN_CLUST_INDEX of {name}, about {rows} rows"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
