//! The faults that a log must survive, by their numbers in the catalogue of faults. Each prints what
//! really happened, and fails if what it is about did not.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod harness;

use std::sync::Arc;
use std::time::Duration;

use base::rng::SplitMix64;
use base::{Event, Kind, Sequence};
use groundsill_log::medium::{Fault, Operation, Outcome};
use groundsill_log::{Error, Log, Medium, SimulatedMedium};
use harness::{Model, Run, frames_in};
use parking_lot::Mutex;

/// One life of a log with everything in it: small and large groups, idle frames, upkeep, trimming, a
/// clean stop. Ends at the first failure, returning what the writers knew then.
fn life(medium: SimulatedMedium, mut model: Model, close: bool) -> Model {
    let Ok(mut run) = Run::open(medium, model.clone(), 11) else { return model };
    for step in 0..14 {
        let bytes = [60, 5_000, 700, 18_000][step % 4];
        let done = run
            .append(3, bytes)
            .and_then(|()| if step % 2 == 1 { run.sync() } else { Ok(()) })
            .and_then(|()| run.maintain(Duration::from_millis(300)));
        if done.is_err() {
            return run.model;
        }
        let trimmed = Sequence(run.model.acknowledged / 2);
        if run.log.trim(trimmed).is_err() {
            return run.model;
        }
    }
    if close && run.log.close().is_ok() {
        run.model.acknowledged = run.model.written;
    }
    model = run.model;
    model
}

#[test]
fn scenario_01_killed_at_every_step_of_a_life() {
    let whole = SimulatedMedium::new(1);
    let known = life(whole.clone(), Model::default(), true);
    assert_eq!(known.acknowledged, 42, "the life is lived to its end");
    let steps = whole.counts().total();
    let (mut killed, mut recovered, mut in_open, mut lost_unsynced) = (0, 0, 0, 0);
    for step in 0..=steps {
        let medium = SimulatedMedium::new(1);
        medium.halt_after(step);
        let model = life(medium.clone(), Model::default(), true);
        killed += u64::from(medium.halted());
        in_open += u64::from(model.written == 0);
        let run = Run::open(medium.kill(), model.clone(), step).unwrap();
        assert!(
            run.recovered.last.0 >= model.written,
            "step {step}: a kill takes nothing that was written"
        );
        recovered += run.recovered.last.0;
        for seed in 0..3 {
            let run = Run::open(medium.crash(seed), model.clone(), seed).unwrap();
            lost_unsynced += model.written.saturating_sub(run.recovered.last.0);
        }
    }
    println!(
        "steps {steps}, killed {killed}, in an open {in_open}, recovered {recovered}, \
         unsynced lost to power cuts {lost_unsynced}"
    );
    assert!(killed >= steps && in_open > 3 && recovered > 1_000 && lost_unsynced > 0);
}

/// A random life under `seed`, with a power cut at a random point, also in the middle of a sync,
/// three times in a row.
fn cut_three_times(seed: u64, totals: &mut Totals) -> Result<(), String> {
    let mut rng = SplitMix64::new(seed);
    let mut medium = SimulatedMedium::new(seed);
    let mut model = Model::default();
    for _cut in 0..3 {
        let opened = Run::open_unchecked(medium, model, rng.draw());
        let (mut run, checked) = opened.map_err(|error| format!("refused: {error}"))?;
        checked?;
        totals.dropped += u64::from(run.recovered.dropped.is_some());
        for _ in 0..2 + rng.below(25) {
            let done = match rng.below(8) {
                0..=3 => run.append_any(),
                4 => run.sync(),
                5 => run.sync_while_appending(),
                6 => run.maintain(Duration::from_millis(20)),
                _ => run.maintain(Duration::from_secs(2)),
            };
            done.map_err(|error| error.to_string())?;
        }
        let cut = if rng.one_in(3) { cut_in_sync(&run, rng.draw()) } else { None };
        totals.in_sync += u64::from(cut.is_some());
        let acknowledged = run.model.appended.range(..=run.model.acknowledged);
        totals.acknowledged += acknowledged.count() as u64;
        totals.operations += run.medium.counts().total();
        medium = cut.unwrap_or_else(|| run.medium.crash(rng.draw()));
        totals.cuts += 1;
        model = run.model;
    }
    let (run, checked) =
        Run::open_unchecked(medium, model, seed).map_err(|error| format!("refused: {error}"))?;
    totals.recovered += run.model.appended.len() as u64;
    checked
}

