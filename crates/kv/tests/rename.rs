//! Renames and copies: what they leave in memory, in the log, in the tables and after an undo.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ground;

use std::collections::BTreeMap;
use std::ops::Bound::Unbounded;

use base::StoreTime;
use base::rng::SplitMix64;
use groundsill_kv::{Attempt, Limits, Object, Refusal, Settings, Stop, Txn, Type};

use ground::{Row, World, open};

/// More than one row holds, and few enough to be known whole.
const LARGE: usize = 40;

/// More than are known whole.
const HUGE: usize = 5000;

type Contents = BTreeMap<String, String>;

fn suffix(number: usize) -> String {
    format!("row{number:04}")
}

fn fill(txn: &mut Txn<'_>, name: &str, rows: usize) -> Result<Object, Stop> {
    let object = open(txn, name)?;
    txn.create(object, Type::Hash)?;
    for number in 0..rows {
        txn.put(object, suffix(number).as_bytes(), name.as_bytes())?;
    }
    Ok(object)
}

fn world_with(objects: &[(&str, usize)]) -> World {
    let mut world = World::new(Settings::default());
    for (name, rows) in objects {
        world.transact(|txn| fill(txn, name, *rows).map(drop)).unwrap();
    }
    world.settle();
    world
}

fn rename(txn: &mut Txn<'_>, from: &str, to: &str) -> Result<bool, Stop> {
    let (from, to) = (open(txn, from)?, open(txn, to)?);
    txn.rename(from, to)
}

fn copy(txn: &mut Txn<'_>, from: &str, to: &str) -> Result<bool, Stop> {
    let (from, to) = (open(txn, from)?, open(txn, to)?);
    txn.copy(from, to)
}

fn put(txn: &mut Txn<'_>, name: &str, row: usize, value: &str) -> Result<(), Stop> {
    let object = open(txn, name)?;
    txn.put(object, suffix(row).as_bytes(), value.as_bytes())
}

