//! M05: a replica has transactions that its source never had, or lacks some below others that it has.
//!
//! Source: the reference of MySQL 8.4, 19.1.3 ("Replication with Global Transaction Identifiers"); the knowledge base of MariaDB, "Global
//! Transaction ID": a number is `domain-server-sequence`, and the last one that was written or applied is kept for each domain.

use std::collections::BTreeMap;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlChannel, Pair, Server};

use gtids::Gtids;

mod gtids;

pub(super) static CHECK: Check = Check {
    id: "M05",
    title: "a replica has transactions that its source never had, or lacks some in between",
    severity: Severity::Warning,
    needs: "REPLICATION CLIENT (MySQL) or SLAVE MONITOR (MariaDB); of MySQL the source as a target as well",
    expected: "what a replica has executed its source has executed, too, without a gap",
    guardrail: "super_read_only = ON (MySQL), read_only = ON (MariaDB) on each replica; gtid_strict_mode = ON (MariaDB)",
    probes: &[
        "SHOW REPLICA STATUS: the source, and in MariaDB Using_Gtid",
        "SHOW GLOBAL VARIABLES: server_id, gtid_binlog_pos, gtid_slave_pos (MariaDB); gtid_mode, gtid_executed (MySQL)",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After a switch the other replicas cannot follow the new source: error 1236, \"replica has more GTIDs than the source has\" or, in MariaDB, \"error: connecting slave requested to start from GTID ..., which is not in the master's binlog\". Or they follow, and get rows that somebody once wrote to that replica by hand.",
        culprit: "Somebody wrote to a replica: a migration, a counter of a monitoring tool, ANALYZE or FLUSH with its own entry in the log. The transaction got a number of the replica's own, which the source does not know. Nothing is wrong until that replica becomes the source.",
        proof: "MariaDB: the last transaction of a domain in the replica's own log was written by itself, and is not before what it has applied of that domain from the source. Where it uses Current_Pos that says nothing, so the check is skipped; a domain that the source does not write is left to the replica. MySQL: what the replica had executed at the first look is not all in what the source had at the second; the source has to be a target as well. Aspect gap, of low confidence, of MySQL alone: numbers of the source that the replica lacked in both looks, though it had later ones of the same server already at the first. Several workers without replica_preserve_commit_order leave such gaps for as long as a transaction takes: look again later. In MariaDB a gap cannot be seen, as it keeps but the last number of each domain.",
        fix: "Look what it is: mariadb-binlog (mysqlbinlog --include-gtids) on the replica. If the rows have to go: take them out with SET SESSION sql_log_bin = 0, then rebuild the replica from its source, which is the sure way. If they do not matter, MySQL: run an empty transaction of that number on the source, SET gtid_next = 'UUID:N'; BEGIN; COMMIT; SET gtid_next = AUTOMATIC. Then forbid it: M04. Of a gap: STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1; START REPLICA has the source send what it still has in its log; where that is purged, rebuild the replica.",
        cost: "A replica that is rebuilt is away for as long. An empty transaction on the source says that all is well where rows still differ: compare them before. It cannot be undone.",
        lab: "A replica with a log of its own to which something is written, a number of times that is drawn; mended by taking it out of the table and of the log. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let channels = server.channels.seen()?;
    if channels.is_empty() {
        return Err(Blind::OutOfPlace("it is no replica".to_owned()));
    }
    if server.is_mariadb()? { of_mariadb(server, channels) } else { of_mysql(pair, channels) }
}

/// The server and the sequence of the last transaction of each domain.
fn positions(text: &str) -> BTreeMap<u64, (u64, u64)> {
    let position = |text: &str| {
        let mut parts = text.trim().split('-').map(str::parse::<u64>);
        let mut next = || parts.next()?.ok();
        Some((next()?, (next()?, next()?)))
    };
    text.split(',').filter_map(position).collect()
}

fn of_mariadb(server: &Mysql, channels: &[MysqlChannel]) -> Result<Verdict, Blind> {
    if server.variable("log_bin")? != "ON" {
        return Err(Blind::OutOfPlace(
            "it writes no log of its own that others could follow".to_owned(),
        ));
    }
    if channels.iter().any(|it| it.using_gtid.as_deref() == Some("Current_Pos")) {
        let what =
            "position of the source alone: Using_Gtid is Current_Pos, which takes both for one";
        return Err(Blind::Absent(what.to_owned()));
    }
    let own = server.number_of(&["server_id"])?;
    let written = positions(server.variable("gtid_binlog_pos")?);
    let applied = server.variable("gtid_slave_pos")?;
    let from_source = positions(applied);
    let mut faults = Vec::new();
    for (domain, (writer, sequence)) in written {
        let Some((origin, reached)) = from_source.get(&domain) else { continue };
        // The number that it had when it was the source itself is its own and has been taken over.
        let is_own = writer == own && *origin != own;
        if is_own && sequence >= *reached {
            let observed = format!(
                "it wrote {domain}-{writer}-{sequence} itself; of its source it has {domain}-{origin}-{reached}"
            );
            faults.push(fault(observed, applied.to_owned()));
        }
    }
    let observed = format!("what it wrote last is of its source: it has {applied}");
    Ok(Verdict { observed, faults, unseen: None })
}

fn of_mysql(pair: &Pair<'_, Mysql>, channels: &[MysqlChannel]) -> Result<Verdict, Blind> {
    if !pair.after()?.variable("gtid_mode")?.starts_with("ON") {
        return Err(Blind::OutOfPlace(
            "transactions have no numbers: gtid_mode is not ON".to_owned(),
        ));
    }
    // What the source did between the looks the replica may have already: so its first look is held against the source's second.
    let executed = Gtids::parse(pair.before()?.variable("gtid_executed")?)?;
    let mut known = Gtids::default();
    for channel in channels {
        let id = channel.source_id.to_string();
        let is_source = |it: &&Server<Mysql>| {
            let told = it.seen.seen().and_then(|it| it.variable("server_id"));
            told.is_ok_and(|told| told == id)
        };
        let source = pair.window.after.mysql.iter().find(is_source).ok_or_else(|| {
            Blind::Absent(format!(
                "look at its source {}: name it as a target, too",
                channel.source
            ))
        })?;
        known.add(Gtids::parse(source.seen.seen()?.variable("gtid_executed")?)?);
    }
    let errant = executed.without(&known);
    let later = Gtids::parse(pair.after()?.variable("gtid_executed")?)?;
    let missing = executed.gaps().also_in(&later.gaps()).also_in(&known);
    let observed = format!("{} transactions, all of which its source has", executed.count());
    let mut faults = Vec::new();
    if errant.count() > 0 {
        let observed = format!("{} transactions that its source does not have", errant.count());
        faults.push(fault(observed, errant.to_string()));
    }
    if missing.count() > 0 {
        faults.push(gap(&missing));
    }
    Ok(Verdict { observed, faults, unseen: None })
}

fn gap(missing: &Gtids) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("gap"),
        at: None,
        observed: format!(
            "{} transactions of its source are missing below others that it has",
            missing.count()
        ),
        impact: "what they wrote is missing here, and everywhere once it becomes the source and their log is gone".to_owned(),
        fix: "look again later; if it stays: STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1; START REPLICA; else rebuild the replica".to_owned(),
        actions: Vec::new(),
        risk: "replication stops if what is sent again does not fit the rows that are there; a replica that is rebuilt is away for as long".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "gtid_executed of the replica in both looks, and of its source".to_owned(),
            value: missing.to_string(),
        }],
        confidence: Confidence::Low,
    }
}

fn fault(observed: String, evidence: String) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed,
        impact: "when it becomes the source the others cannot follow it, or get rows that the source never had".to_owned(),
        fix: "find what was written (mariadb-binlog, mysqlbinlog), forbid it (M04), and rebuild the replica from its source".to_owned(),
        actions: Vec::new(),
        risk: "the replica is away while it is rebuilt; an empty transaction on the source instead hides that rows differ".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "gtid_binlog_pos and gtid_slave_pos; gtid_executed of both in MySQL".to_owned(),
            value: evidence,
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
