//! P32: what became of transactions is read from files again and again, because one of them has too many parts.
//!
//! Source: PostgreSQL `subtrans.c`, `multixact.c`, `slru.c`; `proc.h` (`PGPROC_MAX_CACHED_SUBXIDS`: 64 subtransactions are kept in
//! memory); the documentation, 28.2 (`pg_stat_slru`), 20.4 (`subtransaction_buffers` and others, from 17 on).

use super::words::{float, grouped, span};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresOverflowed};

/// A healthy server reads next to none: what is looked up is of the last moments, and in memory. No document names a limit;
/// below this the time that is lost is less than a hundredth, at 0.1 ms for a page and its lock.
const READS_PER_SECOND_MIN: f64 = 100.0;

/// So many pages fit such a cache by default before 17: a cache that is filled once is no fault.
const READS_MIN: u64 = 64;

/// Versions from this on let one set the size of the caches.
const SIZES_SINCE: u32 = 170_000;

/// A cache.
struct Cache {
    /// As `pg_stat_slru` calls it.
    name: &'static str,
    /// Its setting.
    setting: &'static str,
    why: &'static str,
    remedy: &'static str,
}

const CACHES: &[Cache] = &[
    Cache {
        name: "subtransaction",
        setting: "subtransaction_buffers",
        why: "a transaction has more than 64 SAVEPOINTs or EXCEPTION blocks, and is open for long",
        remedy: "find the program with many SAVEPOINTs (drivers and frameworks make one for each statement, PL/pgSQL one for each EXCEPTION block) and split its transaction to fewer than 64 of them",
    },
    Cache {
        name: "multixact_offset",
        setting: "multixact_offset_buffers",
        why: "many transactions hold locks on the same rows together (foreign keys, FOR SHARE)",
        remedy: "shorten transactions that lock rows by foreign keys to the same parent, or by FOR SHARE; vacuum the tables with freeze",
    },
    Cache {
        name: "multixact_member",
        setting: "multixact_member_buffers",
        why: "many transactions hold locks on the same rows together (foreign keys, FOR SHARE)",
        remedy: "shorten transactions that lock rows by foreign keys to the same parent, or by FOR SHARE; vacuum the tables with freeze",
    },
];

