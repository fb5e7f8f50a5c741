use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Memory, Pressures};

fn pressure(some: u32, full: u32) -> Probed<Pressure> {
    let stall = |avg60| Stall { avg10: 0, avg60 };
    Probed::Seen(Pressure { some: stall(some), full: Some(stall(full)) })
}

fn judged(pressure: Pressures) -> Vec<Record> {
    let memory = Probed::Seen(Memory { pressure, ..Memory::default() });
    let host = Host { memory, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn calm() -> Pressures {
    Pressures { memory: pressure(0, 0), io: pressure(0, 0), cpu: pressure(0, 0) }
}

#[test]
fn a_tenth_of_the_time_is_a_warning_and_sixty_percent_of_all_critical() {
    let severity = |some, full| {
        let found = judged(Pressures { memory: pressure(some, full), ..calm() });
        (found[0].status == Status::Fail).then(|| found[0].severity)
    };
    assert_eq!(severity(999, 0), None);
    assert_eq!(severity(1_000, 0), Some(Severity::Warning));
    assert_eq!(severity(9_900, 5_999), Some(Severity::Warning));
    assert_eq!(severity(9_900, 6_000), Some(Severity::Critical));
}

#[test]
fn what_is_found_says_how_much_in_percent() {
    let found = &judged(Pressures { memory: pressure(1_234, 567), ..calm() })[0];
    assert_eq!((found.aspect, &*found.target), (Some("memory"), "host memory"));
    assert_eq!(
        found.observed,
        "some task waited for memory for 12.3 % of the last minute, all of them for 5.7 %"
    );
    assert_eq!(found.evidence[0].value, "some avg10=0.00 avg60=12.34; full avg10=0.00 avg60=5.67");
    let well = &judged(calm())[0].observed;
    assert_eq!(
        well,
        "some task waited for memory 0.0 %, for io 0.0 %, for cpu 0.0 % of the last minute"
    );
}

#[test]
fn disks_and_processors_are_information() {
    let found = judged(Pressures { io: pressure(9_000, 4_999), cpu: pressure(4_999, 0), ..calm() });
    assert_eq!((found.len(), found[0].status), (1, Status::Pass));
    let found = judged(Pressures { io: pressure(9_000, 5_000), cpu: pressure(5_000, 0), ..calm() });
    let told: Vec<_> = found.iter().map(|it| (it.aspect, it.severity)).collect();
    assert_eq!(told, [(Some("io"), Severity::Info), (Some("cpu"), Severity::Info)]);
}

#[test]
fn a_kernel_that_keeps_none_is_skipped_and_hides_no_other() {
    let absent = Probed::Absent("/proc/pressure/io".to_owned());
    let found = judged(Pressures { io: absent, memory: pressure(2_000, 0), ..calm() });
    assert_eq!([found[0].status, found[1].status], [Status::Fail, Status::Skip]);
    assert_eq!(judged(Pressures::default())[0].status, Status::Skip);
}
