//! A log in files, door by door.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod harness;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use base::{Event, Generation, Kind, Sequence, StoreId, StoreTime};
use groundsill_log::medium::{Fault, Operation, Outcome};
use groundsill_log::{
    Directory, Error, Extent, FileLog, Free, Group, Log, Medium, Record, Session, Sessions,
    Settings, SimulatedMedium, Upkeep, dump, record, verify,
};
use harness::{Events, Model, Run, STORE, commits, frames_in, open, settings};

fn session(number: u64, user: &[u8]) -> Session<'_> {
    Session { number, user, client: b"shop", address: b"10.0.0.7:40112", protocol: b"resp3" }
}

#[test]
fn a_group_that_does_not_begin_where_the_log_goes_on_is_fenced() {
    let mut run = Run::new(1);
    run.append(2, 50).unwrap();
    for first in [0, 2, 4] {
        let mut group = Group::new(Sequence(first), StoreTime(1));
        group.push_commit(StoreTime(1), 0, 0, 0, b"");
        let error = run.log.append(&mut group).unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert!(matches!(error, Error::Fenced { expected: Sequence(3), .. }));
    }
    run.append(1, 50).unwrap();
    assert_eq!(run.events.count(|e| matches!(e, Event::Poisoned { .. })), 0);
}

#[test]
fn an_append_is_one_write_and_a_sync_one_sync() {
    let mut run = Run::new(1);
    run.append(1, 50).unwrap();
    run.sync().unwrap();
    let before = run.medium.counts();
    run.append(5, 900).unwrap();
    assert_eq!(run.medium.counts().total() - before.total(), 1);
    assert_eq!(run.medium.counts().writes - before.writes, 1);
    run.sync().unwrap();
    run.sync().unwrap();
    assert_eq!(run.medium.counts().syncs - before.syncs, 1, "nothing to sync is not synced");
    assert_eq!(run.medium.counts().total() - before.total(), 2);
}

#[test]
fn a_segment_is_synced_before_what_is_behind_it_counts_as_durable() {
    let mut run = Run::new(1);
    run.settle();
    for _ in 0..4 {
        run.append(1, 7_000).unwrap();
    }
    let before = run.medium.counts();
    let rotated = run.events.count(|e| matches!(e, Event::SegmentStarted { .. }));
    assert!(rotated >= 2, "the test is about several segments");
    run.sync().unwrap();
    assert_eq!(run.medium.counts().syncs - before.syncs, rotated as u64);
}

#[test]
fn a_group_longer_than_a_segment_gets_one_of_its_own_size() {
    let mut run = Run::new(1);
    run.settle();
    run.append(1, 100).unwrap();
    run.append(1, 50_000).unwrap();
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    let run = Run::open(run.medium.crash(3), run.model, 1).unwrap();
    assert_eq!(run.recovered.last, Sequence(3));
    let files = run.medium.list().unwrap();
    assert!(files.iter().any(|name| run.medium.bytes(name).unwrap().len() > 50_000));
}

#[test]
fn replay_gives_what_is_above_applied_and_nothing_below_it() {
    let mut run = Run::new(2);
    for _ in 0..6 {
        run.append(3, 4_000).unwrap();
    }
    run.sync().unwrap();
    for applied in 0..=18 {
        let (log, recovered, _) = open(&run.medium.kill(), settings(), Sequence(applied)).unwrap();
        assert_eq!(recovered.last, Sequence(18));
        let found = commits(&log, Sequence(applied + 1)).unwrap();
        assert!(found.keys().copied().eq(applied + 1..=18), "{applied}");
        for frame in log.read(Sequence(applied + 1)).unwrap() {
            let frame = frame.unwrap();
            assert!(frame.first().0 > applied, "a frame begins with what it gives");
        }
        assert!(log.bytes_after(Sequence(applied)) >= found.len() as u64 * 1_000);
        assert_eq!(log.bytes_after(Sequence(18)), 0);
    }
}

