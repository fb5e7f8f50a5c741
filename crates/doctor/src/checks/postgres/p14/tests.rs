use super::super::ground::{line, server, steady};
use super::*;
use crate::ground;
use crate::record::Status;
use crate::snapshot::{Backup, PostgresDisk, PostgresFiles, Probed, System};

const NOW: u64 = 1_796_000_000_000;

/// So many seconds ago.
fn with(archived_s: Option<u64>, failed_s: Option<u64>) -> Postgres {
    let archiver = PostgresArchiver {
        is_set: true,
        archived: 3,
        last_archived: archived_s.map(|_| "000000010000000000000003".to_owned()),
        last_archived_ms: archived_s.map(|s| NOW - s * 1_000),
        failed: 7,
        last_failed: failed_s.map(|_| "000000010000000000000004".to_owned()),
        last_failed_ms: failed_s.map(|s| NOW - s * 1_000),
        now_ms: NOW,
    };
    let ready = Probed::Seen(PostgresFiles { count: 4, bytes: 0 });
    Postgres {
        archiver: Probed::Seen(archiver),
        archive_ready: ready,
        ..server(&[("archive_mode", "on"), ("wal_segment_size", "16777216")])
    }
}

fn status(server: Postgres) -> (Status, Severity) {
    let records = steady(&CHECK, server);
    (records[0].status, records[0].severity)
}

#[test]
fn a_failure_that_no_success_followed_is_a_fault_and_one_long_past_is_not() {
    assert_eq!(status(with(Some(10), Some(20))).0, Status::Pass);
    assert_eq!(status(with(Some(10), None)).0, Status::Pass);
    assert_eq!(status(with(None, None)).0, Status::Pass);
    assert_eq!(status(with(Some(20), Some(10))), (Status::Fail, Severity::Warning));
    assert_eq!(status(with(None, Some(10))), (Status::Fail, Severity::Warning));
    assert_eq!(
        line(&CHECK, with(Some(7_200), Some(10))),
        "archiving 000000010000000000000004 failed 10 s ago, nothing was archived for 2 h; 4 files wait (64.0 MB)"
    );
}

#[test]
fn it_is_critical_when_what_waits_takes_as_much_as_is_left() {
    let left = |mb: u64| {
        let disk =
            PostgresDisk { folder: "/pg_wal".to_owned(), free_bytes: mb << 20, total_bytes: 0 };
        Postgres { wal_disk: Probed::Seen(disk), ..with(Some(20), Some(10)) }
    };
    assert_eq!(status(left(65)).1, Severity::Warning);
    assert_eq!(status(left(64)).1, Severity::Critical);
}

#[test]
fn a_mode_without_a_command_is_a_fault_and_where_nothing_is_archived_it_does_not_apply() {
    let mut unset = with(None, None);
    ground::seen(&mut unset.archiver).is_set = false;
    assert_eq!(steady(&CHECK, unset)[0].aspect, Some("unset"));
    let off =
        Postgres { settings: server(&[("archive_mode", "off")]).settings, ..with(None, Some(1)) };
    assert_eq!(status(off).0, Status::NotApplicable);
    let mut standby = with(None, Some(1));
    ground::seen(&mut standby.identity).in_recovery = true;
    assert_eq!(status(standby).0, Status::NotApplicable);
}

#[test]
fn an_archiver_that_may_not_be_seen_is_not_fine() {
    let blind = Postgres { archiver: Probed::Denied("a right".to_owned()), ..with(None, None) };
    assert_eq!(status(blind).0, Status::Skip);
}

#[test]
fn a_command_that_neither_fails_nor_ends_is_told_once_files_wait_for_five_minutes() {
    let aspect = |server: Postgres| steady(&CHECK, server)[0].aspect;
    assert_eq!(aspect(with(Some(301), None)), Some("stuck"));
    assert_eq!(aspect(with(Some(299), None)), None);
    let one = Probed::Seen(PostgresFiles { count: 1, bytes: 0 });
    let quiet = Postgres { archive_ready: one, ..with(Some(301), None) };
    assert_eq!(status(quiet).0, Status::Pass, "the file of now waits until it is full");
    let denied = Probed::Denied("a right".to_owned());
    let unseen = Postgres { archive_ready: denied, ..with(Some(301), None) };
    assert_eq!(status(unseen).0, Status::Skip);
}

