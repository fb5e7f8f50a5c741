//! What commands may ask of a transaction and of the store, beside rows.

mod ground;

use std::ops::Bound::{Excluded, Included, Unbounded};

use base::rng::SplitMix64;
use base::{Namespace, Tenant};
use groundsill_kv::{Attempt, Layer, Overview, Place, Settings, Type};

use ground::{World, open};

#[test]
fn random_numbers_are_those_of_the_seed_in_every_round() {
    let mut world = World::new(Settings::default());
    world
        .transact(|txn| {
            let object = open(txn, "a")?;
            txn.create(object, Type::Hash)?;
            (0..5000u32).try_for_each(|number| txn.put(object, &number.to_be_bytes(), b"value"))
        })
        .unwrap();
    // After a crash nothing is in memory, so that it takes several rounds.
    let mut world = world.reopened();
    let mut draw = |seed| {
        let mut plan = world.plan(&["a"]);
        plan.set_seed(seed);
        let mut rounds = Vec::new();
        loop {
            let attempt = world.store.attempt(&mut plan, |txn| {
                rounds.push([txn.rng().draw(), txn.rng().draw()]);
                let object = open(txn, "a")?;
                txn.row(object, &7u32.to_be_bytes()).map(drop)?;
                txn.rows(object, (Unbounded, Unbounded)).map(drop)
            });
            match attempt {
                Attempt::Done((), _) => return rounds,
                Attempt::Again(wants) => drop(world.store.load(&mut plan, wants).unwrap()),
                Attempt::Busy => world.step(),
                Attempt::Refused(refusal, _) => panic!("{refusal:?}"),
            }
        }
    };
    let rounds = draw(9);
    let mut expected = SplitMix64::new(9);
    let expected = [expected.draw(), expected.draw()];
    assert!(rounds.len() > 1 && rounds.iter().all(|drawn| *drawn == expected), "{rounds:?}");
    assert_ne!(draw(10)[0], expected);
}

#[test]
fn the_first_rows_are_those_that_a_range_begins_with() {
    let mut world = World::new(Settings::default());
    // One row of the store, and rows of their own.
    for count in [20u8, 200] {
        let read = world.transact(|txn| {
            let object = open(txn, "a")?;
            txn.create(object, Type::Hash)?;
            for number in 0..count {
                txn.put(object, &[number], b"")?;
            }
            let mut suffixes = Vec::new();
            for bounds in [
                (Unbounded, Unbounded),
                (Included(&[15][..]), Unbounded),
                (Excluded(&[15][..]), Excluded(&[17][..])),
            ] {
                for most in [0, 1, 3, 1000] {
                    let rows = txn.first_rows(object, bounds, most)?;
                    suffixes.push(rows.iter().map(|row| row.0[0]).collect::<Vec<_>>());
                }
            }
            Ok(suffixes)
        });
        let read = read.unwrap().0;
        let all: Vec<u8> = (0..count).collect();
        let expected: Vec<&[u8]> = vec![
            &[],
            &all[..1],
            &all[..3],
            &all,
            &[],
            &all[15..16],
            &all[15..18],
            &all[15..],
            &[],
            &all[16..17],
            &all[16..17],
            &all[16..17],
        ];
        assert_eq!(read, expected);
    }
}

#[test]
fn an_object_outgrows_one_row_when_it_is_said_to() {
    let mut rng = SplitMix64::new(3);
    let mut world = World::new(Settings::default());
    let mut splits = 0;
    for _ in 0..60 {
        let rows = rng.below(40);
        let longest = [8, 60, 400][usize::try_from(rng.below(3)).unwrap()];
        let seed = rng.draw();
        let split = world.transact(|txn| {
            let mut rng = SplitMix64::new(seed);
            let object = open(txn, "a")?;
            txn.create(object, Type::Hash)?;
            for _ in 0..rows {
                let suffix = [u8::try_from(rng.below(40)).unwrap()];
                let value = vec![b'x'; usize::try_from(rng.below(longest)).unwrap()];
                let was_split = txn.is_split(object);
                let outgrows = txn.outgrows(object, &suffix, &value);
                txn.put(object, &suffix, &value)?;
                assert_eq!(txn.is_split(object), was_split || outgrows);
            }
            Ok(txn.is_split(object))
        });
        splits += u32::from(split.unwrap().0);
    }
    assert!((10..50).contains(&splits), "both forms were seen: {splits}");
}

