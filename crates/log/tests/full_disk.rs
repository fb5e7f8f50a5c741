//! Opens on a disk that is full or nearly so: nothing acknowledged is lost, and where there is a place left
//! for one frame, the open finds it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod harness;

use std::time::Duration;

use base::rng::SplitMix64;
use base::{Event, Kind, Sequence};
use groundsill_log::medium::{Fault, Operation, Outcome};
use groundsill_log::{Error, Free, Log, Medium, SimulatedMedium};
use harness::{Model, Run, commits, frames_in, is_segment};

const NOTHING: Free = Free { bytes: 0, inodes: 4 };
const PLENTY: Free = Free { bytes: 1 << 30, inodes: 1 << 10 };

fn segments(medium: &SimulatedMedium) -> Vec<String> {
    medium.list().unwrap().into_iter().filter(|name| is_segment(name)).collect()
}

/// Appends and syncs what is admitted within the room of the log, as deletes are.
fn append_while_admitted(run: &mut Run, most: u64) -> u64 {
    let mut appended = 0;
    while appended < most {
        let bytes = run.rng.below(1_500);
        if !run.log.room().admits_release(bytes + 1_500, 0) {
            break;
        }
        run.append(1, bytes).unwrap();
        run.sync().unwrap();
        appended += 1;
    }
    appended
}

#[test]
fn a_store_that_is_started_over_and_over_on_a_full_disk_takes_nothing_more_of_it() {
    for end in ["killed", "cut off", "stopped"] {
        let mut run = Run::new(1);
        run.settle();
        run.append(2, 3_000).unwrap();
        run.sync().unwrap();
        let mut files = Vec::new();
        for start in 0..40 {
            let medium = match end {
                "cut off" => run.medium.crash(start),
                _ => run.medium.kill(),
            };
            medium.set_free(Free { bytes: 0, inodes: 0 });
            run = Run::open(medium, run.model, start).unwrap();
            run.maintain(Duration::from_millis(1)).unwrap();
            if end == "stopped" {
                run.log.close().unwrap();
            }
            files.push(segments(&run.medium));
        }
        assert_eq!(files[1], files[39], "{end}: after the first start it takes no more segments");
        assert_eq!(run.recovered.last, Sequence(2));
        assert_eq!(run.recovered.open, 41);
        assert_eq!(run.events.count(|e| matches!(e, Event::Poisoned { .. })), 0);
    }
}

#[test]
fn where_no_segment_stands_by_the_last_one_gives_back_what_it_does_not_use() {
    let mut run = Run::new(1);
    run.append(1, 5_000).unwrap();
    run.sync().unwrap();
    assert_eq!(segments(&run.medium).len(), 1, "nothing stands by");
    run.medium.set_free(NOTHING);
    let mut starts = 0;
    loop {
        let killed = run.medium.kill();
        run = match Run::open(killed.clone(), run.model.clone(), starts) {
            Ok(run) => run,
            Err(error) => {
                assert!(matches!(error, Error::Full { .. }) && error.kind() == Kind::Limit);
                assert!(error.to_string().contains("free a few MiB"), "{error}");
                killed.set_free(PLENTY);
                Run::open(killed, run.model, starts).unwrap();
                break;
            }
        };
        // What is committed in between keeps the segment from being begun once more.
        run.append(1, 10).unwrap();
        run.sync().unwrap();
        starts += 1;
    }
    assert!(starts >= 2, "{starts} starts, each with a commit");
}

