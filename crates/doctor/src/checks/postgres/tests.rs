//! Servers that are well, of the oldest, a middle and the newest version, as three roles see them: with an application that is connected and
//! its tables. What each role tells of the machine was left out.

use std::fs;

use super::*;
use crate::record::{Severity, Status};
use crate::snapshot::Recording;

fn recordings() -> Vec<(String, Recording)> {
    let files = fs::read_dir("snapshots/postgres").unwrap().map(|file| file.unwrap());
    let read = |file: fs::DirEntry| {
        let name = file.file_name().into_string().unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        let recording = Recording::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, recording)
    };
    let all: Vec<_> = files.map(read).collect();
    assert_eq!(all.len(), 9);
    all
}

/// What a check says of a recording, and why.
fn statuses(check: &Check, recording: &Recording) -> Vec<(Status, String)> {
    let records = check.judge(&recording.window());
    records.into_iter().map(|it| (it.status, it.observed)).collect()
}

#[test]
fn a_server_that_is_well_makes_no_check_fail_for_any_role() {
    for (name, recording) in recordings() {
        // 12 gets no corrections any more, which P20 says.
        for check in ALL.iter().filter(|it| it.id != "P20") {
            let records = check.judge(&recording.window());
            // That 12 is not mended any more is so.
            let is_old = check.id == "P20" && name.starts_with("12-");
            let bad = records.iter().find(|it| {
                it.status == Status::Error
                    || (it.status == Status::Fail && it.severity > Severity::Info && !is_old)
            });
            assert!(bad.is_none(), "{name}: {bad:#?}");
        }
    }
}

#[test]
fn a_superuser_may_look_at_everything() {
    for (name, recording) in recordings().iter().filter(|(name, _)| name.contains("superuser")) {
        // The parts that later checks read were not there when these were taken.
        for check in ALL.iter().filter(|it| it.id <= "P16") {
            let told = statuses(check, recording);
            // An extension that is not there is no right that is missing.
            let skipped = told
                .iter()
                .find(|(status, why)| *status == Status::Skip && why.starts_with("may not look"));
            assert!(skipped.is_none(), "{name} {}: {skipped:?}", check.id);
        }
    }
}

#[test]
fn what_a_role_may_not_see_is_not_fine_and_the_grant_is_named() {
    // A member of pg_monitor sees all but the numbers of sequences.
    let blind = [("monitor", vec!["P10"]), ("bare", vec!["P05", "P06", "P10"])];
    for (role, ids) in blind {
        for (name, recording) in recordings().iter().filter(|(name, _)| name.contains(role)) {
            for id in &ids {
                let check = crate::checks::find(id).unwrap();
                let told = statuses(check, recording);
                assert!(
                    told.iter().all(|(status, _)| *status == Status::Skip),
                    "{name} {id}: {told:?}"
                );
                assert!(
                    told.iter().any(|(_, why)| why.contains("GRANT ")),
                    "{name} {id}: {told:?}"
                );
            }
        }
    }
}