pub(super) static CHECK: Check = Check {
    id: "P32",
    title: "lookups of subtransactions or shared row locks go to files, and everything waits for them",
    severity: Severity::Warning,
    needs: "version 13, for the caches; version 16, for the sessions; pg_monitor, for how long their transactions are open",
    expected: "pages of subtransactions and of shared row locks are found in memory",
    guardrail: "alert on rate(pg_stat_slru_blks_read{name=~\"Subtrans|subtransaction\"}[5m]) > 100 (a query of your own for postgres_exporter)",
    probes: &[
        "pg_stat_slru: blks_read, blks_hit of three caches (13 and later)",
        "pg_stat_get_backend_subxact(), pg_stat_activity: pid, application_name, xact_start where it overflowed (16 and later)",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "All at once everything is slow, on standbys first: sessions wait for SubtransSLRU or SubtransBuffer, MultiXactOffsetSLRU or MultiXactMemberSLRU, and the CPU idles; minutes later it is over.",
        culprit: "A transaction keeps its first 64 subtransactions in shared memory. With more of them everyone else has to look up to whom each row version belongs, in a cache of 256 kB (before 17), behind one lock. While such a transaction stays open and others go on, the range that is looked up outgrows the cache. Row locks that several hold at once (multixacts) have two such caches.",
        proof: "blks_read of one of the three caches of pg_stat_slru grew by at least 100 a second between the looks, and by at least 64. A total is no fault. A session that overflowed, alone, is only information: it may end before anything happens.",
        fix: "End or split the transaction with the many subtransactions: fewer than 64 SAVEPOINTs or EXCEPTION blocks in each. For multixacts shorten what locks the same rows. From 17 on the caches can be made larger (subtransaction_buffers, multixact_offset_buffers, multixact_member_buffers), with a restart.",
        cost: "Ending a session undoes its transaction. A larger cache takes 8 kB of shared memory for each buffer, and a restart.",
        lab: "A transaction with tens of thousands of subtransactions stays open while another session reads the rows that it changed; mended by ending it.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let version = server.version()?;
    let seconds = pair.window.seconds();
    let overflowed = server.slru.overflowed.seen();
    let sessions: &[PostgresOverflowed] = overflowed.as_ref().map_or(&[], |all| all.as_slice());
    let mut faults = Vec::new();
    let mut most = 0;
    for cache in CACHES {
        let reads = pair.growth(&format!("pg_stat_slru {} blks_read", cache.name), |it| {
            Ok(it.slru.caches.seen()?.get(cache.name).and_then(|it| it.blks_read))
        })?;
        most = most.max(reads);
        if reads >= READS_MIN && float(reads) >= READS_PER_SECOND_MIN * seconds {
            let sessions = if cache.name == "subtransaction" { sessions } else { &[] };
            faults.push(thrash(cache, reads, seconds, version, sessions));
        }
    }
    if faults.iter().all(|it| it.aspect != Some("subtransaction")) {
        faults.extend(sessions.iter().map(overflow));
    }
    Ok(Verdict {
        observed: format!("at most {} pages read by one cache in {seconds:.1} s", grouped(most)),
        faults,
        // Before 16 nobody can see them, and the caches have told all that there is.
        unseen: overflowed.err().filter(|blind| !matches!(blind, Blind::Absent(_))),
    })
}

fn named(session: &PostgresOverflowed) -> String {
    let PostgresOverflowed { pid, application, seconds } = session;
    let application = application.as_ref().filter(|it| !it.is_empty());
    let application = application.map_or_else(String::new, |it| format!(" \"{it}\""));
    let open = seconds.map_or_else(String::new, |it| format!(", open for {}", span(it)));
    format!("pid {pid}{application}{open}")
}

fn thrash(
    cache: &Cache,
    reads: u64,
    seconds: f64,
    version: u32,
    sessions: &[PostgresOverflowed],
) -> Fault {
    let Cache { name, setting, why, remedy } = cache;
    let found = sessions.first().map_or_else(
        || (*why).to_owned(),
        |it| format!("more than 64 subtransactions in {}", named(it)),
    );
    let end = sessions
        .first()
        .map_or_else(String::new, |it| format!("SELECT pg_terminate_backend({}); then ", it.pid));
    let larger = if version >= SIZES_SINCE {
        format!("; or ALTER SYSTEM SET {setting} = '8MB', and a restart (undo: RESET)")
    } else {
        String::new()
    };
    Fault {
        severity: Severity::Warning,
        aspect: Some(name),
        at: None,
        observed: format!("{} pages of cache {name} were read from files in {seconds:.1} s: {found}", grouped(reads)),
        impact: "statements that meet rows of such transactions wait for one lock, all together; more load makes it worse at once".to_owned(),
        fix: format!("{end}{remedy}{larger}"),
        actions: Vec::new(),
        risk: "ending a session undoes its transaction, and its client gets an error".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("pg_stat_slru {name}"),
            value: format!("blks_read {reads} more in {seconds:.1} s"),
        }],
        confidence: Confidence::High,
    }
}

fn overflow(session: &PostgresOverflowed) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("overflow"),
        at: Some(format!("pid {}", session.pid)),
        observed: format!("more than 64 subtransactions: {}", named(session)),
        impact: "while it is open each look at a row that it changed takes a lookup that others wait for".to_owned(),
        fix: "split its transaction to fewer than 64 SAVEPOINTs or EXCEPTION blocks".to_owned(),
        actions: Vec::new(),
        risk: "what was one transaction is several then".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "pg_stat_get_backend_subxact()".to_owned(),
            value: "subxact_overflowed".to_owned(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
