use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::check::Proof;
use crate::record::Status;
use crate::snapshot::{Provenance, Recording};

mod lists;

/// The recordings of each check, by the status that their names begin with.
fn recordings(check: &Check) -> BTreeMap<String, Recording> {
    let folder = PathBuf::from("snapshots").join(check.id.to_lowercase());
    // One without a folder has no recordings, which a test below tells.
    let files = fs::read_dir(&folder).into_iter().flatten();
    let read = |file: fs::DirEntry| {
        let text = fs::read_to_string(file.path()).unwrap();
        let name = file.file_name().into_string().unwrap();
        let recording = Recording::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, recording)
    };
    files.map(|file| read(file.unwrap())).collect()
}

/// Each line begins with the id of a check: by that a planted bug is known to be found.
fn nothing_is(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_recording_is_judged_as_it_is_called_and_each_check_has_one_of_each() {
    let mut wrong = Vec::new();
    for check in all() {
        let recordings = recordings(check);
        for (name, recording) in &recordings {
            let records = check.judge(&recording.window());
            let wanted = match name.split('-').next().unwrap() {
                "fail" => Status::Fail,
                "pass" => Status::Pass,
                "skip" => Status::Skip,
                other => panic!("{name}: {other} is no status"),
            };
            let mut told: Vec<_> = records.iter().map(|it| (it.status, &it.observed)).collect();
            // Beside what fails, a part may be unseen.
            told.retain(|(status, _)| wanted != Status::Fail || *status != Status::Skip);
            if told.is_empty() || told.iter().any(|(status, _)| *status != wanted) {
                wrong.push(format!("{}: {name}: {told:?}", check.id));
            }
        }
        for status in ["fail-", "pass-", "skip-"] {
            if !recordings.keys().any(|name| name.starts_with(status)) {
                wrong.push(format!("{}: no recording {status}", check.id));
            }
        }
        let is_real = |name: &str| {
            let mut named = recordings.iter().filter(|(it, _)| it.starts_with(name));
            named.any(|(_, it)| matches!(it.provenance, Provenance::Recorded(_)))
        };
        if is_real("fail-") != (check.proof != Proof::Composed) {
            wrong.push(format!("{}: it is proved by {}", check.id, check.proof.name()));
        }
    }
    nothing_is(&wrong);
}

#[test]
fn a_recording_where_all_is_well_makes_no_check_fail() {
    let mut wrong = Vec::new();
    for check in all() {
        for (name, recording) in recordings(check) {
            if !name.starts_with("pass-") {
                continue;
            }
            for other in all() {
                let records = other.judge(&recording.window());
                if let Some(record) = records.iter().find(|it| it.status == Status::Fail) {
                    wrong
                        .push(format!("{}: {name} of {}: {}", other.id, check.id, record.observed));
                }
            }
        }
    }
    nothing_is(&wrong);
}

#[test]
fn a_check_that_says_lab_has_one_and_no_other_has() {
    let labs: Vec<_> = crate::lab::all().iter().map(|lab| lab.id).collect();
    let wrong = all().into_iter().filter(|it| labs.contains(&it.id) != (it.proof == Proof::Lab));
    nothing_is(&wrong.map(|it| format!("{}: proof or lab is missing", it.id)).collect::<Vec<_>>());
}

#[test]
fn nothing_that_is_found_is_worse_than_its_check_says() {
    let mut wrong = Vec::new();
    for check in all() {
        for (name, recording) in recordings(check) {
            for record in check.judge(&recording.window()) {
                let is_whole =
                    !(record.impact.is_empty() || record.fix.is_empty() || record.risk.is_empty());
                let is_fail = record.status == Status::Fail;
                if record.severity > check.severity || is_fail && !is_whole {
                    wrong.push(format!("{}: {name}: {record:?}", check.id));
                }
            }
        }
    }
    nothing_is(&wrong);
}

#[test]
fn ids_are_in_order_and_each_is_there_once() {
    let mut ids: Vec<_> = all().iter().map(|check| check.id).collect();
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert_eq!(find("h14").map(|check| check.id), Some("H14"));
    assert!(find("H999").is_none());
}

/// What no advice may say, in lower case: durability is not traded, and nothing is forced.
const BANNED: &[&str] = &[
    "fsync=off",
    "fsync = off",
    "full_page_writes=off",
    "full_page_writes = off",
    "pg_resetwal",
    "force-delete",
    "--force",
    "unclean",
    "sync_binlog=0",
    "sync_binlog = 0",
    "flush_log_at_trx_commit=0",
    "flush_log_at_trx_commit = 0",
    "rm -rf",
];

#[test]
fn no_advice_weakens_what_is_durable_or_forces_what_loses_data() {
    let mut wrong = Vec::new();
    for check in all() {
        let page = check.page;
        let mut texts = vec![page.fix.to_owned(), page.cost.to_owned()];
        texts.extend([check.guardrail.to_owned(), check.expected.to_owned()]);
        for (_, recording) in recordings(check) {
            for record in check.judge(&recording.window()) {
                texts.extend([record.fix, record.risk]);
                texts.extend(record.steps.into_iter().map(|step| step.run));
            }
        }
        // What undoes an advice is no advice.
        let advice = |text: &String| {
            let parts = text.split("(undo:").enumerate();
            let kept = parts.map(|(at, part)| match part.split_once(')') {
                Some((_, rest)) if at > 0 => rest.to_owned(),
                _ => part.to_owned(),
            });
            kept.collect::<Vec<_>>().join(" ").to_lowercase()
        };
        let text = texts.iter().map(advice).collect::<Vec<_>>().join(" ");
        let found = BANNED.iter().filter(|banned| text.contains(**banned));
        wrong.extend(found.map(|banned| format!("{}: {banned}", check.id)));
    }
    nothing_is(&wrong);
}
