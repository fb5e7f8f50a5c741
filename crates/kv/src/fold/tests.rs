use std::collections::BTreeMap;
use std::ops::Bound::Unbounded;

use base::StoreTime;
use base::rng::SplitMix64;
use log::{Group, record};
use tables::ModelTables;

use super::*;

/// Commits of random changes of a few keys, in groups.
fn draw_groups(rng: &mut SplitMix64, mut next: Sequence) -> Vec<Group> {
    let mut below = |most: u64| rng.draw() % most;
    let keys: Vec<Vec<u8>> =
        (0..30u8).map(|n| vec![if n < 10 { key::HEADER } else { 9 }, n]).collect();
    let mut groups = Vec::new();
    for _ in 0..=below(4) {
        let mut group = Group::new(next, StoreTime(0));
        for _ in 0..=below(40) {
            let mut changes = Vec::new();
            for _ in 0..below(4) {
                let at = usize::try_from(below(30)).unwrap();
                match below(3) {
                    // The last ten count, and are removed at times.
                    0 if at >= 20 => record::put(&mut changes, &keys[at], &below(9).to_le_bytes()),
                    0 => record::put(&mut changes, &keys[at], &below(1 << 40).to_be_bytes()),
                    1 if at >= 20 => {
                        record::add(&mut changes, &keys[at], below(7).cast_signed() - 3);
                    }
                    _ => record::remove(&mut changes, &keys[at]),
                }
            }
            next = group.push_commit(StoreTime(0), 0, 0, 0, &changes).next();
        }
        groups.push(group);
    }
    groups
}

/// What the tables hold, by key.
type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn rows(tables: &ModelTables) -> Rows {
    let view = tables.view();
    let rows = view.range(Unbounded, Unbounded).map(Result::unwrap);
    // But for the row that says how far they are.
    let rows = rows.filter(|(key, _)| key.first() != Some(&0));
    rows.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

fn change(twin: &mut Rows, sequence: Sequence, change: &Change<'_>) {
    match *change {
        Change::Put { key: key @ [key::HEADER, ..], value } => {
            twin.insert(key.to_vec(), [&sequence.0.to_le_bytes(), value].concat());
        }
        Change::Put { key, value } => {
            twin.insert(key.to_vec(), value.to_vec());
        }
        Change::Remove { key } => {
            twin.remove(key);
        }
        Change::Add { key, delta } => {
            let before = twin.get(key).map_or(0, |row| parse_number(row).unwrap());
            twin.insert(key.to_vec(), (before + delta).to_le_bytes().to_vec());
        }
    }
}

#[test]
fn what_is_folded_is_what_the_changes_make_one_by_one() {
    for seed in 0..200 {
        let mut rng = SplitMix64::new(seed);
        let (folded, mut twin) = (ModelTables::new(), Rows::new());
        for _ in 0..3 {
            let groups = draw_groups(&mut rng, folded.applied().next());
            let mut fold = Fold::new(seed);
            for group in &groups {
                fold.add(group.records()).unwrap();
                for record in group.records() {
                    let Record::Commit { sequence, changes, .. } = record.unwrap() else {
                        continue;
                    };
                    changes.for_each(|found| change(&mut twin, sequence, &found.unwrap()));
                }
            }
            fold.apply(&folded, groups.last().unwrap().last()).unwrap();
            assert_eq!(rows(&folded), twin, "seed {seed}");
        }
    }
}
