//! Very many groups that are removed, each held by a file in a tmpfs that is charged to it.

use std::fs;

use crate::lab::cgroups::{Group, Program, Tmpfs};
use crate::lab::{PATIENCE, PAUSE, Stage, Stop, failing};

const TARGET: &str = " control groups";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let count = stage.draw(10_100, 500);
    let tmpfs = Tmpfs::new("h43")?;
    let pile = Group::new("memory", "h43")?;
    if pile.folder().join("cgroup.subtree_control").exists() {
        pile.write("", "cgroup.subtree_control", "+memory")?;
    }
    make(&pile, &tmpfs, count)?;
    let found = stage.until("they are held", |records| failing(records, TARGET).is_some())?;
    let record = failing(&found, TARGET).ok_or("it is gone again")?;
    let told: Option<u64> = record.observed.split(' ').next().and_then(|it| it.parse().ok());
    let files = fs::read_dir(tmpfs.path()).map_err(|error| format!("list them: {error}"))?.count();
    // Those that something else left are counted, too.
    if files as u64 != count || !told.is_some_and(|told| (count..count + 5_000).contains(&told)) {
        return Err(
            format!("{count} are held by {files} files; it says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    for file in fs::read_dir(tmpfs.path()).into_iter().flatten().flatten() {
        fs::remove_file(file.path()).map_err(|error| format!("remove a file: {error}"))?;
    }
    stage.until("the files are gone", |records| failing(records, TARGET).is_none())?;
    Ok(seen)
}

/// A process enters each group, writes a file there, and leaves it, so that it can be removed.
fn make(pile: &Group, tmpfs: &Tmpfs, count: u64) -> Result<(), Stop> {
    let (pile, files) = (pile.folder().display(), tmpfs.path().display());
    let script = format!(
        "import os\n\
         def write(path, text):\n\
         \x20   with open(path, 'w') as file: file.write(text)\n\
         for at in range({count}):\n\
         \x20   group = '{pile}/' + str(at)\n\
         \x20   os.mkdir(group)\n\
         \x20   write(group + '/cgroup.procs', '0')\n\
         \x20   write('{files}/' + str(at), 'x')\n\
         \x20   write('{pile}/../cgroup.procs', '0')\n\
         \x20   os.rmdir(group)\n"
    );
    let mut python = Program::python(None, &script)?;
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        if !python.runs() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(format!("{count} groups were not made within {PATIENCE:?}").into())
}
