//! Large objects, of which a part is in memory: ranges and rows against a map, and all of them from the
//! tables, whatever else goes on.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};

use base::Kind;
use base::rng::SplitMix64;
use groundsill_kv::{Attempt, Layer, Refusal, Settings, Stop, Type};

use ground::{World, open};

type Twin = BTreeMap<Vec<u8>, Vec<u8>>;

/// More than come into memory with the header.
const ROWS: u64 = 5_000;

fn suffix(number: u64) -> Vec<u8> {
    format!("{number:08}").into_bytes()
}

fn large() -> (World, Twin) {
    let mut world = World::new(Settings::default());
    let twin: Twin = (0..ROWS).map(|row| (suffix(3 * row), b"first".to_vec())).collect();
    let made = world.transact(|txn| {
        let object = open(txn, "large")?;
        txn.create(object, Type::Hash)?;
        twin.iter().try_for_each(|(suffix, value)| txn.put(object, suffix, value))
    });
    made.unwrap();
    (world.reopened(), twin)
}

/// One random step, of the object and of its twin.
fn step(world: &mut World, twin: &mut Twin, rng: &mut SplitMix64) {
    let at = suffix(rng.below(3 * ROWS + 10));
    let most = usize::try_from(1 + rng.below(40)).unwrap();
    match rng.below(10) {
        0..=3 => {
            let expected: Vec<_> = twin
                .range(at.clone()..)
                .take(most)
                .map(|(suffix, value)| (suffix.clone(), value.clone()))
                .collect();
            let found = world.transact(|txn| {
                let object = open(txn, "large")?;
                let rows = txn.first_rows(object, (Included(&at), Unbounded), most)?;
                Ok(rows.into_iter().map(|row| (row.0.to_vec(), row.1.to_vec())).collect::<Vec<_>>())
            });
            assert_eq!(found.unwrap().0, expected, "from {at:?}, {most} rows");
        }
        4 => {
            let found = world.transact(|txn| {
                let object = open(txn, "large")?;
                txn.row(object, &at).map(|row| row.map(<[u8]>::to_vec))
            });
            assert_eq!(found.unwrap().0.as_ref(), twin.get(&at));
        }
        5 | 6 => {
            let value = rng.draw().to_le_bytes();
            twin.insert(at.clone(), value.to_vec());
            let put = world.transact(|txn| {
                let object = open(txn, "large")?;
                txn.put(object, &at, &value)
            });
            put.unwrap();
        }
        7 | 8 => {
            // A stretch of neighbours, so that ranges begin and end at what is gone.
            let gone: Vec<_> = twin.range(at..).take(most).map(|row| row.0.clone()).collect();
            gone.iter().for_each(|suffix| drop(twin.remove(suffix)));
            let removed = world.transact(|txn| {
                let object = open(txn, "large")?;
                gone.iter().try_for_each(|suffix| txn.remove(object, suffix).map(drop))
            });
            removed.unwrap();
        }
        _ => {
            let refused = world.transact(|txn| {
                let object = open(txn, "large")?;
                txn.put(object, &at, b"never")?;
                let rows = txn.first_rows(object, (Included(&at), Unbounded), most)?;
                let last = rows.last().map(|row| row.0.to_vec()).unwrap_or_default();
                txn.remove(object, &last)?;
                let no = Refusal { kind: Kind::Conflict, code: "NO", message: "no".into() };
                Err::<(), _>(Stop::Refused(no))
            });
            refused.unwrap_err();
        }
    }
}

#[test]
fn a_large_object_of_which_a_part_is_in_memory_is_what_its_twin_is() {
    for seed in 0..2 {
        let (mut world, mut twin) = large();
        let mut rng = SplitMix64::new(seed);
        for _ in 0..400 {
            step(&mut world, &mut twin, &mut rng);
            match rng.below(60) {
                // What was known goes with the process, or settles in the tables below it.
                0 => world = world.reopened(),
                1..=4 => world.settle(),
                _ => {}
            }
        }
        let rows = world.transact(|txn| {
            let object = open(txn, "large")?;
            let header = txn.header(object).unwrap();
            let rows = txn.rows(object, (Unbounded, Unbounded))?;
            let rows: Twin = rows.into_iter().map(|row| (row.0.into(), row.1.into())).collect();
            Ok((header.rows, rows))
        });
        let (count, rows) = rows.unwrap().0;
        assert_eq!((count, rows), (twin.len() as u64, twin), "seed {seed}");
    }
}

#[test]
fn a_range_brings_no_more_into_memory_than_it_names() {
    let (mut world, _) = large();
    let before = world.store.resident_bytes();
    let rows = world.transact(|txn| {
        let object = open(txn, "large")?;
        let rows = txn.first_rows(object, (Included(&suffix(3_000)), Unbounded), 20)?;
        Ok(rows.len())
    });
    assert_eq!(rows.unwrap().0, 20);
    let grown = world.store.resident_bytes() - before;
    assert!((1..20 * 200).contains(&grown), "{grown} bytes for 20 rows");
}

#[test]
fn a_snapshot_stands_still_while_its_object_changes_and_goes() {
    let (mut world, twin) = large();
    let snapshot = world.store.snapshot(&world.handle, Layer::Redis, b"large").unwrap().0;
    let mut snapshot = snapshot.unwrap();
    let mut found = Twin::new();
    for round in 0.. {
        let rows = snapshot.read(700, 1 << 20).unwrap();
        assert!(rows.len() <= 700);
        if rows.is_empty() {
            break;
        }
        found.extend(rows.into_iter().map(|(suffix, value)| (suffix.into(), value.to_vec())));
        let changed = world.transact(|txn| {
            let object = open(txn, "large")?;
            if round == 2 {
                return txn.delete(object).map(drop);
            }
            if txn.kind(object).is_some() {
                txn.put(object, &suffix(15_000 - 1), b"later")?;
            }
            Ok(())
        });
        changed.unwrap();
        world.reclaim();
    }
    assert_eq!(found, twin);
    let gone = world.store.snapshot(&world.handle, Layer::Redis, b"large").unwrap().0;
    assert!(gone.is_none());
}

#[test]
fn all_rows_of_a_large_object_are_refused_to_a_plan_that_streams_and_its_receipt_says_since_when() {
    let (mut world, _) = large();
    let put = world.transact(|txn| {
        let object = open(txn, "large")?;
        txn.put(object, b"new", b"row")
    });
    let commit = put.unwrap().1.unwrap();
    let mut plan = world.plan(&["large"]);
    plan.stream();
    let attempt = world.store.attempt(&mut plan, |txn| {
        let object = open(txn, "large")?;
        txn.rows(object, (Unbounded, Unbounded)).map(|rows| rows.len())
    });
    let Attempt::Refused(refusal, receipt) = attempt else { unreachable!("{attempt:?}") };
    assert!(refusal.is_too_large() && receipt.after == commit, "{refusal:?} {receipt:?}");
}