fn contents(txn: &mut Txn<'_>, name: &str) -> Result<Option<Contents>, Stop> {
    let object = open(txn, name)?;
    if txn.header(object).is_none() {
        return Ok(None);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let rows = txn.rows(object, (Unbounded, Unbounded))?;
    Ok(Some(rows.into_iter().map(|(suffix, value)| (text(suffix), text(value))).collect()))
}

fn contents_of(world: &mut World, name: &str) -> Option<Contents> {
    world.transact(|txn| contents(txn, name)).unwrap().0
}

fn filled(value: &str, rows: usize) -> Contents {
    (0..rows).map(|number| (suffix(number), value.to_owned())).collect()
}

/// Every row of content belongs to an object, and every object has all its rows.
fn check_rows(world: &mut World) {
    world.reclaim();
    for (generation, (told, found)) in world.generations() {
        assert_eq!(told, found, "rows of generation {generation}: told by a header, and found");
    }
}

fn header(name: &str) -> Row {
    Row::Header(name.to_owned())
}

fn no_header(name: &str) -> Row {
    Row::NoHeader(name.to_owned())
}

#[test]
fn a_rename_of_any_size_is_two_header_rows() {
    for rows in [1, LARGE, HUGE] {
        let mut world = world_with(&[("a", rows)]);
        let changes = world.changes(|txn| {
            assert!(rename(txn, "a", "b")?);
            Ok(())
        });
        assert_eq!(changes, [no_header("a"), header("b")], "of {rows} rows");
        assert_eq!(contents_of(&mut world, "a"), None);
        assert_eq!(contents_of(&mut world, "b"), Some(filled("a", rows)));
        check_rows(&mut world);
        let mut world = world.reopened();
        assert_eq!(contents_of(&mut world, "a"), None);
        assert_eq!(contents_of(&mut world, "b"), Some(filled("a", rows)));
    }
}

#[test]
fn a_rename_of_a_cold_object_reads_its_header_and_no_row() {
    let mut world = world_with(&[("a", HUGE)]).reopened();
    world.transact(|txn| rename(txn, "a", "b")).unwrap();
    assert!(world.store.resident_bytes() < 2000, "{}", world.store.resident_bytes());
    assert_eq!(contents_of(&mut world, "b"), Some(filled("a", HUGE)));
}

#[test]
fn a_rename_of_what_is_absent_changes_nothing() {
    let mut world = world_with(&[("b", LARGE)]);
    let (renamed, commit) = world.transact(|txn| rename(txn, "a", "b")).unwrap();
    assert_eq!((renamed, commit), (false, None));
    assert_eq!(contents_of(&mut world, "b"), Some(filled("b", LARGE)));
}

#[test]
fn a_rename_onto_itself_changes_nothing() {
    let mut world = world_with(&[("a", LARGE)]);
    let (renamed, commit) = world.transact(|txn| rename(txn, "a", "a")).unwrap();
    assert_eq!((renamed, commit), (true, None));
    assert_eq!(contents_of(&mut world, "a"), Some(filled("a", LARGE)));
    check_rows(&mut world);
}

#[test]
fn a_rename_onto_a_split_object_owes_what_was_there() {
    let mut world = world_with(&[("a", LARGE), ("b", HUGE)]);
    let changes = world.changes(|txn| rename(txn, "a", "b").map(drop));
    assert_eq!(changes, [no_header("a"), header("b"), Row::Owed, Row::Keys(-1)]);
    assert_eq!(contents_of(&mut world, "b"), Some(filled("a", LARGE)));
    check_rows(&mut world);
    assert_eq!(world.generations().len(), 1);
}

#[test]
fn a_small_object_renamed_onto_a_split_one_is_small() {
    let mut world = world_with(&[("a", 2), ("b", LARGE)]);
    let changes = world.changes(|txn| rename(txn, "a", "b").map(drop));
    assert_eq!(changes, [no_header("a"), header("b"), Row::Owed, Row::Keys(-1)]);
    assert_eq!(contents_of(&mut world, "b"), Some(filled("a", 2)));
    check_rows(&mut world);
    assert!(world.generations().is_empty());
}

#[test]
fn rows_set_before_and_after_a_rename_in_one_transaction_are_written_once() {
    let mut world = world_with(&[("a", HUGE)]);
    let changes = world.changes(|txn| {
        put(txn, "a", 1, "before")?;
        put(txn, "a", 2, "before")?;
        rename(txn, "a", "b")?;
        put(txn, "b", 2, "after")?;
        put(txn, "b", 3, "after")
    });
    let content = |row| Row::Content(suffix(row));
    let rows = [no_header("a"), header("b"), content(1), content(2), content(3)];
    assert_eq!(changes, rows);
    let mut wanted = filled("a", HUGE);
    for (row, value) in [(1, "before"), (2, "after"), (3, "after")] {
        wanted.insert(suffix(row), value.to_owned());
    }
    assert_eq!(contents_of(&mut world, "b").as_ref(), Some(&wanted));
    let mut world = world.reopened();
    assert_eq!(contents_of(&mut world, "b"), Some(wanted));
    check_rows(&mut world);
}

#[test]
fn what_was_split_and_renamed_in_one_transaction_is_written_whole() {
    let mut world = world_with(&[("a", 2)]);
    let changes = world.changes(|txn| {
        fill(txn, "a", LARGE)?;
        rename(txn, "a", "b").map(drop)
    });
    assert_eq!(changes.len(), 2 + LARGE, "{changes:?}");
    let mut world = world.reopened();
    assert_eq!(contents_of(&mut world, "b"), Some(filled("a", LARGE)));
    check_rows(&mut world);
}

#[test]
fn two_objects_exchange_their_names_and_nothing_is_owed() {
    let mut world = world_with(&[("a", LARGE), ("b", HUGE)]);
    let changes = world.changes(|txn| {
        rename(txn, "a", "c")?;
        rename(txn, "b", "a")?;
        rename(txn, "c", "b").map(drop)
    });
    assert_eq!(changes, [header("a"), header("b")], "c was never there");
    let mut world = world.reopened();
    assert_eq!(contents_of(&mut world, "a"), Some(filled("b", HUGE)));
    assert_eq!(contents_of(&mut world, "b"), Some(filled("a", LARGE)));
    check_rows(&mut world);
}

#[test]
fn what_is_renamed_and_then_removed_is_owed_once() {
    let mut world = world_with(&[("a", LARGE)]);
    let changes = world.changes(|txn| {
        rename(txn, "a", "b")?;
        let b = open(txn, "b")?;
        txn.delete(b).map(drop)
    });
    assert_eq!(changes, [no_header("a"), Row::Owed, Row::Keys(-1)]);
    check_rows(&mut world);
    assert!(world.generations().is_empty());
}

#[test]
fn what_takes_the_old_name_in_the_same_transaction_is_another_object() {
    let mut world = world_with(&[("a", LARGE)]);
    world.changes(|txn| {
        rename(txn, "a", "b")?;
        fill(txn, "a", LARGE + 1).map(drop)
    });
    let mut world = world.reopened();
    assert_eq!(contents_of(&mut world, "a"), Some(filled("a", LARGE + 1)));
    assert_eq!(contents_of(&mut world, "b"), Some(filled("a", LARGE)));
    check_rows(&mut world);
    assert_eq!(world.generations().len(), 2);
}

#[test]
fn a_deadline_goes_with_the_object() {
    let mut world = world_with(&[("a", LARGE), ("b", 1)]);
    let deadline = world.store.now().0 + 100_000;
    let set = |txn: &mut Txn<'_>, name: &str, at: u64| {
        let object = open(txn, name)?;
        txn.set_deadline(object, Some(StoreTime(at)))
    };
    world.changes(|txn| set(txn, "a", deadline).and_then(|()| set(txn, "b", deadline + 50_000)));
    let changes = world.changes(|txn| rename(txn, "a", "b").map(drop));
    assert!(changes.contains(&Row::Expiry("b".to_owned())), "{changes:?}");
    assert!(contents_of(&mut world, "b").is_some());
    world.hands.turn(200_000);
    assert_eq!(contents_of(&mut world, "b"), None);
    world.settle();
    check_rows(&mut world);
    assert!(world.generations().is_empty(), "the sweeper found it under its new name");
}

