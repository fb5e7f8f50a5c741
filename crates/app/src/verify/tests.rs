use std::fs;
use std::time::Duration;

use base::Sequence;
use log::Log;
use tables::{Change, Tables};

use super::*;
use crate::staging::tests::Ground;

/// What is told of a data directory, and whether it is sound.
fn told(ground: &Ground) -> (String, bool) {
    let findings = check(&ground.dir).unwrap();
    let mut out = Vec::new();
    findings.show(&mut out).unwrap();
    (String::from_utf8(out).unwrap(), findings.is_sound())
}

#[test]
fn tables_that_are_ahead_of_the_log_are_named() {
    let mut ground = Ground::new();
    ground.commit(10, 10);
    let (text, is_sound) = told(&ground);
    assert!(is_sound && text.contains("commits up to 10\n"), "{text}");
    let (_, tables) = ground.ground();
    tables.apply(vec![Change::put(b"a", b"1")], Sequence(11)).unwrap();
    tables.rotate();
    tables.flush(Sequence(11)).unwrap();
    let (text, is_sound) = told(&ground);
    assert!(text.contains("they hold commits up to 11, but the log ends at 10"), "{text}");
    assert!(!is_sound);
}

#[test]
fn a_log_that_does_not_reach_back_to_the_tables_is_named() {
    let mut ground = Ground::new();
    ground.commit(2, 2);
    let old = ground.root.path().join("old");
    ground.ground().1.stage(&old).unwrap();
    ground.commit(40, 40);
    let mut now = Duration::ZERO;
    for _ in 0..200 {
        now += Duration::from_secs(1);
        ground.ground().0.maintain(now).unwrap();
    }
    let (text, is_sound) = told(&ground);
    assert!(is_sound, "{text}");
    fs::remove_dir_all(ground.dir.tables()).unwrap();
    fs::rename(&old, ground.dir.tables()).unwrap();
    let (text, is_sound) = told(&ground);
    assert!(text.contains("they end with commit 2, but the log begins with"), "{text}");
    assert!(!is_sound);
}
