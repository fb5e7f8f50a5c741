use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed, Process, Snapshot, View};

fn clocks(name: Option<&str>, measured: Option<(i64, u64)>) -> Clocks {
    let keeper = name.map(|name| Process { pid: 812, name: name.to_owned() });
    Clocks {
        keepers: Probed::Seen(keeper.into_iter().collect()),
        measured: measured.map(|(ahead_us, delay_us)| {
            let server = "time.example".to_owned();
            Probed::Seen(Measured { server, ahead_us, delay_us, stratum: 2 })
        }),
        ..Clocks::default()
    }
}

fn moment(at_ms: u64, up_ms: u64, clocks: Clocks) -> Snapshot {
    let boot = "one".to_owned();
    let host = Host { clocks: Probed::Seen(clocks), boot, ..ground::host() };
    Snapshot { up_ms, ..ground::moment(at_ms, host) }
}

fn judged(clocks: Clocks) -> Vec<Record> {
    let before = moment(1_000_000, 5_000, clocks.clone());
    let after = moment(1_001_000, 6_000, clocks);
    CHECK.judge(&Window { before: &before, after: &after })
}

fn found(records: &[Record]) -> Option<(Severity, &'static str)> {
    (records[0].status == Status::Fail).then(|| (records[0].severity, records[0].aspect.unwrap()))
}

#[test]
fn more_than_fifty_milliseconds_beyond_what_the_way_may_hide_are_critical() {
    let of = |ahead, delay| found(&judged(clocks(Some("chronyd"), Some((ahead, delay)))));
    assert_eq!(of(50_000, 0), None);
    assert_eq!(of(50_001, 0), Some((Severity::Critical, "offset")));
    assert_eq!(of(-50_001, 0), Some((Severity::Critical, "offset")));
    assert_eq!(of(60_000, 20_000), None, "the way may hide 10 ms");
    assert_eq!(of(60_001, 20_000), Some((Severity::Critical, "offset")));
}

#[test]
fn what_is_found_says_on_which_side_the_clock_is() {
    let of = |ahead| judged(clocks(Some("chronyd"), Some((ahead, 0)))).remove(0);
    assert_eq!(of(80_000).observed, "the clock is 80 ms behind time.example");
    assert_eq!(of(-12_000_000).observed, "the clock is 12 s ahead of time.example");
    assert_eq!(of(80_000).target, "host against time.example");
}

#[test]
fn without_a_keeper_it_is_only_a_warning_and_so_with_one_that_never_did() {
    assert_eq!(found(&judged(clocks(None, None))), Some((Severity::Warning, "keeper")));
    assert_eq!(found(&judged(clocks(Some("chronyd"), None))), None);
    let with = |timesync| Clocks { timesync, ..clocks(Some("systemd-timesyn"), None) };
    assert_eq!(found(&judged(with(Some(false)))), Some((Severity::Warning, "keeper")));
    assert_eq!(found(&judged(with(Some(true)))), None);
}

#[test]
fn a_clock_that_was_set_is_told_by_the_one_that_nobody_sets() {
    let of = |wall: u64| {
        let before = moment(1_000_000, 5_000, clocks(Some("chronyd"), None));
        let after = moment(wall, 15_000, clocks(Some("chronyd"), None));
        CHECK.judge(&Window { before: &before, after: &after }).remove(0)
    };
    assert_eq!(of(1_010_000).status, Status::Pass);
    assert_eq!(of(1_011_000).status, Status::Pass);
    let set = of(1_011_001);
    assert_eq!((set.severity, set.aspect), (Severity::Warning, Some("step")));
    assert_eq!(of(1_040_000).observed, "the clock was set forwards by 30 s within 10.0 s");
}

#[test]
fn what_may_not_be_seen_is_not_fine_and_in_a_container_it_is_out_of_place() {
    let hidden = Clocks { keepers: Probed::Denied("root".to_owned()), ..Clocks::default() };
    assert_eq!(judged(hidden)[0].status, Status::Skip);
    let deaf = Probed::Absent("answer of the time server time.example in time".to_owned());
    let deaf = Clocks { measured: Some(deaf), ..clocks(Some("chronyd"), None) };
    assert_eq!(judged(deaf)[0].status, Status::Skip);
    let mut after = moment(1_001_000, 6_000, clocks(None, None));
    after.host.view = View { container: Some("docker".to_owned()), ..View::default() };
    let before = moment(1_000_000, 5_000, clocks(None, None));
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::NotApplicable);
}
