use super::*;
use crate::ground;
use crate::record::{Record, Status};

fn judged(ttl: &str, window_of: &str) -> Record {
    let facts = [(FACTS[0], ttl), (FACTS[1], window_of)];
    CHECK
        .judge(&Window { before: &ground::said(1, &[]), after: &ground::said(1_001, &facts) })
        .remove(0)
}

#[test]
fn the_two_times_are_compared_the_right_way_round() {
    let record = judged("24h", "3d");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Critical));
    assert_eq!(record.confidence, Confidence::Low, "nobody has looked");
    assert_eq!(record.evidence[0].probe, "--fact idempotency-ttl");
    assert_eq!(judged("7d", "3d").status, Status::Pass);
    assert_eq!(judged("3d", "3d").status, Status::Fail, "as long is not longer");
}
