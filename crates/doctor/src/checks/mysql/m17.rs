//! M17: commits no longer wait for a replica, though they are meant to.
//!
//! Source: the reference of MySQL 8.4, 19.4.10 ("Semisynchronous Replication"), and the knowledge base of MariaDB of the same name: after
//! `rpl_semi_sync_source_timeout` without an answer the source goes on alone, and its status says OFF while its setting says ON.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair};

/// As MariaDB and older MySQL call it, and as newer MySQL does.
const ROLES: [&str; 2] = ["master", "source"];

pub(super) static CHECK: Check = Check {
    id: "M17",
    title: "commits no longer wait for a replica, though they are meant to",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "where semi-synchronous replication is enabled it is in effect, and each commit has its answer",
    guardrail: "alert on mysql_global_status_rpl_semi_sync_master_status == 0 where mysql_global_variables_rpl_semi_sync_master_enabled == 1, and on rate(mysql_global_status_rpl_semi_sync_master_no_tx[5m]) > 0 (mysqld_exporter; source instead of master in newer MySQL)",
    probes: &[
        "SHOW GLOBAL VARIABLES: rpl_semi_sync_master_enabled, rpl_semi_sync_master_timeout (or source)",
        "SHOW GLOBAL STATUS: Rpl_semi_sync_master_status, Rpl_semi_sync_master_clients, Rpl_semi_sync_master_no_tx (or source)",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "One commit took ten seconds, once; since then all is fast again. When the source is lost, the replica that takes over lacks orders that were confirmed, though \"that cannot happen here\".",
        culprit: "With semi-synchronous replication a commit waits until a replica has it. If no replica answers within rpl_semi_sync_source_timeout (10 s unless told otherwise), the source stops waiting, for this commit and for all that follow, until a replica has caught up. It writes one line to its log and tells nobody else.",
        proof: "The setting is ON and the status is OFF; or the status is ON and commits went without an answer between the two looks; or it is ON and no replica is connected that would answer, so that the next commit waits in vain and then the same happens. A total of commits without an answer is no fault.",
        fix: "See why no replica answers: SHOW REPLICA STATUS there, whether rpl_semi_sync_replica_enabled is ON there (after setting it, its fetching thread has to be started anew: STOP REPLICA IO_THREAD, START REPLICA IO_THREAD), and the network. The source goes back by itself when one has caught up.",
        cost: "A longer timeout makes commits wait longer when no replica is there: writes stand still for as long. It is a choice between waiting and losing, and cannot be had both ways. Undone by setting it back.",
        lab: "A server that is to wait for a replica and has none, and a commit; mended by a replica that answers. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut enabled = None;
    for role in ROLES {
        if server.variable_if_any(&format!("rpl_semi_sync_{role}_enabled"))? == Some("ON") {
            enabled = Some(role);
        }
    }
    let Some(role) = enabled else {
        return Err(Blind::OutOfPlace("no commit is meant to wait for a replica".to_owned()));
    };
    let name = |what: &str| format!("rpl_semi_sync_{role}_{what}");
    let status = server.status.seen()?.get(&name("status"));
    let status = status.ok_or_else(|| Blind::Absent(format!("counter {}", name("status"))))?;
    let clients = server.status_number(&name("clients"))?;
    let timeout_ms = server.number_of(&[&name("timeout")])?;
    let alone = pair.status_growth(&name("no_tx"));
    let seconds = pair.window.seconds();
    let number = alone.as_ref().copied().unwrap_or(0);
    let told = clients.map_or_else(|| "an unknown number of".to_owned(), |it| it.to_string());
    let evidence = format!(
        "status {status}, {told} replicas that answer, {number} commits without an answer in {seconds:.1} s, timeout {timeout_ms} ms"
    );
    let (aspect, observed) = if status != "ON" {
        ("off", format!("it is enabled and not in effect; {told} replicas would answer"))
    } else if number > 0 {
        ("late", format!("{number} commits went without the answer of a replica in {seconds:.1} s"))
    } else if clients == Some(0) {
        (
            "none",
            format!(
                "it is in effect, and no replica is there: the next commit waits {timeout_ms} ms in vain"
            ),
        )
    } else {
        return Ok(Verdict { observed: evidence, faults: Vec::new(), unseen: alone.err() });
    };
    Ok(Verdict {
        observed: evidence.clone(),
        faults: vec![fault(aspect, observed, evidence)],
        unseen: None,
    })
}

fn fault(aspect: &'static str, observed: String, evidence: String) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: None,
        observed,
        impact: "if the source is lost now, transactions that were confirmed are on no replica".to_owned(),
        fix: "see why no replica answers: SHOW REPLICA STATUS there, rpl_semi_sync_replica_enabled (slave in MariaDB) there, and its fetching thread started anew after that was set".to_owned(),
        actions: Vec::new(),
        risk: "commits wait for the network again; with a longer timeout they stand still for as long when no replica is there".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%'".to_owned(),
            value: evidence,
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
