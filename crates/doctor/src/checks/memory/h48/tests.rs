use std::collections::BTreeMap;

use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Memory, Network, Probed, Process, Queues, Runner, Runners, Snapshot};

fn moment(at_ms: u64, cpus: &[(u64, u64, u64)]) -> Snapshot {
    let cpu = |(at, (all, hard, soft)): (usize, &(u64, u64, u64))| Cpu {
        cpu: at as u64,
        all: *all,
        hard: *hard,
        soft: *soft,
        served: BTreeMap::from([("NET_RX".to_owned(), *soft * 10), ("TIMER".to_owned(), *hard)]),
    };
    let cpus = Probed::Seen(cpus.iter().enumerate().map(cpu).collect());
    let host =
        Host { memory: Probed::Seen(Memory { cpus, ..Memory::default() }), ..ground::host() };
    ground::moment(at_ms, host)
}

/// Of three processors that had done much already.
fn judged(grown: [(u64, u64, u64); 3]) -> Record {
    let old = (1_000_000, 900_000, 90_000);
    let now = grown.map(|(all, hard, soft)| (old.0 + all, old.1 + hard, old.2 + soft));
    let (before, after) = (moment(0, &[old; 3]), moment(2_000, &now));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn h48_one_above_80_percent_while_the_others_are_below_20_is_a_warning() {
    let record = judged([(200, 0, 38), (200, 20, 141), (200, 0, 0)]);
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(
        record.observed,
        "CPU 1 spent 80 % of 2.0 s with interrupts, each of the 2 others at most 19 %"
    );
    assert_eq!(record.target, "host CPU 1");
    assert_eq!(record.evidence[1].value, "NET_RX 1410 more, TIMER 20 more");
    assert_eq!(judged([(200, 0, 38), (200, 20, 140), (200, 0, 0)]).status, Status::Pass);
    assert_eq!(judged([(200, 0, 40), (200, 20, 179), (200, 0, 0)]).status, Status::Pass, "shared");
    assert_eq!(judged([(200, 0, 0); 3]).status, Status::Pass, "totals are no fault");
}

#[test]
fn h48_a_window_that_is_too_short_or_counters_that_are_not_there_are_not_fine() {
    assert_eq!(judged([(89, 0, 0), (200, 0, 190), (200, 0, 0)]).status, Status::Skip);
    let (before, after) = (moment(0, &[(100, 0, 0)]), moment(2_000, &[(300, 0, 190); 2]));
    let record = CHECK.judge(&Window { before: &before, after: &after }).remove(0);
    assert_eq!(record.status, Status::Skip, "a processor that was turned on meanwhile");
    let one = moment(2_000, &[(300, 0, 190)]);
    let record = CHECK.judge(&Window { before: &before, after: &one }).remove(0);
    assert_eq!(record.status, Status::NotApplicable);
}

#[test]
fn h48_queues_and_irqbalance_are_told_beside_it() {
    let (before, mut after) =
        (moment(0, &[(0, 0, 0); 2]), moment(2_000, &[(200, 0, 190), (200, 0, 0)]));
    let runner = |name: &str| Runner {
        process: Process { pid: 7, name: name.to_owned() },
        ran_ns: 1,
        waited_ns: 0,
        threads: 1,
    };
    let told = |after: &Snapshot| {
        CHECK.judge(&Window { before: &before, after })[0].evidence[2].value.clone()
    };
    assert_eq!(told(&after), "queues not seen; irqbalance not seen");
    let queues = Queues { interface: "eth0".to_owned(), count: 4, steered: 0 };
    let queues = Probed::Seen(vec![queues]);
    after.host.network = Probed::Seen(Network { queues, ..Network::default() });
    let runners = Runners { processes: vec![runner("irqbalance")], left_out: 0 };
    ground::seen(&mut after.host.memory).runners = Probed::Seen(runners);
    assert_eq!(told(&after), "eth0 has 4 queues, 0 with RPS; irqbalance runs");
}
