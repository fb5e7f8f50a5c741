use super::*;
use crate::checks::mysql::looks::{judged, mariadb};
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{MysqlIdentity, Probed, Window};

const NOVEMBER_2026_MS: u64 = 1_796_000_000_000;

fn server(accounts: &[MysqlAccount]) -> Mysql {
    let variables = [("slow_query_log", "ON"), ("performance_schema", "OFF")];
    Mysql { accounts: Probed::Seen(accounts.to_vec()), ..mariadb(&variables) }
}

fn told(user: &str, host: &str, open: bool, all: bool) -> Record {
    let account = MysqlAccount { user: user.to_owned(), host: host.to_owned(), open, all };
    judged(&CHECK, &server(&[account])).remove(0)
}

#[test]
fn an_open_account_is_critical_from_elsewhere_and_a_warning_from_the_machine_itself() {
    let record = told("app", "%", true, false);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.observed, "'app'@'%' needs no password");
    assert_eq!(told("root", "localhost", true, true).severity, Severity::Warning);
    let record = told("", "localhost", false, false);
    assert_eq!(record.observed, "''@'localhost' has no name: it takes everybody");
    assert_eq!(record.fix, "DROP USER ''@'localhost'");
}

#[test]
fn everything_from_everywhere_is_info_and_one_of_both_is_fine() {
    assert_eq!(told("root", "%", false, true).severity, Severity::Info);
    assert_eq!(told("root", "10.0.0.%", false, true).status, Status::Pass);
    assert_eq!(told("app", "%", false, false).status, Status::Pass);
}

fn version(version: &str, at_ms: u64) -> Record {
    let mut server = server(&[]);
    ground::seen(&mut server.identity).version = version.to_owned();
    let mut after = ground::moment(at_ms, ground::host());
    after.mysql.push(ground::server(":3306", server));
    let before = ground::moment(1, ground::host());
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn a_series_is_told_after_its_last_month() {
    let status = |told| version(told, NOVEMBER_2026_MS).status;
    assert_eq!(status("10.11.19-MariaDB"), Status::Pass);
    assert_eq!(status("8.4.3"), Status::Pass);
    assert_eq!(status("9.9.0"), Status::Skip, "what is not known is not fine");
    assert_eq!(status("10.6.20-MariaDB"), Status::Fail);
    assert_eq!(
        version("8.0.36", NOVEMBER_2026_MS).observed,
        "8.0.36 gets no repairs since 2026-04"
    );
    // The last second of April, and the first of May.
    assert_eq!(version("8.0.36", 1_777_593_599_000).status, Status::Pass);
    assert_eq!(version("8.0.36", 1_777_593_600_000).status, Status::Fail);
}

#[test]
fn months_are_those_of_the_calendar() {
    assert_eq!(month(0), "1970-01");
    assert_eq!(month(951_782_400_000), "2000-02");
    assert_eq!(month(951_868_800_000), "2000-03");
    assert_eq!(month(NOVEMBER_2026_MS), "2026-11");
}

#[test]
fn that_nothing_tells_what_is_slow_is_info() {
    let variables = [("slow_query_log", "OFF"), ("performance_schema", "OFF")];
    let server = Mysql { accounts: Probed::Seen(Vec::new()), ..mariadb(&variables) };
    let record = &judged(&CHECK, &server)[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
}

#[test]
fn accounts_that_may_not_be_seen_are_not_fine() {
    let mut server = server(&[]);
    server.accounts = Probed::Denied("a right on it".to_owned());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
    server.identity = Probed::<MysqlIdentity>::Denied("to be let in".to_owned());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}