#[test]
fn a_clean_stop_leaves_no_gap_and_an_unclean_one_does() {
    let mut run = Run::new(2);
    run.append(3, 100).unwrap();
    run.log.close().unwrap();
    assert!(matches!(run.append(1, 10), Err(Error::Closed)));
    run.model.appended.split_off(&4);
    assert!(run.log.close().is_ok(), "closing twice is closing once");
    assert!(matches!(run.log.maintain(Duration::ZERO), Ok(Upkeep::At(_))), "nothing is left to do");
    let mut run = Run::open(run.medium.crash(1), run.model, 2).unwrap();
    assert!(run.recovered.clean);
    assert_eq!((run.recovered.next, run.recovered.open), (Sequence(4), 2));
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    let run = Run::open(run.medium.crash(1), run.model, 2).unwrap();
    assert!(!run.recovered.clean);
    assert_eq!(run.recovered.next, Sequence(4 + (1 << 24)));
}

#[test]
fn generations_and_time_go_on_from_the_highest_that_was_seen() {
    let medium = SimulatedMedium::new(1);
    let (log, recovered, _) = open(&medium, settings(), Sequence::ZERO).unwrap();
    assert_eq!((recovered.generations, recovered.time), (Generation(0), StoreTime(1_000)));
    let mut group = Group::new(recovered.next, StoreTime(5_000));
    group.set_generations(Generation(77));
    group.push_commit(StoreTime(9_000), 0, 0, 0, b"");
    log.append(&mut group).unwrap();
    let (_, recovered, _) = open(&medium.kill(), settings(), Sequence::ZERO).unwrap();
    assert_eq!((recovered.generations, recovered.time), (Generation(77), StoreTime(9_000)));
}

#[test]
fn an_idle_log_says_how_far_it_is_durable_after_5_ms_and_once() {
    let mut run = Run::new(1);
    run.settle();
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    let file = run.newest_segment();
    let frames = |run: &Run| frames_in(&run.medium.bytes(&file).unwrap()).len();
    let before = frames(&run);
    run.maintain(Duration::from_millis(100)).unwrap();
    assert_eq!(frames(&run), before, "the log has just been seen to change");
    run.maintain(Duration::from_millis(4)).unwrap();
    assert_eq!(frames(&run), before);
    run.maintain(Duration::from_millis(1)).unwrap();
    assert_eq!(frames(&run), before + 1);
    run.maintain(Duration::from_secs(5)).unwrap();
    assert_eq!(frames(&run), before + 1);
}

#[test]
fn the_high_water_file_is_synced_at_most_once_a_second() {
    let mut run = Run::new(1);
    run.settle();
    let before = run.medium.bytes("high-water");
    let (mut changed, mut last) = (0, before);
    for _ in 0..300 {
        run.append(1, 10).unwrap();
        run.sync().unwrap();
        run.now += Duration::from_millis(10);
        while run.log.maintain(run.now).unwrap() == Upkeep::Again {}
        let bytes = run.medium.bytes("high-water");
        changed += u64::from(bytes != last);
        last = bytes;
    }
    let segments = run.events.count(|e| matches!(e, Event::SegmentStarted { .. })) as u64;
    assert!(
        (3..=4 + segments).contains(&changed),
        "{changed} in three seconds, {segments} segments"
    );
}

#[test]
fn history_stays_within_its_bounds_and_what_is_needed_stays() {
    let mut bounded = settings();
    bounded.history_bytes = 40_000;
    let medium = SimulatedMedium::new(1);
    let (log, _, events) = open(&medium, bounded, Sequence::ZERO).unwrap();
    let mut run = Run { log: Arc::new(log), events, medium, ..Run::new(1) };
    for _ in 0..20 {
        run.append(1, 7_000).unwrap();
        run.sync().unwrap();
        run.settle();
    }
    assert_eq!(run.events.count(|e| matches!(e, Event::SegmentRemoved { .. })), 0, "all is needed");
    run.log.trim(Sequence(15)).unwrap();
    run.now += Duration::from_secs(1);
    run.settle();
    assert!(run.events.count(|e| matches!(e, Event::SegmentRemoved { .. })) >= 4);
    let oldest = run.log.oldest();
    assert!((Sequence(2)..=Sequence(15)).contains(&oldest), "{oldest}");
    let error = run.log.read(Sequence(1)).map(drop).unwrap_err();
    assert!(matches!(error, Error::Trimmed { oldest: told } if told == oldest));
    assert_eq!(commits(&run.log, Sequence(16)).unwrap().len(), 5);
    let (log, recovered, _) = open(&run.medium.crash(1), settings(), Sequence(15)).unwrap();
    assert_eq!((recovered.last, log.oldest()), (Sequence(20), oldest));
    let error = open(&run.medium.crash(1), settings(), Sequence(1)).map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "what applied asks for is gone: {error}");
}

