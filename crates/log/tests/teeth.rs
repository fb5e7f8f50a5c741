//! The checks that the scenarios rest on, each seen to catch what it is there for: a medium that
//! lies, a writer that acknowledges too early, frames that are sound but do not belong.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod harness;

use base::Sequence;
use base::rng::SplitMix64;
use groundsill_log::medium::{Fault, Operation, Outcome};
use groundsill_log::{Error, Log, Medium, SimulatedMedium};
use harness::{Model, Run, frames_in};

/// Lives a little under `seed`, acknowledging as `acknowledge` does, then cuts the power; returns
/// what the check says.
fn verdict(
    seed: u64,
    prepare: impl Fn(&Run),
    acknowledge: impl Fn(&mut Run),
) -> Result<(), String> {
    let mut run = Run::new(seed);
    prepare(&run);
    for _ in 0..6 {
        run.append_any().unwrap();
        acknowledge(&mut run);
    }
    let reopened = Run::open_unchecked(run.medium.crash(seed), run.model, seed);
    reopened.map_or_else(|refused| Err(refused.to_string()), |(_, checked)| checked)
}

#[test]
fn a_sync_that_lies_is_caught() {
    let lie = |run: &Run| {
        let (operation, outcome) = (Operation::Sync, Outcome::Lie);
        run.medium.inject(Fault { operation, nth: 1, times: u64::MAX, outcome });
    };
    let honest = |run: &mut Run| run.sync().unwrap();
    let caught = (0..40).filter(|seed| verdict(*seed, lie, honest).is_err()).count();
    assert!(caught > 30, "{caught} of 40");
    assert!((0..40).all(|seed| verdict(seed, |_| {}, honest).is_ok()), "and nothing else is");
}

#[test]
fn a_reply_before_the_sync_is_caught() {
    let hasty = |run: &mut Run| run.model.acknowledged = run.model.written;
    let caught = (0..40).filter(|seed| verdict(*seed, |_| {}, hasty).is_err()).count();
    assert!(caught > 30, "{caught} of 40");
}

#[test]
fn a_value_that_is_altered_is_caught() {
    let mut run = Run::new(1);
    run.append(2, 100).unwrap();
    run.sync().unwrap();
    run.model.appended.get_mut(&1).unwrap()[0] ^= 1;
    let (_, checked) = Run::open_unchecked(run.medium.kill(), run.model, 1).unwrap();
    assert_eq!(checked, Err("altered: 1".to_owned()));
}

/// Overwrites bytes of a file as a misdirected write would.
fn overwrite(medium: &SimulatedMedium, file: &str, offset: u64, bytes: &[u8]) {
    medium.open(file).unwrap().write_at(offset, bytes).unwrap();
}

/// Two logs with the same past: in each, the same sequences hold different commits.
fn twins() -> (Run, Run) {
    let mut run = Run::new(9);
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    let mut one = Run::open(run.medium.kill(), run.model.clone(), 1).unwrap();
    let mut other = Run::open(run.medium.kill(), run.model, 2).unwrap();
    for twin in [&mut one, &mut other] {
        for _ in 0..3 {
            twin.append(1, 100).unwrap();
            twin.sync().unwrap();
        }
    }
    (one, other)
}

#[test]
fn a_sound_frame_of_another_past_does_not_pass_for_the_next() {
    let (one, other) = twins();
    let file = one.newest_segment();
    let (ours, theirs) = (one.medium.bytes(&file).unwrap(), other.medium.bytes(&file).unwrap());
    let place = frames_in(&ours)[2];
    assert_eq!(place, frames_in(&theirs)[2]);
    let range = usize::try_from(place.0).unwrap()..usize::try_from(place.0 + place.1).unwrap();
    overwrite(&one.medium, &file, place.0, &theirs[range]);
    let error = Run::open(one.medium.kill(), one.model, 9).map(drop).unwrap_err();
    assert!(matches!(error, Error::Corrupt { offset, .. } if offset == place.0), "{error}");
}

#[test]
fn a_frame_written_to_the_wrong_place_is_refused() {
    let mut run = Run::new(9);
    for _ in 0..4 {
        run.append(1, 100).unwrap();
        run.sync().unwrap();
    }
    let file = run.newest_segment();
    let bytes = run.medium.bytes(&file).unwrap();
    let frames = frames_in(&bytes);
    let (from, to) = (frames[1], frames[2]);
    let range = usize::try_from(from.0).unwrap()..usize::try_from(from.0 + from.1).unwrap();
    overwrite(&run.medium, &file, to.0, &bytes[range]);
    let error = Run::open(run.medium.kill(), run.model, 9).map(drop).unwrap_err();
    assert!(matches!(error, Error::Corrupt { offset, .. } if offset == to.0), "{error}");
}

