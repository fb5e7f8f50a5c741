//! P30: what stands in the files of settings is not what the server runs with.
//!
//! Source: the documentation of PostgreSQL, 54.9 (`pg_file_settings`), 54.25 (`pg_settings.pending_restart`), 20.1.2 (what a reload
//! takes), 27.4.3 (which settings a standby needs as large as its primary).

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresFileError};

pub(super) static CHECK: Check = Check {
    id: "P30",
    title: "settings in the files are not those that run: they wait for a restart, or cannot be read",
    severity: Severity::Warning,
    needs: "pg_monitor, for settings that only it sees; a superuser, or EXECUTE on pg_show_all_file_settings() and SELECT on pg_file_settings, for errors in files",
    expected: "no setting waits for a restart, and no line of a file is in error",
    guardrail: "after each change SELECT name FROM pg_settings WHERE pending_restart, and SELECT * FROM pg_file_settings WHERE error IS NOT NULL",
    probes: &[
        "pg_settings: the names where pending_restart",
        "pg_file_settings: file, line, name and error where there is one; never a value",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A setting was raised weeks ago and has no effect; or after a restart for another reason the server behaves differently, or does not come up at all.",
        culprit: "Some settings are read only when the server starts: after a reload the change waits, and nobody is told. A line that cannot be read makes a reload take nothing of the files, or not that line, and makes the next start fail.",
        proof: "pg_settings.pending_restart, and the lines with an error in pg_file_settings, which reads the files anew. What a role or a database has of its own for synchronous_commit is told by P01.",
        fix: "For settings that wait: restart at an hour that suits, or take the change back (ALTER SYSTEM RESET, or the line in the file) and reload. For lines in error: correct the line, then SELECT pg_reload_conf() and look again.",
        cost: "A restart ends all connections. Where max_connections, max_worker_processes, max_wal_senders, max_prepared_transactions or max_locks_per_transaction change: to raise them restart standbys first, to lower them the primary first, else a standby pauses or does not start.",
        lab: "max_connections changed in a file and reloaded, and so waiting for a restart; mended by taking it back.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let pending = server.configuration.pending.seen()?;
    let errors = server.configuration.errors.seen();
    let identity = server.identity.seen()?;
    let mut faults = Vec::new();
    if !pending.is_empty() {
        faults.push(waiting(pending));
    }
    faults.extend(errors.iter().flat_map(|all| all.iter()).map(unreadable));
    let hidden = (!identity.superuser && !identity.monitor).then(|| {
        Blind::Denied(
            "GRANT pg_monitor to the role, for settings that others do not see".to_owned(),
        )
    });
    Ok(Verdict {
        observed: "what stands in the files runs".to_owned(),
        faults,
        unseen: hidden.or(errors.err()),
    })
}

fn waiting(pending: &[String]) -> Fault {
    let names = pending.join(", ");
    let wait = if pending.len() == 1 { "waits" } else { "wait" };
    let back: Vec<_> = pending.iter().map(|name| format!("ALTER SYSTEM RESET {name};")).collect();
    Fault {
        severity: Severity::Warning,
        aspect: Some("restart"),
        at: None,
        observed: format!("{names} {wait} for a restart"),
        impact: "the change has no effect now, and comes with the next restart, whoever makes it and why".to_owned(),
        fix: format!(
            "restart the server at an hour that suits; or take it back: {} SELECT pg_reload_conf(); (or the line in the file)",
            back.join(" ")
        ),
        actions: Vec::new(),
        risk: "a restart ends all connections; standbys need some settings as large as their primary: see the page".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: "pg_settings: pending_restart".to_owned(), value: names }],
        confidence: Confidence::High,
    }
}

fn unreadable(error: &PostgresFileError) -> Fault {
    let PostgresFileError { file, line, name, error } = error;
    let place = match (file, line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.clone(),
        _ => "its files".to_owned(),
    };
    let what = name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
    Fault {
        severity: Severity::Warning,
        aspect: Some("file"),
        at: Some(place.clone()),
        observed: format!("{what}{error}"),
        impact: "a reload does not take the change, and the server does not start again once it was stopped".to_owned(),
        fix: format!("correct {place}, then SELECT pg_reload_conf(); and look again"),
        actions: Vec::new(),
        risk: "a reload then takes everything else that was changed in the files meanwhile, too".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "pg_file_settings".to_owned(),
            value: format!("{place} {what}{error}"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
