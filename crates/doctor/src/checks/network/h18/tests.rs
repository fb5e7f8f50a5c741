use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Connections, Network, Probed};

fn idle(idle_ms: u64, probe_ms: Option<u64>) -> Idle {
    let (local, peer) = (([10, 0, 0, 1], 40_000).into(), ([10, 0, 0, 2], 5_432).into());
    Idle { local, peer, idle_ms, probe_ms }
}

fn judged(setting: Probed<u64>, idle: Option<Vec<Idle>>) -> Record {
    let network = Network {
        settings: BTreeMap::from([(SETTING.to_owned(), setting)]),
        connections: Probed::Seen(Connections { idle, ..Connections::default() }),
        ..Network::default()
    };
    let (before, after) = (ground::moment(0, ground::host()), ground::snapshot(2_000, network));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn h18_keep_alive_later_than_after_350_s_is_information() {
    let of = |setting, idle_ms, probe_ms| {
        let record = judged(Probed::Seen(setting), Some(vec![idle(idle_ms, probe_ms)]));
        (record.status == Status::Fail).then_some(record.severity)
    };
    assert_eq!(of(7_200, 10_000, Some(340_001)), Some(Severity::Info));
    assert_eq!(of(7_200, 10_000, Some(340_000)), None, "as long as it is remembered");
    assert_eq!(of(7_200, 900_000, None), None, "it has no keep-alive: that is B20");
    assert_eq!(of(350, 10_000, Some(7_000_000)), None, "the program asked for that itself");
    assert_eq!(of(351, 10_000, Some(340_001)), Some(Severity::Info));
    let connections = vec![idle(2_000, Some(7_198_000)), idle(1_000, Some(500_000))];
    let record = judged(Probed::Seen(7_200), Some(connections));
    assert_eq!(
        record.observed,
        "2 connections with machines on other networks have keep-alive only after up to 2 h without a segment; net.ipv4.tcp_keepalive_time is 7200 s"
    );
    assert_eq!(record.steps[0].undo.as_deref(), Some("sysctl -w net.ipv4.tcp_keepalive_time=7200"));
}

#[test]
fn h18_what_could_not_be_looked_at_is_not_fine() {
    let denied = Probed::Denied("the right to read it".to_owned());
    assert_eq!(judged(denied, Some(Vec::new())).status, Status::Skip);
    assert_eq!(judged(Probed::Seen(7_200), None).status, Status::Skip);
    assert_eq!(judged(Probed::Seen(7_200), Some(Vec::new())).status, Status::Pass);
}
