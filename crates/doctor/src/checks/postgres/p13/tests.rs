use super::super::ground::{judged, server};
use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresCheckpoints, PostgresWalPlace, Probed};

const MB: u64 = 1 << 20;

fn at(timed: u64, requested: u64, wal_mb: u64) -> Postgres {
    let checkpoints = PostgresCheckpoints { timed, requested, ..PostgresCheckpoints::default() };
    let place = PostgresWalPlace { end: Some(wal_mb * MB), ..PostgresWalPlace::default() };
    Postgres {
        checkpoints: Probed::Seen(checkpoints),
        wal_place: Probed::Seen(place),
        ..server(&[("max_wal_size", "1024"), ("checkpoint_timeout", "300")])
    }
}

/// After a hundred of each, which are long past.
fn grown(timed: u64, requested: u64, wal_mb: u64) -> Record {
    judged(&CHECK, 600, at(100, 900, 0), at(100 + timed, 900 + requested, wal_mb)).remove(0)
}

#[test]
fn two_that_the_wal_forced_are_a_fault_and_totals_are_none() {
    assert_eq!(grown(0, 0, 0).status, Status::Pass);
    assert_eq!(grown(0, 1, 5_000).status, Status::Pass);
    assert_eq!(grown(0, 2, 614).status, Status::Pass);
    let record = grown(0, 2, 615);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(
        record.observed,
        "2 checkpoints were forced and 0 due in 600.0 s, with 615.0 MB of WAL; max_wal_size is 1024 MB, checkpoint_timeout 300 s"
    );
    assert_eq!(
        (grown(2, 2, 9_000).status, grown(2, 3, 9_000).status),
        (Status::Pass, Status::Fail)
    );
}

#[test]
fn what_it_says_to_set_is_twice_what_is_written_until_one_is_due() {
    let fix = grown(0, 4, 6_000).fix;
    assert!(fix.contains("max_wal_size = '6000MB'") && fix.contains("undo: '1024MB'"), "{fix}");
    assert!(grown(0, 2, 1_024).fix.contains("'2048MB'"));
    assert!(grown(0, 9, 90_000).fix.contains("'8192MB'"));
}

#[test]
fn numbers_that_were_set_back_are_not_fine_and_a_standby_has_none() {
    let records = judged(&CHECK, 600, at(100, 900, 0), at(1, 2, 9_000));
    assert_eq!(records[0].status, Status::Skip);
    let mut standby = at(0, 0, 0);
    ground::seen(&mut standby.identity).in_recovery = true;
    assert_eq!(judged(&CHECK, 600, standby.clone(), standby)[0].status, Status::NotApplicable);
}
