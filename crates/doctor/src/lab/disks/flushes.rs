//! Flushes that take long: each has many megabytes to write to a disk that is a file.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use super::image::Image;
use crate::lab::processes::redis::Redis;
use crate::lab::{Stage, Stop, failed, failing};
use crate::record::Record;

/// Of the file system, in MiB.
const SIZE: u64 = 512;

/// Flushes that are waited for in each window.
const FLUSHES: u64 = 6;

/// A file system whose flushes can be made to take long.
#[derive(Debug)]
pub(super) struct Slow {
    image: Image,
    /// What the kernel calls its disk.
    pub(super) disk: String,
}

impl Slow {
    pub(super) fn new(name: &str) -> Result<Self, Stop> {
        let image = Image::new((name, SIZE), &["mkfs.ext4", "-q"], "rw")?;
        let disk = image.device()?;
        // A file that is a disk says that it turns, and would be given more time for it.
        let rotates = format!("/sys/block/{disk}/queue/rotational");
        std::fs::write(&rotates, "0").map_err(failed("say that it does not turn"))?;
        Ok(Self { image, disk })
    }

    /// A server of Redis that keeps its data there, in a folder of that name.
    pub(super) fn redis(&self, name: &str) -> Result<(Redis, PathBuf), Stop> {
        let data = self.image.point().join(name);
        std::fs::create_dir_all(&data).map_err(failed("make a folder"))?;
        // It keeps data once it has its file.
        let file = data.join("appendonlydir");
        Ok((Redis::start(&data, &["--appendonly", "yes"])?, file))
    }

    /// Makes flushes take long until the check tells of them at this target, and holds what it says against what the kernel counted
    /// meanwhile: the record, and how many MiB each had to write.
    pub(super) fn found(&self, stage: &Stage<'_>, target: &str) -> Result<(Record, u64), Stop> {
        let drawn = stage.draw(40, 40);
        let mut told = String::new();
        // A fast disk needs more to write to take as long.
        for mib in [1, 2, 4].map(|times| (drawn * times).min(SIZE - 150)) {
            let (found, counted) = self.flush(stage, mib)?;
            if let Some(record) = failing(&found, target) {
                compare(record, counted)?;
                return Ok((record.clone(), mib));
            }
            told = format!("{counted:?} flushes and ms; the check says {found:?}");
        }
        Err(told.into())
    }

    /// What the check says of a window in which each flush has so many MiB to write, and what the kernel counted in it.
    pub(super) fn flush(
        &self,
        stage: &Stage<'_>,
        mib: u64,
    ) -> Result<(Vec<Record>, (u64, u64)), Stop> {
        let written = self.image.point().join("written");
        let mut file = File::create(&written).map_err(failed("make a file"))?;
        let mut counted = (0, 0);
        let found = stage.between(|| {
            let before = flushes(&self.disk)?;
            for _ in 0..FLUSHES {
                write(&mut file, mib)?;
            }
            let after = flushes(&self.disk)?;
            counted = (after.0 - before.0, after.1 - before.1);
            Ok(())
        })?;
        Ok((found, counted))
    }
}

/// A flush of another, of Redis itself or of the kernel, may lie between both looks.
fn compare(record: &Record, (count, took): (u64, u64)) -> Result<(), Stop> {
    let value = record.evidence.first().map(|it| it.value.clone()).unwrap_or_default();
    let mut told =
        value.split(|it: char| !it.is_ascii_digit()).filter_map(|it| it.parse::<u64>().ok());
    let (of, ms) = (told.next().unwrap_or(0), told.next().unwrap_or(0));
    if of < count || of > count + 4 || ms < took || ms > took + took / 2 {
        return Err(
            format!("{count} flushes took {took} ms; the check says {}", record.observed).into()
        );
    }
    Ok(())
}

/// Waits until it has its file.
pub(super) fn keeps_data(stage: &Stage<'_>, files: &[&Path]) -> Result<(), Stop> {
    stage.wait("they keep data", || Ok(files.iter().all(|it| it.exists())))
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
