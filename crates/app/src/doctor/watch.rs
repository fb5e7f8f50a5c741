//! Looks again and again, and tells what comes and goes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use doctor::probe::Probe;
use doctor::record::{Record, Status};
use doctor::report::line;

use super::{Plan, now, recording, say};

/// Until the process is ended. Each look is compared with the one before.
pub(super) fn run(plan: &Plan, pause: Duration) -> Result<ExitCode> {
    let mut probe = Probe::open(plan.ask.clone()).context("wait for sockets")?;
    let mut before = probe.look(now());
    let mut known: BTreeMap<(String, String), Record> = BTreeMap::new();
    say(&format!("looking every {} s; + comes, - goes\n", pause.as_secs()))?;
    loop {
        std::thread::sleep(pause);
        let after = probe.look(now());
        let recording = recording(before, after.clone());
        before = after;
        let report = plan.judge(&recording);
        let failed = report.with(Status::Fail).filter(|it| it.severity >= plan.least);
        let mut found: BTreeMap<_, _> =
            failed.map(|it| ((it.name(), it.target.clone()), it.clone())).collect();
        // What could not be looked at now is not gone.
        let blind = report.with(Status::Skip).chain(report.with(Status::Error));
        let blind: BTreeSet<&str> = blind.map(|it| it.id).collect();
        let kept = known.iter().filter(|(_, record)| blind.contains(record.id));
        for (key, record) in kept {
            found.entry(key.clone()).or_insert_with(|| record.clone());
        }
        let time = clock(recording.after.at_ms);
        for (key, record) in found.iter().filter(|(key, _)| !known.contains_key(*key)) {
            let what = line(record);
            say(&format!("{time} + {:<8} {what}  [{}]\n", record.severity.name(), key.0))?;
        }
        for (key, record) in known.iter().filter(|(key, _)| !found.contains_key(*key)) {
            say(&format!("{time} - {:<8} {}  [{}]\n", "", line(record), key.0))?;
        }
        known = found;
    }
}

/// As `15:04:05`, of UTC.
fn clock(at_ms: u64) -> String {
    let seconds = at_ms / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
