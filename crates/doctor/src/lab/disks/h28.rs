//! Redis on a file system whose disk, a file, has many megabytes to write at each flush.

use std::fs::File;
use std::io::{Seek, Write};

use super::image::Image;
use crate::lab::processes::redis::Redis;
use crate::lab::{Stage, Stop, failed, failing};

/// Of the file system.
const SIZE: u64 = 512;

/// Flushes that are waited for in each window.
const FLUSHES: u64 = 6;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let image = Image::new(("h28", SIZE), &["mkfs.ext4", "-q"], "rw")?;
    let name = image.device()?;
    // A file that is a disk says that it turns, and would be given more time for it.
    let rotates = format!("/sys/block/{name}/queue/rotational");
    std::fs::write(&rotates, "0").map_err(failed("say that it does not turn"))?;
    let data = image.point().join("data");
    std::fs::create_dir_all(&data).map_err(failed("make a folder"))?;
    let redis = Redis::start(&data, &["--appendonly", "yes"])?;
    let target = format!("{name} of pid {}", redis.pid());
    let target = target.as_str();
    let written = image.point().join("written");
    let mut file = File::create(&written).map_err(failed("make a file"))?;
    // It keeps data once it has its file.
    stage.until("it keeps data", |records| {
        !records.is_empty() && data.join("appendonlydir").exists()
    })?;
    let mib = stage.draw(40, 40);
    let mut counted = (0, 0);
    let mut found = Vec::new();
    // A fast disk needs more to write to take as long.
    for more in [1, 2, 4] {
        found = stage.between(|| {
            let before = flushes(&name)?;
            for _ in 0..FLUSHES {
                write(&mut file, (mib * more).min(SIZE - 150))?;
            }
            let after = flushes(&name)?;
            counted = (after.0 - before.0, after.1 - before.1);
            Ok(())
        })?;
        if failing(&found, target).is_some() {
            break;
        }
    }
    let record = failing(&found, target)
        .ok_or_else(|| format!("{counted:?} flushes and ms; the check says {found:?}"))?;
    let (count, took) = counted;
    // A flush of another, of Redis itself or of the kernel, may lie between both.
    let value = record.evidence.first().map(|it| it.value.clone()).unwrap_or_default();
    let mut told =
        value.split(|it: char| !it.is_ascii_digit()).filter_map(|it| it.parse::<u64>().ok());
    let (of, ms) = (told.next().unwrap_or(0), told.next().unwrap_or(0));
    if of < count || of > count + 4 || ms < took || ms > took + took / 2 {
        return Err(
            format!("{count} flushes took {took} ms; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    stage.until("little is written", |records| failing(records, target).is_none())?;
    Ok(seen)
}

fn write(file: &mut File, mib: u64) -> Result<(), Stop> {
    file.rewind().map_err(failed("go back"))?;
    for at in 0..mib {
        let byte = u8::try_from(at & 0xff).unwrap_or(0);
        file.write_all(&vec![byte; 1 << 20]).map_err(failed("write"))?;
    }
    file.sync_data().map_err(failed("wait for the disk"))
}

/// Their number and milliseconds, as the kernel counts them.
fn flushes(name: &str) -> Result<(u64, u64), Stop> {
    let text =
        std::fs::read_to_string(format!("/sys/block/{name}/stat")).map_err(failed("read"))?;
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    let at = |at: usize| numbers.get(at).copied();
    let counted = at(15).zip(at(16));
    counted.ok_or_else(|| Stop::Missing("a kernel that counts flushes (5.5)".to_owned()))
}