#[test]
fn history_past_its_age_goes() {
    let mut bounded = settings();
    bounded.history_age_ms = 1_000;
    let medium = SimulatedMedium::new(1);
    let (log, recovered, events) = open(&medium, bounded, Sequence::ZERO).unwrap();
    let mut next = recovered.next;
    for second in 0..20 {
        let time = StoreTime(10_000 + second * 1_000);
        let mut group = Group::new(next, time);
        let mut changes = Vec::new();
        record::put(&mut changes, b"key", &[1; 7_000]);
        group.push_commit(time, 0, 0, 0, &changes);
        next = group.next();
        log.append(&mut group).unwrap();
        log.trim(log.sync().unwrap()).unwrap();
        let now = Duration::from_secs(second);
        while log.maintain(now).unwrap() == Upkeep::Again {}
    }
    assert!(events.count(|e| matches!(e, Event::SegmentRemoved { .. })) >= 5);
    assert_eq!(commits(&log, next).unwrap().len(), 0);
}

#[test]
fn opens_without_commits_do_not_pile_up_segments() {
    let mut bounded = settings();
    bounded.history_bytes = 0;
    let mut run = Run::new(1);
    run.append(1, 100).unwrap();
    run.log.close().unwrap();
    let medium = run.medium.kill();
    for _ in 0..12 {
        let (log, recovered, _) = open(&medium, bounded.clone(), Sequence(1)).unwrap();
        assert!(recovered.clean && recovered.next == Sequence(2));
        for second in 0..10 {
            while log.maintain(Duration::from_secs(second)).unwrap() == Upkeep::Again {}
        }
        log.close().unwrap();
    }
    assert!(medium.list().unwrap().len() < 10, "{:?}", medium.list());
}

#[test]
fn a_full_disk_refuses_room_before_a_write_and_gives_it_back_after() {
    for by in ["space", "the operator's minimum", "inodes", "making", "naming"] {
        let mut bounded = settings();
        bounded.disk_free_bytes_min = 100_000;
        let medium = SimulatedMedium::new(1);
        let (log, _, events) = open(&medium, bounded, Sequence::ZERO).unwrap();
        let plenty = Free { bytes: 1 << 30, inodes: 1 << 10 };
        while log.maintain(Duration::ZERO).unwrap() == Upkeep::Again
            && log.room().bytes < log.room().reserve
        {}
        match by {
            "space" => medium.set_free(Free { bytes: 0, ..plenty }),
            "the operator's minimum" => medium.set_free(Free { bytes: 110_000, ..plenty }),
            "inodes" => medium.set_free(Free { inodes: 3, ..plenty }),
            "making" => medium.inject(Fault {
                operation: Operation::Create,
                nth: 1,
                times: 3,
                outcome: Outcome::Full,
            }),
            _ => medium.inject(Fault {
                operation: Operation::Rename,
                nth: 1,
                times: 3,
                outcome: Outcome::Fail,
            }),
        }
        let mut run = Run { log: Arc::new(log), events, medium, ..Run::new(1) };
        run.append(1, 10).unwrap();
        run.sync().unwrap();
        for _ in 0..20 {
            run.maintain(Duration::from_millis(2)).unwrap();
        }
        let room = run.log.room();
        assert!(room.exhausted && !room.admits(4_000, 0), "{by}: {room:?}");
        assert!(room.admits_release(1_000, 0), "{by}: deletes go on");
        assert_eq!(run.events.count(|e| matches!(e, Event::LogSpaceExhausted { .. })), 1);
        run.append(1, 10).unwrap();
        run.sync().unwrap();
        run.medium.set_free(plenty);
        for _ in 0..12 {
            run.now += Duration::from_secs(6);
            run.settle();
        }
        let room = run.log.room();
        assert!(!room.exhausted && room.admits(4_000, 0), "{by}: {room:?}");
        assert_eq!(run.events.count(|e| matches!(e, Event::LogSpaceReturned)), 1);
        assert_eq!(run.events.count(|e| matches!(e, Event::Poisoned { .. })), 0);
        Run::open(run.medium.crash(7), run.model, 1).unwrap();
    }
}

