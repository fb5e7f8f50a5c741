use super::super::ground::{server, steady};
use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Probed;

const ON: [(&str, &str); 5] = [
    ("autovacuum", "on"),
    ("track_counts", "on"),
    ("autovacuum_vacuum_threshold", "50"),
    ("autovacuum_vacuum_scale_factor", "0.2"),
    ("autovacuum_vacuum_max_threshold", "1000000"),
];

fn table(rows: i64, dead: u64, vacuum_s: Option<u64>) -> PostgresTable {
    let (schema, name) = ("public".to_owned(), "orders".to_owned());
    PostgresTable { schema, name, rows, dead, live: 7, vacuum_s, ..PostgresTable::default() }
}

fn with(table: PostgresTable) -> Postgres {
    Postgres { tables: Probed::Seen(vec![table]), ..server(&ON) }
}

fn told(table: PostgresTable) -> Record {
    steady(&CHECK, with(table)).remove(0)
}

#[test]
fn twice_what_makes_a_table_due_is_late_if_it_was_so_for_an_hour() {
    // Due from 50 + 0.2 * 100,000 on.
    assert_eq!(told(table(100_000, 40_100, Some(3_600))).status, Status::Pass);
    let late = told(table(100_000, 40_101, Some(3_600)));
    assert_eq!(
        (late.status, late.severity, late.confidence),
        (Status::Fail, Severity::Warning, Confidence::High)
    );
    assert_eq!(
        late.observed,
        "public.orders has 40101 dead rows beside 7 live ones, is due from 20050 on, and was last vacuumed 60 min ago"
    );
    assert_eq!(told(table(100_000, 40_101, Some(3_599))).status, Status::Pass);
    assert_eq!(told(table(100_000, 40_101, None)).confidence, Confidence::Low);
    // Few rows are no matter, and one that was never counted has none that are known.
    assert_eq!(told(table(0, 10_000, Some(3_600))).status, Status::Pass);
    assert_eq!(told(table(-1, 10_001, Some(3_600))).status, Status::Fail);
}

#[test]
fn a_table_has_settings_of_its_own_and_from_18_on_there_is_a_most() {
    let own = |dead| PostgresTable {
        options: vec!["autovacuum_vacuum_scale_factor=0.1".to_owned()],
        ..table(100_000, dead, Some(3_600))
    };
    assert_eq!((told(own(20_100)).status, told(own(20_101)).status), (Status::Pass, Status::Fail));
    let huge = |dead| told(table(1_000_000_000, dead, Some(3_600))).status;
    assert_eq!((huge(2_000_000), huge(2_000_001)), (Status::Pass, Status::Fail));
}

#[test]
fn autovacuum_that_is_off_is_a_warning_for_all_or_for_a_large_table() {
    let mut off = with(table(1, 0, None));
    ground::seen(&mut off.settings).get_mut("autovacuum").unwrap().setting = "off".to_owned();
    assert_eq!(steady(&CHECK, off)[0].observed, "autovacuum is off");
    let own = |pages| PostgresTable {
        options: vec!["autovacuum_enabled=false".to_owned()],
        pages,
        ..table(1, 0, None)
    };
    assert_eq!(told(own(PAGES - 1)).status, Status::Pass);
    assert_eq!(told(own(PAGES)).aspect, Some("table"));
}

#[test]
fn tables_that_may_not_be_seen_are_not_fine() {
    let denied = Postgres { tables: Probed::Denied("a right".to_owned()), ..server(&ON) };
    assert_eq!(steady(&CHECK, denied)[0].status, Status::Skip);
}