#[test]
fn an_expired_object_is_not_renamed() {
    let mut world = world_with(&[("a", LARGE), ("b", 1)]);
    let now = world.store.now();
    let renamed = world.transact(|txn| {
        let a = open(txn, "a")?;
        txn.set_deadline(a, Some(now))?;
        rename(txn, "a", "b")
    });
    assert!(!renamed.unwrap().0);
    assert_eq!(contents_of(&mut world, "b"), Some(filled("b", 1)));
}

#[test]
fn an_undone_rename_leaves_everything_as_it_was() {
    for (a, b) in [(1, 0), (1, 1), (LARGE, 1), (1, LARGE), (LARGE, LARGE), (HUGE, HUGE), (LARGE, 0)]
    {
        let mut world = world_with(&[("a", a), ("b", b)]);
        let deadline = Some(StoreTime(world.store.now().0 + 1_000_000));
        world.changes(|txn| {
            let a = open(txn, "a")?;
            txn.set_deadline(a, deadline)
        });
        let before = world.rows();
        let refused = world.transact(|txn| -> Result<(), Stop> {
            put(txn, "a", 0, "changed")?;
            rename(txn, "a", "b")?;
            put(txn, "b", 1, "changed")?;
            rename(txn, "b", "a")?;
            put(txn, "a", 2, "changed")?;
            rename(txn, "a", "b")?;
            fill(txn, "a", LARGE)?;
            Err(Refusal::limit("enough").into())
        });
        assert!(refused.is_err());
        let deadline_now = world.transact(|txn| {
            let a = open(txn, "a")?;
            Ok(txn.header(a).and_then(|header| header.deadline))
        });
        assert_eq!(deadline_now.unwrap().0, deadline);
        assert_eq!(contents_of(&mut world, "a"), Some(filled("a", a)));
        assert_eq!(contents_of(&mut world, "b").unwrap_or_default(), filled("b", b));
        world.settle();
        assert_eq!(world.rows(), before, "nothing reached the tables");
        // The next commit is derived from what memory holds.
        world.changes(|txn| put(txn, "a", 0, "a"));
        let mut world = world.reopened();
        assert_eq!(contents_of(&mut world, "a"), Some(filled("a", a)));
        check_rows(&mut world);
    }
}