#[test]
fn what_room_promises_can_be_appended_on_a_full_disk() {
    let mut run = Run::new(1);
    run.settle();
    run.medium.set_free(Free { bytes: 0, inodes: 0 });
    run.maintain(Duration::from_millis(1)).unwrap();
    let mut appended = 0;
    while run.log.room().admits_release(3_000, 0) {
        run.append(1, 1_500).unwrap();
        run.sync().unwrap();
        appended += 1;
    }
    assert!(appended > 15, "{appended}");
    Run::open(run.medium.kill(), run.model.clone(), 1).map(drop).unwrap_err();
    run.medium.set_free(Free { bytes: 1 << 20, inodes: 100 });
    Run::open(run.medium.kill(), run.model, 1).unwrap();
}

#[test]
fn a_write_of_any_size_has_room_at_once_where_the_disk_has_plenty() {
    let mut run = Run::new(1);
    let segment_bytes = settings().segment_bytes;
    for segments in [1, 3, 40] {
        // Nothing stands by: no upkeep has run, or all of it is used up.
        let bytes = segments * segment_bytes;
        assert!(run.log.room().admits(bytes, 0), "{segments}: {:?}", run.log.room());
        run.append(1, bytes).unwrap();
        run.append(1, 100).unwrap();
        run.sync().unwrap();
    }
    let run = Run::open(run.medium.crash(3), run.model, 1).unwrap();
    assert_eq!(run.recovered.last, Sequence(6));
}

#[test]
fn room_that_was_not_taken_in_advance_leaves_the_disk_what_the_reserve_needs() {
    for beyond in [0, 1, 5, 9] {
        let (mut run, segment_bytes) = (Run::new(1), settings().segment_bytes);
        let standing_by = 4 * segment_bytes;
        let free = standing_by + beyond * segment_bytes;
        run.medium.set_free(Free { bytes: free, inodes: 1 << 10 });
        run.maintain(Duration::ZERO).unwrap();
        let long = segment_bytes;
        assert_eq!(run.log.room().admits(long, 0), beyond > 0, "{:?}", run.log.room());
        assert_eq!(run.log.room().refuses(long), beyond == 0, "{:?}", run.log.room());
        // No upkeep in between: what is appended counts at once.
        let mut appended = 0;
        while run.log.room().beyond >= long + 1_024 {
            run.append(1, long).unwrap();
            appended += 1;
        }
        assert!(appended <= beyond && appended + 1 >= beyond, "{appended} of {beyond}");
        run.sync().unwrap();
        run.settle();
        let room = run.log.room();
        assert!(room.bytes >= room.reserve && !room.exhausted, "{beyond}: {room:?}");
        assert_eq!(run.events.count(|e| matches!(e, Event::LogSpaceExhausted { .. })), 0);
    }
}

#[test]
fn unused_segments_are_used_by_the_next_open() {
    let mut run = Run::new(1);
    run.settle();
    let standing_by = run.medium.list().unwrap();
    run.append(1, 10).unwrap();
    run.sync().unwrap();
    let run = Run::open(run.medium.kill(), run.model, 1).unwrap();
    assert_eq!(run.medium.list().unwrap(), standing_by);
    assert_eq!(run.medium.counts().creates, 0);
}

