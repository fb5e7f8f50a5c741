use std::collections::{BTreeMap, BTreeSet};

use base::rng::SplitMix64;
use kv::{Layer, Place};
use wire::resp::{ArgsBuf, Protocol, Value, Writer, decode_reply};

use super::*;
use crate::command::Run;
use crate::table::find;
use crate::world::{World, noise};

const KEYS: &[u8; 16] = b"0123456789abcdef";

/// What a command over one key answers; the key is its first argument.
fn ask<T: AsRef<[u8]>>(world: &mut World, seed: u64, words: &[T]) -> Value {
    ask_in_rounds(world, seed, words).0
}

/// The same, with how many rounds it took.
fn ask_in_rounds<T: AsRef<[u8]>>(world: &mut World, seed: u64, words: &[T]) -> (Value, u32) {
    let (keys, args) = (Keys::new(KEYS), words.iter().collect::<ArgsBuf>());
    let command = find(words[0].as_ref()).unwrap();
    let Run::Txn(run) = command.run else { panic!("{} is not over keys", command.name) };
    let mut id = Vec::new();
    keys.put_id(&mut id, words[1].as_ref());
    let mut reply = Writer::new(Protocol::Resp2);
    let (outcome, rounds) = world.run(&id, seed, |txn| {
        reply.clear();
        run(&mut Call {
            txn,
            args: args.as_args(),
            reply: &mut reply,
            db: Place::FIRST,
            databases: [None; 2],
            keys: &keys,
            key_spec: command.keys,
            named_before: 0,
            extensions: &[],
            extension_arguments: &[],
        })
    });
    let answer = match outcome {
        Ok(()) => decode_reply(reply.as_bytes(), 8).unwrap().unwrap().0,
        Err(Error::Reply(text)) => Value::Error(text.into_owned()),
        Err(stop) => panic!("{stop:?}"),
    };
    (answer, rounds)
}

#[test]
fn fields_of_a_large_hash_that_are_not_in_memory_are_loaded_in_one_go() {
    let mut world = World::new(kv::Settings { objects_bytes: 0, ..kv::Settings::default() });
    let fields: Vec<String> = (0..6_000).map(|number| format!("field {number}")).collect();
    let words = |command: &str, with_values: bool| {
        let mut words = vec![command.to_owned(), "h".to_owned()];
        for field in &fields {
            words.push(field.clone());
            words.extend(with_values.then(|| "value".to_owned()));
        }
        words
    };
    ask(&mut world, 0, &words("hset", true));
    // The header; what it names; and once more where that is much to read.
    for (command, with_values) in [("hmget", false), ("hset", true), ("hdel", false)] {
        world.forget();
        let (_, rounds) = ask_in_rounds(&mut world, 0, &words(command, with_values));
        assert!(rounds <= 4, "{command}: {rounds} rounds");
    }
    assert_eq!(ask(&mut world, 0, &["hlen", "h"]), Value::Integer(0));
}

fn bulks(value: Value) -> Vec<Vec<u8>> {
    let Value::Array(elements) = value else { panic!("no array: {value:?}") };
    let bulk = |element| match element {
        Value::Bulk(bytes) => bytes,
        other => panic!("no bulk string: {other:?}"),
    };
    elements.into_iter().map(bulk).collect()
}

fn pairs(value: Value) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let flat = bulks(value);
    let pairs: BTreeMap<_, _> =
        flat.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    assert_eq!(pairs.len() * 2, flat.len(), "a field comes once");
    pairs
}

/// A whole scan, with something done between two calls; how often each field came.
fn scan_all(
    world: &mut World,
    count: &str,
    mut between: impl FnMut(&mut World),
) -> BTreeMap<Vec<u8>, usize> {
    let (mut cursor, mut seen) = ("0".to_owned(), BTreeMap::new());
    for _ in 0..10_000 {
        let answer = ask(world, 0, &["HSCAN", "h", &cursor, "COUNT", count]);
        let Value::Array(answer) = answer else { panic!("no array") };
        let Ok([Value::Bulk(next), fields]) = <[Value; 2]>::try_from(answer) else {
            panic!("no cursor and fields")
        };
        for pair in bulks(fields).chunks(2) {
            *seen.entry(pair[0].clone()).or_default() += 1;
        }
        cursor = String::from_utf8(next).unwrap();
        assert!(cursor.parse::<u64>().unwrap() < 1 << 53, "clients hold cursors in doubles");
        if cursor == "0" {
            return seen;
        }
        between(world);
    }
    panic!("the scan does not come to an end");
}

