use super::*;
use crate::ground;
use crate::record::{Record, Status};

fn judged(ttl: &str, p99: &str) -> Record {
    let facts = [(FACTS[0], ttl), (FACTS[1], p99)];
    CHECK
        .judge(&Window { before: &ground::said(1, &[]), after: &ground::said(1_001, &facts) })
        .remove(0)
}

#[test]
fn the_two_times_are_compared_the_right_way_round() {
    let record = judged("30s", "45s");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.confidence, Confidence::Low, "nobody has looked");
    assert_eq!(record.evidence[0].probe, "--fact lock-ttl");
    assert_eq!(judged("30s", "4s").status, Status::Pass);
    assert_eq!(judged("30s", "30s").status, Status::Fail, "as long is not longer");
}
