use super::super::DAY_S;
use super::super::ground::{certificate, endpoint, judged_ports};
use super::*;
use crate::record::{Record, Status};

fn file(left_s: i64, configured: bool) -> CertificateFile {
    let certificate = Certificate { serial: "2b".to_owned(), ..certificate(left_s, 90 * DAY_S) };
    CertificateFile { path: "/etc/nginx/shop.pem".to_owned(), configured, certificate }
}

fn judged(left_s: i64, files: Vec<CertificateFile>) -> Record {
    let mut endpoint = endpoint(vec![certificate(left_s, 90 * DAY_S)]);
    endpoint.files = files;
    judged_ports(&CHECK, vec![endpoint]).remove(0)
}

#[test]
fn a_newer_one_on_disk_was_never_read() {
    let record = judged(20 * DAY_S, vec![file(80 * DAY_S, true)]);
    assert_eq!(
        record.observed,
        "pid 12 \"nginx\" presents a certificate of shop.example that ends in 20 d; the one in /etc/nginx/shop.pem is 60 d newer"
    );
    assert_eq!((record.severity, record.confidence), (Severity::Warning, Confidence::High));
    assert_eq!(record.target, "host 0.0.0.0:443");
}

#[test]
fn it_is_critical_once_the_old_one_is_about_to_end() {
    let severity = |left_s| judged(left_s, vec![file(80 * DAY_S, true)]).severity;
    assert_eq!(severity(30 * DAY_S / 4), Severity::Warning);
    assert_eq!(severity(30 * DAY_S / 4 - 1), Severity::Critical);
    let past = judged(-1, vec![file(80 * DAY_S, true)]);
    assert!(past.impact.contains("now"), "{}", past.impact);
}

#[test]
fn one_that_is_as_old_or_older_is_no_fault() {
    assert_eq!(judged(20 * DAY_S, vec![file(20 * DAY_S, true)]).status, Status::Pass);
    assert_eq!(judged(20 * DAY_S, vec![file(10 * DAY_S, true)]).status, Status::Pass);
}

#[test]
fn one_that_nothing_names_may_be_for_something_else() {
    let record = judged(20 * DAY_S, vec![file(20 * DAY_S, true), file(80 * DAY_S, false)]);
    assert_eq!((record.status, record.confidence), (Status::Fail, Confidence::Low));
}

#[test]
fn files_that_could_not_be_found_are_not_fine() {
    let record = judged(20 * DAY_S, Vec::new());
    assert_eq!(record.status, Status::Skip);
    let mut nobody = endpoint(vec![certificate(20 * DAY_S, 90 * DAY_S)]);
    nobody.process = None;
    let record = &judged_ports(&CHECK, vec![nobody])[0];
    assert_eq!(record.status, Status::Skip);
    assert!(record.observed.contains("needs root"), "{}", record.observed);
}