fn is_split(world: &mut World) -> bool {
    let mut id = Vec::new();
    Keys::new(KEYS).put_id(&mut id, b"h");
    let (outcome, _) = world.run(&id, 0, |txn| {
        let hash = txn.open(Place::FIRST, Layer::Redis, &id)?;
        Ok(txn.is_split(hash))
    });
    outcome.unwrap()
}

#[test]
fn hashes_are_written_and_read_as_maps_are() {
    let mut forms = BTreeSet::new();
    for seed in 0..8 {
        let mut rng = SplitMix64::new(seed);
        // In every other run nothing stays in memory that need not.
        let objects_bytes = if seed % 2 == 0 { 1 << 30 } else { 0 };
        let mut world = World::new(kv::Settings { objects_bytes, ..kv::Settings::default() });
        let mut twin = BTreeMap::<Vec<u8>, Vec<u8>>::new();
        // Few fields stay one row, more of them do not, and long values do not either.
        let fields = [8, 36, 60][usize::try_from(seed % 3).unwrap()];
        let longest = if seed % 4 == 3 { 400 } else { 12 };
        for _ in 0..300 {
            let name = format!("f{}", rng.below(fields)).into_bytes();
            let len = usize::try_from(rng.below(longest)).unwrap();
            let value = noise(&mut rng, len);
            match rng.below(10) {
                0..5 => {
                    let answer = ask(&mut world, 0, &[&b"HSET"[..], b"h", &name, &value]);
                    let was = twin.insert(name.clone(), value);
                    assert_eq!(answer, Value::Integer(i64::from(was.is_none())));
                }
                5..8 => {
                    let answer = ask(&mut world, 0, &[&b"HDEL"[..], b"h", &name]);
                    let was = twin.remove(&name);
                    assert_eq!(answer, Value::Integer(i64::from(was.is_some())));
                }
                8 if rng.one_in(20) => {
                    let answer = ask(&mut world, 0, &["DEL", "h"]);
                    assert_eq!(answer, Value::Integer(i64::from(!twin.is_empty())));
                    twin.clear();
                }
                _ => {}
            }
            if objects_bytes == 0 {
                world.forget();
            }
            let got = ask(&mut world, 0, &[&b"HGET"[..], b"h", &name]);
            assert_eq!(got, twin.get(&name).cloned().map_or(Value::Null, Value::Bulk));
            let len = i64::try_from(twin.len()).unwrap();
            assert_eq!(ask(&mut world, 0, &["HLEN", "h"]), Value::Integer(len));
            assert_eq!(pairs(ask(&mut world, 0, &["HGETALL", "h"])), twin);
            if !rng.one_in(5) {
                continue;
            }
            let scanned: BTreeMap<_, _> = twin.keys().map(|name| (name.clone(), 1)).collect();
            assert_eq!(scan_all(&mut world, "3", |_| ()), scanned);
            forms.insert((is_split(&mut world), twin.is_empty()));
        }
    }
    assert_eq!(forms.len(), 3, "small, large and absent hashes were seen: {forms:?}");
}

#[test]
fn a_scan_misses_no_field_that_was_there_throughout() {
    let mut world = World::new(kv::Settings::default());
    let stays: BTreeSet<_> = (0..200).map(|n| format!("stays{n}").into_bytes()).collect();
    for name in &stays {
        ask(&mut world, 0, &[&b"HSET"[..], b"h", name, b"1"]);
    }
    for count in ["1", "7", "64", "1000"] {
        let mut n = 0u64;
        let seen = scan_all(&mut world, count, |world| {
            // Others come and go around it.
            n += 1;
            let (new, old) = (format!("comes{n}"), format!("comes{}", n.saturating_sub(3)));
            ask(world, 0, &["HSET", "h", &new, "1"]);
            ask(world, 0, &["HDEL", "h", &old]);
        });
        for name in &stays {
            assert_eq!(seen.get(name), Some(&1), "{}", name.escape_ascii());
        }
    }
}

