//! P13: checkpoints come because WAL is full, and not because they are due.
//!
//! Source: the documentation of PostgreSQL, 30.5 (WAL configuration): one is due each `checkpoint_timeout`, or before `max_wal_size` is used up;
//! 28.2.14 and, from 17 on, `pg_stat_checkpointer`. One that somebody asks for is counted with the second kind, so the WAL that was
//! written has to fit as well.

use std::time::Duration;

use super::words::{altered, binary, counted};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres};

/// One may be by somebody, as a backup or a CHECKPOINT.
const REQUESTED: u64 = 2;

/// The server begins one when `max_wal_size` / (1 + `checkpoint_completion_target`) is written, in whole segments: a half of it, and of three
/// segments one.
const PART_PERCENT: u64 = 30;

pub(super) static CHECK: Check = Check {
    id: "P13",
    title: "checkpoints come because WAL is full, not because they are due",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "between both looks fewer checkpoints were forced by WAL than were due",
    guardrail: "alert on rate(pg_stat_bgwriter_checkpoints_req_total[1h]) > rate(pg_stat_bgwriter_checkpoints_timed_total[1h]); log_checkpoints = on; checkpoint_warning",
    probes: &[
        "pg_stat_bgwriter, from 17 on pg_stat_checkpointer, at both looks",
        "pg_current_wal_lsn(), at both looks",
        "pg_settings: max_wal_size, checkpoint_timeout, checkpoint_completion_target",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-checkpoint-latency-spikes"],
    page: Page {
        symptom: "Every few seconds or minutes the disk is busy and commits take ten times as long; the WAL is much larger than what was changed. The log says \"checkpoints are occurring too frequently\".",
        culprit: "max_wal_size is too small for what is written: a checkpoint begins long before checkpoint_timeout. It writes everything at once, and after it the first change of each page puts the whole page into the WAL, which fills it the sooner.",
        proof: "Between both looks at least two checkpoints were asked for and not due, more than were due, and as much WAL was written as that takes: a third of max_wal_size each, about. So a backup or a CHECKPOINT by hand is not mistaken for it. Totals are not judged. A short run sees only the worst; run it with --since over an hour to see the rest.",
        fix: "ALTER SYSTEM SET max_wal_size = 'as much as is written in checkpoint_timeout, times two'; SELECT pg_reload_conf(). With checkpoint_timeout = '15min' there are fewer still. The fix that is printed has the number for the rate of the window.",
        cost: "pg_wal takes up to that much of the disk, and a start after a crash replays up to that much: a minute for a few GB. Undone by setting it back.",
        lab: "A server with the smallest max_wal_size, and a drawn number of segments written between both looks; mended by a larger one, and the same again.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.identity.seen()?.in_recovery {
        return Err(Blind::OutOfPlace("a standby makes none of its own".to_owned()));
    }
    let timed =
        pair.growth("checkpoints that were due", |it| Ok(Some(it.checkpoints.seen()?.timed)))?;
    let requested = pair.growth("checkpoints that were asked for", |it| {
        Ok(Some(it.checkpoints.seen()?.requested))
    })?;
    let wal = pair.growth("WAL", |it| Ok(it.wal_place.seen()?.end))?;
    let seconds = pair.window.seconds();
    // In MB.
    let max_mb = number(server, "max_wal_size")?;
    let timeout_s = number(server, "checkpoint_timeout")?;
    let each = (max_mb << 20) / 100 * PART_PERCENT;
    let is_forced =
        requested >= REQUESTED && requested > timed && wal >= each.saturating_mul(requested);
    let observed = format!(
        "{} forced and {timed} due in {seconds:.1} s, with {} of WAL",
        counted(requested, "checkpoint was", "checkpoints were"),
        binary(wal)
    );
    let faults = if is_forced {
        vec![fault(server, &observed, (max_mb, timeout_s), wal, seconds)]
    } else {
        Vec::new()
    };
    Ok(Verdict { observed, faults, unseen: None })
}

fn number(server: &Postgres, name: &str) -> Result<u64, Blind> {
    let text = server.setting(name)?;
    text.parse().map_err(|error| Blind::Failed(format!("{name} is no number, {text}: {error}")))
}

fn fault(
    server: &Postgres,
    observed: &str,
    (max_mb, timeout_s): (u64, u64),
    wal: u64,
    seconds: f64,
) -> Fault {
    // Twice what is written until one is due; a burst of a short window is not taken for more than eightfold.
    let ms = Duration::from_secs_f64(seconds).as_millis().max(1);
    let wanted = (u128::from(wal) * u128::from(timeout_s) * 2 * 1_000 / ms) >> 20;
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let wanted = wanted.clamp(max_mb.saturating_mul(2), max_mb.saturating_mul(8));
    // A disk that is full of WAL ends the server.
    let has_room = server.wal_disk.seen().is_ok_and(|disk| wanted <= disk.free_bytes >> 21);
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!("{observed}; max_wal_size is {max_mb} MB, checkpoint_timeout {timeout_s} s"),
        impact: "the disk is busy with pages that would not need to be written yet, WAL is larger by whole pages, and commits wait".to_owned(),
        fix: format!("if the disk of pg_wal has twice as much free: ALTER SYSTEM SET max_wal_size = '{wanted}MB'; SELECT pg_reload_conf(); (undo: '{max_mb}MB')"),
        actions: if has_room {
            altered(server, "max_wal_size", &format!("{wanted}MB"))
        } else {
            Vec::new()
        },
        risk: format!("pg_wal takes up to {wanted} MB of its disk, and a start after a crash replays up to as much"),
        reversible: true,
        evidence: vec![Evidence {
            probe: "pg_stat_bgwriter or pg_stat_checkpointer".to_owned(),
            value: format!("{wal} bytes of WAL in {seconds:.1} s"),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
