use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base::codec::{Reader, put_varint};
use base::{Namespace, StoreTime, Tenant};

use super::*;
use crate::key::Owed;
use crate::namespace::{self, Durability, Part};
use crate::object::Type;
use crate::packed;

const REDIS: Space = Space(1);
const TOPICS: Space = Space(2);
/// Flushed, and owed.
const DEAD: Space = Space(4);
/// No namespace's.
const NOWHERE: Space = Space(5);

const BOUNDS: Bounds = Bounds {
    applied: Sequence(9),
    ceiling: Generation(50),
    records_of: |row| Reader::new(row).varint("a generation").ok().map(Generation),
};

/// Rows, as tables hold them.
#[derive(Clone, Default)]
struct Rows(BTreeMap<Value, Value>);

impl Rows {
    fn put(&mut self, key: Vec<u8>, value: &[u8]) {
        self.0.insert(key.into(), value.into());
    }

    fn remove(&mut self, key: Vec<u8>) {
        assert!(self.0.remove(&Value::from(key)).is_some(), "there is no such row");
    }

    fn audit_with(&self, claims_max: usize, deadline_bytes_max: usize) -> Audit {
        let scan = |from: Bound<&[u8]>, to: Bound<&[u8]>| -> Scanned<'_> {
            let rows = self.0.range::<[u8], _>((from, to));
            Box::new(rows.map(|(key, value)| Ok((key.clone(), value.clone()))))
        };
        let mut auditor = Auditor::new(&scan, BOUNDS);
        (auditor.claims_max, auditor.deadline_bytes_max) = (claims_max, deadline_bytes_max);
        auditor.own_rows().unwrap();
        auditor.headers().unwrap();
        auditor.contents().unwrap();
        auditor.found
    }

    /// The rules that do not hold, whether there is memory for everything at once or for nothing.
    fn broken(&self) -> Vec<Rule> {
        let roomy = self.audit_with(claims::CLAIMS_MAX, deadlines::BYTES_MAX);
        let narrow = self.audit_with(1, 1);
        let rules = |audit: &Audit| audit.faults.iter().map(|fault| fault.rule).collect::<Vec<_>>();
        assert_eq!(rules(&roomy), rules(&narrow), "{roomy:?} {narrow:?}");
        rules(&roomy)
    }
}

fn header_key(space: Space, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    key::put_header(&mut key, space, id);
    key
}

fn content_key(space: Space, generation: u64, suffix: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    key::put_content(&mut key, space, Generation(generation), suffix);
    key
}

fn owed_key(owed: Owed) -> Vec<u8> {
    let mut key = Vec::new();
    key::put_owed(&mut key, owed);
    key
}

fn expiry_key(at: u64, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    key::put_expiry(&mut key, StoreTime(at), REDIS, id);
    key
}

/// A header row of commit 7, with a deadline if that is not zero.
fn header(kind: Type, deadline: u64, split: Option<[u64; 3]>, row: &[u8]) -> Vec<u8> {
    let mut value = 7_u64.to_le_bytes().to_vec();
    value.push(kind as u8);
    value.push(u8::from(deadline != 0) | if split.is_some() { 2 } else { 0 });
    if deadline != 0 {
        put_varint(&mut value, deadline);
    }
    match split {
        Some(numbers) => numbers.iter().for_each(|number| put_varint(&mut value, *number)),
        None => packed::push(&mut value, b"", row),
    }
    value
}

/// Something of every kind, in order.
fn sound() -> Rows {
    let mut rows = Rows::default();
    let part =
        |space| Part { space, complete: Arc::new(AtomicBool::new(false)), since: Sequence::ZERO };
    let parts = [part(REDIS), part(TOPICS), part(Space(3))];
    let entry = namespace::Entry { tenant: Tenant(0), durability: Durability::Durable, parts };
    let mut value = Vec::new();
    entry.encode(&mut value);
    rows.put(tables::APPLIED_KEY.to_vec(), &9_u64.to_le_bytes());
    rows.put(key::catalogue(Namespace(0)), &value);
    rows.put(key::keys(REDIS), &4_i64.to_le_bytes());
    rows.put(key::keys(TOPICS), &2_i64.to_le_bytes());
    rows.put(key::keys(DEAD), &70_i64.to_le_bytes());
    rows.put(header_key(REDIS, b"small"), &header(Type::String, 0, None, b"one"));
    rows.put(header_key(REDIS, b"timed"), &header(Type::String, 300, None, b"two"));
    rows.put(header_key(REDIS, b"later"), &header(Type::String, 400, None, b"three"));
    rows.put(header_key(REDIS, b"large"), &header(Type::Hash, 0, Some([30, 2, 8]), b""));
    rows.put(expiry_key(300, b"timed"), b"");
    // Early, of what was prolonged; stale, of what is no more.
    rows.put(expiry_key(350, b"later"), b"");
    rows.put(expiry_key(350, b"gone"), b"");
    for suffix in [b"ab", b"cd"] {
        rows.put(content_key(REDIS, 30, suffix), b"12");
    }
    // A partition whose head is one row, and one whose head is split.
    rows.put(header_key(TOPICS, b"head"), &header(Type::Partition, 0, None, &[31]));
    rows.put(header_key(TOPICS, b"wide"), &header(Type::Partition, 0, Some([40, 2, 3]), b""));
    rows.put(content_key(TOPICS, 40, b""), &[32]);
    rows.put(content_key(TOPICS, 40, b"p"), b"1");
    rows.put(content_key(TOPICS, 31, b"batch"), b"records");
    rows.put(content_key(TOPICS, 32, b"batch"), b"records");
    // Half reclaimed.
    rows.put(owed_key(Owed::Generation(REDIS, Generation(20))), b"");
    rows.put(content_key(REDIS, 20, b"left"), b"over");
    rows.put(owed_key(Owed::Generation(TOPICS, Generation(21))), b"");
    rows.put(owed_key(Owed::Space(DEAD)), b"");
    rows.put(header_key(DEAD, b"left"), &header(Type::Hash, 500, Some([22, 9, 9]), b""));
    rows.put(content_key(DEAD, 23, b"left"), b"over");
    rows
}