#[test]
fn damage_before_a_later_open_is_refused_even_if_no_commit_is_missing() {
    let mut run = Run::new(9);
    run.append(2, 100).unwrap();
    run.sync().unwrap();
    run.log.close().unwrap();
    let file = run.newest_segment();
    let closed = *frames_in(&run.medium.bytes(&file).unwrap()).last().unwrap();
    let second = Run::open(run.medium.kill(), run.model, 9).unwrap();
    assert!(second.medium.flip_bit(&file, closed.0 + 60, 1));
    let error = Run::open(second.medium.kill(), second.model, 9).map(drop).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[test]
fn records_that_do_not_decode_under_a_right_checksum_are_no_torn_tail() {
    let mut run = Run::new(9);
    run.append(1, 100).unwrap();
    let file = run.newest_segment();
    let bytes = run.medium.bytes(&file).unwrap();
    let place = frames_in(&bytes)[1];
    let start = usize::try_from(place.0).unwrap();
    let (header, payload) = groundsill_log::frame::decode(&bytes[start..]).unwrap();
    let end = start + 80 + payload.len();
    assert_eq!(header.kind, groundsill_log::FrameKind::Commits);
    let mut altered = bytes[start..end].to_vec();
    altered[80] = 99;
    let checksum = crc32c::crc32c(&altered[8..]);
    altered[4..8].copy_from_slice(&checksum.to_le_bytes());
    overwrite(&run.medium, &file, place.0, &altered);
    let error = Run::open(run.medium.kill(), run.model, 9).map(drop).unwrap_err();
    assert!(matches!(error, Error::Corrupt { offset, .. } if offset == place.0), "{error}");
}

#[test]
fn nothing_that_is_dropped_is_removed_before_the_new_segment_is_there() {
    let mut run = Run::new(9);
    run.append(1, 3_000).unwrap();
    run.sync().unwrap();
    let first = run.newest_segment();
    run.append(1, 3_000).unwrap();
    for _ in 0..4 {
        run.append(1, 7_000).unwrap();
    }
    let place = frames_in(&run.medium.bytes(&first).unwrap())[2];
    assert!(run.medium.flip_bit(&first, place.0 + 90, 1));
    let written = |medium: &SimulatedMedium| {
        let names = medium.list().unwrap().into_iter();
        names.filter(|name| medium.bytes(name).unwrap().starts_with(b"GSFR")).collect::<Vec<_>>()
    };
    let before = written(&run.medium);
    assert!(before.len() >= 3, "the tail takes several segments");
    let (mut not_yet, mut done) = (0, 0);
    for steps in 0..60 {
        let medium = run.medium.kill();
        medium.halt_after(steps);
        let opened = Run::open(medium.clone(), run.model.clone(), 9);
        let after = written(&medium);
        if after.last() == before.last() {
            assert_eq!(after, before, "after {steps} steps");
            not_yet += 1;
        }
        if opened.is_ok() {
            assert_eq!(after.len(), 2, "what was kept, and the new one");
            done += 1;
        }
    }
    assert!(not_yet > 5 && done > 5, "{not_yet} {done}");
}

#[test]
fn tables_that_are_ahead_of_the_log_vouch_for_what_is_missing() {
    let mut run = Run::new(9);
    run.append(2, 100).unwrap();
    run.sync().unwrap();
    let file = run.newest_segment();
    let place = frames_in(&run.medium.bytes(&file).unwrap())[1];
    let rotten = run.medium.kill();
    assert!(rotten.flip_bit(&file, place.0 + 100, 1));
    let error = harness::open(&rotten, harness::settings(), Sequence(2)).map(drop).unwrap_err();
    assert!(matches!(error, Error::Corrupt { last: Sequence(2), .. }), "{error}");
}

#[test]
fn the_same_seed_leaves_the_same_disk() {
    let disk = |seed| {
        let mut run = Run::new(seed);
        for _ in 0..8 {
            run.append_any().unwrap();
            run.sync_while_appending().unwrap();
        }
        let crashed = run.medium.crash(seed);
        let names = crashed.list().unwrap();
        names.into_iter().map(|name| (crashed.bytes(&name), name)).collect::<Vec<_>>()
    };
    assert_eq!(disk(5), disk(5));
    assert_ne!(disk(5), disk(6));
}

#[test]
fn a_power_cut_never_takes_what_was_synced_and_takes_some_of_the_rest() {
    let (mut whole, mut torn, mut absent) = (0, 0, 0);
    for seed in 0..200 {
        let medium = SimulatedMedium::new(seed);
        let file = medium.create("file").unwrap();
        medium.sync().unwrap();
        file.write_at(0, &[1; 8192]).unwrap();
        file.sync().unwrap();
        let mut rng = SplitMix64::new(seed);
        file.write_at(4096 + rng.below(8) * 512, &[2; 1024]).unwrap();
        let after = medium.crash(seed).bytes("file").unwrap();
        assert_eq!(after[..4096], [1; 4096]);
        match after.split(|byte| *byte != 2).map(<[u8]>::len).sum::<usize>() {
            1024 => whole += 1,
            0 => absent += 1,
            part => {
                assert_eq!(part % 512, 0);
                torn += 1;
            }
        }
    }
    assert!(whole > 20 && torn > 5 && absent > 20, "{whole} {torn} {absent}");
    assert!(Model::default().check(&std::collections::BTreeMap::new(), 0).is_ok());
}
