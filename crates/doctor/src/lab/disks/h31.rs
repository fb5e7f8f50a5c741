//! A file system that sees that its disk gives back something else than what was written.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::image::Image;
use crate::lab::{self, Stage, Stop, failed, failing};

/// So many MiB are about the least that btrfs takes.
const SIZE: u64 = 128;

const BLOCK: usize = 4_096;
const BLOCKS: u64 = 32;

/// What each block of the file begins with, before its number.
const MARK: &str = "groundsill-lab-h31 block ";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let maker = ["mkfs.btrfs", "-q", "-m", "single", "-d", "single"];
    let image = Image::new(("h31", SIZE), &maker, "rw")?;
    let file = image.point().join("file");
    write(&file)?;
    image.unmount()?;
    let wrong = stage.draw(1, BLOCKS - 1);
    damage(&image.file(), wrong)?;
    image.mount("rw")?;
    let point = image.point().to_string_lossy().into_owned();
    let id = lab::run("findmnt", &["-n", "-o", "UUID", &point])?.trim().to_owned();
    let target = format!(" {id}");
    let before = counted(&point)?;
    let found = stage.between(|| read(&file, wrong))?;
    let grown = counted(&point)? - before;
    let record = failing(&found, &target)
        .ok_or_else(|| format!("{grown} errors were counted; the check says {found:?}"))?;
    if grown < wrong || !record.observed.contains(&format!(": {grown} corruption_errs in ")) {
        return Err(format!(
            "{wrong} blocks are wrong, {grown} errors were counted; the check says {record:?}"
        )
        .into());
    }
    let seen = record.observed.clone();
    std::fs::remove_file(&file).map_err(failed("remove the file"))?;
    stage.until("nothing is wrong once it is not read", |records| {
        failing(records, &target).is_none()
    })?;
    Ok(seen)
}

fn write(path: &Path) -> Result<(), Stop> {
    let mut file = File::create(path).map_err(failed("make a file"))?;
    for at in 0..BLOCKS {
        let mut block = format!("{MARK}{at:04} ").repeat(BLOCK / 16).into_bytes();
        block.truncate(BLOCK);
        file.write_all(&block).map_err(failed("write a block"))?;
    }
    file.sync_all().map_err(failed("write the file"))
}

/// Changes a byte in the first so many blocks, behind the back of the file system.
fn damage(image: &Path, count: u64) -> Result<(), Stop> {
    let mut file =
        OpenOptions::new().read(true).write(true).open(image).map_err(failed("open the image"))?;
    let mut block = vec![0; BLOCK];
    let mut left = count;
    while left > 0 {
        file.read_exact(&mut block).map_err(failed("find the blocks in the image"))?;
        let is_first = (0..count).any(|at| block.starts_with(format!("{MARK}{at:04} ").as_bytes()));
        if is_first {
            let end = file.stream_position().map_err(failed("ask for the place"))?;
            file.write_all_at(b"X", end - 1).map_err(failed("change a block"))?;
            file.seek(SeekFrom::Start(end)).map_err(failed("go on"))?;
            left -= 1;
        }
    }
    file.sync_all().map_err(failed("write the image"))
}

/// Reads each block; those that are wrong are refused.
fn read(path: &Path, wrong: u64) -> Result<(), Stop> {
    let file = File::open(path).map_err(failed("open the file"))?;
    let mut block = vec![0; BLOCK];
    let starts = (0..BLOCKS).map(|at| at * BLOCK as u64);
    let refused = starts.filter(|start| file.read_exact_at(&mut block, *start).is_err()).count();
    if refused as u64 == wrong {
        Ok(())
    } else {
        Err(format!("{wrong} blocks are wrong, {refused} were refused").into())
    }
}

/// Errors of all kinds, as the program of btrfs tells them.
fn counted(point: &str) -> Result<u64, Stop> {
    let text = lab::run("btrfs", &["device", "stats", point])?;
    Ok(text.lines().filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum())
}
