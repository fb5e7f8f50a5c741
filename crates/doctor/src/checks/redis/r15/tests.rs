use super::*;
use crate::checks::redis::ground::{judged, server};
use crate::record::{Record, Status};
use crate::snapshot::Probed;

fn one(is_open: Probed<bool>, bind: &str, guarded: &str) -> Record {
    let config = [("bind", bind), ("protected-mode", guarded)];
    judged(&CHECK, &Redis { is_open, ..server(&[], &config) }).remove(0)
}

#[test]
fn it_takes_all_three() {
    let record = one(Probed::Seen(true), "others", "no");
    assert_eq!(
        record.observed,
        "it listens for others, asks for no password, and protected-mode is no"
    );
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(one(Probed::Seen(true), "others", "yes").status, Status::Pass);
    assert_eq!(one(Probed::Seen(true), "this machine", "no").status, Status::Pass);
    assert_eq!(one(Probed::Seen(false), "others", "no").status, Status::Pass);
}

#[test]
fn who_came_in_as_a_user_does_not_know_of_the_default_one() {
    let unknown = Probed::Absent("way to know".to_owned());
    assert_eq!(one(unknown.clone(), "others", "no").status, Status::Skip);
    assert_eq!(one(unknown, "others", "yes").status, Status::Pass);
    assert_eq!(judged(&CHECK, &server(&[], &[("bind", "others")]))[0].status, Status::Skip);
}
