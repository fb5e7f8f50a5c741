use super::*;
use crate::ground;
use crate::record::{Record, Status};

fn judged(proxy: &str, backend: &str) -> Record {
    let facts = [(FACTS[0], proxy), (FACTS[1], backend)];
    CHECK
        .judge(&Window { before: &ground::said(1, &[]), after: &ground::said(1_001, &facts) })
        .remove(0)
}

#[test]
fn the_two_times_are_compared_the_right_way_round() {
    let record = judged("60s", "5s");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.confidence, Confidence::Low, "nobody has looked");
    assert_eq!(record.evidence[0].probe, "--fact lb-idle-timeout");
    assert_eq!(judged("60s", "65s").status, Status::Pass);
    assert_eq!(judged("60s", "60s").status, Status::Fail, "as long is not longer");
}
