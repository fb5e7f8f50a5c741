//! H47: a job has not succeeded when it was due.
//!
//! Source: none: how old a stamp may be, the user says. Only the job itself knows that it succeeded: that it was started, which cron and
//! systemd know, says nothing.

use std::time::Duration;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::checks::boundary::facts::{parse_time, said, told};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::Window;

/// A clock may be ahead by so much.
const AHEAD_MS: u64 = 60_000;

pub(super) static CHECK: Check = Check {
    id: "H47",
    title: "a job has not succeeded when it was due",
    severity: Severity::Warning,
    needs: "facts: stamp.NAME=FILE,AGE; the right to enter the folder of the file",
    expected: "the file that a job touches when it succeeds is not older than the user says it may be",
    guardrail: "the job pushes the time of its success; alert when that is older than its period and a half",
    probes: &[
        "--fact stamp.NAME=FILE,AGE, such as stamp.backup=/var/lib/backup/done,26h",
        "stat(2) of FILE",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing. A backup, a renewal of certificates or a clean-up that runs by night has stopped, or fails each time, and nobody is told: cron sends mail that nobody reads.",
        culprit: "A job that is not run, or fails, makes no noise by itself. A timer was disabled, a path has changed, a credential has ended, a lock of a run that was cut off is still held.",
        proof: "The last act of the job touches a file; its time of last change is held against the age that the user names. A file that is not there counts as a job that never succeeded: so does a wrong path.",
        fix: "Run the job by hand and see what it says (journalctl -u NAME, or the log it has). End it with && touch FILE, so that only a success counts. An age of its period and a half leaves room for a slow run.",
        cost: "A run by day takes the load of the night.",
        lab: "A stamp whose time was set back by more than its age; mended by touching it.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let stamps: Vec<(&str, &str)> = window
        .after
        .facts
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("stamp.")?, value.as_str())))
        .collect();
    if stamps.is_empty() {
        return Err(Blind::OutOfPlace("nobody said --fact stamp.NAME=FILE,AGE".to_owned()));
    }
    let (mut faults, mut well, mut unseen) = (Vec::new(), Vec::new(), None);
    for (name, value) in stamps {
        match judge(window, name, value) {
            Ok(Due { fault: Some(fault), .. }) => faults.push(fault),
            Ok(Due { observed, .. }) => well.push(observed),
            Err(blind) => unseen = Some(blind),
        }
    }
    Ok(Verdict { observed: well.join("; "), faults, unseen })
}

/// What became of a job.
struct Due {
    observed: String,
    fault: Option<Fault>,
}

fn judge(window: &Window<'_>, name: &str, value: &str) -> Result<Due, Blind> {
    let wrong = || {
        Blind::Denied(format!("FILE,AGE in --fact stamp.{name}={value}, such as /var/lib/done,26h"))
    };
    let (file, most) = value.rsplit_once(',').ok_or_else(wrong)?;
    let (file, most) = (file.trim(), parse_time(most.trim()).ok_or_else(wrong)?);
    let system = window.after.host.system.seen()?;
    let stamp = system.stamps.get(name).ok_or_else(|| Blind::Absent(format!("look at {file}")))?;
    let Some(modified_ms) = stamp.seen()?.modified_ms else {
        let observed =
            format!("job {name}: there is no {file}: it has never succeeded, or the path is wrong");
        return Ok(Due { fault: Some(fault(name, file, value, observed.clone())), observed });
    };
    let now_ms = window.after.at_ms;
    if modified_ms > now_ms.saturating_add(AHEAD_MS) {
        return Err(Blind::Absent(format!("time of {file} that is not in the future")));
    }
    let age = Duration::from_millis(now_ms.saturating_sub(modified_ms));
    let observed = format!(
        "job {name}: {file} was written {} ago, and {} are allowed",
        told(whole(age)),
        told(most)
    );
    let fault = (age > most).then(|| fault(name, file, value, observed.clone()));
    Ok(Due { observed, fault })
}

/// In seconds, as files have it.
const fn whole(age: Duration) -> Duration {
    Duration::from_secs(age.as_secs())
}

fn fault(name: &str, file: &str, value: &str, observed: String) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("stamp"),
        at: Some(format!("job {name}")),
        observed,
        impact: "what the job should do is not done; it is noticed when its result is needed"
            .to_owned(),
        fix: format!(
            "run the job by hand and see what it says; its last act on success is to touch {file}"
        ),
        actions: Vec::new(),
        risk: "a run by day takes the load of the night".to_owned(),
        reversible: true,
        evidence: vec![
            said(&format!("stamp.{name}"), value),
            Evidence { probe: format!("stat {file}"), value: "its time of last change".to_owned() },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
