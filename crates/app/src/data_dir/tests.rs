use super::*;
use crate::machine::MachineClock;

#[test]
fn a_directory_keeps_its_identity_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b");
    let first = DataDir::open(&path, &MachineClock).unwrap();
    assert!(first.is_new);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    let identity = first.identity.clone();
    drop(first);
    let again = DataDir::open(&path, &MachineClock).unwrap();
    assert!(!again.is_new);
    assert_eq!(again.identity, identity);
}

#[test]
fn a_second_holder_is_refused_and_told_who_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let _first = DataDir::open(dir.path(), &MachineClock).unwrap();
    let error = DataDir::open(dir.path(), &MachineClock).unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("dump.rdb"), b"REDIS").unwrap();
    let error = DataDir::open(dir.path(), &MachineClock).unwrap_err().to_string();
    assert!(error.contains("dump.rdb"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// A data directory as a start leaves it that has come to its end.
fn finished(path: &Path) -> DataDir {
    let mut dir = DataDir::open(path, &MachineClock).unwrap();
    fs::write(dir.log().join("00000000000000000001.seg"), b"").unwrap();
    dir.finish().unwrap();
    dir
}

#[test]
fn a_first_start_that_was_cut_short_before_the_identity_is_begun_again() {
    let steps: [&dyn Fn(&Path); 5] = [
        &|path| fs::write(path.join("lock"), b"").unwrap(),
        &|path| fs::create_dir(path.join("shards")).unwrap(),
        &|path| fs::create_dir_all(path.join(LOG)).unwrap(),
        &|path| fs::create_dir_all(path.join(TABLES)).unwrap(),
        &|path| fs::write(path.join(UNFINISHED), b"").unwrap(),
    ];
    for cut in 0..=steps.len() {
        for half_written in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            steps.iter().take(cut).for_each(|step| step(dir.path()));
            if half_written {
                fs::write(dir.path().join("identity.new"), b"GROU").unwrap();
            }
            let opened = DataDir::open(dir.path(), &MachineClock).unwrap();
            assert!(opened.is_new && opened.is_unfinished, "cut before step {cut}");
        }
    }
}

#[test]
fn a_first_start_that_was_cut_short_after_the_identity_goes_on_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let identity = DataDir::open(dir.path(), &MachineClock).unwrap().identity;
    let mut again = DataDir::open(dir.path(), &MachineClock).unwrap();
    assert_eq!(again.identity, identity);
    assert!(!again.is_new && again.is_unfinished, "tables and log may not be there yet");
    fs::write(again.log().join("00000000000000000001.seg"), b"").unwrap();
    again.finish().unwrap();
    drop(again);
    assert!(!DataDir::open(dir.path(), &MachineClock).unwrap().is_unfinished);
}

#[test]
fn what_a_finished_directory_has_lost_is_named_and_nothing_is_made_in_its_place() {
    for lost in [LOG, TABLES, "shards/0", "shards"] {
        let dir = tempfile::tempdir().unwrap();
        drop(finished(dir.path()));
        fs::remove_dir_all(dir.path().join(lost)).unwrap();
        let error = DataDir::open(dir.path(), &MachineClock).unwrap_err().to_string();
        assert!(
            error.contains(&format!("{lost} is missing")) && error.contains("restore"),
            "{error}"
        );
        assert!(!dir.path().join(lost).exists(), "{lost} was made");
    }
}

#[test]
fn a_log_without_segments_is_refused_once_it_was_begun() {
    let dir = tempfile::tempdir().unwrap();
    drop(finished(dir.path()));
    fs::remove_file(dir.path().join(LOG).join("00000000000000000001.seg")).unwrap();
    fs::write(dir.path().join(LOG).join("high-water"), b"").unwrap();
    let error = DataDir::open(dir.path(), &MachineClock).unwrap_err().to_string();
    assert!(error.contains("holds no segment"), "{error}");
}

#[test]
fn data_whose_identity_is_missing_is_never_begun_again() {
    let kept = ["shards/0/log/00000000000000000001.seg", "shards/0/tables/main", "shards/1"];
    for name in kept {
        let dir = tempfile::tempdir().unwrap();
        drop(finished(dir.path()));
        fs::remove_file(dir.path().join("identity")).unwrap();
        let segment = dir.path().join(LOG).join("00000000000000000001.seg");
        if !dir.path().join(name).exists() {
            fs::remove_file(segment).unwrap();
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let error = DataDir::open(dir.path(), &MachineClock).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("`identity` is missing"), "{error}");
        assert!(dir.path().join(name).exists());
    }
}

#[test]
fn of_two_first_starts_at_one_time_one_makes_the_directory_and_the_other_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = dir.path().join(round.to_string());
        let opened: Vec<_> = std::thread::scope(|scope| {
            let open = || DataDir::open(&path, &MachineClock);
            let threads = [scope.spawn(open), scope.spawn(open)];
            threads.map(|thread| thread.join().unwrap()).into()
        });
        let held: Vec<_> = opened.iter().filter_map(|opened| opened.as_ref().ok()).collect();
        assert_eq!(held.len(), 1, "{opened:?}");
        assert_eq!(read_identity(&path).unwrap(), held[0].identity);
    }
}
