//! A program in a small group that goes through a mapped file of twice its limit, page by page.

use super::{Group, MIB, Program};
use crate::lab::{Folder, PATIENCE, PAUSE, Stage, Stop, failing};

/// Faults after which the second look comes.
const FAULTS: u64 = 3_000;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let limit = stage.draw(16, 16);
    let group = Group::with_memory("h36", limit * MIB, false)?;
    let folder = Folder::new("h36")?;
    let program = churn(&group, &folder, limit * 2)?;
    let target = format!(" {}", group.path());
    let faults = || group.value(["memory.stat", "total_pgmajfault"], ["memory.stat", "pgmajfault"]);
    // It has to be under way: what it reads at first does not come back.
    wait_for(|| Ok(faults()? > FAULTS))?;
    let outer = faults()?;
    let mut inner = 0;
    let found = stage.between(|| {
        let first = faults()?;
        wait_for(|| Ok(faults()? > first + FAULTS))?;
        inner = faults()? - first;
        Ok(())
    })?;
    let outer = faults()? - outer;
    let record = failing(&found, &target)
        .ok_or_else(|| format!("it had {inner} faults; the check says {found:?}"))?;
    let told = record.evidence.first().and_then(|it| it.value.split(' ').nth(1)?.parse().ok());
    if !told.is_some_and(|told: u64| (inner..=outer).contains(&told)) {
        return Err(format!("it had {inner} to {outer} faults; the check says {record:?}").into());
    }
    let seen = record.observed.clone();
    drop(program);
    let mended = stage.between(|| Ok(()))?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("it has ended; the check says {record:?}").into()),
    }
}

/// The program. What it reads was written in the group, so that it is charged there.
fn churn(group: &Group, folder: &Folder, mib: u64) -> Result<Program, Stop> {
    let file = folder.path().join("file").display().to_string();
    group.run(&format!("dd if=/dev/zero of={file} bs=1M count={mib} conv=fsync"))?;
    let script = format!(
        "import mmap\n\
         file = open('{file}', 'rb')\n\
         pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)\n\
         pages.madvise(mmap.MADV_RANDOM)\n\
         count, at = len(pages) // 4096, 0\n\
         while True:\n\
         \x20   pages[at * 4096]\n\
         \x20   at = (at + 7919) % count\n"
    );
    Program::python(Some(group), &script)
}

/// Until it is so.
fn wait_for(is_so: impl Fn() -> Result<bool, Stop>) -> Result<(), Stop> {
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        if is_so()? {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(format!("the program does not fault {FAULTS} times within {PATIENCE:?}").into())
}