#[test]
fn any_cursor_is_answered_and_none_repeats_what_lies_before_it() {
    let mut world = World::new(kv::Settings::default());
    for n in 0..100 {
        ask(&mut world, 0, &["HSET", "h", &format!("field{n}"), "1"]);
    }
    for cursor in ["281474976710655", "281474976710656", "9007199254740993", "18446744073709551615"]
    {
        let answer = ask(&mut world, 0, &["HSCAN", "h", cursor]);
        let empty = Value::Array(vec![Value::Bulk(b"0".to_vec()), Value::Array(Vec::new())]);
        assert_eq!(answer, empty, "{cursor}");
    }
}

#[test]
fn every_field_is_drawn_about_as_often_as_the_others() {
    // Counted out, and sought.
    for fields in [100u64, 3000] {
        let mut world = World::new(kv::Settings::default());
        for n in 0..fields {
            ask(&mut world, 0, &["HSET", "h", &n.to_string(), "1"]);
        }
        let draws = fields * 100;
        let drawn = bulks(ask(&mut world, 5, &["HRANDFIELD", "h", &format!("-{draws}")]));
        assert_eq!(drawn.len() as u64, draws);
        let mut counts = BTreeMap::<_, u64>::new();
        for name in drawn {
            *counts.entry(name).or_default() += 1;
        }
        let least = counts.values().min().copied().unwrap();
        let most = counts.values().max().copied().unwrap();
        assert_eq!(counts.len() as u64, fields, "each field is drawn at some time");
        assert!(least > 20 && most < 280, "100 are expected of each: {least} to {most}");
    }
}

#[test]
fn different_fields_are_different_and_the_seed_decides_which() {
    let mut world = World::new(kv::Settings::default());
    for n in 0..3000 {
        ask(&mut world, 0, &["HSET", "h", &n.to_string(), "1"]);
    }
    // Sought one by one, shuffled out, and all.
    for count in [5usize, 500, 1000, 2999, 3000, 9000] {
        let mut draw = |seed| {
            let drawn = bulks(ask(&mut world, seed, &["HRANDFIELD", "h", &count.to_string()]));
            let set: BTreeSet<_> = drawn.iter().cloned().collect();
            assert_eq!((drawn.len(), set.len()), (count.min(3000), count.min(3000)));
            set
        };
        let first = draw(1);
        assert_eq!(first, draw(1), "a transaction that is run again does the same");
        assert!(count >= 3000 || first != draw(2));
    }
    let one = |world: &mut World, seed| ask(world, seed, &["HRANDFIELD", "h"]);
    assert_eq!(one(&mut world, 1), one(&mut world, 1));
    assert!((2..20).any(|seed| one(&mut world, seed) != one(&mut world, 1)));
}

#[test]
fn a_name_is_as_long_as_a_suffix_may_be_in_either_form() {
    let mut world = World::new(kv::Settings::default());
    let (longest, longer) = (vec![b'x'; FIELD_BYTES_MAX], vec![b'x'; FIELD_BYTES_MAX + 1]);
    for form in 0..2 {
        assert_eq!(
            ask(&mut world, 0, &[&b"HSET"[..], b"h", &longest, b"1"]),
            Value::Integer(1 - form)
        );
        for (command, arguments) in [("HGET", 1), ("HDEL", 1), ("HSET", 2), ("HEXISTS", 1)] {
            let mut words = vec![command.as_bytes(), b"h", &longer, b"1"];
            words.truncate(2 + arguments);
            let answer = ask(&mut world, 0, &words);
            assert!(
                matches!(&answer, Value::Error(text) if text.contains("at most 32762")),
                "{command}"
            );
        }
    }
}