#[test]
fn rows_that_fit_one_another_are_sound_and_counted() {
    let found = sound().audit_with(3, 40);
    assert_eq!(found.faults, []);
    assert_eq!((found.objects, found.rows), (6, 8));
}

#[test]
fn each_rule_that_is_broken_is_named() {
    type Plant = fn(&mut Rows);
    let plants: &[(Rule, &str, Plant)] = &[
        (Rule::Form, "a header row cut short", |rows| {
            rows.put(header_key(REDIS, b"small"), b"\x07");
            rows.put(key::keys(REDIS), &3_i64.to_le_bytes());
        }),
        (Rule::Form, "an unknown row", |rows| rows.put(b"\0what".to_vec(), b"")),
        (Rule::Form, "a row behind all", |rows| rows.put(vec![5], b"")),
        (Rule::Form, "a short content key", |rows| rows.put(vec![2, 0, 0], b"")),
        (Rule::Form, "a short owed key", |rows| rows.put(vec![3, 1], b"")),
        (Rule::Form, "a short expiry key", |rows| rows.put(vec![4, 1], b"")),
        (Rule::Form, "a count of three bytes", |rows| rows.put(key::keys(Space(3)), b"abc")),
        (Rule::Space, "a count of no space", |rows| rows.put(key::keys(NOWHERE), &[0; 8])),
        (Rule::Space, "an object of no space", |rows| {
            rows.put(header_key(NOWHERE, b"x"), &header(Type::String, 0, None, b"x"));
        }),
        (Rule::Ceiling, "a generation above all", |rows| {
            rows.put(content_key(REDIS, 50, b"x"), b"");
        }),
        (Rule::Ceiling, "an owed one", |rows| {
            rows.put(owed_key(Owed::Generation(REDIS, Generation(50))), b"");
        }),
        (Rule::Commit, "a commit above all", |rows| {
            let mut value = header(Type::String, 0, None, b"one");
            value[0] = 10;
            rows.put(header_key(REDIS, b"small"), &value);
        }),
        (Rule::Owner, "rows of no object", |rows| rows.put(content_key(REDIS, 29, b"x"), b"")),
        (Rule::Owner, "records of no head", |rows| rows.put(content_key(TOPICS, 33, b"x"), b"")),
        (Rule::Owner, "rows of an object elsewhere", |rows| {
            rows.put(content_key(TOPICS, 30, b"x"), b"");
        }),
        (Rule::Sole, "two objects of one generation", |rows| {
            rows.put(header_key(REDIS, b"small"), &header(Type::Hash, 0, Some([30, 2, 8]), b""));
        }),
        (Rule::Sole, "a generation that is owed", |rows| {
            rows.put(owed_key(Owed::Generation(REDIS, Generation(30))), b"");
        }),
        (Rule::Sole, "records that are owed", |rows| {
            rows.put(owed_key(Owed::Generation(TOPICS, Generation(32))), b"");
        }),
        (Rule::Size, "a row too many", |rows| rows.put(content_key(REDIS, 30, b"ef"), b"")),
        (Rule::Size, "a row too few", |rows| rows.remove(content_key(REDIS, 30, b"ab"))),
        (Rule::Size, "a longer row", |rows| rows.put(content_key(REDIS, 30, b"ab"), b"123")),
        (Rule::Size, "no row at all", |rows| {
            rows.remove(content_key(REDIS, 30, b"ab"));
            rows.remove(content_key(REDIS, 30, b"cd"));
        }),
        (Rule::Deadline, "no row of the index", |rows| rows.remove(expiry_key(300, b"timed"))),
        (Rule::Deadline, "a late one", |rows| {
            rows.remove(expiry_key(300, b"timed"));
            rows.put(expiry_key(301, b"timed"), b"");
        }),
        (Rule::Count, "an object too many", |rows| {
            rows.put(header_key(REDIS, b"more"), &header(Type::String, 0, None, b"x"));
        }),
        (Rule::Count, "an object too few", |rows| rows.remove(header_key(REDIS, b"small"))),
        (Rule::Count, "objects that are counted where there are none", |rows| {
            rows.put(key::keys(Space(3)), &1_i64.to_le_bytes());
        }),
    ];
    for (rule, what, plant) in plants {
        let mut rows = sound();
        plant(&mut rows);
        assert_eq!(rows.broken(), [*rule], "{what}");
    }
}

#[test]
fn a_space_that_is_owed_and_a_namespaces_is_told() {
    let mut rows = sound();
    rows.put(owed_key(Owed::Space(REDIS)), b"");
    assert_eq!(rows.broken().first(), Some(&Rule::Sole));
}

#[test]
fn faults_beyond_a_hundred_are_counted() {
    let mut rows = sound();
    for number in 0..150_u8 {
        rows.put(vec![9, number], b"");
    }
    let found = rows.audit_with(1, 1);
    assert_eq!((found.faults.len(), found.more), (FAULTS_MAX, 50));
    assert!(!found.is_sound());
}