/// What it says of a server at `:5432` of which the user said this; a file tells of a backup so many seconds ago.
fn backed(server: Postgres, fact: &str, ended_s: Option<u64>) -> Vec<crate::record::Record> {
    let backup = Backup { ended_s, kind: Some("full".to_owned()) };
    let backups = [("5432".to_owned(), Probed::Seen(backup))].into();
    let system = Probed::Seen(System { backups, ..System::default() });
    let host = crate::snapshot::Host { system, ..ground::host() };
    let before = ground::moment(NOW - 2_000, ground::host());
    let mut after = ground::moment(NOW, host);
    after.postgres.push(ground::server(":5432", server));
    after.facts.insert("backup.5432".to_owned(), fact.to_owned());
    CHECK.judge(&crate::snapshot::Window { before: &before, after: &after })
}

#[test]
fn a_backup_that_is_older_than_is_allowed_is_told_with_or_without_an_archive() {
    let off = || super::super::ground::server(&[("archive_mode", "off")]);
    let ago = |seconds: u64| Some(NOW / 1_000 - seconds);
    let records = backed(off(), "/var/lib/info.json,26h", ago(26 * 3_600 + 1));
    assert_eq!((records[0].status, records[0].aspect), (Status::Fail, Some("backup")));
    assert_eq!(records[0].severity, Severity::Warning);
    assert_eq!(records[0].observed, "the last backup (full) is of 26 h ago, 26 h are allowed");
    let just = backed(off(), "/var/lib/info.json,26h", ago(26 * 3_600));
    assert_eq!(just[0].status, Status::Pass);
    assert_eq!(
        just[0].observed,
        "archive_mode is off; the last backup (full) is of 26 h ago, 26 h are allowed"
    );
    let none = backed(off(), "/var/lib/info.json,26h", None);
    assert!(none[0].observed.starts_with("there is no backup that is whole"));
    let both = backed(with(Some(20), Some(10)), "30h,26h", None);
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!(both[1].observed, "the last backup is of 30 h ago, 26 h are allowed");
}

#[test]
fn a_backup_that_ends_in_the_future_is_not_fine() {
    let off = || super::super::ground::server(&[("archive_mode", "off")]);
    let of = |ahead_s: u64| {
        backed(off(), "/var/lib/info.json,26h", Some(NOW / 1_000 + ahead_s)).remove(0)
    };
    assert_eq!(of(60).status, Status::Pass, "clocks differ");
    let record = of(3_600);
    assert_eq!(record.status, Status::Error);
    assert!(record.observed.contains("ends in 60 min from now"), "{}", record.observed);
}

/// What it says of servers at these places where the user said this of a backup of port 5432.
fn among(places: &[&str]) -> Vec<(Status, String)> {
    let before = ground::moment(NOW - 2_000, ground::host());
    let mut after = ground::moment(NOW, ground::host());
    let off = || super::super::ground::server(&[("archive_mode", "off")]);
    after.postgres.extend(places.iter().map(|at| ground::server(at, off())));
    after.facts.insert("backup.5432".to_owned(), "3h,26h".to_owned());
    let records = CHECK.judge(&crate::snapshot::Window { before: &before, after: &after });
    records.into_iter().map(|it| (it.status, it.observed)).collect()
}

#[test]
fn a_fact_of_a_backup_is_of_one_server() {
    assert_eq!(among(&["a:5432", "b:5433"])[0].0, Status::Pass);
    let two = among(&["a:5432", "b:5432"]);
    assert_eq!(two.len(), 2, "{two:?}");
    for (status, observed) in &two {
        assert_eq!(*status, Status::Skip);
        assert!(observed.contains("of which of 2 servers with port 5432"), "{observed}");
    }
    let none = among(&["a:5433", "b:5434"]);
    assert_eq!((none[0].0, none[1].0), (Status::Skip, Status::NotApplicable), "{none:?}");
    assert!(none[0].1.contains("with the port of --fact backup.5432"), "{none:?}");
}

#[test]
fn a_fact_of_a_backup_that_is_none_is_not_fine() {
    let off = || super::super::ground::server(&[("archive_mode", "off")]);
    for fact in ["30h", "long,26h", "30h,often"] {
        assert_eq!(backed(off(), fact, None)[0].status, Status::Skip, "{fact}");
    }
    let mut other = off();
    other.archiver = Probed::default();
    assert_eq!(steady(&CHECK, other)[0].status, Status::NotApplicable, "nobody said anything");
}