/// A log lives on a disk that is full now and then, and at every start.
fn live(seed: u64, totals: &mut [u64; 4]) {
    let mut chance = SplitMix64::new(seed);
    let mut run = Run::new(seed);
    for life in 0..8 {
        if chance.one_in(3) {
            run.medium.set_free(PLENTY);
            run.append_any().unwrap();
        }
        if chance.one_in(3) {
            run.settle();
        }
        let left = if chance.one_in(2) { 0 } else { chance.below(40_000) };
        run.medium.set_free(Free { bytes: left, ..NOTHING });
        run.maintain(Duration::from_millis(1)).unwrap();
        let most = chance.below(6);
        totals[0] += append_while_admitted(&mut run, most);
        match chance.below(4) {
            0 => run.log.close().unwrap(),
            1 => run.maintain(Duration::from_millis(20)).unwrap(),
            _ => {}
        }
        let medium = if chance.one_in(2) { run.medium.crash(seed) } else { run.medium.kill() };
        let left = if chance.one_in(2) { 0 } else { chance.below(20_000) };
        medium.set_free(Free { bytes: left, ..NOTHING });
        // A process that dies on the way, at any step of it.
        let halting = medium.kill();
        halting.halt_after(chance.below(30));
        let _halted = Run::open_unchecked(halting.clone(), run.model.clone(), seed);
        totals[1] += u64::from(halting.halted());
        let medium = if chance.one_in(2) { halting.crash(life) } else { medium };
        run = match Run::open(medium.kill(), run.model.clone(), seed + life) {
            Ok(opened) => {
                totals[2] += 1;
                opened
            }
            Err(Error::Full { .. }) => {
                totals[3] += 1;
                medium.set_free(PLENTY);
                Run::open(medium.kill(), run.model, seed + life).unwrap()
            }
            Err(error) => panic!("seed {seed}: {error:?}"),
        };
    }
}

#[test]
fn whatever_is_free_at_a_start_nothing_acknowledged_is_lost() {
    let mut totals = [0; 4];
    for seed in 0..400 {
        live(seed, &mut totals);
    }
    let [appended, halted, opened, full] = totals;
    println!("appended {appended}, halted {halted}, opened {opened}, too full to open {full}");
    assert!(appended > 2_000 && halted > 200 && opened > 2_900, "{totals:?}");
    // Where nothing stood by, and the last segment had grown without being filled in advance.
    assert!(full < opened / 8, "{totals:?}");
}

#[test]
fn a_torn_tail_that_the_disk_has_no_space_to_keep_a_copy_of_is_dropped_all_the_same() {
    let mut run = Run::new(1);
    run.settle();
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    run.append(1, 3_000).unwrap();
    let file = run.newest_segment();
    let place = frames_in(&run.medium.bytes(&file).unwrap())[2];
    assert!(run.medium.flip_bit(&file, place.0 + 90, 0));
    let torn = run.medium.bytes(&file).unwrap();
    let killed = run.medium.kill();
    killed.set_free(Free { bytes: 1_000, inodes: 4 });
    let opened = Run::open(killed.clone(), run.model.clone(), 1).unwrap();
    let dropped = opened.recovered.dropped.unwrap();
    assert_eq!((dropped.copy, dropped.offset), (None, place.0));
    assert_eq!(killed.subdirectory("torn").unwrap().list().unwrap(), Vec::<String>::new());
    assert_eq!(killed.bytes(&file).unwrap(), torn, "it is where it was");

    // A disk that fails in another way is not taken for a full one.
    let failing = run.medium.kill();
    let (operation, outcome) = (Operation::Create, Outcome::Fail);
    failing.inject(Fault { operation, nth: 1, times: 1, outcome });
    let error = Run::open(failing, run.model, 1).map(drop).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn a_start_below_what_the_disk_is_to_keep_free_takes_a_short_segment_at_the_most() {
    let mut run = Run::new(1);
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    let medium = run.medium.kill();
    medium.set_free(Free { bytes: 1 << 20, inodes: 100 });
    let mut bounded = harness::settings();
    bounded.segment_bytes = 256 * 1024;
    bounded.disk_free_bytes_min = 1 << 20;
    let (log, ..) = harness::open(&medium, bounded, Sequence::ZERO).unwrap();
    assert!(medium.free().unwrap().bytes >= (1 << 20) - 64 * 1024);
    assert_eq!(commits(&log, Sequence(1)).unwrap().len(), 1);
    while log.maintain(Duration::ZERO).unwrap() == groundsill_log::Upkeep::Again {}
    assert!(log.room().exhausted && !log.room().admits(1, 0));

    // With room again, what does not fit the short segment goes to a long one.
    medium.set_free(PLENTY);
    let mut now = Duration::ZERO;
    while log.room().exhausted || log.room().bytes < log.room().reserve {
        now += Duration::from_secs(1);
        log.maintain(now).unwrap();
    }
    let mut run = Run { log: log.into(), medium, next: Sequence::ZERO, ..run };
    run.next = run.log.read(Sequence(1)).unwrap().last().unwrap().unwrap().header().first;
    let before = segments(&run.medium).len();
    run.append(1, 100_000).unwrap();
    run.sync().unwrap();
    assert_eq!(segments(&run.medium).len(), before, "in one that stood by");
    Run::open(run.medium.crash(1), run.model, 1).unwrap();
}

#[test]
fn a_new_store_on_a_full_disk_is_refused_with_what_to_do() {
    let medium = SimulatedMedium::new(1);
    medium.set_free(Free { bytes: 100, inodes: 4 });
    let error = Run::open(medium.clone(), Model::default(), 1).map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Limit);
    medium.set_free(PLENTY);
    Run::open(medium.crash(1), Model::default(), 1).unwrap();
}

