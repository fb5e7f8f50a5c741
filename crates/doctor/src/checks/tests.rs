use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::record::Status;
use crate::snapshot::{Provenance, Recording};

/// The recordings of each check, by the status that their names begin with.
fn recordings(check: &Check) -> BTreeMap<String, Recording> {
    let folder = PathBuf::from("snapshots").join(check.id.to_lowercase());
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let read = |file: fs::DirEntry| {
        let text = fs::read_to_string(file.path()).unwrap();
        let name = file.file_name().into_string().unwrap();
        let recording = Recording::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, recording)
    };
    files.map(|file| read(file.unwrap())).collect()
}

#[test]
fn each_recording_is_judged_as_it_is_called_and_each_check_has_one_of_each() {
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
            assert!(records.iter().all(|record| record.status == wanted), "{name}: {records:#?}");
        }
        for status in ["fail-", "pass-", "skip-"] {
            let is_there = recordings.keys().any(|name| name.starts_with(status));
            assert!(is_there, "{} has no recording {status}", check.id);
        }
        let is_real =
            |recording: &Recording| matches!(recording.provenance, Provenance::Recorded(_));
        assert!(recordings.values().any(is_real), "{}: all are composed", check.id);
    }
}

#[test]
fn a_recording_where_all_is_well_makes_no_check_fail() {
    for check in all() {
        for (name, recording) in recordings(check) {
            if !name.starts_with("pass-") {
                continue;
            }
            for other in all() {
                let records = other.judge(&recording.window());
                let fails = records.iter().any(|record| record.status == Status::Fail);
                assert!(!fails, "{name} makes {} fail: {records:#?}", other.id);
            }
        }
    }
}

#[test]
fn ids_are_in_order_and_each_is_there_once() {
    let mut ids: Vec<_> = all().iter().map(|check| check.id).collect();
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert_eq!(find("h14").map(|check| check.id), Some("H14"));
    assert!(find("H999").is_none());
}

#[test]
fn no_advice_weakens_what_is_durable_or_forces_what_loses_data() {
    for check in all() {
        let page = check.page;
        let text = [page.fix, page.cost, check.guardrail].join(" ").to_lowercase();
        for banned in
            ["fsync=off", "fsync = off", "pg_resetwal", "force-delete", "--force", "unclean"]
        {
            assert!(!text.contains(banned), "{}: {banned}", check.id);
        }
    }
}