#[test]
fn a_rename_after_a_savepoint_is_taken_back_alone() {
    let mut world = world_with(&[("a", LARGE), ("b", LARGE)]);
    let changes = world.changes(|txn| {
        put(txn, "a", 0, "kept")?;
        let savepoint = txn.savepoint();
        rename(txn, "a", "b")?;
        put(txn, "b", 1, "lost")?;
        txn.roll_back(savepoint);
        Ok(())
    });
    assert_eq!(changes, [header("a"), Row::Content(suffix(0))]);
    let mut world = world.reopened();
    let mut wanted = filled("a", LARGE);
    wanted.insert(suffix(0), "kept".to_owned());
    assert_eq!(contents_of(&mut world, "a"), Some(wanted));
    assert_eq!(contents_of(&mut world, "b"), Some(filled("b", LARGE)));
    check_rows(&mut world);
}

#[test]
fn a_copy_has_rows_of_its_own() {
    for rows in [1, LARGE, HUGE] {
        let mut world = world_with(&[("a", rows), ("b", LARGE)]).reopened();
        world.changes(|txn| copy(txn, "a", "b").map(drop));
        world.changes(|txn| put(txn, "a", 0, "changed"));
        let mut world = world.reopened();
        assert_eq!(contents_of(&mut world, "b"), Some(filled("a", rows)));
        world.changes(|txn| {
            let a = open(txn, "a")?;
            txn.delete(a).map(drop)
        });
        check_rows(&mut world);
        let mut world = world.reopened();
        assert_eq!(contents_of(&mut world, "b"), Some(filled("a", rows)));
        check_rows(&mut world);
    }
}

#[test]
fn a_copy_over_a_bound_is_refused_before_it_is_loaded() {
    let limits = Limits { object_bytes: 20_000, ..Limits::default() };
    let mut world = World::new(Settings { limits, ..Settings::default() });
    world.transact(|txn| fill(txn, "a", HUGE).map(drop)).unwrap();
    let mut world = world.reopened();
    let refusal = world.transact(|txn| copy(txn, "a", "b")).unwrap_err();
    assert_eq!(refusal.kind, base::Kind::Limit);
    assert!(world.store.resident_bytes() < 2000);
}

/// A row is read under one name; before it gets into memory the object is renamed, changed, evicted
/// and renamed back. What was read is old then.
#[test]
fn a_row_that_was_read_before_a_rename_is_not_taken_for_what_is_there_after() {
    let evict = Settings { objects_bytes: 0, ..Settings::default() };
    let mut world = World::new(evict);
    world.transact(|txn| fill(txn, "a", HUGE).map(drop)).unwrap();
    let mut world = world.reopened();
    // The reader has the header, and asks for a row.
    let mut plan = world.plan(&["a"]);
    let read = |txn: &mut Txn<'_>| {
        let a = open(txn, "a")?;
        Ok(txn.row(a, suffix(7).as_bytes())?.map(<[u8]>::to_vec))
    };
    let Attempt::Again(wants) = world.store.attempt(&mut plan, read) else { panic!() };
    world.store.load(&mut plan, wants).unwrap();
    let Attempt::Again(wants) = world.store.attempt(&mut plan, read) else { panic!() };
    let mut load = world.store.begin_load(&mut plan, wants);
    world.store.read_load(&mut load).unwrap();
    // Meanwhile:
    world.changes(|txn| rename(txn, "a", "b").map(drop));
    world.changes(|txn| put(txn, "b", 7, "new"));
    world.settle();
    for _ in 0..20_000 {
        world.step();
        world.hands.turn(1);
    }
    world.changes(|txn| rename(txn, "b", "a").map(drop));
    // And now what was read arrives.
    world.store.end_load(load, Ok(())).unwrap();
    let (row, _) = world.transact(read).unwrap();
    assert_eq!(row.as_deref(), Some(b"new".as_slice()));
}