/// Cuts the power in the middle of a sync, if there is anything to sync.
fn cut_in_sync(run: &Run, seed: u64) -> Option<SimulatedMedium> {
    let cut = Arc::new(Mutex::new(None));
    let (place, disk) = (Arc::clone(&cut), run.medium.clone());
    run.medium.on_sync(move |_| {
        place.lock().get_or_insert_with(|| disk.crash(seed));
    });
    run.log.sync().unwrap();
    run.medium.on_sync(|_| {});
    cut.lock().take()
}

#[derive(Debug, Default)]
struct Totals {
    operations: u64,
    acknowledged: u64,
    recovered: u64,
    cuts: u64,
    in_sync: u64,
    dropped: u64,
}

#[test]
fn scenario_02_power_cuts_at_random_points() {
    let mut totals = Totals::default();
    for seed in 0..300 {
        if let Err(fault) = cut_three_times(seed, &mut totals) {
            panic!("seed {seed}: {fault}");
        }
    }
    println!("{totals:?}");
    assert!(totals.cuts == 900 && totals.operations > 10_000 && totals.recovered > 1_000);
    assert!(totals.acknowledged > 1_000 && totals.in_sync > 50 && totals.dropped > 50);
}

/// Zeroes each 4 KiB page that holds bytes of the frame at `place`, one at a time, each on a disk of
/// its own.
fn zeroed_pages(medium: &SimulatedMedium, file: &str, place: (u64, u64)) -> Vec<SimulatedMedium> {
    let (offset, len) = place;
    (offset / 4096..(offset + len).div_ceil(4096))
        .map(|page| {
            let start = (page * 4096).max(offset);
            let end = (page * 4096 + 4096).min(offset + len);
            let torn = medium.kill();
            assert!(torn.zero(file, start, end - start));
            torn
        })
        .collect()
}

#[test]
fn scenario_03_a_torn_unacknowledged_frame_is_dropped_and_good_ones_behind_it_too() {
    let (mut torn_pages, mut dropped_behind) = (0, 0);
    for behind in [false, true] {
        let mut run = Run::new(3);
        run.append(2, 600).unwrap();
        run.sync().unwrap();
        run.append(2, 9_000).unwrap();
        if behind {
            run.append(1, 100).unwrap();
        }
        let file = run.newest_segment();
        let place = frames_in(&run.medium.bytes(&file).unwrap())[2];
        assert!(place.1 > 8_192, "the frame takes several pages");
        for torn in zeroed_pages(&run.medium, &file, place) {
            let opened = Run::open(torn, run.model.clone(), 3).unwrap();
            assert_eq!(opened.recovered.last, Sequence(2), "what was acknowledged, no more");
            let dropped = opened.recovered.dropped.unwrap();
            assert_eq!((dropped.file, dropped.offset), (file.clone(), place.0));
            assert_eq!(opened.events.count(|e| matches!(e, Event::TornTailDropped { .. })), 1);
            torn_pages += 1;
            dropped_behind += u64::from(behind);
        }
    }
    println!("pages torn {torn_pages}, with good frames behind {dropped_behind}");
    assert!(torn_pages >= 6 && dropped_behind >= 3);
}

#[test]
fn scenario_03_a_torn_acknowledged_frame_is_refused() {
    let mut refused = 0;
    for vouched_by in ["the next frame", "an idle frame", "the high-water file"] {
        let mut run = Run::new(3);
        run.append(2, 9_000).unwrap();
        run.sync().unwrap();
        match vouched_by {
            "the next frame" => run.append(1, 100).unwrap(),
            "an idle frame" => {
                for _ in 0..4 {
                    run.maintain(Duration::from_millis(10)).unwrap();
                }
            }
            _ => run.maintain(Duration::from_secs(2)).unwrap(),
        }
        let file = run.newest_segment();
        let place = frames_in(&run.medium.bytes(&file).unwrap())[1];
        for torn in zeroed_pages(&run.medium, &file, place) {
            let before = torn.bytes(&file);
            let error = Run::open(torn.clone(), run.model.clone(), 3).map(drop).unwrap_err();
            let Error::Corrupt { file: named, offset, first, last, .. } = &error else {
                panic!("{vouched_by}: {error}");
            };
            assert_eq!((named, *offset), (&file, place.0));
            assert_eq!((*first, *last), (Sequence(1), Sequence(2)));
            assert_eq!(error.kind(), Kind::Corrupt);
            assert_eq!(torn.bytes(&file), before, "a refusal changes nothing");
            assert_eq!(torn.counts().total(), 0);
            refused += 1;
        }
    }
    println!("refused {refused}");
    assert!(refused >= 9);
}

