//! What the log hears of sessions: nothing of those that commit nothing, and the rest with their commits.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use base::Sequence;
use groundsill_kv::{Origin, Session, Settings, Type};
use log::Record;

use ground::{World, open};

fn begin(world: &World, number: u64, client: &[u8]) {
    let (user, address, protocol): (&[u8], &[u8], &[u8]) = (b"alice", b"127.0.0.1:9", b"resp");
    world.store.begin_session(&Session { number, user, client, address, protocol });
}

fn commit(world: &mut World, session: u64) -> Sequence {
    let put = world.transact(|txn| {
        txn.set_origin(Origin { session, count: 1, command: 1 });
        let object = open(txn, "k")?;
        txn.create(object, Type::Hash)?;
        txn.put(object, b"", &session.to_be_bytes())
    });
    put.unwrap().1.unwrap()
}

/// The log's records from a commit's frame on: sessions that begin by name, those that end, commits.
fn told(world: &World, from: Sequence) -> Vec<String> {
    let mut told = Vec::new();
    for frame in world.log.read(from).unwrap() {
        for record in frame.unwrap().records() {
            told.push(match record.unwrap() {
                Record::Session(session) => {
                    format!("{} is {}", session.number, String::from_utf8_lossy(session.client))
                }
                Record::SessionEnd { number } => format!("{number} ends"),
                Record::Commit { session, .. } => format!("commit of {session}"),
            });
        }
    }
    told
}

#[test]
fn a_session_is_told_of_with_its_first_commit_and_its_end_with_a_later_one() {
    let mut world = World::new(Settings::default());
    begin(&world, 1, b"one");
    begin(&world, 2, b"two");
    let first = commit(&mut world, 2);
    commit(&mut world, 2);
    begin(&world, 2, &[b'x'; 5000]);
    commit(&mut world, 2);
    world.store.end_session(1);
    world.store.end_session(2);
    world.store.end_session(3);
    commit(&mut world, 0);
    world.settle();
    let renamed = format!("2 is {}", "x".repeat(64));
    let wanted = ["2 is two", "commit of 2", "commit of 2", &renamed, "commit of 2"];
    let wanted: Vec<_> = wanted.into_iter().chain(["2 ends", "commit of 0"]).collect();
    assert_eq!(told(&world, first), wanted);
}

#[test]
fn sessions_that_commit_nothing_take_no_place_in_the_log() {
    let mut world = World::new(Settings::default());
    let last = commit(&mut world, 0);
    world.settle();
    let room = world.store.standing().room_bytes;
    for number in 1..1000 {
        begin(&world, number, &[b'x'; 5000]);
        if number % 2 == 0 {
            world.store.end_session(number);
        }
    }
    for _ in 0..100 {
        world.step_one("log-writer");
        world.step_one("log-syncer");
        world.hands.turn(100);
    }
    assert_eq!(world.store.standing().room_bytes, room);
    assert_eq!(told(&world, last), ["commit of 0"]);
}

#[test]
fn a_store_that_was_only_connected_to_since_a_crash_opens_again() {
    let mut world = World::new(Settings::default());
    // So much that it goes to tables on disk when the store rests.
    let put = world.transact(|txn| {
        let object = open(txn, "large")?;
        txn.create(object, Type::Hash)?;
        txn.put(object, b"", &vec![7; 2 << 20])
    });
    put.unwrap();
    let mut world = world.reopened();
    begin(&world, 1, b"one");
    world.store.end_session(1);
    for _ in 0..100 {
        world.step();
        world.hands.turn(1000);
    }
    let mut world = world.reopened();
    commit(&mut world, 0);
}
