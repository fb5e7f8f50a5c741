//! The time of a transaction, beside that of others: it does not go back from one holder of an object
//! to the next, so that nobody sees alive what another before has seen expired.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use base::StoreTime;
use groundsill_kv::{Attempt, Settings, Type};

use ground::{World, open};

/// A store with an object that ends in `within` milliseconds.
fn with_mortal(name: &str, within: u64) -> World {
    let mut world = World::new(Settings::default());
    for _ in 0..50 {
        world.step();
    }
    let made = world.transact(|txn| {
        let object = open(txn, name)?;
        txn.create(object, Type::String)?;
        txn.put(object, b"x", b"1")?;
        let deadline = StoreTime(txn.now().0 + within);
        txn.set_deadline(object, Some(deadline))
    });
    made.unwrap();
    world
}

/// Whether a new transaction sees the object.
fn sees(world: &World, name: &str) -> bool {
    let mut plan = world.plan(&[name]);
    let seen = world.store.attempt(&mut plan, |txn| {
        let object = open(txn, name)?;
        Ok(txn.kind(object).is_some())
    });
    matches!(seen, Attempt::Done(true, _))
}

#[test]
fn what_a_transaction_has_seen_expired_one_that_was_planned_before_does_not_see_alive() {
    let world = with_mortal("mortal", 100);
    let mut early = world.plan(&["mortal"]);
    world.hands.turn(200);
    assert!(!sees(&world, "mortal"));
    let seen = world.store.attempt(&mut early, |txn| {
        let object = open(txn, "mortal")?;
        Ok(txn.kind(object).is_some())
    });
    assert!(matches!(seen, Attempt::Done(false, _)), "{seen:?}");
}

#[test]
fn an_object_that_was_used_at_a_later_time_is_waited_for_in_a_round_that_is_later_still() {
    let world = with_mortal("mortal", 100);
    let mut plan = world.plan(&["other"]);
    let mut rounds = Vec::new();
    let mut round = |plan: &mut _| {
        world.store.attempt(plan, |txn| {
            let first = rounds.is_empty();
            rounds.push(txn.now());
            if first {
                world.hands.turn(200);
                assert!(!sees(&world, "mortal"));
            }
            let object = open(txn, "mortal")?;
            Ok(txn.kind(object).is_some())
        })
    };
    let first = round(&mut plan);
    assert!(matches!(&first, Attempt::Again(wants) if wants.is_empty()), "{first:?}");
    let second = round(&mut plan);
    assert!(matches!(second, Attempt::Done(false, _)), "{second:?}");
    assert_eq!(rounds.len(), 2);
    assert_eq!(rounds[1].0, rounds[0].0 + 200);
}
