use super::*;
use crate::checks::mysql::looks::{judged, mariadb, mysql};
use crate::record::Status;

#[test]
fn off_is_critical_and_what_only_notices_is_a_warning() {
    let told = |value| judged(&CHECK, &mysql(&[("innodb_doublewrite", value)])).remove(0);
    let record = told("OFF");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.observed, "innodb_doublewrite is OFF");
    assert_eq!(told("DETECT_ONLY").severity, Severity::Warning);
    assert_eq!(told("DETECT_ONLY").status, Status::Fail);
    for fine in ["ON", "DETECT_AND_RECOVER", "fast"] {
        assert_eq!(told(fine).status, Status::Pass, "{fine}");
    }
}

#[test]
fn pages_or_logs_without_checksums_are_a_warning() {
    for (name, value) in [
        ("innodb_checksum_algorithm", "none"),
        ("innodb_checksum_algorithm", "strict_none"),
        ("innodb_checksums", "OFF"),
        ("innodb_log_checksums", "OFF"),
    ] {
        let record = &judged(&CHECK, &mysql(&[("innodb_doublewrite", "ON"), (name, value)]))[0];
        assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning), "{name}");
        assert_eq!(record.aspect, Some("checksums"));
    }
    let fine = [("innodb_doublewrite", "ON"), ("innodb_checksum_algorithm", "full_crc32")];
    assert_eq!(judged(&CHECK, &mariadb(&fine))[0].status, Status::Pass);
}

#[test]
fn a_setting_that_was_not_told_is_not_fine() {
    assert_eq!(judged(&CHECK, &mariadb(&[]))[0].status, Status::Skip);
}
