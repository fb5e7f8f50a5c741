//! M01: transactions that were confirmed may be gone after a crash.
//!
//! Source: the reference of MySQL 8.4, 17.14 (`innodb_flush_log_at_trx_commit`) and 19.1.6.4 (`sync_binlog`); the knowledge base of
//! MariaDB, where 3 of the former waits for the disk as 1 does, and 0 of the latter is the default.

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair};

const FLUSH: &str = "innodb_flush_log_at_trx_commit";
const SYNC: &str = "sync_binlog";

pub(super) static CHECK: Check = Check {
    id: "M01",
    title: "transactions that were confirmed may be gone after a crash",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "innodb_flush_log_at_trx_commit is 1, and sync_binlog is 1 where a binary log is written",
    guardrail: "alert on mysql_global_variables_innodb_flush_log_at_trx_commit != 1 or (mysql_global_variables_log_bin == 1 and mysql_global_variables_sync_binlog != 1) (mysqld_exporter)",
    probes: &["SHOW GLOBAL VARIABLES: innodb_flush_log_at_trx_commit, log_bin, sync_binlog"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until the machine loses power or its kernel crashes. Then the last orders that were confirmed are not there; or they are there, but not on the replicas, which from then on stop with errors or quietly hold other rows.",
        culprit: "With innodb_flush_log_at_trx_commit at 2 a commit is written but does not wait for the disk: a crash of the machine loses about the last second. At 0 it is not even written, and a crash of the server alone loses as much. With sync_binlog at anything but 1 the binary log reaches the disk when the system likes: after a crash of the machine it may lack what InnoDB has, and the replicas never get it; or replicas have what the source has lost, and its next transactions take the same numbers. MariaDB has sync_binlog at 0 unless told otherwise.",
        proof: "The running settings. sync_binlog is judged only where log_bin is ON: without a binary log it means nothing.",
        fix: "SET GLOBAL innodb_flush_log_at_trx_commit = 1; SET GLOBAL sync_binlog = 1; and the same in the file, so that it stays after a restart. No restart is needed. After a crash with one of them off, compare the replicas with the source, or make them anew.",
        cost: "Each commit waits for the disk, once or twice: some milliseconds on a disk that spins, far less on one that has a cache with a battery. Many commits at once share a wait. Undone by setting the old value again.",
        lab: "A server with a binary log and one of both set to a value that is drawn; mended by setting it to 1. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let flush = server.number_of(&[FLUSH])?;
    // 3 of MariaDB waits for the disk at each step of a group, as before 10.0.
    let waits = flush == 1 || (flush == 3 && server.is_mariadb()?);
    let mut faults = Vec::new();
    if !waits {
        let when = if flush == 2 { "of the machine" } else { "of the server alone" };
        let impact = format!(
            "after a crash {when} transactions of about the last second that were confirmed are gone"
        );
        faults.push(fault(FLUSH, flush, impact));
    }
    let observed = if server.variable("log_bin")? == "ON" {
        let sync = server.number_of(&[SYNC])?;
        if sync != 1 {
            let impact = "after a crash of the machine the binary log may lack transactions that InnoDB has, or have lost what replicas already have: they differ from then on";
            faults.push(fault(SYNC, sync, impact.to_owned()));
        }
        format!("{FLUSH} is {flush} and {SYNC} is {sync}")
    } else {
        format!("{FLUSH} is {flush}; no binary log is written")
    };
    Ok(Verdict { observed, faults, unseen: None })
}

fn fault(name: &'static str, value: u64, impact: String) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some(name),
        at: None,
        observed: format!("{name} is {value}"),
        impact,
        fix: format!("SET GLOBAL {name} = 1; and in the file (undo: SET GLOBAL {name} = {value})"),
        actions: vec![Action::undone_by(
            format!("SET GLOBAL {name} = 1"),
            format!("SET GLOBAL {name} = {value}"),
        )],
        risk: "each commit waits for the disk".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("SHOW GLOBAL VARIABLES {name}"),
            value: value.to_string(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
