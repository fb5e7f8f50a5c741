use super::*;
use crate::checks::mysql::looks::{judged, judged_over, mariadb};
use crate::record::{Record, Status};
use crate::snapshot::{MysqlIdentity, Probed};

fn server(column_type: &str, next: Option<u64>) -> Mysql {
    let counter = MysqlCounter {
        table: "shop.orders".to_owned(),
        column: "id".to_owned(),
        column_type: column_type.to_owned(),
        next,
    };
    Mysql { counters: Probed::Seen(vec![counter]), ..mariadb(&[]) }
}

fn of(column_type: &str, next: u64) -> Record {
    judged(&CHECK, &server(column_type, Some(next))).remove(0)
}

#[test]
fn the_end_is_that_of_the_type_signed_or_not() {
    let maximum = |column_type: &str| {
        let counters = server(column_type, None).counters;
        counters.seen().unwrap()[0].maximum()
    };
    assert_eq!(maximum("tinyint(4)"), Some(127));
    assert_eq!(maximum("smallint(5) unsigned"), Some(65_535));
    assert_eq!(maximum("mediumint"), Some(8_388_607));
    assert_eq!(maximum("int(11)"), Some(2_147_483_647));
    assert_eq!(maximum("int unsigned"), Some(4_294_967_295));
    assert_eq!(maximum("bigint(20)"), Some(9_223_372_036_854_775_807));
    assert_eq!(maximum("bigint(20) unsigned"), Some(u64::MAX));
    assert_eq!(maximum("double"), None);
}

#[test]
fn seventy_percent_are_fine_and_more_are_not_and_above_ninety_it_is_late() {
    assert_eq!(of("int(11)", 1_503_238_552).status, Status::Pass);
    let record = of("int(11)", 1_503_238_553);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(of("int(11)", 1_932_735_282).severity, Severity::Warning);
    assert_eq!(of("int(11)", 1_932_735_283).severity, Severity::Critical);
    assert_eq!(of("int(10) unsigned", 2_147_483_648).status, Status::Pass);
}

#[test]
fn it_says_how_many_are_left() {
    let record = of("int(11)", 2_000_000_001);
    assert_eq!(record.target, "mysql :3306 shop.orders.id");
    assert_eq!(
        record.observed,
        "the next number is 2000000001, 93 % of int(11): 147483647 are left"
    );
    let record = of("tinyint(4)", 128);
    assert!(record.observed.ends_with(": 0 are left"), "{}", record.observed);
    let record = of("tinyint(4)", 127);
    assert!(record.observed.ends_with(": 1 are left"), "{}", record.observed);
}

#[test]
fn when_it_ends_is_told_of_a_minute_and_not_of_a_second() {
    let impact = |seconds| {
        let (before, after) =
            (server("int(11)", Some(1_999_999_401)), server("int(11)", Some(2_000_000_001)));
        judged_over(&CHECK, seconds, &before, &after).remove(0).impact
    };
    // 600 in 60 s are 10 in a second: 147,483,647 last for 170.7 days.
    assert!(impact(60).contains("in about 171 days"), "{}", impact(60));
    assert!(!impact(59).contains("days"), "{}", impact(59));
}

#[test]
fn tables_that_are_not_shown_are_not_fine() {
    let bare = MysqlIdentity { account: "doctor@%".to_owned(), ..MysqlIdentity::default() };
    let mut server = server("int(11)", Some(5));
    server.identity = Probed::Seen(bare);
    let records = judged(&CHECK, &server);
    assert_eq!((records.len(), records[0].status), (1, Status::Skip));
    assert!(records[0].observed.contains("GRANT SELECT ON *.* TO doctor@%"));
}

#[test]
fn a_number_that_was_not_told_is_not_fine() {
    assert_eq!(judged(&CHECK, &server("int(11)", None))[0].status, Status::Skip);
}
