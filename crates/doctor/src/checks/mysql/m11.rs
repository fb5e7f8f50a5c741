//! M11: tables that do not survive a crash, and values that are cut without an error.
//!
//! Source: the reference of MySQL 8.4, 18.2 ("The MyISAM Storage Engine", 18.2.4.2 of tables that were not closed) and 7.1.11
//! ("Server SQL Modes"); the knowledge base of MariaDB, "Aria Storage Engine".

use super::ticked;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlTable, Pair};

pub(super) static CHECK: Check = Check {
    id: "M11",
    title: "tables do not survive a crash, or values are cut without an error",
    severity: Severity::Warning,
    needs: "SELECT on *.*, as tables without a right on them are not shown",
    expected: "no table of users is MyISAM, and sql_mode has STRICT_TRANS_TABLES or STRICT_ALL_TABLES",
    guardrail: "disabled_storage_engines = \"MyISAM\" (MySQL), enforce_storage_engine = InnoDB (MariaDB)",
    probes: &[
        "information_schema.TABLES whose engine is MyISAM or Aria, of no database of the server itself, the 50 largest",
        "SHOW GLOBAL VARIABLES: sql_mode",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After a crash: \"Table is marked as crashed and should be repaired\". Or rows that miss their end: a name of 300 letters that is 255 long, a number that is the largest its column holds, a date of zeros; no program ever saw an error.",
        culprit: "MyISAM writes without a log: a crash in a write leaves the table broken, a transaction that is rolled back leaves what it wrote there, and a backup that does not lock it has it half changed. Without a strict mode the server makes a value fit its column, and answers with a warning that nobody reads. Both were the default long ago, and live on in old databases and in files of settings that are carried along.",
        proof: "The engine of each table that has rows, and the global sql_mode; a session may have another. Aria, which MariaDB makes of temporary tables, survives a crash but rolls nothing back: info.",
        fix: "ALTER TABLE ... ENGINE = InnoDB, one table at a time. For the mode: turn it on in one application first (SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')), mend what then fails, and only then SET GLOBAL and the file.",
        cost: "ALTER copies the table and holds up its writes for as long; InnoDB takes up to twice the room, and COUNT(*) without WHERE is no longer free. A strict mode makes statements fail that went through before. Both can be undone by the same commands with the old value.",
        lab: "A table of MyISAM with a number of rows that is drawn, or a server without a strict mode, by turns; mended by InnoDB, or by the mode. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mode = server.variable("sql_mode")?;
    let mut faults = Vec::new();
    let is_strict =
        mode.split(',').any(|it| it == "STRICT_TRANS_TABLES" || it == "STRICT_ALL_TABLES");
    if !is_strict {
        faults.push(lax(mode));
    }
    let tables = server.unsafe_tables.seen();
    let with_rows = tables.iter().flat_map(|all| all.iter()).filter(|it| it.rows != Some(0));
    faults.extend(with_rows.map(fragile));
    let unseen = tables.err().or_else(|| server.sees_all_tables().err());
    Ok(Verdict {
        observed: "no table with rows is MyISAM or Aria, and sql_mode is strict".to_owned(),
        faults,
        unseen,
    })
}

fn lax(mode: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("strict"),
        at: None,
        observed: format!("sql_mode is not strict: \"{mode}\""),
        impact: "values that do not fit are cut, or become zero, and the program sees no error".to_owned(),
        fix: "in one application first: SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES'); then SET GLOBAL and in the file (undo: the value before)".to_owned(),
        actions: Vec::new(),
        risk: "statements fail whose values were cut before".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "SHOW GLOBAL VARIABLES sql_mode".to_owned(),
            value: mode.to_owned(),
        }],
        confidence: Confidence::High,
    }
}

fn fragile(table: &MysqlTable) -> Fault {
    let MysqlTable { name, engine, rows } = table;
    let is_aria = engine == "Aria";
    let rows =
        rows.map_or_else(|| "an unknown number of".to_owned(), |rows| format!("about {rows}"));
    Fault {
        severity: if is_aria { Severity::Info } else { Severity::Warning },
        aspect: Some("engine"),
        at: Some(name.clone()),
        observed: format!("{name} is {engine}, with {rows} rows"),
        impact: if is_aria {
            "a transaction that is rolled back leaves what it wrote there".to_owned()
        } else {
            "a crash leaves it broken, a transaction that is rolled back leaves what it wrote there, and each write locks all of it".to_owned()
        },
        fix: format!("ALTER TABLE {} ENGINE = InnoDB (undo: ENGINE = {engine})", ticked(name)),
        actions: Vec::new(),
        risk: "a copy of the table, which holds up its writes for as long".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "information_schema.TABLES".to_owned(),
            value: format!("{name}: {engine}, {rows} rows"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
