use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Memory, Probed, Snapshot};

fn moment(at_ms: u64, all: u64, steal: u64) -> Snapshot {
    let ticks = Probed::Seen(Ticks { all, steal });
    let memory = Probed::Seen(Memory { ticks, ..Memory::default() });
    ground::moment(at_ms, Host { memory, ..ground::host() })
}

fn judged(all: u64, steal: u64) -> Record {
    let (before, after) =
        (moment(1, 900_000, 800_000), moment(10_001, 900_000 + all, 800_000 + steal));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn above_five_percent_of_the_window_it_is_a_warning() {
    assert_eq!(judged(1_000, 50).status, Status::Pass);
    let found = judged(1_000, 51);
    assert_eq!((found.status, found.severity), (Status::Fail, Severity::Warning));
    assert_eq!(found.observed, "5.1 % of the time of 16 processors was stolen in 10.0 s");
    assert_eq!(found.confidence, Confidence::Low, "no real system has shown it");
}

#[test]
fn a_total_is_no_fault() {
    assert_eq!(judged(1_000, 0).status, Status::Pass);
}

#[test]
fn a_few_ticks_and_none_are_no_verdict() {
    assert_eq!(judged(89, 89).status, Status::Skip);
    assert_eq!(judged(90, 90).status, Status::Fail);
    let (before, mut after) = (moment(1, 0, 0), moment(2, 1_000, 0));
    ground::seen(&mut after.host.memory).ticks = Probed::Absent("/proc/stat".to_owned());
    assert_eq!(CHECK.judge(&Window { before: &before, after: &after })[0].status, Status::Skip);
}
