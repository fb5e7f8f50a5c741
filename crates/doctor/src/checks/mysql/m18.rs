//! M18: a replica is set up so that it comes to hold other rows than its source, without a word.
//!
//! Source: the reference of MySQL 8.4, 19.2.1.3 ("Determination of Safe and Unsafe Statements in Binary Logging"), 19.1.6.3
//! (`replica_skip_errors`, `replica_exec_mode`) and 19.2.5 ("How Servers Evaluate Replication Filtering Rules").

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair};

pub(super) static CHECK: Check = Check {
    id: "M18",
    title: "a replica comes to hold other rows than its source, without a word",
    severity: Severity::Warning,
    needs: "REPLICATION CLIENT (MySQL) or SLAVE MONITOR (MariaDB)",
    expected: "the binary log has rows, or is MIXED; replicas skip no errors, and their exec mode is STRICT",
    guardrail: "pt-table-checksum once a week; binlog_format = ROW",
    probes: &[
        "SHOW GLOBAL VARIABLES: log_bin, binlog_format, slave_skip_errors, slave_exec_mode (or replica)",
        "SHOW REPLICA STATUS: whether it is a replica, and the names of its filters",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A report says something else on the replica than on the source; after a switch some customers have old addresses; replication stops with 1032 or 1062, once somebody has set it to be strict again.",
        culprit: "With statements in the log each server works out for itself what they do: LIMIT without ORDER BY, UUID(), a trigger or a function may do something else there. A replica that skips errors, or whose exec mode is IDEMPOTENT, goes on where a row is missing or is there already, and so hides that it differs. A filter by database leaves out statements that name another database than the one in use.",
        proof: "The settings: of the log where one is written, of the replica where the server is one. They do not prove that rows differ, only that nothing would tell. Filters are often meant, so they are info.",
        fix: "SET GLOBAL binlog_format = ROW on the source and in its file; sessions that are connected keep their old one until they come again. On the replica take slave_skip_errors out of the file and restart it, SET GLOBAL slave_exec_mode = STRICT. Then compare (pt-table-checksum), as what differs stays so; mend it with pt-table-sync, or make the replica anew.",
        cost: "A log of rows is larger where one statement changes many; tables without a primary key then hold up replicas (M10). A strict replica stops at the next difference, which is what it should do. Undone by the old value.",
        lab: "A replica that is told to go on where rows differ, or a source that writes statements, by turns; mended by STRICT, or by ROW. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    let writes_log = server.variable("log_bin")? == "ON";
    if writes_log && server.variable("binlog_format")? == "STATEMENT" {
        faults.push(statements());
    }
    let channels = server.channels.seen();
    let replicates = channels.as_ref().map_or(&[][..], |all| all);
    if !replicates.is_empty() {
        let skipped = server.variable_of(&["replica_skip_errors", "slave_skip_errors"])?;
        if !matches!(skipped, "OFF" | "") {
            let fix = "take slave_skip_errors (replica_skip_errors) out of the file, and restart the replica; then compare it with its source";
            faults.push(of_replica("errors", format!("it skips errors: {skipped}"), fix));
        }
        let mode = server.variable_of(&["replica_exec_mode", "slave_exec_mode"])?;
        if mode == "IDEMPOTENT" {
            let fix = "SET GLOBAL slave_exec_mode = STRICT (replica_exec_mode in MySQL 8.0.26 and later; undo: IDEMPOTENT); then compare it with its source";
            faults.push(of_replica("mode", "its exec mode is IDEMPOTENT: it goes on where a row is missing or is there already".to_owned(), fix));
        }
    }
    let filters: Vec<&str> =
        replicates.iter().flat_map(|it| it.filters.iter().map(String::as_str)).collect();
    if !filters.is_empty() {
        let fix = "see whether they are meant; replicate_wild_do_table does not depend on the database in use";
        let mut fault = of_replica(
            "filters",
            format!("it leaves out what filters say: {}", filters.join(", ")),
            fix,
        );
        fault.severity = Severity::Info;
        faults.push(fault);
    }
    if faults.is_empty() && !writes_log && channels.as_ref().is_ok_and(|all| all.is_empty()) {
        return Err(Blind::OutOfPlace("it is neither source nor replica".to_owned()));
    }
    Ok(Verdict {
        observed: "the log has no statements alone, and no difference is hidden".to_owned(),
        faults,
        unseen: channels.err(),
    })
}

fn statements() -> Fault {
    Fault {
        aspect: Some("statements"),
        impact: "a statement whose result is not fixed (LIMIT without ORDER BY, UUID(), a trigger) does something else on each replica".to_owned(),
        actions: Vec::new(),
        risk: "the log grows where one statement changes many rows; sessions keep their format until they connect again".to_owned(),
        ..of_replica(
            "statements",
            "binlog_format is STATEMENT".to_owned(),
            "SET GLOBAL binlog_format = ROW; and in the file (undo: STATEMENT); then compare the replicas",
        )
    }
}

fn of_replica(aspect: &'static str, observed: String, fix: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: None,
        evidence: vec![Evidence {
            probe: "SHOW GLOBAL VARIABLES; SHOW REPLICA STATUS".to_owned(),
            value: observed.clone(),
        }],
        observed,
        impact: "rows that differ are not told of, and differ for ever: on a switch they become the truth".to_owned(),
        fix: fix.to_owned(),
        actions: Vec::new(),
        risk: "replication stops at the next difference, and says which".to_owned(),
        reversible: true,
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