#[test]
fn appends_that_outrun_the_filling_go_on() {
    let mut run = Run::new(1);
    for _ in 0..20 {
        run.append(1, 7_000).unwrap();
        run.maintain(Duration::from_millis(1)).unwrap();
    }
    run.sync().unwrap();
    run.settle();
    for _ in 0..10 {
        run.append(1, 7_000).unwrap();
    }
    run.sync().unwrap();
    assert_eq!(Run::open(run.medium.crash(5), run.model, 1).unwrap().recovered.last, Sequence(30));
}

#[test]
fn a_failed_write_ends_the_log() {
    for outcome in [Outcome::Fail, Outcome::Full] {
        let mut run = Run::new(1);
        run.append(1, 100).unwrap();
        run.sync().unwrap();
        run.medium.inject(Fault { operation: Operation::Write, nth: 1, times: 1, outcome });
        assert!(matches!(run.append(2, 5_000), Err(Error::Poisoned { .. })));
        assert!(matches!(
            run.log.append(&mut Group::new(Sequence(2), StoreTime(0))),
            Err(Error::Poisoned { .. })
        ));
        assert!(matches!(run.log.sync(), Err(Error::Poisoned { .. })));
        let reopened = Run::open(run.medium.kill(), run.model, 1).unwrap();
        assert_eq!(reopened.recovered.last, Sequence(1));
    }
}

#[test]
fn an_identity_of_another_store_is_not_opened() {
    let mut run = Run::new(1);
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    let other = StoreId([9; 16]);
    let medium: Arc<dyn Medium> = Arc::new(run.medium.kill());
    let observer = Arc::new(Events::default());
    let opened =
        FileLog::open(medium, settings(), other, Sequence::ZERO, StoreTime(1), observer).map(drop);
    assert_eq!(opened.unwrap_err().kind(), Kind::Corrupt);
}

#[test]
fn every_segment_names_the_sessions_that_are_open_and_a_dump_names_who_made_each_commit() {
    let medium = SimulatedMedium::new(1);
    let (log, recovered, _) = open(&medium, settings(), Sequence::ZERO).unwrap();
    let mut group = Group::new(recovered.next, StoreTime(5));
    group.push_session(&session(1, b"alice"));
    group.push_session(&session(2, b"bob"));
    log.append(&mut group).unwrap();
    let mut next = recovered.next;
    for commit in 0..12 {
        let mut group = Group::new(next, StoreTime(5));
        if commit == 6 {
            group.push_session_end(2);
        }
        let mut changes = Vec::new();
        record::put(&mut changes, b"key", &[7; 6_000]);
        group.push_commit(StoreTime(6), if commit < 6 { 2 } else { 1 }, commit, 3, &changes);
        next = group.next();
        log.append(&mut group).unwrap();
    }
    log.close().unwrap();
    let mut sessions = Sessions::default();
    let (mut by, mut segments) = (Vec::new(), 0);
    for frame in dump(&medium, &STORE).unwrap() {
        let frame = frame.unwrap();
        sessions.frame(&frame);
        segments += u64::from(frame.kind().begins_segment());
        for record in frame.records() {
            let record = record.unwrap();
            sessions.record(&record);
            if let Record::Commit { session, .. } = record {
                by.push(sessions.get(session).unwrap().user.clone());
            }
        }
    }
    assert!(segments > 3);
    assert_eq!(by[..6], vec![b"bob".to_vec(); 6]);
    assert_eq!(by[6..], vec![b"alice".to_vec(); 6]);
    assert!(sessions.get(2).is_none());
}

