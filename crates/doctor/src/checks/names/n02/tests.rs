use super::super::ground::{deaf, ip, judged, names, server};
use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::Host;

fn of(before: Vec<NameServer>, after: Vec<NameServer>) -> Vec<Record> {
    judged(&CHECK, names(before, 1, &[]), names(after, 1, &[]))
}

fn twice(servers: Vec<NameServer>) -> Vec<Record> {
    of(servers.clone(), servers)
}

#[test]
fn a_first_one_that_is_deaf_delays_each_lookup() {
    let records = twice(vec![deaf(1), server(2, 900)]);
    assert_eq!(records.len(), 1);
    assert_eq!(
        records[0].observed,
        "name server 192.0.2.1 gives no answer: there is no answer within 1500 ms"
    );
    assert_eq!(
        records[0].impact,
        "every lookup of the C library waits 5 s for it before the next is asked"
    );
    assert_eq!(
        (records[0].severity, records[0].target.as_str()),
        (Severity::Warning, "host 192.0.2.1")
    );
    let last = &twice(vec![server(1, 900), deaf(2)])[0];
    assert!(last.impact.starts_with("when those before it fail"), "{}", last.impact);
}

#[test]
fn it_is_critical_if_none_answers() {
    let records = twice(vec![deaf(1), deaf(2)]);
    assert!(records.iter().all(|it| it.severity == Severity::Critical), "{records:#?}");
}

#[test]
fn one_answer_of_both_looks_is_enough_and_the_quicker_counts() {
    let fine = of(vec![server(1, 1_000), server(2, 1_000)], vec![deaf(1), server(2, 900_000)]);
    assert_eq!(fine[0].status, Status::Pass);
    assert_eq!(fine[0].observed, "answers: 192.0.2.1 in 1.0 ms, 192.0.2.2 in 1.0 ms");
    let twice = |us| twice(vec![server(1, us), server(2, 0)]).remove(0);
    assert_eq!(twice(199_999).status, Status::Pass);
    assert_eq!(twice(200_000).observed, "name server 192.0.2.1 answers in 200 ms, at best");
}

#[test]
fn a_single_one_elsewhere_is_told_for_information() {
    let record = &twice(vec![server(1, 900)])[0];
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Info));
    for address in ["127.0.0.53", "169.254.20.10"] {
        let near = NameServer { address: address.parse().unwrap(), ..server(1, 900) };
        assert_eq!(twice(vec![near])[0].status, Status::Pass, "{address}");
    }
}

#[test]
fn one_that_could_not_be_asked_is_not_fine() {
    let failed = NameServer { answer: Probed::Failed("ask it: no".to_owned()), ..server(1, 0) };
    assert_eq!(twice(vec![failed, server(2, 900)])[0].status, Status::Error);
    assert_eq!(twice(Vec::new())[0].status, Status::NotApplicable);
    assert_eq!(ip(1).to_string(), "192.0.2.1");
}

#[test]
fn one_that_lives_and_finds_nothing_out_is_told_and_a_name_that_is_not_there_is_an_answer() {
    let saying = |code: &str| {
        let mut one = server(1, 900);
        if let Probed::Seen(answer) = &mut one.answer {
            code.clone_into(&mut answer.code);
        }
        twice(vec![one, server(2, 900)]).remove(0)
    };
    let failed = saying("Server Failure");
    assert_eq!((failed.status, failed.severity), (Status::Fail, Severity::Warning));
    assert_eq!(failed.observed, "name server 192.0.2.1 answers \"Server Failure\"");
    assert_eq!(saying("Query Refused").status, Status::Fail);
    assert_eq!(saying("Non-Existent Domain").status, Status::Pass);
}

#[test]
fn an_answer_of_long_ago_is_none_of_now() {
    let look = |at_ms: u64, servers| {
        let seen = Probed::Seen(names(servers, 1, &[]));
        ground::moment(at_ms, Host { names: seen, ..ground::host() })
    };
    let status = |seconds: u64| {
        let before = look(1_000, vec![server(1, 900), server(2, 900)]);
        let after = look(1_000 + seconds * 1_000, vec![deaf(1), server(2, 900)]);
        CHECK.judge(&Window { before: &before, after: &after })[0].status
    };
    assert_eq!((status(59), status(60)), (Status::Pass, Status::Fail));
}