#[test]
fn scenario_03_what_the_format_calls_ambiguous_is_dropped_with_a_word() {
    let mut run = Run::new(3);
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    let file = run.newest_segment();
    let place = frames_in(&run.medium.bytes(&file).unwrap())[1];
    let rotten = run.medium.kill();
    assert!(rotten.flip_bit(&file, place.0 + 90, 0));
    let (opened, checked) = Run::open_unchecked(rotten, run.model.clone(), 3).unwrap();
    assert!(checked.unwrap_err().starts_with("lost"), "nothing vouched for it but its reply");
    assert!(opened.recovered.dropped.is_some());
}

/// A log of several segments and opens, all of it vouched for.
fn long_log() -> Run {
    let mut run = Run::new(4);
    for round in 0..3 {
        for bytes in [100, 3_000, 200, 9_000, 300, 6_000] {
            run.append(2, bytes).unwrap();
            run.sync().unwrap();
            run.maintain(Duration::from_millis(10)).unwrap();
        }
        if round < 2 {
            if round == 0 {
                run.log.close().unwrap();
            }
            run = Run::open(run.medium.kill(), run.model, 5 + round).unwrap();
        }
    }
    run.settle();
    run
}

#[test]
fn scenario_04_a_flipped_bit_in_the_middle_is_refused_by_name_or_harmless() {
    let run = long_log();
    let (mut refused, mut harmless) = (0u64, 0u64);
    let names = run.medium.list().unwrap();
    let segments: Vec<&String> = names.iter().filter(|name| harness::is_segment(name)).collect();
    for file in &segments {
        let bytes = run.medium.bytes(file).unwrap();
        for (offset, span) in frames_in(&bytes) {
            let (header, _) =
                groundsill_log::frame::decode(&bytes[usize::try_from(offset).unwrap()..]).unwrap();
            let used = 80 + u64::from(header.payload_bytes);
            let in_header = 0..80;
            let in_payload = (80..used).step_by(if used < 400 { 3 } else { 97 });
            let in_padding = used..(used + 1).min(span);
            for at in in_header.chain(in_payload).chain(in_padding) {
                let rotten = run.medium.kill();
                assert!(rotten.flip_bit(file, offset + at, (at % 8) as u8));
                match Run::open(rotten, run.model.clone(), at) {
                    Ok(opened) => {
                        assert_eq!(opened.recovered.last.0, run.model.acknowledged);
                        harmless += 1;
                    }
                    Err(Error::Corrupt { file: named, offset: place, reason, .. }) => {
                        let exact = (&named, place) == (*file, offset);
                        let led_to = offset == 0;
                        assert!(exact || led_to, "{file} {offset}+{at}: {named} {place} {reason}");
                        refused += 1;
                    }
                    Err(other) => panic!("{file} {offset}+{at}: {other}"),
                }
            }
        }
    }
    println!("segments {}, refused {refused}, harmless {harmless}", segments.len());
    assert!(segments.len() >= 6 && refused > 2_000 && harmless > 10);
}

#[test]
fn scenario_04_a_flipped_bit_in_the_high_water_file_costs_one_slot() {
    let run = long_log();
    for at in (0..48).chain(512..560) {
        let rotten = run.medium.kill();
        assert!(rotten.flip_bit("high-water", at, 3));
        let opened = Run::open(rotten, run.model.clone(), at).unwrap();
        assert_eq!(opened.recovered.last.0, run.model.acknowledged);
    }
    let rotten = run.medium.kill();
    assert!(rotten.flip_bit("high-water", 20, 3) && rotten.flip_bit("high-water", 532, 3));
    let error = Run::open(rotten, run.model.clone(), 0).map(drop).unwrap_err();
    assert!(matches!(error, Error::Corrupt { file, .. } if file == "high-water"));
}

