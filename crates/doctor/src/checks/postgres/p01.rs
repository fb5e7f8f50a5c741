//! P01: what the server says is committed may be gone after a crash.
//!
//! Source: the documentation of PostgreSQL, 20.5 (`fsync`, `full_page_writes`, `synchronous_commit`).

use super::words::altered;
use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresOverride};

pub(super) static CHECK: Check = Check {
    id: "P01",
    title: "what is committed may be gone, or torn, after a crash",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "fsync, full_page_writes and synchronous_commit are on, for every database and role",
    guardrail: "alert on pg_settings_fsync == 0 or pg_settings_full_page_writes == 0 (postgres_exporter)",
    probes: &[
        "pg_settings: fsync, full_page_writes, synchronous_commit",
        "pg_db_role_setting: the same",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until the machine loses power or its kernel crashes: then the database does not start, or starts with broken tables, or lacks the last orders that were confirmed.",
        culprit: "With fsync off the server does not wait until the disk has what it wrote; with full_page_writes off a page that was half written at the crash stays half written. Both break the whole cluster, not only the last transactions. With synchronous_commit off only transactions of the last moments may be lost, in order, and nothing breaks: a trade that is documented, and that somebody should have made knowingly. Somebody sets these to load data faster, and nobody sets them back.",
        proof: "The running settings themselves, and those that a database or a role has of its own, which overrule the file without a trace in it.",
        fix: "ALTER SYSTEM SET fsync = on (or full_page_writes), and SELECT pg_reload_conf(): no restart is needed. Then CHECKPOINT, and a sync of the machine, so that what was written before is on disk as well. Where a crash has already happened with fsync off, restore from a backup: the cluster may be broken without saying so.",
        cost: "Writes wait for the disk again: each commit as long as its flush takes. Where that is too slow, many transactions in one commit or a faster disk is the answer.",
        lab: "A server with one of both off; mended by setting it and reloading.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    for name in ["fsync", "full_page_writes"] {
        if server.setting(name)? == "off" {
            faults.push(torn(server, name));
        }
    }
    if server.setting("synchronous_commit")? == "off" {
        faults.push(lossy(None));
    }
    let overrides = server.overrides.seen();
    // They are kept as they were written.
    let is_off = |it: &&PostgresOverride| {
        it.setting.split_once('=').is_some_and(|(name, value)| {
            let value = value.to_ascii_lowercase();
            name == "synchronous_commit" && matches!(value.as_str(), "off" | "false" | "no" | "0")
        })
    };
    faults.extend(
        overrides.iter().flat_map(|all| all.iter()).filter(is_off).map(|it| lossy(Some(it))),
    );
    Ok(Verdict {
        observed: "fsync, full_page_writes and synchronous_commit are on".to_owned(),
        faults,
        unseen: overrides.err(),
    })
}

/// The whole cluster is at stake.
fn torn(server: &Postgres, name: &str) -> Fault {
    Fault {
        severity: Severity::Critical,
        aspect: None,
        at: None,
        observed: format!("{name} is off"),
        impact: "after a loss of power or a crash of the kernel the cluster may be broken, not only its last transactions".to_owned(),
        fix: format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf(); CHECKPOINT; then sync on the machine itself, for what was written before"),
        actions: altered(server, name, "on")
            .into_iter()
            .chain([Action::plain("CHECKPOINT")])
            .collect(),
        risk: if name == "fsync" {
            "each commit waits for the disk again"
        } else {
            "more WAL is written after each checkpoint"
        }
        .to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: format!("pg_settings {name}"), value: "off".to_owned() }],
        confidence: Confidence::High,
    }
}

/// The last transactions are at stake: of all, or of a database or a role.
fn lossy(of: Option<&PostgresOverride>) -> Fault {
    let whose = of.map(|PostgresOverride { database, role, .. }| {
        let named = [("database", database), ("role", role)];
        let named = named
            .into_iter()
            .filter_map(|(kind, name)| Some(format!("{kind} \"{}\"", name.as_ref()?)));
        named.collect::<Vec<_>>().join(", ")
    });
    let fix = whose.as_ref().map_or_else(
        || "ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload_conf();".to_owned(),
        |whose| format!("find who chose it; else ALTER of the {whose} RESET synchronous_commit;"),
    );
    Fault {
        severity: Severity::Warning,
        aspect: Some("synchronous_commit"),
        at: None,
        observed: match &whose {
            Some(whose) => format!("synchronous_commit is off for {whose}"),
            None => "synchronous_commit is off".to_owned(),
        },
        impact: "after a crash transactions of up to three times wal_writer_delay (0.6 s) that were confirmed are gone".to_owned(),
        fix,
        actions: Vec::new(),
        risk: "each commit waits for the disk again".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: of.map_or("pg_settings", |_| "pg_db_role_setting").to_owned() + " synchronous_commit",
            value: "off".to_owned(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