#[test]
fn verify_counts_what_is_sound_and_names_what_is_not() {
    let mut run = Run::new(1);
    for _ in 0..10 {
        run.append(2, 4_000).unwrap();
        run.sync().unwrap();
    }
    run.log.close().unwrap();
    let report = verify(&run.medium, &STORE).unwrap();
    assert_eq!((report.commits, report.oldest, report.last), (20, Sequence(1), Sequence(20)));
    assert!(report.clean && report.damage.is_empty() && report.tail.is_none());
    assert!(report.segments >= 3 && report.frames >= 13);

    let names = run.medium.list().unwrap();
    let file = names.iter().find(|name| name.ends_with("2.seg")).unwrap();
    let places = frames_in(&run.medium.bytes(file).unwrap());
    assert!(places.len() > 2);
    for place in &places {
        let rotten = run.medium.kill();
        assert!(rotten.flip_bit(file, place.0 + 81, 0));
        let report = verify(&rotten, &STORE).unwrap();
        assert_eq!(report.damage.len(), 1, "{:?}", report.damage);
        let damage = &report.damage[0];
        assert_eq!((&damage.file, damage.offset, damage.bytes), (file, place.0, place.1));
        assert!(report.commits >= 18);
        assert_eq!(report.sound_history(), None, "a start needs it: nothing was trimmed");
        if place.0 > 0 {
            assert_eq!(damage.last.0 - damage.first.0, 1, "the two commits of that frame");
            let (mut shown, mut told) = (0, Vec::new());
            for frame in dump(&rotten, &STORE).unwrap() {
                match frame {
                    Ok(frame) => shown += frame.header().commits(),
                    Err(Error::Corrupt { offset, first, last, .. }) => {
                        told.push((offset, first, last));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(told, [(damage.offset, damage.first, damage.last)]);
            assert_eq!(shown, report.commits, "the dump goes on behind it");
        }
    }
}

#[test]
fn verify_names_a_segment_that_is_missing_but_not_one_whose_time_is_over() {
    let mut run = Run::new(1);
    for _ in 0..12 {
        run.append(1, 7_000).unwrap();
        run.sync().unwrap();
        run.settle();
    }
    // All but the end is history; the high-water file is told of it within a second.
    run.log.trim(Sequence(11)).unwrap();
    run.now += Duration::from_secs(1);
    run.settle();
    run.log.close().unwrap();
    let names = run.medium.list().unwrap();
    let segments: Vec<_> = names.iter().filter(|name| name.contains(".seg")).collect();
    let missing_without = |gone: &[&String]| {
        let medium = run.medium.kill();
        gone.iter().for_each(|name| medium.remove(name).unwrap());
        let report = verify(&medium, &STORE).unwrap();
        assert_eq!(report.damage, [], "all that is needed is there");
        report.gap
    };
    assert_eq!(missing_without(&segments[..2]), None, "the oldest go first");
    for gone in &segments[1..4] {
        assert_eq!(missing_without(&[gone]).as_ref(), Some(*gone));
    }
}

#[test]
fn verify_tells_a_torn_tail_from_damage() {
    let mut run = Run::new(1);
    run.append(1, 100).unwrap();
    run.sync().unwrap();
    run.append(1, 2_000).unwrap();
    let file = run.newest_segment();
    let place = frames_in(&run.medium.bytes(&file).unwrap())[2];
    assert!(run.medium.flip_bit(&file, place.0 + 90, 0));
    let report = verify(&run.medium, &STORE).unwrap();
    assert!(report.damage.is_empty(), "{report:?}");
    let tail = report.tail.unwrap();
    assert_eq!((tail.file, tail.offset, tail.bytes), (file, place.0, place.1));
    assert_eq!(dump(&run.medium, &STORE).unwrap().filter(Result::is_err).count(), 0);
}

#[test]
fn a_dropped_tail_is_copied_aside_byte_for_byte_and_copies_are_bounded() {
    let mut medium = SimulatedMedium::new(1);
    let mut model = Model::default();
    for round in 0..20u64 {
        let mut run = Run::open(medium, model, round).unwrap();
        run.append(1, 3_000).unwrap();
        let file = run.newest_segment();
        let place = frames_in(&run.medium.bytes(&file).unwrap())[1];
        assert!(run.medium.flip_bit(&file, place.0 + 90, 0));
        let torn = run.medium.bytes(&file).unwrap();
        let killed = run.medium.kill();
        let reopened = Run::open(killed, run.model, round).unwrap();
        let dropped = reopened.recovered.dropped.clone().unwrap();
        let directory = reopened.medium.subdirectory("torn").unwrap();
        let name = dropped.copy.as_deref().and_then(|copy| copy.strip_prefix("torn/")).unwrap();
        let copy = directory.open(name).unwrap();
        let mut bytes = vec![0; usize::try_from(copy.len().unwrap()).unwrap()];
        copy.read_at(0, &mut bytes).unwrap();
        let start = usize::try_from(dropped.offset).unwrap();
        assert_eq!(bytes, torn[start..start + bytes.len()]);
        assert_eq!(dropped.bytes, bytes.len() as u64);
        assert!(directory.list().unwrap().len() <= 16);
        (medium, model) = (reopened.medium.kill(), reopened.model);
    }
}

#[test]
fn a_real_directory_keeps_what_a_simulated_one_does() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("shards/0/log");
    let medium = Arc::new(Directory::new(&path).unwrap());
    let small = Settings { segment_bytes: 16_384, ..settings() };
    let mut next = Sequence(1);
    for round in 0..3u64 {
        let observer = Arc::new(Events::default());
        let (log, recovered) = FileLog::open(
            Arc::<Directory>::clone(&medium),
            small.clone(),
            STORE,
            Sequence::ZERO,
            StoreTime(1),
            observer,
        )
        .unwrap();
        assert_eq!(recovered.next, next);
        assert_eq!(commits(&log, Sequence(1)).unwrap().len() as u64, round * 8);
        for _ in 0..8 {
            let mut group = Group::new(next, StoreTime(1));
            let mut changes = Vec::new();
            record::put(&mut changes, b"key", &[3; 5_000]);
            group.push_commit(StoreTime(1), 0, 0, 0, &changes);
            log.append(&mut group).unwrap();
            assert_eq!(log.sync().unwrap(), next);
            next = group.next();
            log.maintain(Duration::from_secs(next.0)).unwrap();
        }
        log.close().unwrap();
    }
    for entry in std::fs::read_dir(&path).unwrap() {
        let metadata = entry.unwrap().metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let report = verify(&*medium, &STORE).unwrap();
    assert!(report.clean && report.commits == 24 && report.damage.is_empty());
    assert!(medium.free().unwrap().bytes > 0);
}

#[test]
fn several_threads_append_and_sync_at_once() {
    let run = Run::new(1);
    let log = &run.log;
    let acknowledged = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut next = run.next;
            for _ in 0..400 {
                let mut group = Group::new(next, StoreTime(1));
                for _ in 0..4 {
                    let mut changes = Vec::new();
                    record::remove(&mut changes, &next.0.to_le_bytes());
                    group.push_commit(StoreTime(1), 0, 0, 0, &changes);
                }
                log.append(&mut group).unwrap();
                next = group.next();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let durable = log.sync().unwrap();
                    acknowledged.fetch_max(durable.0, std::sync::atomic::Ordering::Relaxed);
                    if durable == Sequence(1_600) {
                        break;
                    }
                }
            });
        }
        scope.spawn(|| {
            for tick in 0..500 {
                log.maintain(Duration::from_millis(tick)).unwrap();
            }
        });
    });
    assert_eq!(acknowledged.into_inner(), 1_600);
    let (log, recovered, _) = open(&run.medium.crash(1), settings(), Sequence::ZERO).unwrap();
    assert_eq!(recovered.last, Sequence(1_600));
    let mut count = 0;
    for frame in log.read(Sequence(1)).unwrap() {
        for record in frame.unwrap().records() {
            count += u64::from(matches!(record.unwrap(), Record::Commit { .. }));
        }
    }
    assert_eq!(count, 1_600);
}

