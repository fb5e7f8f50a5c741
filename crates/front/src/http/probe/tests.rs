use super::*;

use crate::resp::tests::World;
use crate::server::Limits;

fn probe(world: &World) -> Probe {
    Probe::new(Arc::clone(&world.server))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reason_has_a_line_and_none_hides_another() {
    let world = World::new(Limits::default());
    let probe = probe(&world);
    let mut moment = probe.moment().await;
    assert_eq!(moment.hindrances, Vec::<String>::new());
    let mut lines = 0;
    let mut expect_one_more = |moment: &Moment<'_>, part: &str| {
        let told = probe.hindrances_of(moment);
        lines += 1;
        assert_eq!(told.len(), lines, "{told:?}");
        assert!(told.iter().any(|line| line.contains(part)), "{told:?}");
    };
    moment.standing.is_out_of_room = true;
    expect_one_more(&moment, "no space for the log");
    moment.standing.backlog_bytes = moment.standing.backlog_bytes_max;
    moment.standing.queued_bytes = 1;
    expect_one_more(&moment, "too far behind");
    probe.damaged.store(2, Ordering::Relaxed);
    expect_one_more(&moment, "damaged tables, 2 of them");
    world.stop.send(true).unwrap();
    expect_one_more(&moment, "stopping");
    world.server.store.fail(&"a disk that lied");
    expect_one_more(&moment, "the log has failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_takes_too_long_is_left_out_and_hides_no_damage() {
    let world = World::new(Limits::default());
    let probe = probe(&world);
    assert!(probe.metrics().await.contains("\ngroundsill_tables_bytes{shard=\"0\"} "));
    let slow = Arc::clone(&probe.looking).acquire_owned().await.unwrap();
    let text = probe.metrics().await;
    assert!(!text.contains("groundsill_tables"), "{text}");
    assert!(text.contains("\ngroundsill_commit_durable{shard=\"0\"} "), "{text}");
    assert!(probe.hindrances().await.is_empty(), "a slow disk alone is no reason");
    probe.damaged.store(1, Ordering::Relaxed);
    assert_eq!(probe.hindrances().await.len(), 1);
    drop(slow);
    assert!(probe.metrics().await.contains("\ngroundsill_tables_bytes{shard=\"0\"} "));
}
