//! What can be taken from a damaged log: a prefix of what was committed, whatever was damaged.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod harness;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::rng::SplitMix64;
use base::{Generation, Sequence, StoreId, StoreTime};
use groundsill_log::salvage::{Salvage, Taken};
use groundsill_log::{
    FileLog, FrameKind, Log, Medium, Sessions, SimulatedMedium, dump, frame, verify,
};
use harness::{Events, Model, Run, STORE, commits, frames_in, is_segment, settings};

/// The store that a repaired log belongs to.
const HEIR: StoreId = StoreId(*b"an heir for test");

/// A log of three opens, the second of which ended without a stop; what its writers know; its files.
fn history(seed: u64) -> (SimulatedMedium, Model) {
    let mut run = Run::new(seed);
    for open in 0..3 {
        for _ in 0..12 {
            run.append_any().unwrap();
            run.sync().unwrap();
            run.settle();
        }
        let medium = match open {
            0 => {
                run.log.close().unwrap();
                run.medium.kill()
            }
            _ => run.medium.kill(),
        };
        if open == 2 {
            return (medium, run.model);
        }
        run = Run::open(medium, run.model, seed + open).unwrap();
    }
    unreachable!("the third open returns")
}

/// Every frame in the files: name, offset, length, kind, first and last.
fn frames(medium: &SimulatedMedium) -> Vec<(String, u64, u64, frame::Header)> {
    let names = medium.list().unwrap().into_iter().filter(|name| is_segment(name));
    let all = names.flat_map(|name| {
        let bytes = medium.bytes(&name).unwrap();
        let each = frames_in(&bytes).into_iter().map(|(at, span)| {
            let rest = &bytes[usize::try_from(at).unwrap()..];
            (name.clone(), at, span, frame::decode(rest).unwrap().0)
        });
        each.collect::<Vec<_>>()
    });
    all.collect()
}

/// Repairs a log, opens what was written as a server does, and compares it with what is known. What was taken,
/// and whether anything is said to be lost.
fn repair(medium: &SimulatedMedium, model: &Model, applied: u64) -> (Taken, bool) {
    let salvage = Salvage::examine(medium, &STORE, Sequence(applied)).unwrap();
    let taken = salvage.taken();
    let heir = SimulatedMedium::new(1);
    let mut told = 0;
    salvage.write(&heir, &HEIR, &mut |bytes| told += bytes).unwrap();
    assert_eq!(told, taken.bytes);

    let again = Salvage::examine(&heir, &HEIR, Sequence(applied)).unwrap();
    assert!(again.taken().holds_the_same(&taken), "{again:?} {taken:?}", again = again.taken());
    assert_eq!(again.lost(), None);
    let report = verify(&heir, &HEIR).unwrap();
    assert_eq!((report.damage, report.tail, report.last), (vec![], None, taken.last));
    assert_eq!(report.durable, taken.last);

    // A power cut after it was written takes nothing of it.
    let heir = heir.crash(7);
    let opened = FileLog::open(
        Arc::new(heir),
        settings(),
        HEIR,
        Sequence(applied),
        StoreTime(1),
        Arc::new(Events::default()),
    );
    let (log, recovered) = opened.unwrap();
    assert_eq!((recovered.last, recovered.dropped), (taken.last, None));
    assert!(recovered.next.0 > model.shown, "no sequence is given again");
    let given = Generation(model.appended.keys().last().unwrap() / 2);
    assert!(recovered.generations > given, "no generation is given again");
    let found = commits(&log, Sequence(applied + 1)).unwrap();
    let expected: BTreeMap<u64, Vec<u8>> = model
        .appended
        .range(..=taken.last.0)
        .filter(|(sequence, _)| **sequence > applied)
        .map(|(sequence, changes)| (*sequence, changes.clone()))
        .collect();
    assert!(found == expected, "{:?} of {:?}", found.keys(), expected.keys());
    if let Some(lost) = salvage.lost() {
        assert!(lost.first > taken.last && lost.last >= lost.first, "{lost:?}");
        assert!(lost.place.is_some(), "{lost:?}");
    } else {
        // Where the end is gone with all that told of it, nothing can (`docs/format.md`, "What stays ambiguous").
        let told = verify(medium, &STORE).unwrap().durable;
        assert!(taken.last >= told, "what is known to be lost is told");
        let left = frames(medium).into_iter().map(|(.., header)| header.last);
        let is_gone = left.max().is_none_or(|last| last <= taken.last);
        assert!(taken.last.0 >= model.acknowledged || is_gone, "what can be read is not left out");
    }
    (taken, salvage.lost().is_some())
}

