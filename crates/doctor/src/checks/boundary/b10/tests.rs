use super::*;
use crate::ground;
use crate::record::{Record, Status};

fn judged(longest: &str, grace: &str, delay: &str) -> Vec<Record> {
    let facts = [(FACTS[0], longest), (FACTS[1], grace), (FACTS[2], delay)];
    CHECK.judge(&Window { before: &ground::said(1, &[]), after: &ground::said(1_001, &facts) })
}

#[test]
fn each_end_that_comes_before_the_longest_request_is_told() {
    let aspects = |records: Vec<Record>| {
        let failed = records.into_iter().filter(|it| it.status == Status::Fail);
        failed.map(|it| it.aspect.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(aspects(judged("60s", "30s", "2m")), ["termination"]);
    assert_eq!(aspects(judged("60s", "2m", "60s")), ["deregistration"]);
    assert_eq!(aspects(judged("60s", "1s", "1s")), ["termination", "deregistration"]);
    assert!(aspects(judged("10s", "30s", "2m")).is_empty());
}
