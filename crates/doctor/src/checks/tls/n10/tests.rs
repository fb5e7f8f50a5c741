use super::super::DAY_S;
use super::super::ground::{NOW_S, certificate, judged};
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::{Probed, Tls};

fn trust(added: Probed<Vec<AddedAuthority>>, age_s: i64) -> Vec<Record> {
    let path = "/etc/ssl/certs/ca-certificates.crt".to_owned();
    let trust = TrustBundle { path, count: 140, written_s: NOW_S - age_s, added };
    judged(&CHECK, Tls { trust: Probed::Seen(trust), ..Tls::default() }, &[])
}

fn added(left_s: i64, bundled: bool) -> Record {
    let path = "/usr/local/share/ca-certificates/own.crt".to_owned();
    let certificate = certificate(left_s, 3_650 * DAY_S);
    trust(Probed::Seen(vec![AddedAuthority { path, certificate, bundled }]), DAY_S).remove(0)
}

#[test]
fn one_of_ones_own_that_ends_is_told_of_in_time() {
    assert_eq!(added(30 * DAY_S, true).status, Status::Pass);
    let soon = added(30 * DAY_S - 1, true);
    assert_eq!((soon.status, soon.aspect), (Status::Fail, Some("end")));
    assert_eq!(
        soon.observed,
        "the authority shop.example in /usr/local/share/ca-certificates/own.crt ends in 29 d"
    );
    assert!(added(-DAY_S, true).impact.contains("now"));
}

#[test]
fn one_that_is_not_in_the_bundle_is_trusted_by_nobody() {
    let record = added(300 * DAY_S, false);
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("bundle")));
    assert_eq!(record.severity, Severity::Warning);
}

#[test]
fn a_bundle_is_old_after_a_year_and_no_more_than_that() {
    let of = |age_s| trust(Probed::Seen(Vec::new()), age_s).remove(0);
    assert_eq!(of(365 * DAY_S).status, Status::Pass);
    let old = of(366 * DAY_S);
    assert_eq!((old.status, old.severity), (Status::Fail, Severity::Info));
}

#[test]
fn a_folder_that_may_not_be_read_is_not_fine() {
    let records = trust(Probed::Denied("root".to_owned()), DAY_S);
    assert_eq!(records[0].status, Status::Skip);
    assert_eq!(judged(&CHECK, Tls::default(), &[])[0].status, Status::Skip);
}
