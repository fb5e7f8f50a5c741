//! P16: pages whose checksum is wrong; or none has one, so that nobody would know.
//!
//! Source: the documentation of PostgreSQL, 30.2 (data checksums) and 28.2.17 (`pg_stat_database`): failures are counted as pages are read,
//! by backups too. They are off by default before 18.

use super::words::{counted, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresDatabase};

pub(super) static CHECK: Check = Check {
    id: "P16",
    title: "pages of the database are broken, or nobody would know if they were",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "checksums of pages are on, and none was ever wrong",
    guardrail: "initdb --data-checksums (the default from 18 on); alert on pg_stat_database_checksum_failures > 0",
    probes: &[
        "pg_settings: data_checksums",
        "pg_stat_database: checksum_failures, checksum_last_failure",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Queries over some rows fail with \"invalid page in block\"; or, without checksums, they answer with what nobody wrote, and the backups hold the same.",
        culprit: "A disk, its controller, memory or a file system gave back other bytes than were written; or a program wrote into the files of the database.",
        proof: "checksum_failures of pg_stat_database, for each database and for what they share: one is enough, however long ago, as the page does not heal by itself; when the last one was is told. Without checksums there is nothing to count, which is worth knowing and no fault: before 18 it is the default.",
        fix: "Do not write more than you must. Take the standby, if there is one that has no failures, or restore from a backup of before; then look at the disk and its cables (H31, dmesg). pg_amcheck and pg_checksums --check (the server stopped) say which files. To have checksums: stop the server and pg_checksums --enable, from 12 on.",
        cost: "pg_checksums writes every page of a stopped server, so it takes as long as copying it; with standbys stop them all and enable it on each, or enable it on the primary and make them anew, as clusters that differ in it must not be mixed. Afterwards checksums take a few percent of CPU at most. After a repair the counter is set back with SELECT pg_stat_reset() in that database, which forgets what autovacuum counts by: ANALYZE afterwards.",
        lab: "A server with checksums, of which a page of a table is overwritten while it is stopped, and read a drawn number of times; mended by setting the counter back, which is what is done after a repair.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.setting("data_checksums")? != "on" {
        return Ok(Verdict { faults: vec![off()], ..Verdict::default() });
    }
    let databases = server.databases.seen()?;
    if databases.iter().all(|it| it.checksum_failures.is_none()) {
        return Err(Blind::Absent("number of checksum failures".to_owned()));
    }
    let faults = databases
        .iter()
        .filter_map(|it| Some(broken(pair, it, it.checksum_failures.filter(|n| *n > 0)?)));
    Ok(Verdict {
        observed: format!(
            "checksums are on, and none was wrong in {}",
            counted(databases.len() as u64, "database", "databases")
        ),
        faults: faults.collect(),
        unseen: None,
    })
}

fn broken(pair: &Pair<'_, Postgres>, database: &PostgresDatabase, failures: u64) -> Fault {
    let name = database.name.as_deref().map_or_else(
        || "what all databases share".to_owned(),
        |name| format!("database \"{name}\""),
    );
    let grown = pair.growth("checksum failures", |it| {
        Ok(it
            .databases
            .seen()?
            .iter()
            .find(|it| it.name == database.name)
            .and_then(|it| it.checksum_failures))
    });
    let grown = grown.ok().filter(|grown| *grown > 0).map_or_else(String::new, |grown| {
        format!(", {grown} of them in the last {:.1} s", pair.window.seconds())
    });
    let last = database
        .checksum_failure_s
        .map_or_else(String::new, |s| format!(", the last {} ago", span(s)));
    Fault {
        severity: Severity::Critical,
        aspect: None,
        at: Some(database.name.clone().map_or_else(|| "shared".to_owned(), |name| format!("database {name}"))),
        observed: format!("{} of {name}{last}{grown}", counted(failures, "read found a broken page", "reads found a broken page")),
        impact: "rows on such pages are gone, or wrong; copies and backups may hold the same".to_owned(),
        fix: "switch to a standby without failures, or restore from before; the log of the server names the file and block; then replace the disk".to_owned(),
        actions: Vec::new(),
        risk: "a restore loses what came after the backup, unless the archive of WAL has it".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: "pg_stat_database".to_owned(),
            value: format!("checksum_failures={failures}"),
        }],
        confidence: Confidence::High,
    }
}

fn off() -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("off"),
        at: None,
        observed: "pages have no checksums".to_owned(),
        impact: "a page that the disk breaks is not noticed until a query answers wrong".to_owned(),
        fix: "stop the server at a quiet time and run pg_checksums --enable (12 and later); with standbys stop them as well and enable it on each, or make them anew".to_owned(),
        actions: Vec::new(),
        risk: "the server is stopped as long as it takes to write all its pages; undone by pg_checksums --disable".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: "pg_settings data_checksums".to_owned(), value: "off".to_owned() }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
