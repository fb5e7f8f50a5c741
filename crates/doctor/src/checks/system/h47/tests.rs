use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed, Stamp, System};

const NOW_MS: u64 = 1_790_000_000_000;
const HOUR_MS: u64 = 3_600_000;

fn judged(value: &str, stamp: Option<Probed<Stamp>>) -> Vec<Record> {
    let stamps: BTreeMap<_, _> = stamp.into_iter().map(|it| ("backup".to_owned(), it)).collect();
    let system = System { stamps, ..System::default() };
    let mut after = ground::said(NOW_MS, &[("stamp.backup", value)]);
    after.host = Host { system: Probed::Seen(system), ..ground::host() };
    CHECK.judge(&Window { before: &ground::moment(NOW_MS - 1_000, ground::host()), after: &after })
}

const fn written(ago_ms: u64) -> Probed<Stamp> {
    Probed::Seen(Stamp { modified_ms: Some(NOW_MS - ago_ms) })
}

#[test]
fn a_stamp_is_too_old_from_the_moment_on_at_which_its_age_is_over() {
    let value = "/var/lib/done,26h";
    assert_eq!(judged(value, Some(written(26 * HOUR_MS)))[0].status, Status::Pass);
    let found = judged(value, Some(written(26 * HOUR_MS + 1)));
    assert_eq!(
        (found.len(), found[0].status, found[0].severity),
        (1, Status::Fail, Severity::Warning)
    );
    assert_eq!(found[0].target, "host job backup");
    assert_eq!(
        found[0].observed,
        "job backup: /var/lib/done was written 26 h ago, and 26 h are allowed"
    );
}

#[test]
fn a_stamp_that_is_not_there_is_a_job_that_never_succeeded() {
    let found = judged("/var/lib/done,26h", Some(Probed::Seen(Stamp { modified_ms: None })));
    assert_eq!(found[0].status, Status::Fail);
    assert!(found[0].observed.contains("never succeeded"), "{}", found[0].observed);
}

#[test]
fn what_could_not_be_looked_at_is_not_fine() {
    let denied = Some(Probed::Denied("root".to_owned()));
    assert_eq!(judged("/var/lib/done,26h", denied)[0].status, Status::Skip);
    assert_eq!(judged("/var/lib/done,26h", None)[0].status, Status::Skip);
    let ahead = Stamp { modified_ms: Some(NOW_MS + 60_001) };
    assert_eq!(judged("/var/lib/done,26h", Some(Probed::Seen(ahead)))[0].status, Status::Skip);
    for wrong in ["/var/lib/done", "/var/lib/done,soon"] {
        assert_eq!(judged(wrong, Some(written(1)))[0].status, Status::Skip, "{wrong}");
    }
}

#[test]
fn without_a_fact_it_does_not_apply() {
    let after = ground::moment(NOW_MS, ground::host());
    let found = CHECK.judge(&Window { before: &after, after: &after });
    assert_eq!(found[0].status, Status::NotApplicable);
}
