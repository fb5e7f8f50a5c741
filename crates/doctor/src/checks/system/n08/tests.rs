use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Host;

/// 2026-12-31T23:59:59.999Z.
const END_OF_2026_MS: u64 = 1_798_761_599_999;

fn judged(kernel: &str, at_ms: u64) -> Record {
    let host = Host { kernel: kernel.to_owned(), ..ground::host() };
    let (before, after) = (ground::moment(at_ms - 1, host.clone()), ground::moment(at_ms, host));
    let mut found = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn a_long_term_series_is_mended_to_the_end_of_its_last_month() {
    assert_eq!(judged("5.15.170", END_OF_2026_MS).status, Status::Pass);
    let found = judged("5.15.170", END_OF_2026_MS + 1);
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!(found.observed, "Linux 5.15.170 is of series 5.15, mended until the end of 2026-12");
    assert_eq!(judged("6.1.140", END_OF_2026_MS + 1).status, Status::Pass);
    assert_eq!(judged("5.4.302", END_OF_2026_MS).status, Status::Fail);
}

#[test]
fn a_short_series_has_ended() {
    let found = judged("6.17.13", END_OF_2026_MS);
    assert_eq!(
        found.observed,
        "Linux 6.17.13 is of series 6.17, which was never for the long term"
    );
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
}

#[test]
fn the_kernel_of_a_distribution_is_information_and_never_sure() {
    for kernel in ["5.14.0-362.8.1.el9_3.x86_64", "6.8.0-45-generic", "4.19.0-27-amd64"] {
        let found = judged(kernel, END_OF_2026_MS);
        assert_eq!((found.status, found.severity), (Status::Fail, Severity::Info), "{kernel}");
        assert_eq!(found.confidence, Confidence::Low);
        assert!(found.impact.contains("distribution"));
    }
}

#[test]
fn what_the_table_does_not_know_is_not_fine() {
    let later = judged("7.0.1", END_OF_2026_MS);
    assert_eq!(later.status, Status::Skip);
    assert_eq!(
        later.observed,
        "there is no end of Linux 7.0 in the table of this version: it goes up to 6.18"
    );
    assert_eq!(judged("", END_OF_2026_MS).status, Status::Skip);
}

#[test]
fn months_are_those_of_the_calendar() {
    let day_ms = 86_400_000;
    assert_eq!(month_of(0), (1970, 1));
    assert_eq!(month_of(31 * day_ms - 1), (1970, 1));
    assert_eq!(month_of(31 * day_ms), (1970, 2));
    // 2024-02-29 and the day after.
    assert_eq!(month_of(1_709_164_800_000), (2024, 2));
    assert_eq!(month_of(1_709_164_800_000 + day_ms), (2024, 3));
    assert_eq!(month_of(END_OF_2026_MS), (2026, 12));
    assert_eq!(month_of(END_OF_2026_MS + 1), (2027, 1));
}
