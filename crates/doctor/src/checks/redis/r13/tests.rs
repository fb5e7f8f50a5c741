use super::*;
use crate::checks::redis::ground::{judged, server};
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn one(channels: Probed<u64>, sent: &[(&str, &str)]) -> Record {
    judged(&CHECK, &Redis { event_channels: channels, ..server(&[], sent) }).remove(0)
}

#[test]
fn who_listens_where_nothing_is_sent_is_told() {
    let record = one(Probed::Seen(2), &[("notify-keyspace-events", "")]);
    assert_eq!(
        record.observed,
        "2 channels of keyspace events are listened to, and notify-keyspace-events is empty"
    );
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
}

#[test]
fn nobody_who_listens_and_events_that_are_sent_are_fine() {
    assert_eq!(one(Probed::Seen(0), &[("notify-keyspace-events", "")]).status, Status::Pass);
    assert_eq!(one(Probed::Seen(2), &[("notify-keyspace-events", "xE")]).status, Status::Pass);
}

#[test]
fn what_may_not_be_seen_is_not_fine() {
    let denied = Probed::Denied("+pubsub".to_owned());
    assert_eq!(one(denied, &[("notify-keyspace-events", "")]).status, Status::Skip);
    assert_eq!(one(Probed::Seen(1), &[]).status, Status::Skip);
}
