use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{PostgresIdentity, PostgresSlru, PostgresSlruCache, Probed};

fn server(version: u32, reads: u64, overflowed: Probed<Vec<PostgresOverflowed>>) -> Postgres {
    let cache = |reads| PostgresSlruCache { blks_read: Some(reads), blks_hit: Some(5) };
    let caches = [
        ("subtransaction".to_owned(), cache(reads)),
        ("multixact_offset".to_owned(), cache(50_000)),
        ("multixact_member".to_owned(), cache(50_000)),
    ];
    Postgres {
        identity: Probed::Seen(PostgresIdentity { version, ..PostgresIdentity::default() }),
        slru: PostgresSlru { caches: Probed::Seen(caches.into()), overflowed },
        ..Postgres::default()
    }
}

fn old() -> Probed<Vec<PostgresOverflowed>> {
    Probed::Absent("it before version 16".to_owned())
}

fn judged(seconds: u64, reads: u64) -> Vec<Record> {
    let (before, after) = (server(150_000, 70_000, old()), server(150_000, 70_000 + reads, old()));
    ground::judge_postgres(&CHECK, seconds, before, after)
}

fn session() -> PostgresOverflowed {
    PostgresOverflowed { pid: 77, application: Some("import".to_owned()), seconds: Some(180) }
}

#[test]
fn a_hundred_reads_a_second_are_a_warning() {
    let record = &judged(2, 200)[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.aspect, Some("subtransaction"));
    assert_eq!(
        record.observed,
        "200 pages of cache subtransaction were read from files in 2.0 s: a transaction has more than 64 SAVEPOINTs or EXCEPTION blocks, and is open for long"
    );
    assert!(!record.fix.contains("subtransaction_buffers"), "not before 17: {}", record.fix);
    assert_eq!(judged(2, 199)[0].status, Status::Pass);
    assert_eq!(judged(1, 200)[0].status, Status::Fail);
}

#[test]
fn totals_are_no_fault() {
    assert_eq!(judged(2, 0)[0].status, Status::Pass);
}

#[test]
fn the_session_that_does_it_is_named_where_the_version_tells_it() {
    let sessions = || Probed::Seen(vec![session()]);
    let (before, after) = (server(170_000, 0, sessions()), server(170_000, 300, sessions()));
    let records = ground::judge_postgres(&CHECK, 1, before, after);
    assert_eq!(records.len(), 1);
    assert!(
        records[0]
            .observed
            .ends_with("more than 64 subtransactions in pid 77 \"import\", open for 3 min"),
        "{}",
        records[0].observed
    );
    assert!(records[0].fix.contains("pg_terminate_backend(77)"));
    assert!(records[0].fix.contains("subtransaction_buffers"));
}

#[test]
fn such_a_session_alone_is_information() {
    let sessions = || Probed::Seen(vec![session()]);
    let (before, after) = (server(170_000, 0, sessions()), server(170_000, 0, sessions()));
    let records = ground::judge_postgres(&CHECK, 1, before, after);
    assert_eq!((records.len(), records[0].severity), (1, Severity::Info));
    assert_eq!(
        records[0].observed,
        "more than 64 subtransactions: pid 77 \"import\", open for 3 min"
    );
}

#[test]
fn a_cache_that_is_not_counted_is_not_fine() {
    let mut after = server(150_000, 0, old());
    ground::seen(&mut after.slru.caches).remove("multixact_member");
    let records = ground::judge_postgres(&CHECK, 1, server(150_000, 0, old()), after);
    assert_eq!(records[0].status, Status::Skip);
    let twelve = || {
        let mut server = server(120_000, 0, old());
        server.slru.caches = Probed::Absent("pg_stat_slru before version 13".to_owned());
        server
    };
    assert_eq!(ground::judge_postgres(&CHECK, 1, twelve(), twelve())[0].status, Status::Skip);
}
