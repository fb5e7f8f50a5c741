//! How old the last backup is, as the user says it, or by a file that he names.

use crate::check::{Blind, Fault};
use crate::checks::boundary::facts::{parse_time, said, told};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Postgres};

/// What is to be told of it, and what is wrong; none if nobody said anything of a backup of this server.
pub(super) fn age(pair: &Pair<'_, Postgres>) -> Option<Result<(String, Option<Fault>), Blind>> {
    let after = pair.window.after;
    let port = pair.server.at.rsplit(':').next().unwrap_or_default();
    let name = format!("backup.{port}");
    let value = after.facts.get(&name)?;
    Some(judged(pair, port, &name, value))
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
        let ms = |ended_s: u64| after.at_ms.saturating_sub(ended_s.saturating_mul(1_000));
        let age = backup.ended_s.map(ms).map(std::time::Duration::from_millis);
        (age, backup.kind.as_deref())
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
