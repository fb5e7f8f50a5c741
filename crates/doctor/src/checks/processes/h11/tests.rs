use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Known, Probed, Process, Processes};

fn process() -> Process {
    Process { pid: 812, name: "mysqld".to_owned() }
}

fn known(kind: Kind) -> Known {
    let process = process();
    let (folder, cgroup, resident_bytes, huge_pages) = (None, None, None, None);
    Known { process, kind, folder, cgroup, resident_bytes, huge_pages }
}

fn judged(servers: Vec<Known>, limits: Vec<Allowance>) -> Vec<Record> {
    let (servers, limits) = (Probed::Seen(servers), Probed::Seen(limits));
    let processes = Probed::Seen(Processes { servers, limits, ..Processes::default() });
    let host = Host { processes, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn with(kind: Kind, soft: Option<u64>, unit_soft: Option<u64>) -> Record {
    let unit = unit_soft.map(|_| "db.service".to_owned());
    let (process, hard) = (process(), Some(524_288));
    let limits = vec![Allowance { process, kind, soft, hard, unit, unit_soft }];
    judged(vec![known(kind)], limits).remove(0)
}

#[test]
fn less_than_its_unit_says_is_a_fault_and_as_much_is_none() {
    let of = |soft| with(Kind::Redis, soft, Some(10_240)).aspect;
    assert_eq!(of(Some(10_239)), Some("unit"));
    assert_eq!(of(Some(10_240)), None);
    assert_eq!(of(None), None, "it has no limit");
    assert_eq!(with(Kind::Redis, Some(1_024), None).status, Status::Pass);
}

#[test]
fn less_than_its_makers_ask_for_is_a_fault() {
    let of = |kind, soft| with(kind, Some(soft), None).aspect;
    assert_eq!(of(Kind::Mysql, 4_999), Some("documented"));
    assert_eq!(of(Kind::Mysql, 5_000), None);
    assert_eq!(of(Kind::Mongo, 63_999), Some("documented"));
    assert_eq!(of(Kind::Postgres, 1_024), None);
}

#[test]
fn what_is_found_says_both_numbers_and_how_to_set_both_limits() {
    let record = with(Kind::Mysql, Some(1_024), Some(32_768));
    assert_eq!(record.target, "host pid 812");
    assert_eq!(
        record.observed,
        "pid 812 \"mysqld\" may have 1024 descriptors; its unit db.service says 32768"
    );
    assert!(record.fix.contains("--nofile=32768:524288 (undo: 1024:524288)"), "{}", record.fix);
}

#[test]
fn a_server_whose_limits_may_not_be_seen_is_not_fine_and_none_is_out_of_place() {
    let hidden = judged(vec![known(Kind::Redis)], Vec::new());
    assert_eq!(hidden[0].status, Status::Skip);
    assert!(hidden[0].observed.contains("root"), "{}", hidden[0].observed);
    assert_eq!(judged(Vec::new(), Vec::new())[0].status, Status::NotApplicable);
}
