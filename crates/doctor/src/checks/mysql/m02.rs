//! M02: a page that is half written at a crash stays half written, or nobody notices that it is broken.
//!
//! Source: the reference of MySQL 8.4, 17.14 (`innodb_doublewrite`, whose `DETECT_ONLY` mends nothing; `innodb_checksum_algorithm`;
//! `innodb_log_checksums`); the knowledge base of MariaDB, where a page without a checksum ended with 10.6.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair};

pub(super) static CHECK: Check = Check {
    id: "M02",
    title: "a page that is torn by a crash cannot be mended, or is not noticed",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "innodb_doublewrite is on, and pages and the redo log have checksums",
    guardrail: "alert on mysql_global_variables_innodb_doublewrite == 0 (mysqld_exporter)",
    probes: &[
        "SHOW GLOBAL VARIABLES: innodb_doublewrite, innodb_checksum_algorithm, innodb_checksums, innodb_log_checksums",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until the machine loses power. Then the server does not start (\"Database page corruption on disk\"), or starts and answers with rows that were never written.",
        culprit: "A page of InnoDB is 16 KiB, a disk writes 4 KiB or less as a whole: a crash in between leaves a page that is half new and half old. The redo log cannot mend it, as it says only what to change in a page that is whole. So InnoDB writes each page to another place first. Somebody turned that off for speed. Without checksums a page that is torn, or that the disk has turned over, is taken for a good one.",
        proof: "The running settings. DETECT_ONLY of MySQL notices a torn page and cannot mend it, so it counts as off. Where the file system itself writes pages as a whole (ZFS with a recordsize of 16K or more, a device with atomic writes), off is right: the doctor cannot see that, so suppress the check there with that reason.",
        fix: "innodb_doublewrite = ON in the file, and a restart (MySQL 8.0.30 and later can change between DETECT_ONLY and ON while it runs). innodb_checksum_algorithm = crc32, and innodb_log_checksums = ON: both while it runs. Pages get their checksum when they are written next: run mariadb-check or CHECK TABLE once.",
        cost: "Writes of pages are doubled, in one sequential run, in the background: a few percent on most disks. A restart. Undone by setting it back, which puts the data at stake again.",
        lab: "A server without the second write; mended by starting it with it. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let doublewrite = server.variable("innodb_doublewrite")?;
    let mut faults = Vec::new();
    if is_any(doublewrite, &["OFF", "0"]) {
        let impact = "after a loss of power a page that was half written cannot be mended: the server does not start, and only a backup helps";
        faults.push(fault(
            Severity::Critical,
            "doublewrite",
            "innodb_doublewrite",
            doublewrite,
            impact,
        ));
    } else if is_any(doublewrite, &["DETECT_ONLY"]) {
        let impact = "after a loss of power a page that was half written is noticed and cannot be mended: only a backup helps";
        faults.push(fault(
            Severity::Warning,
            "doublewrite",
            "innodb_doublewrite",
            doublewrite,
            impact,
        ));
    }
    let off: [(&str, &[&str]); 3] = [
        ("innodb_checksum_algorithm", &["none", "strict_none"]),
        ("innodb_checksums", &["OFF"]),
        ("innodb_log_checksums", &["OFF"]),
    ];
    for (name, values) in off {
        // Versions that do not have it always write checksums, or have another of them.
        if let Some(value) = server.variable_if_any(name)?.filter(|value| is_any(value, values)) {
            let impact = "what the disk has broken is taken for good, and answered, copied to replicas and kept in backups";
            faults.push(fault(Severity::Warning, "checksums", name, value, impact));
        }
    }
    let observed =
        format!("innodb_doublewrite is {doublewrite}, and nothing is without a checksum");
    Ok(Verdict { observed, faults, unseen: None })
}

fn is_any(value: &str, of: &[&str]) -> bool {
    of.iter().any(|it| it.eq_ignore_ascii_case(value))
}

fn fault(
    severity: Severity,
    aspect: &'static str,
    name: &'static str,
    value: &str,
    impact: &str,
) -> Fault {
    let fix = match name {
        "innodb_doublewrite" => {
            "innodb_doublewrite = ON in the file, and a restart (undo: the value before); right as it is only where the file system writes pages as a whole"
        }
        "innodb_checksum_algorithm" => {
            "SET GLOBAL innodb_checksum_algorithm = crc32; and in the file"
        }
        _ => "ON in the file; and SET GLOBAL where the version can change it while it runs",
    };
    Fault {
        severity,
        aspect: Some(aspect),
        at: None,
        observed: format!("{name} is {value}"),
        impact: impact.to_owned(),
        fix: fix.to_owned(),
        actions: Vec::new(),
        risk: "pages are written twice, in the background".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("SHOW GLOBAL VARIABLES {name}"),
            value: value.to_owned(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