#[test]
fn scenario_04_a_segment_that_is_gone_is_refused() {
    let run = long_log();
    let names = run.medium.list().unwrap();
    let written = names
        .iter()
        .filter(|name| run.medium.bytes(name).is_some_and(|bytes| bytes.starts_with(b"GSFR")));
    let mut refused = 0;
    for file in written {
        let gone = run.medium.kill();
        gone.remove(file).unwrap();
        let error = Run::open(gone, run.model.clone(), 0).map(drop).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt, "{file}: {error}");
        refused += 1;
    }
    assert!(refused >= 5);
}

#[test]
fn scenario_06_a_sync_that_fails_once_ends_the_log_and_leaves_all_or_nothing() {
    let (mut all, mut nothing) = (0, 0);
    for seed in 0..60 {
        let mut run = Run::new(seed);
        run.append(2, 300).unwrap();
        run.sync().unwrap();
        run.append(3, 3_000).unwrap();
        let fault = Fault { operation: Operation::Sync, nth: 1, times: 1, outcome: Outcome::Fail };
        run.medium.inject(fault);
        assert_eq!(run.sync().unwrap_err().kind(), Kind::Closed);
        assert_eq!(run.medium.faults_struck(), 1);
        assert!(
            matches!(run.log.sync(), Err(Error::Poisoned { .. })),
            "a second sync is not believed"
        );
        assert!(matches!(run.append(1, 10), Err(Error::Poisoned { .. })));
        run.model.appended.split_off(&6);
        assert!(matches!(run.log.maintain(Duration::ZERO), Err(Error::Poisoned { .. })));
        assert!(matches!(run.log.close(), Err(Error::Poisoned { .. })));
        assert_eq!(run.events.count(|e| matches!(e, Event::Poisoned { .. })), 1);

        let restarted = Run::open(run.medium.kill(), run.model.clone(), seed).unwrap();
        assert_eq!(restarted.recovered.last, Sequence(5), "the caches still show it");
        let after_cut = restarted.medium.crash(seed);
        let reopened = Run::open(after_cut, restarted.model.clone(), seed).unwrap();
        assert_eq!(reopened.recovered.last, Sequence(5), "what an open showed stays");
        all += 1;

        let cut = Run::open(run.medium.crash(seed), run.model.clone(), seed).unwrap();
        assert!(matches!(cut.recovered.last, Sequence(2 | 5)));
        nothing += u64::from(cut.recovered.last == Sequence(2));
    }
    println!("all there {all}, all absent {nothing}");
    assert!(all == 60 && nothing > 10);
}

#[test]
fn scenario_08_stopped_during_recovery_ten_times_in_a_row() {
    let (mut stopped, mut torn, mut opens) = (0, 0, 0);
    for seed in 0..120 {
        let mut rng = SplitMix64::new(seed);
        let mut run = Run::new(seed);
        for _ in 0..4 {
            run.append_any().unwrap();
            run.sync().unwrap();
        }
        run.maintain(Duration::from_secs(2)).unwrap();
        for _ in 0..3 {
            run.append_any().unwrap();
        }
        let mut model = run.model;
        let mut medium = run.medium.crash(seed);
        for _attempt in 0..10 {
            medium.halt_after(rng.below(20));
            match Run::open(medium.clone(), model.clone(), seed) {
                Ok(opened) => {
                    opens += 1;
                    torn += u64::from(opened.recovered.dropped.is_some());
                    model = opened.model;
                }
                Err(error) => {
                    assert!(medium.halted(), "seed {seed}: {error}");
                    stopped += 1;
                }
            }
            medium = if rng.one_in(2) { medium.crash(rng.draw()) } else { medium.kill() };
        }
        let opened = Run::open(medium.clone(), model, seed).unwrap();
        torn += u64::from(opened.recovered.dropped.is_some());
        let left = medium.list().unwrap().len();
        assert!(left < 30, "seed {seed}: recovery leaves files behind: {left}");
    }
    println!("stopped {stopped}, opened {opens}, tails dropped {torn}");
    assert!(stopped > 300 && opens > 100 && torn > 30);
}