#[test]
fn where_a_segment_can_be_had_now_and_then_it_is_told_once_that_space_is_short() {
    let segment = harness::settings().segment_bytes;
    let mut run = Run::new(1);
    run.settle();
    let told = |run: &Run| {
        let short = run.events.count(|event| matches!(event, Event::LogSpaceExhausted { .. }));
        (short, run.events.count(|event| matches!(event, Event::LogSpaceReturned)))
    };
    let (mut times_short, mut times_back) = (0, 0);
    for round in 0..40 {
        run.medium.set_free(NOTHING);
        // As much as one segment holds.
        append_while_admitted(&mut run, segment / 1_500);
        run.maintain(Duration::from_millis(2_100)).unwrap();
        run.maintain(Duration::from_millis(1)).unwrap();
        if let Some(why) = run.log.shortage() {
            assert!(why.contains("0.0 MiB are free") && why.contains("the next segment"), "{why}");
            assert!(run.log.room().exhausted);
            times_short += 1;
        }
        // One, or all that are to stand by.
        let bytes = segment * if round % 2 == 0 { 1 } else { 5 } + 100;
        run.medium.set_free(Free { bytes, inodes: 100 });
        for _ in 0..10 {
            run.maintain(Duration::from_millis(200)).unwrap();
        }
        times_back += u32::from(!run.log.room().exhausted);
    }
    assert!(times_short > 10 && times_back > 5, "{times_short}, {times_back}");
    assert_eq!(told(&run), (1, 0));
    run.medium.set_free(PLENTY);
    for _ in 0..100 {
        run.maintain(Duration::from_millis(200)).unwrap();
    }
    assert_eq!((told(&run), run.log.shortage()), ((1, 1), None));
}

#[test]
fn what_others_are_to_find_free_is_not_taken_for_the_log() {
    let mut run = Run::new(1);
    run.append(1, 10).unwrap();
    run.sync().unwrap();
    run.medium.set_free(Free { bytes: 1 << 20, inodes: 100 });
    run.log.leave_free((1 << 20) - 1_000);
    run.maintain(Duration::from_millis(1)).unwrap();
    run.maintain(Duration::from_millis(1)).unwrap();
    let room = run.log.room();
    assert!(room.exhausted && room.beyond == 0, "{room:?}");
    let why = run.log.shortage().unwrap();
    assert!(why.contains("1.0 for flushes and compaction of the tables"), "{why}");
    run.log.leave_free(0);
    for _ in 0..20 {
        run.maintain(Duration::from_secs(1)).unwrap();
    }
    assert!(!run.log.room().exhausted);
}
