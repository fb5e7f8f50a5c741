//! How old the last backup is, as the user says it, or by a file that he names.

use std::time::Duration;

use crate::check::{Blind, Fault};
use crate::checks::boundary::facts::{parse_time, said, told};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Postgres};

/// By so much the clock of who made the backup may be ahead of ours. A choice of ours.
const AHEAD_MS: u64 = 60_000;

/// What is to be told of it, and what is wrong; none if nobody said anything of a backup of this server.
pub(super) fn age(pair: &Pair<'_, Postgres>) -> Option<Result<(String, Option<Fault>), Blind>> {
    let after = pair.window.after;
    let port = port(&pair.server.at);
    let name = format!("backup.{port}");
    let value = after.facts.get(&name)?;
    let count = after.postgres.iter().filter(|it| self::port(&it.at) == port).count();
    if count > 1 {
        return Some(Err(Blind::Denied(format!(
            "to know of which of {count} servers with port {port} --fact {name} is: look at them one at a time"
        ))));
    }
    Some(judged(pair, port, &name, value))
}

/// A fact of a backup of a server that is not looked at, told with the first that is.
pub(super) fn astray(pair: &Pair<'_, Postgres>) -> Option<Blind> {
    let after = pair.window.after;
    if after.postgres.first().is_none_or(|first| first.at != pair.server.at) {
        return None;
    }
    let ports = after.facts.keys().filter_map(|name| name.strip_prefix("backup."));
    let is_astray = |one: &&str| after.postgres.iter().all(|it| port(&it.at) != *one);
    let names: Vec<_> = ports.filter(is_astray).map(|port| format!("backup.{port}")).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        Blind::Absent(format!("server here with the port of --fact {names}: it was not judged"))
    })
}

fn port(at: &str) -> &str {
    at.rsplit(':').next().unwrap_or_default()
}

fn judged(
    pair: &Pair<'_, Postgres>,
    port: &str,
    name: &str,
    value: &str,
) -> Result<(String, Option<Fault>), Blind> {
    let after = pair.window.after;
    let wrong = || Blind::Denied(format!("--fact {name}=FILE,26h or --fact {name}=30h,26h"));
    let (what, most) = value.rsplit_once(',').ok_or_else(wrong)?;
    let (what, most) = (what.trim(), parse_time(most.trim()).ok_or_else(wrong)?);
    let (age, kind) = if what.starts_with('/') {
        let absent =
            || Blind::Absent(format!("look at {what}: an earlier version took the snapshot"));
        let backup = after.host.system.seen()?.backups.get(port).ok_or_else(absent)?.seen()?;
        let ended_ms = backup.ended_s.map(|it| it.saturating_mul(1_000));
        if let Some(ahead_ms) = ended_ms.and_then(|it| it.checked_sub(after.at_ms))
            && ahead_ms > AHEAD_MS
        {
            let ahead = told(Duration::from_millis(ahead_ms));
            return Err(Blind::Failed(format!(
                "by {what} the last backup ends in {ahead} from now: a clock is wrong, here or where it was made"
            )));
        }
        let ms = |ended_ms| after.at_ms.saturating_sub(ended_ms);
        (ended_ms.map(ms).map(Duration::from_millis), backup.kind.as_deref())
    } else {
        (Some(parse_time(what).ok_or_else(wrong)?), None)
    };
    let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
    let observed = age.map_or_else(
        || {
            format!(
                "there is no backup that is whole, and one of the last {} is wanted",
                told(most)
            )
        },
        |age| format!("the last backup{kind} is of {} ago, {} are allowed", told(age), told(most)),
    );
    let is_wrong = age.is_none_or(|age| age > most);
    let fault = is_wrong.then(|| Fault {
        severity: Severity::Warning,
        aspect: Some("backup"),
        at: None,
        observed: observed.clone(),
        impact: "what was written since is only in the archive of WAL, if that is whole: restoring takes as much longer, and without it that is lost".to_owned(),
        fix: "see why the job did not succeed (its log, pgbackrest info), and take a backup now".to_owned(),
        actions: Vec::new(),
        risk: "a backup reads all of the disk and takes the network for its time".to_owned(),
        reversible: true,
        evidence: vec![said(name, value)],
        confidence: Confidence::High,
    });
    Ok((observed, fault))
}
