use super::*;
use crate::ground;

fn seen(at_ms: u64, up_ms: u64, boot: &str) -> Snapshot {
    let mut moment = ground::moment(at_ms, ground::host());
    (moment.up_ms, moment.host.boot) = (up_ms, boot.to_owned());
    moment
}

#[test]
fn a_clock_that_was_set_back_does_not_change_which_look_was_first() {
    let (first, second) = (seen(9_000, 1_000, "one"), seen(2_000, 3_000, "one"));
    assert_eq!((first.age_at(&second), second.age_at(&first)), (Some(2_000), None));
    let recording = |before: &Snapshot, after: &Snapshot| {
        let provenance = Provenance::Composed("a test".to_owned());
        let recording = Recording { provenance, before: before.clone(), after: after.clone() };
        Recording::parse(&serde_json::to_string(&recording).unwrap())
    };
    assert!(recording(&first, &second).is_ok());
    assert!(recording(&second, &first).unwrap_err().contains("not after its first"));
    assert!(recording(&first, &first).unwrap_err().contains("not after its first"));
}

#[test]
fn between_two_runs_of_a_machine_there_is_the_wall_clock_alone() {
    let (first, second) = (seen(2_000, 9_000, "one"), seen(5_000, 1_000, "two"));
    assert_eq!((first.age_at(&second), second.age_at(&first)), (Some(3_000), None));
}
