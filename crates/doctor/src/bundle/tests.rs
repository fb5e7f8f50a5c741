use super::*;
use crate::ground;
use crate::record::{Severity, Status};
use crate::snapshot::{Host, Provenance};
use crate::suppress::Suppressions;

fn told(anonymous: bool) -> String {
    let host = Host { name: "db-3.shop.example".to_owned(), ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    let recording =
        Recording { provenance: Provenance::Recorded("here".to_owned()), before, after };
    let mut report = Report::of([], &recording.window(), &Suppressions::default());
    let mut record = ground::record("H14", Status::Fail, Severity::Critical);
    record.observed =
        "10.1.2.3:80 and [2001:db8::7]:443, of db-3.shop.example at 127.0.0.1:5432, see 10.1.2.3. By 52:54:00:12:34:56. Version 6.18.44".to_owned();
    report.records.push(record);
    let hash = |name: &str| name.len() as u64;
    bundle(&report, &recording, anonymous.then_some(&hash))
}

#[test]
fn names_and_addresses_of_machines_are_replaced_and_those_of_no_machine_stay() {
    let text = told(true);
    let wanted = "198.18.0.0:80 and [2001:db8::b]:443, of m0000000000000011 at 127.0.0.1:5432, \
                  see 198.18.0.0. By 02:00:00:00:00:00. Version 6.18.44";
    assert!(text.contains(wanted), "{text}");
    assert!(!text.contains("shop.example"), "{text}");
}

#[test]
fn nothing_is_replaced_unless_that_is_asked_for_and_a_bundle_can_be_judged_again() {
    let text = told(false);
    assert!(text.contains("db-3.shop.example"), "{text}");
    assert!(Recording::parse(&text).is_ok());
}
