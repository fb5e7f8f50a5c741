//! Images of the directory, taken while everything is under way: each is what a killed process, or a
//! power cut, may leave.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use base::Sequence;
use parking_lot::Mutex;

use super::yard::{
    Chance, History, Raise, assert_same, background, batch, compact_all, flush_all, open, rows,
};
use crate::lsm::manifest::{Manifest, tables_dir};
use crate::{Existing, LsmTables, Tables, verify};

/// What tells one state of the directory from another.
fn listing(dir: &Path) -> BTreeSet<(String, u64, u64)> {
    let mut listing = BTreeSet::new();
    for dir in [dir.to_path_buf(), tables_dir(dir)] {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            // A file may go between the two looks at it.
            let Ok(metadata) = entry.metadata() else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            if metadata.is_file() {
                listing.insert((name, metadata.ino(), metadata.len()));
            }
        }
    }
    listing
}

/// A copy of the directory as it was at one moment; none if it changed meanwhile. Files are linked,
/// which is quick: each is written once, then only read.
fn image(dir: &Path, image: &Path) -> Option<()> {
    let before = listing(dir);
    fs::create_dir_all(tables_dir(image)).unwrap();
    for (from, to) in
        [(dir.to_path_buf(), image.to_path_buf()), (tables_dir(dir), tables_dir(image))]
    {
        for entry in fs::read_dir(from).ok()? {
            let entry = entry.ok()?;
            if entry.file_type().ok()?.is_file() {
                fs::hard_link(entry.path(), to.join(entry.file_name())).ok()?;
            }
        }
    }
    (listing(dir) == before).then_some(())
}

/// Replaces what nothing vouches for yet, and a power cut may therefore have torn: files that the
/// manifest does not name. How many there were.
fn tear(dir: &Path, chance: &mut Chance) -> usize {
    let manifest = Manifest::read(dir).unwrap().unwrap();
    let mut torn = 0;
    for folder in [dir.to_path_buf(), tables_dir(dir)] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let named = name == "current"
                || name == format!("v{}", manifest.version)
                || manifest.tables.iter().any(|table| name == table.id.to_string());
            if path.is_dir() || named {
                continue;
            }
            let mut bytes = fs::read(&path).unwrap();
            bytes.truncate(usize::try_from(chance.below(bytes.len() as u64 + 1)).unwrap());
            let mask = u8::try_from(chance.below(256)).unwrap();
            for byte in &mut bytes {
                *byte &= mask;
            }
            fs::remove_file(&path).unwrap();
            fs::write(&path, bytes).unwrap();
            torn += 1;
        }
    }
    torn
}

/// An image, and through which commit it must at least reach.
struct Image {
    dir: tempfile::TempDir,
    flushed: Sequence,
}

/// Takes images until `enough` of them are at hand, or the work is done.
fn take_images(tables: &LsmTables, dir: &Path, enough: usize, done: &AtomicBool) -> Vec<Image> {
    let mut images = Vec::new();
    let mut last = BTreeSet::new();
    let mut since = (Sequence::ZERO, 0);
    while images.len() < enough && !done.load(Ordering::Acquire) {
        let now = listing(dir);
        let flushed = tables.flushed();
        if since.0 != flushed {
            since = (flushed, 0);
        }
        // A few in each stage, so that they spread over many.
        if now == last || since.1 == 3 {
            thread::yield_now();
            continue;
        }
        last = now;
        let copy = tempfile::tempdir_in(dir.parent().unwrap()).unwrap();
        if image(dir, copy.path()).is_some() {
            since.1 += 1;
            images.push(Image { dir: copy, flushed });
        }
    }
    images
}

/// Applies, flushes and compacts all at once, removing much of what it writes.
fn work(
    tables: &LsmTables,
    history: &Mutex<History>,
    compactions: &AtomicUsize,
    enough: &AtomicBool,
) {
    thread::scope(|scope| {
        let sealed = background(scope, tables, compactions);
        let mut chance = Chance(8);
        for through in 1..=20_000 {
            let changes = batch(&mut chance, 2_000);
            history.lock().commits.push((Sequence(through), changes.clone()));
            tables.apply(changes, Sequence(through)).unwrap();
            if through % 15 == 0 && tables.rotate() {
                sealed.send(()).unwrap();
            }
            if enough.load(Ordering::Acquire) {
                break;
            }
        }
    });
}

#[test]
fn nothing_comes_back_from_the_dead_after_a_crash_in_flush_or_compaction() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("main");
    let tables = open(&dir, Existing::Possible);
    let history = Mutex::new(History::default());
    let (enough, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let compactions = AtomicUsize::new(0);
    let images = thread::scope(|scope| {
        let taker = scope.spawn(|| {
            let _raise = Raise(&enough);
            take_images(&tables, &dir, 48, &done)
        });
        let raise = Raise(&done);
        work(&tables, &history, &compactions, &enough);
        drop(raise);
        taker.join().unwrap()
    });
    let history = history.into_inner();
    let last = history.commits.last().unwrap().0;
    let mut chance = Chance(9);
    let (mut torn, mut replayed, mut states) = (0, 0, BTreeSet::new());
    for image in &images {
        let dir = image.dir.path();
        assert_eq!(verify(dir).unwrap().problems, []);
        if chance.one_in(2) {
            torn += tear(dir, &mut chance);
        }
        let found = open(dir, Existing::Required);
        let applied = found.applied();
        assert!(applied >= image.flushed, "lost {} of {}", applied, image.flushed);
        let expected = history.rows_at(applied);
        assert_same(&rows(&*found.view()), &expected, &format!("as of commit {applied}"));
        states.insert(applied);
        replayed += history.replay(&found);
        flush_all(&found);
        if chance.one_in(6) {
            compact_all(&found);
        }
        let expected = history.rows_at(last);
        assert_same(&rows(&*found.view()), &expected, &format!("replayed from {applied}"));
    }
    let stats = tables.stats();
    println!("{} images, {torn} torn, {replayed} replayed, {states:?}, {stats:?}", images.len());
    assert!(images.len() >= 24, "{} images", images.len());
    assert!(torn > 20 && replayed > 1_000 && states.len() > 8);
    assert!(stats.compactions > 5 && stats.flushes > 10);
}
