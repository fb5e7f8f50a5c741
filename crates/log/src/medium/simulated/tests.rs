use super::*;
use crate::medium::Medium;

const EVERY: u64 = u64::MAX;

fn fault(operation: Operation, outcome: Outcome) -> Fault {
    Fault { operation, nth: 1, times: EVERY, outcome }
}

#[test]
fn a_name_is_durable_after_its_directory_was_synced_and_not_before() {
    let mut survived = 0;
    for seed in 0..50 {
        let medium = SimulatedMedium::new(seed);
        medium.create("file").unwrap().sync().unwrap();
        survived += medium.crash(seed).list().unwrap().len();
        medium.sync().unwrap();
        assert_eq!(medium.crash(seed).list().unwrap(), ["file"]);
    }
    assert!((5..45).contains(&survived), "{survived}");
}

#[test]
fn a_rename_leaves_one_name_or_the_other() {
    let (mut old, mut new) = (0, 0);
    for seed in 0..50 {
        let medium = SimulatedMedium::new(seed);
        medium.create("old").unwrap();
        medium.sync().unwrap();
        medium.rename("old", "new").unwrap();
        match medium.crash(seed).list().unwrap()[..] {
            [ref name] if name == "old" => old += 1,
            [ref name] if name == "new" => new += 1,
            ref other => panic!("{other:?}"),
        }
    }
    assert!(old > 5 && new > 5);
}

#[test]
fn what_is_written_during_a_sync_is_not_covered_by_it() {
    let medium = SimulatedMedium::new(1);
    let file = medium.create("file").unwrap();
    medium.sync().unwrap();
    file.write_at(0, &[1; 4096]).unwrap();
    let during = Arc::clone(&file);
    medium.on_sync(move |name| {
        assert_eq!(name, "file");
        during.write_at(0, &[2; 512]).unwrap();
    });
    file.sync().unwrap();
    medium.on_sync(|_| {});
    let lost = (0..50).filter(|seed| medium.crash(*seed).bytes("file").unwrap()[0] == 1).count();
    assert!((5..45).contains(&lost), "{lost}");
    assert!((0..50).all(|seed| medium.crash(seed).bytes("file").unwrap()[512] == 1));
    file.sync().unwrap();
    assert!((0..50).all(|seed| medium.crash(seed).bytes("file").unwrap()[0] == 2));
}

#[test]
fn what_a_failed_sync_was_to_store_is_shown_and_forgotten() {
    let mut lost = 0;
    for seed in 0..50 {
        let medium = SimulatedMedium::new(seed);
        let file = medium.create("file").unwrap();
        medium.sync().unwrap();
        file.write_at(0, &[1; 512]).unwrap();
        medium.inject(Fault { times: 1, ..fault(Operation::Sync, Outcome::Fail) });
        assert!(file.sync().is_err());
        file.sync().unwrap();
        assert_eq!(medium.bytes("file").unwrap(), [1; 512], "reads go on showing it");
        lost += usize::from(medium.crash(seed).bytes("file").unwrap() != [1; 512]);
    }
    assert!(lost > 10, "{lost}");
}

#[test]
fn faults_strike_the_operations_that_they_name() {
    let medium = SimulatedMedium::new(1);
    medium.inject(Fault { operation: Operation::Create, nth: 2, times: 1, outcome: Outcome::Full });
    assert!(medium.create("a").is_ok());
    assert_eq!(medium.create("b").map(drop).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(medium.create("b").is_ok());
    assert_eq!(medium.faults_struck(), 1);
    medium.inject(fault(Operation::Remove, Outcome::Lie));
    medium.remove("a").unwrap();
    assert_eq!(medium.list().unwrap(), ["a", "b"]);
    medium.inject(fault(Operation::SyncDirectory, Outcome::Fail));
    assert_eq!(Medium::sync(&medium).unwrap_err().raw_os_error(), Some(EIO));
}

#[test]
fn after_a_halt_nothing_changes() {
    let medium = SimulatedMedium::new(1);
    let file = medium.create("file").unwrap();
    medium.halt_after(1);
    file.write_at(0, b"one").unwrap();
    assert!(!medium.halted());
    assert!(file.write_at(0, b"two").is_err() && medium.halted());
    assert!(medium.rename("file", "other").is_err());
    let killed = medium.kill();
    assert_eq!(killed.bytes("file").unwrap(), b"one");
    killed.remove("file").unwrap();
    assert_eq!(medium.list().unwrap(), ["file"], "what a copy does is done to it alone");
}

#[test]
fn space_is_taken_by_growing_and_given_back_by_removing() {
    let medium = SimulatedMedium::new(1);
    medium.set_free(Free { bytes: 1_000, inodes: 2 });
    let file = medium.create("file").unwrap();
    file.write_at(0, &[1; 600]).unwrap();
    file.write_at(0, &[2; 600]).unwrap();
    assert_eq!(medium.free().unwrap(), Free { bytes: 400, inodes: 1 });
    assert!(file.write_at(600, &[3; 600]).is_err());
    assert_eq!(file.len().unwrap(), 1_000, "a part was written");
    medium.remove("file").unwrap();
    assert_eq!(medium.free().unwrap(), Free { bytes: 1_000, inodes: 2 });
}

#[test]
fn directories_keep_their_names_apart() {
    let medium = SimulatedMedium::new(1);
    let inner = medium.subdirectory("inner").unwrap();
    inner.create("file").unwrap();
    assert!(medium.list().unwrap().is_empty());
    assert_eq!(inner.list().unwrap(), ["file"]);
    assert!(medium.open("file").is_err());
}

#[test]
fn rot_is_durable() {
    let medium = SimulatedMedium::new(1);
    let file = medium.create("file").unwrap();
    medium.sync().unwrap();
    file.write_at(0, &[0; 4]).unwrap();
    file.sync().unwrap();
    assert!(medium.flip_bit("file", 1, 3));
    assert_eq!(medium.crash(1).bytes("file").unwrap(), [0, 8, 0, 0]);
    assert!(medium.zero("file", 0, 4) && !medium.zero("file", 0, 5));
    assert!(!medium.flip_bit("absent", 0, 0));
}