/// What a copy of an extent would hold, on a medium of its own.
fn copied(medium: &SimulatedMedium, extent: &Extent) -> SimulatedMedium {
    let copy = SimulatedMedium::new(9);
    let put = |name: &str, bytes: &[u8]| {
        let file = copy.create(name).unwrap();
        file.write_at(0, bytes).unwrap();
        file.sync().unwrap();
    };
    for (name, end) in &extent.segments {
        let bytes = medium.bytes(name).unwrap();
        put(name, &bytes[..usize::try_from(*end).unwrap()]);
    }
    put(extent.high_water.0, &extent.high_water.1);
    copy.sync().unwrap();
    copy
}

#[test]
fn a_copy_of_a_log_that_goes_on_ends_where_it_was_taken_and_opens_with_all_before() {
    for seed in 0..20 {
        let mut run = Run::new(seed);
        for _ in 0..seed * 3 {
            run.append_any().unwrap();
            run.settle();
        }
        let extent = run.log.hold().extent().unwrap();
        assert_eq!(run.log.durable(), extent.last);
        let before = commits(&run.log, Sequence(1)).unwrap();
        assert_eq!(before.keys().next_back().map_or(0, |last| *last), extent.last.0);
        for _ in 0..10 {
            run.append_any().unwrap();
            run.sync().unwrap();
            run.settle();
        }
        let copy = copied(&run.medium, &extent);
        let report = verify(&copy, &STORE).unwrap();
        assert_eq!((&*report.damage, &report.tail), (&[][..], &None), "seed {seed}");
        assert_eq!((report.last, report.durable), (extent.last, extent.last));
        let (log, recovered, _) = open(&copy, settings(), Sequence::ZERO).unwrap();
        assert_eq!((recovered.last, &recovered.dropped), (extent.last, &None), "seed {seed}");
        assert_eq!(commits(&log, Sequence(1)).unwrap(), before, "seed {seed}");
    }
}

