use super::*;
use crate::ground;
use crate::record::{Record, Status};

fn judged(age: &str, most: &str) -> Record {
    let facts = [(FACTS[0], age), (FACTS[1], most)];
    CHECK
        .judge(&Window { before: &ground::said(1, &[]), after: &ground::said(1_001, &facts) })
        .remove(0)
}

#[test]
fn the_two_times_are_compared_the_right_way_round() {
    let record = judged("200d", "90d");
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.confidence, Confidence::Low, "nobody has looked");
    assert_eq!(record.evidence[0].probe, "--fact restore-age");
    assert_eq!(judged("6d", "90d").status, Status::Pass);
}