#[test]
fn what_an_object_costs_in_memory_grows_with_it_and_ends_with_it() {
    let mut world = World::new(Settings::default());
    let (costs, _) = world
        .transact(|txn| {
            let object = open(txn, "a")?;
            let mut costs = vec![txn.resident_bytes(object)];
            txn.create(object, Type::Hash)?;
            for len in [1, 500, 50_000] {
                txn.put(object, b"row", &vec![b'x'; len])?;
                costs.push(txn.resident_bytes(object));
            }
            txn.delete(object)?;
            costs.push(txn.resident_bytes(object));
            Ok(costs)
        })
        .unwrap();
    let [None, Some(small), Some(more), Some(large), None] = costs[..] else {
        panic!("{costs:?}");
    };
    assert!(small > 1 && more >= small + 499, "{costs:?}");
    assert!((50_000..51_000).contains(&large), "{costs:?}");
}

#[test]
fn a_namespace_is_found_by_its_tenant_alone_and_its_objects_are_counted() {
    let mut world = World::new(Settings::default());
    let count =
        |world: &World, layer| world.store.overview(&world.handle, layer).unwrap().count().unwrap();
    assert_eq!(count(&world, Layer::Redis), 0);
    for name in ["a", "b", "c"] {
        world
            .transact(|txn| {
                let object = open(txn, name)?;
                txn.create(object, Type::Hash)?;
                txn.put(object, b"row", b"value")
            })
            .unwrap();
    }
    world.transact(|txn| open(txn, "b").and_then(|object| txn.delete(object))).unwrap();
    world.settle();
    assert_eq!((count(&world, Layer::Redis), count(&world, Layer::Coord)), (2, 0));

    let find = |tenant, namespace| {
        world.store.find_namespace(Tenant(tenant), Namespace(namespace)).is_some()
    };
    assert!(find(0, 0) && !find(1, 0) && !find(0, 1), "looking makes none");
    assert!(!find(0, 1));
}

#[test]
fn an_overview_is_of_one_state_of_the_tables_whatever_is_swapped_or_written_meanwhile() {
    let mut world = World::new(Settings::default());
    let second = world.store.namespace(Tenant(0), Namespace(1)).unwrap();
    let make = |world: &mut World, names: &[&str]| {
        let made = world.transact(|txn| {
            names.iter().try_for_each(|name| {
                let object = open(txn, name)?;
                txn.create(object, Type::Hash)?;
                txn.put(object, b"row", b"value")
            })
        });
        made.unwrap();
    };
    let swap = |world: &World| {
        let mut plan = world.plan(&[]);
        let other = plan.namespace(&second);
        plan.take_exclusively();
        let swapped =
            world.store.attempt(&mut plan, |txn| txn.swap(Place::FIRST, other, Layer::Redis));
        assert!(matches!(swapped, Attempt::Done((), _)), "{swapped:?}");
    };
    let names = |overview: &Overview, from: &[u8], most| {
        let listing = overview.list(from, most).unwrap();
        let ids = listing.objects.iter().map(|object| object.id.to_vec());
        (ids.collect::<Vec<_>>(), listing.next)
    };
    make(&mut world, &["a", "b", "c"]);
    world.settle();
    swap(&world);
    make(&mut world, &["x"]);
    // The tables have neither yet.
    let before = world.store.overview(&world.handle, Layer::Redis).unwrap();
    let (first, next) = names(&before, b"", 1);
    world.settle();
    let (rest, end) = names(&before, &next.unwrap(), 10);
    assert_eq!([first, rest].concat(), [b"a", b"b", b"c"]);
    assert_eq!((end, before.count().unwrap()), (None, 3));
    let after = world.store.overview(&world.handle, Layer::Redis).unwrap();
    assert_eq!(names(&after, b"", 10), (vec![b"x".to_vec()], None));
    assert_eq!(after.count().unwrap(), 1);
}