#[test]
fn no_segment_is_removed_while_the_log_is_held_and_all_that_are_due_afterwards() {
    let mut run = Run::new(1);
    let medium = Arc::new(run.medium.clone());
    run.log.close().unwrap();
    let no_history = Settings { history_bytes: 0, ..settings() };
    let (log, recovered, events) = open(&medium, no_history, Sequence::ZERO).unwrap();
    run.next = recovered.next;
    run.log = Arc::new(log);
    let held = Arc::clone(&run.log);
    let hold = held.hold();
    for _ in 0..8 {
        run.append(1, 9_000).unwrap();
        run.sync().unwrap();
        run.log.trim(run.log.durable()).unwrap();
        run.settle();
        run.maintain(Duration::from_secs(2)).unwrap();
    }
    let removed = || events.count(|event| matches!(event, Event::SegmentRemoved { .. }));
    let extent = hold.extent().unwrap();
    assert_eq!((extent.segments.len() > 5, removed()), (true, 0));
    // Tables that were copied when the hold began do not have what was trimmed since.
    let needed = |extent: &Extent| verify(&copied(&medium, extent), &STORE).unwrap().needed;
    let first = needed(&extent);
    let later = run.log.hold();
    assert!(first < needed(&later.extent().unwrap()));
    drop(later);
    assert_eq!(commits(&run.log, Sequence(1)).unwrap().len(), 8);
    drop(hold);
    run.maintain(Duration::from_secs(2)).unwrap();
    run.settle();
    assert!(removed() > 3);
}

#[test]
fn a_segment_that_cannot_be_filled_or_named_because_the_disk_fails_ends_the_log() {
    for (operation, outcome) in [
        (Operation::Write, Outcome::Fail),
        (Operation::Sync, Outcome::Fail),
        (Operation::SyncDirectory, Outcome::Fail),
    ] {
        let medium = SimulatedMedium::new(1);
        let (log, _, events) = open(&medium, settings(), Sequence::ZERO).unwrap();
        medium.inject(Fault { operation, nth: 1, times: 1, outcome });
        let failed = (0..100).any(|_| log.maintain(Duration::ZERO).is_err());
        assert!(failed, "{operation:?}: filling went on after a disk that failed");
        let mut group = Group::new(Sequence(1), StoreTime(0));
        group.push_commit(StoreTime(0), 0, 0, 0, &[]);
        let refused = log.append(&mut group).unwrap_err();
        assert_eq!(refused.kind(), Kind::Closed, "{operation:?}: {refused}");
        assert_eq!(events.count(|e| matches!(e, Event::Poisoned { .. })), 1);
        assert_eq!(events.count(|e| matches!(e, Event::LogSpaceExhausted { .. })), 0);
    }
}