/// What the store is held to.
type Twin = BTreeMap<&'static str, Contents>;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn random_step(txn: &mut Txn<'_>, twin: &mut Twin, rng: &mut SplitMix64) -> Result<(), Stop> {
    let mut name = || NAMES[usize::try_from(rng.below(4)).unwrap()];
    let (from, to) = (name(), name());
    match rng.below(10) {
        0..=2 => {
            assert_eq!(rename(txn, from, to)?, twin.contains_key(from));
            if from != to
                && let Some(contents) = twin.remove(from)
            {
                twin.insert(to, contents);
            }
        }
        3 => {
            assert_eq!(copy(txn, from, to)?, twin.contains_key(from));
            if let Some(contents) = twin.get(from).cloned() {
                twin.insert(to, contents);
            }
        }
        4 => {
            let object = open(txn, from)?;
            assert_eq!(txn.delete(object)?, twin.remove(from).is_some());
        }
        5 => {
            let rows = usize::try_from(1 + rng.below(60)).unwrap();
            fill(txn, from, rows)?;
            twin.insert(from, filled(from, rows));
        }
        6 => {
            let object = open(txn, from)?;
            let row = suffix(usize::try_from(rng.below(60)).unwrap());
            txn.remove(object, row.as_bytes())?;
            if let Some(contents) = twin.get_mut(from) {
                contents.remove(&row);
                if contents.is_empty() {
                    twin.remove(from);
                }
            }
        }
        _ => {
            if let Some(contents) = twin.get_mut(from) {
                let (row, value) = (rng.below(60), rng.draw().to_string());
                let row = usize::try_from(row).unwrap();
                put(txn, from, row, &value)?;
                contents.insert(suffix(row), value);
            }
        }
    }
    Ok(())
}

/// One transaction of several steps, some of which are rolled back; `Err` if all of it is refused.
fn random_transaction(
    txn: &mut Txn<'_>,
    before: &Twin,
    rng: &mut SplitMix64,
) -> Result<Twin, Stop> {
    let mut twin = before.clone();
    for _ in 0..=rng.below(8) {
        let (savepoint, saved) = (txn.savepoint(), twin.clone());
        random_step(txn, &mut twin, rng)?;
        if rng.one_in(4) {
            txn.roll_back(savepoint);
            twin = saved;
        }
    }
    if rng.one_in(5) {
        return Err(Refusal::limit("enough").into());
    }
    Ok(twin)
}

#[test]
fn a_store_under_random_renames_and_copies_does_as_a_map_does() {
    for seed in 0..12 {
        let mut rng = SplitMix64::new(seed);
        let objects_bytes = if seed % 3 == 0 { 0 } else { 1 << 30 };
        let mut world = World::new(Settings { objects_bytes, ..Settings::default() });
        let mut twin = Twin::new();
        for round in 0..150 {
            // A transaction that is run again has to do the same.
            let start = rng.clone();
            let outcome = world.transact(|txn| {
                rng = start.clone();
                random_transaction(txn, &twin, &mut rng)
            });
            if let Ok((after, _)) = outcome {
                twin = after;
            }
            if rng.one_in(10) {
                world = world.reopened();
            }
            if rng.one_in(10) {
                check_rows(&mut world);
            }
            for name in NAMES {
                let found = contents_of(&mut world, name);
                assert_eq!(found.as_ref(), twin.get(name), "{name}, seed {seed}, round {round}");
            }
        }
        check_rows(&mut world);
    }
}
