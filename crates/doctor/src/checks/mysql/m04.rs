//! M04: a replica takes writes of its own.
//!
//! Source: the reference of MySQL 8.4, 7.1.8 (`read_only`, which does not bind who has `CONNECTION_ADMIN` or SUPER, and
//! `super_read_only`, which does); the knowledge base of MariaDB, which has the first alone.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair};

pub(super) static CHECK: Check = Check {
    id: "M04",
    title: "a replica takes writes of its own",
    severity: Severity::Warning,
    needs: "REPLICATION CLIENT (MySQL) or SLAVE MONITOR (MariaDB)",
    expected: "a replica has read_only ON, and in MySQL super_read_only as well",
    guardrail: "read_only = ON in the file of every server, and only what promotes one sets it OFF; alert on mysql_global_variables_read_only == 0 where mysql_slave_status_slave_sql_running exists",
    probes: &[
        "SHOW REPLICA STATUS: whether it is a replica",
        "SHOW GLOBAL VARIABLES: read_only, super_read_only, wsrep_on",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Replication stops with 1062 (the row is there already) or 1032 (the row is not there). Or it does not stop, and a row that a customer saw yesterday is gone after a switch.",
        culprit: "A program, a migration or a person was connected to the replica and wrote there. Nothing forbade it, as read_only is OFF unless told otherwise; and in MySQL it does not bind an account that administers, for which super_read_only is there.",
        proof: "The server is a replica, and the setting is OFF. That somebody has written already it does not say: see M05. MariaDB has no super_read_only, so there read_only alone is judged. Where two servers replicate each other and both are meant to be written, suppress the check with that reason.",
        fix: "SET GLOBAL read_only = ON (MySQL: SET GLOBAL super_read_only = ON, which sets both), and in the file. Then find who writes there: SHOW PROCESSLIST, and the addresses in the settings of programs. Compare the replica with its source afterwards.",
        cost: "Who wrote to the replica gets error 1290 from then on. In MariaDB SET GLOBAL read_only waits for transactions and locks of tables that are open. Undone by OFF.",
        lab: "A server that is a replica and may be written; mended by read_only. The lab is of MariaDB: super_read_only of MySQL is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.channels.seen()?.is_empty() {
        return Err(Blind::OutOfPlace("it is no replica".to_owned()));
    }
    if server.variable_if_any("wsrep_on")? == Some("ON") {
        return Err(Blind::OutOfPlace("it is a member of a cluster, which is written".to_owned()));
    }
    // Newer MariaDB has more values, which all forbid.
    let is_off = |value: &str| matches!(value, "OFF" | "0");
    let name = if is_off(server.variable("read_only")?) {
        "read_only"
    } else if !server.is_mariadb()? && is_off(server.variable("super_read_only")?) {
        "super_read_only"
    } else {
        let observed = "it is a replica, and takes no writes".to_owned();
        return Ok(Verdict { observed, ..Verdict::default() });
    };
    Ok(Verdict { faults: vec![fault(name)], ..Verdict::default() })
}

fn fault(name: &'static str) -> Fault {
    let who = if name == "read_only" { "every account" } else { "an account that administers" };
    Fault {
        // Those who administer know where they are, mostly.
        severity: if name == "read_only" { Severity::Warning } else { Severity::Info },
        aspect: Some(name),
        at: None,
        observed: format!("it is a replica, and {name} is OFF"),
        impact: format!(
            "{who} can write to it: then its rows differ from those of the source, and replication stops or a switch brings up what nobody wrote"
        ),
        fix: format!(
            "SET GLOBAL {name} = ON; and in the file (undo: OFF); find who writes there, and compare it with its source"
        ),
        actions: Vec::new(),
        risk:
            "who wrote there gets error 1290; not where two servers replicate each other on purpose"
                .to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("SHOW GLOBAL VARIABLES {name}"),
            value: "OFF".to_owned(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