#[test]
fn of_a_sound_log_everything_is_taken() {
    for seed in 0..4 {
        let (medium, model) = history(seed);
        for applied in [0, 5, model.written] {
            let (taken, is_lossy) = repair(&medium, &model, applied);
            assert_eq!((taken.last.0, is_lossy), (model.written, false));
        }
    }
}

#[test]
fn a_bad_frame_costs_the_commits_from_it_on_and_no_other() {
    let (medium, model) = history(3);
    for (name, at, _, header) in frames(&medium) {
        let damaged = medium.kill();
        assert!(damaged.flip_bit(&name, at + 40, 3));
        let (taken, is_lossy) = repair(&damaged, &model, 0);
        if header.kind == FrameKind::Commits {
            let before = model.appended.range(..header.first.0).next_back();
            assert_eq!(taken.last.0, before.map_or(0, |(last, _)| *last), "{header:?}");
            assert!(is_lossy, "{header:?}");
        } else if header.kind != FrameKind::Opened {
            assert_eq!((taken.last.0, is_lossy), (model.written, false), "{header:?}");
        }
    }
}

#[test]
fn a_bad_frame_that_the_tables_do_not_need_costs_nothing() {
    let (medium, model) = history(5);
    let all = frames(&medium);
    let ends = all.iter().filter(|(.., header)| header.has_commits());
    let applied = ends.map(|(.., header)| header.last.0).nth(17).unwrap();
    for (name, at, _, header) in all {
        let damaged = medium.kill();
        assert!(damaged.flip_bit(&name, at + 40, 3));
        let (taken, is_lossy) = repair(&damaged, &model, applied);
        assert!(taken.last.0 >= applied);
        if header.has_commits() && header.last.0 <= applied {
            assert_eq!((taken.last.0, is_lossy), (model.written, false), "{header:?}");
        }
    }
}

#[test]
fn whatever_is_damaged_what_is_taken_is_a_prefix() {
    let mut rng = SplitMix64::new(11);
    for seed in 0..60 {
        let (medium, model) = history(seed % 5);
        let all = frames(&medium);
        for _ in 0..=rng.below(3) {
            let (name, at, span, _) = &all[usize::try_from(rng.below(all.len() as u64)).unwrap()];
            match rng.below(6) {
                0 => drop(medium.remove(name)),
                1 => drop(medium.zero(name, *at, *span)),
                2 => drop(medium.zero(name, 0, *at + 512)),
                _ => drop(medium.flip_bit(name, at + rng.below(*span), 5)),
            }
        }
        let ends: Vec<u64> = model.appended.keys().copied().collect();
        let applied = match rng.below(3) {
            0 => 0,
            _ => ends[usize::try_from(rng.below(ends.len() as u64)).unwrap()],
        };
        repair(&medium, &model, applied);
    }
}

#[test]
fn a_log_that_does_not_reach_back_is_told_from_one_that_does() {
    let (medium, _) = history(2);
    let first = medium.list().unwrap().into_iter().find(|name| is_segment(name)).unwrap();
    assert!(Salvage::examine(&medium, &STORE, Sequence(0)).unwrap().taken().reaches_back);
    medium.remove(&first).unwrap();
    let salvage = Salvage::examine(&medium, &STORE, Sequence(0)).unwrap();
    assert!(!salvage.taken().reaches_back);
    assert_eq!((salvage.taken().commits, salvage.lost().unwrap().first), (0, Sequence(1)));
}

#[test]
fn who_made_a_commit_is_known_in_the_new_log_too() {
    let mut run = Run::new(9);
    let session = |number| groundsill_log::Session {
        number,
        user: b"ann",
        client: b"shop",
        address: b"10.0.0.7:40112",
        protocol: b"resp3",
    };
    let mut group = run.group(1, 50);
    group.push_session(&session(1));
    group.push_session(&session(2));
    run.log.append(&mut group).unwrap();
    run.appended(group.next());
    let applied = run.model.written;
    run.append(3, 50).unwrap();
    run.sync().unwrap();
    let heir = SimulatedMedium::new(1);
    let salvage = Salvage::examine(&run.medium, &STORE, Sequence(applied)).unwrap();
    salvage.write(&heir, &HEIR, &mut |_| ()).unwrap();
    let mut sessions = Sessions::default();
    for frame in dump(&heir, &HEIR).unwrap() {
        let frame = frame.unwrap();
        sessions.frame(&frame);
        frame.records().for_each(|record| sessions.record(&record.unwrap()));
        if frame.header().has_commits() {
            assert_eq!(sessions.get(2).unwrap().user, b"ann");
        }
    }
}
