//! P14: the archive does not get what the server writes.
//!
//! Source: the documentation of PostgreSQL, 26.3.1 (a file whose command failed is kept and tried again until it succeeds) and 28.2.12
//! (`pg_stat_archiver`). How old the last backup is, the server does not know: that is of a fact.

use super::words::{binary, counted, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresArchiver};

/// Of what is free on the disk and what waits: as much as is left.
const CRITICAL_PERCENT: u64 = 50;

/// A file that has waited for so long, with another behind it, is not being archived. A choice of ours: a segment takes seconds.
const STUCK_MS: u64 = 300_000;

mod backup;

pub(super) static CHECK: Check = Check {
    id: "P14",
    title: "the archive of WAL does not get what the server writes, or the last backup is too old",
    severity: Severity::Critical,
    needs: "nothing; pg_monitor to see how much waits; fact: backup.PORT for the age of the last backup",
    expected: "the last file that was archived is newer than the last failure to",
    guardrail: "alert on pg_stat_archiver_last_failed_time > pg_stat_archiver_last_archived_time; a test of restoring",
    probes: &[
        "pg_stat_archiver",
        "whether archive_command or archive_library is set, never what it says",
        "pg_ls_archive_statusdir(): how many files wait",
        "statvfs of pg_wal, if the server is on this machine",
        "--fact backup.PORT=FILE,26h with a file that pgbackrest info --stanza=NAME --output=json wrote, or --fact backup.PORT=30h,26h",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until somebody has to restore to a moment of today and the archive ends last week; or until pg_wal has filled the disk and the server stops.",
        culprit: "archive_command fails: its store is full or not reached, its credentials have ended, or a file of that name is there already. The server keeps each file and tries for ever.",
        proof: "The last failure is later than the last success. A failure that was followed by a success is none. Critical when what waits takes as much of the disk as is left. With archive_mode on and no command at all the files wait as well: a warning. On a standby it applies only with archive_mode = always. How old the last backup is cannot be asked of the server: aspect backup compares what --fact backup.PORT says, or the end of the last whole backup in a file of pgbackrest info, with what is allowed; without the fact it is not judged. Whole is one without an error that stands on none with an error, nor on one that is gone. A fact counts for one server: it is skipped where two have the port, or none has. Whether it can be restored is B14.",
        fix: "Read in the log of the server what the command said, and run it by hand as the user of the server with the file that failed. When it works, the server goes on by itself within a minute. Never remove files from pg_wal, nor have the command answer with success without storing: each is a gap that ends the archive. After a gap take a new base backup at once.",
        cost: "None; what has waited is archived in order, which may take the network for a while.",
        lab: "A server whose archive_command fails, and a drawn number of files for it; mended by a command that works. And a backup by pgBackRest, where that is installed, seen by a look a drawn number of hours later; mended by another allowance.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let (age, astray) = (backup::age(pair), backup::astray(pair));
    if age.is_none() && astray.is_none() {
        return archive(pair);
    }
    let mut verdict = archive(pair).or_else(|blind| match blind {
        Blind::OutOfPlace(observed) => Ok(Verdict { observed, ..Verdict::default() }),
        unseen => Ok(Verdict { unseen: Some(unseen), ..Verdict::default() }),
    })?;
    match age {
        Some(Ok((told, fault))) => {
            verdict.observed = format!("{}; {told}", verdict.observed);
            verdict.faults.extend(fault);
        }
        Some(Err(blind)) => verdict.unseen = Some(blind),
        None => {}
    }
    verdict.unseen = verdict.unseen.or(astray);
    Ok(verdict)
}

fn archive(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mode = server.setting("archive_mode")?;
    if mode == "off" {
        return Err(Blind::OutOfPlace("archive_mode is off".to_owned()));
    }
    if server.identity.seen()?.in_recovery && mode != "always" {
        return Err(Blind::OutOfPlace(
            "a standby archives only with archive_mode = always".to_owned(),
        ));
    }
    let archiver = server.archiver.seen()?;
    let mut faults = Vec::new();
    if !archiver.is_set {
        faults.push(Fault {
            aspect: Some("unset"),
            observed: "archive_mode is on, and there is neither an archive_command nor an archive_library".to_owned(),
            fix: "set archive_command; or, if no archive is wanted, ALTER SYSTEM SET archive_mode = off and restart".to_owned(),
            actions: Vec::new(),
            risk: "without an archive there is no restoring to a moment; turning it on again takes a restart and a new base backup".to_owned(),
            ..fault(server, archiver)
        });
    } else if archiver.last_failed_ms > archiver.last_archived_ms {
        faults.push(fault(server, archiver));
    } else if is_stuck(server, archiver) {
        faults.push(Fault {
            aspect: Some("stuck"),
            fix: "see what the archiver does: ps -ef | grep archiver, and the command below it; a mount that hangs, a host that does not answer. End the command, not the archiver".to_owned(),
            ..fault(server, archiver)
        });
    }
    let last = archiver.last_archived_ms.map_or_else(
        || "nothing was archived yet, and nothing failed".to_owned(),
        |at| {
            format!(
                "the last file was archived {} ago",
                span(archiver.now_ms.saturating_sub(at) / 1_000)
            )
        },
    );
    // Only where nothing was archived for long does it matter whether files wait.
    let matters = faults.is_empty() && is_late(archiver);
    let unseen = server.archive_ready.seen().err().filter(|_| matters);
    Ok(Verdict { observed: last, faults, unseen })
}

/// A command that neither fails nor ends: files wait, and for long none was archived.
fn is_stuck(server: &Postgres, archiver: &PostgresArchiver) -> bool {
    is_late(archiver) && server.archive_ready.seen().is_ok_and(|waiting| waiting.count > 1)
}

fn is_late(archiver: &PostgresArchiver) -> bool {
    let since = archiver.last_archived_ms.map(|at| archiver.now_ms.saturating_sub(at));
    since.is_some_and(|ms| ms >= STUCK_MS)
}

fn fault(server: &Postgres, archiver: &PostgresArchiver) -> Fault {
    let PostgresArchiver {
        archived,
        last_archived,
        last_archived_ms,
        failed,
        last_failed,
        last_failed_ms,
        now_ms,
        ..
    } = archiver;
    let ago = |at: u64| span(now_ms.saturating_sub(at) / 1_000);
    let waiting = server.archive_ready.seen().ok().map(|it| it.count);
    let segment: u64 =
        server.setting("wal_segment_size").ok().and_then(|it| it.parse().ok()).unwrap_or(16 << 20);
    let bytes = waiting.map(|files| files.saturating_mul(segment));
    let free = server.wal_disk.seen().ok().map(|disk| disk.free_bytes);
    let is_filling = bytes.zip(free).is_some_and(|(bytes, free)| {
        u128::from(bytes) * 100
            >= u128::from(bytes.saturating_add(free)) * u128::from(CRITICAL_PERCENT)
    });
    let since = last_archived_ms.map(ago).map_or_else(
        || "nothing was ever archived".to_owned(),
        |ago| format!("nothing was archived for {ago}"),
    );
    let wait = waiting.zip(bytes).map_or_else(String::new, |(files, bytes)| {
        format!("; {} ({})", counted(files, "file waits", "files wait"), binary(bytes))
    });
    let left =
        free.map_or_else(String::new, |free| format!(", of which {} are free,", binary(free)));
    let ends = last_archived.as_ref().map_or_else(
        || "the archive is empty".to_owned(),
        |it| format!("the archive ends at {it}"),
    );
    let (done, failing) = (last_archived.as_deref(), last_failed.as_deref());
    let (done, failing) = (done.unwrap_or("none"), failing.unwrap_or("none"));
    Fault {
        severity: if is_filling { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: None,
        observed: format!(
            "archiving {failing} failed {} ago, {since}{wait}",
            last_failed_ms.map_or_else(|| "never".to_owned(), ago)
        ),
        impact: format!("{ends}, and what came after cannot be restored; the disk of pg_wal{left} fills until the server stops"),
        fix: "read in the log of the server what archive_command said, and run it by hand for that file; it goes on by itself when it works".to_owned(),
        actions: Vec::new(),
        risk: "none; never remove files from pg_wal, and take a base backup if any was lost".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "pg_stat_archiver".to_owned(),
            value: format!("archived_count={archived} failed_count={failed} last_archived_wal={done} last_failed_wal={failing}"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
