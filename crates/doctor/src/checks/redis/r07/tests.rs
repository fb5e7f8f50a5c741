use super::*;
use crate::checks::redis::ground::{judged, judged_over, server};
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Refusal, Window};

fn with(connected: &str, rejected: &str, evicted: &str, policy: &str) -> Redis {
    let info = [
        ("connected_clients", connected),
        ("maxclients", "1000"),
        ("rejected_connections", rejected),
        ("evicted_keys", evicted),
        ("maxmemory_policy", policy),
    ];
    server(&info, &[])
}

fn over(before: (&str, &str), after: (&str, &str), policy: &str) -> Vec<Record> {
    let of = |(rejected, evicted)| with("10", rejected, evicted, policy);
    judged_over(&CHECK, 2_000, of(before), of(after))
}

#[test]
fn growth_is_told_and_totals_are_not() {
    let record = &over(("5", "0"), ("8", "0"), "noeviction")[0];
    assert_eq!(record.observed, "3 connections were refused in 2.0 s: 10 of 1000 are there");
    assert_eq!((record.severity, record.aspect), (Severity::Critical, Some("clients")));
    assert_eq!(over(("5", "900"), ("5", "900"), "allkeys-lru")[0].status, Status::Pass);
}

#[test]
fn what_a_cache_evicts_is_only_worth_knowing() {
    let severity = |policy| over(("0", "1"), ("0", "3"), policy)[0].severity;
    assert_eq!(severity("allkeys-lru"), Severity::Info);
    assert_eq!(severity("volatile-ttl"), Severity::Warning);
    assert_eq!(
        over(("0", "1"), ("0", "3"), "volatile-ttl")[0].observed,
        "2 keys were evicted in 2.0 s by volatile-ttl"
    );
}

#[test]
fn a_crowd_is_told_from_ninety_percent_on() {
    let of = |connected| judged(&CHECK, &with(connected, "0", "0", "noeviction")).remove(0);
    assert_eq!(of("899").status, Status::Pass);
    assert_eq!((of("900").status, of("900").severity), (Status::Fail, Severity::Warning));
}

#[test]
fn being_sent_away_is_the_finding_itself() {
    let before = ground::moment(1_000, ground::host());
    let mut after = ground::moment(2_000, ground::host());
    let mut refusing = ground::server(":6379", Redis::default());
    let message = "max number of clients reached".to_owned();
    refusing.refused = Some(Refusal { code: "ERR".to_owned(), message });
    after.redis.push(refusing);
    let mut records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records.remove(0).observed, "it lets nobody in: \"max number of clients reached\"");
    after.redis[0].refused =
        Some(Refusal { code: "NOAUTH".to_owned(), message: "Authentication required.".to_owned() });
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Skip);
}

#[test]
fn a_counter_that_is_not_kept_is_not_fine() {
    let bare = server(&[("connected_clients", "1"), ("maxclients", "10")], &[]);
    assert_eq!(judged(&CHECK, &bare)[0].status, Status::Skip);
}
