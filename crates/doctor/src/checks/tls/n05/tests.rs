use super::super::DAY_S;
use super::super::ground::{certificate, endpoint, judged, judged_ports};
use super::*;
use crate::record::{Record, Status};
use crate::snapshot::{Probed, Tls};

fn good() -> Certificate {
    certificate(80 * DAY_S, 90 * DAY_S)
}

fn judged_chain(chain: Vec<Certificate>) -> Vec<Record> {
    judged_ports(&CHECK, vec![endpoint(chain)])
}

#[test]
fn a_certificate_without_its_issuer_has_a_hole_only_if_that_is_to_be_fetched() {
    let cut = Certificate { tells_issuer: true, ..good() };
    let records = judged_chain(vec![cut.clone()]);
    assert_eq!(
        records[0].observed,
        "pid 12 \"nginx\" presents no certificate of \"CN=Lab\", which issued that of shop.example"
    );
    assert_eq!((records[0].aspect, records[0].confidence), (Some("chain"), Confidence::Low));
    let root = Certificate { subject: cut.issuer.clone(), ..good() };
    let trusted = Certificate { issuer_trusted: Some(true), ..cut.clone() };
    for whole in [vec![cut.clone(), root], vec![trusted], vec![good()]] {
        assert_eq!(judged_chain(whole)[0].status, Status::Pass);
    }
    let unknown = Certificate { issuer_trusted: None, ..cut };
    assert_eq!(judged_chain(vec![unknown])[0].status, Status::Skip);
}

#[test]
fn a_signature_by_sha_1_counts_but_for_roots() {
    let sha1 = Certificate { signature: "1.2.840.113549.1.1.5".to_owned(), ..good() };
    let record = &judged_chain(vec![sha1.clone()])[0];
    assert_eq!((record.aspect, record.severity), (Some("signature"), Severity::Warning));
    assert!(record.observed.ends_with("signed by SHA-1"), "{}", record.observed);
    let root = Certificate { subject: sha1.issuer.clone(), ..sha1 };
    assert_eq!(judged_chain(vec![good(), root])[0].status, Status::Pass);
}

#[test]
fn a_certificate_without_names_is_a_fault_unless_nobody_verifies_it() {
    let nameless = Certificate { names: Some(Vec::new()), ..good() };
    assert_eq!(judged_chain(vec![nameless.clone()])[0].severity, Severity::Warning);
    let left_out = Certificate { names: None, ..nameless.clone() };
    assert_eq!(judged_chain(vec![left_out])[0].status, Status::Skip);
    let own = Certificate { issuer: nameless.subject.clone(), ..nameless };
    assert_eq!(judged_chain(vec![own])[0].severity, Severity::Info);
}

#[test]
fn a_name_is_held_against_it_if_the_user_says_it() {
    let wild = Certificate { names: Some(vec!["*.shop.example".to_owned()]), ..good() };
    let of = |name: &str, port: &str| {
        let endpoints = Probed::Seen(vec![endpoint(vec![wild.clone()])]);
        let tls = Tls { endpoints, ..Tls::default() };
        judged(&CHECK, tls, &[(&format!("tls.name.{port}"), name)])[0].status
    };
    assert_eq!(of("API.shop.example.", "443"), Status::Pass);
    assert_eq!(of("shop.example", "443"), Status::Fail);
    assert_eq!(of("a.b.shop.example", "443"), Status::Fail);
    assert_eq!(of("shop.example", "8443"), Status::Pass);
}
