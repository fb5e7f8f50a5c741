//! A file system that is filled, of bytes or of inodes.

use std::fs::File;
use std::io::Write;

use super::image::Image;
use crate::lab::{self, Stage, Stop, failed, failing};

/// Inodes that the one has that is filled with files.
const INODES: &str = "1024";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let share = stage.draw(960, 30);
    if stage.draw(0, 2) == 0 { bytes(stage, share) } else { inodes(stage, share) }
}

/// Writes so many thousandths of what is left.
fn bytes(stage: &Stage<'_>, share: u64) -> Result<String, Stop> {
    let image = Image::new(("h25", 64), &["mkfs.ext4", "-q"], "rw")?;
    let path = image.point().join("filler");
    let left = df(&image, "avail")?;
    let mut file = File::create(&path).map_err(failed("make a file"))?;
    for _ in 0..left * share / 1_000 / 1_024 {
        file.write_all(&[0xff; 1_024]).map_err(failed("fill it"))?;
    }
    file.sync_all().map_err(failed("wait for the disk"))?;
    drop(file);
    let found = stage.until("it is full", |records| {
        failing(records, &image.target()).is_some_and(|it| it.aspect.is_none())
    })?;
    let record = failing(&found, &image.target()).ok_or("it is gone again")?;
    let left = df(&image, "avail")?;
    if !record.evidence.iter().any(|it| it.value.contains(&format!("available {left} bytes"))) {
        return Err(format!("df says {left} bytes; the check says {record:?}").into());
    }
    mended(stage, &image, record.observed.clone(), || std::fs::remove_file(&path))
}

/// Makes so many thousandths of the files that can be made.
fn inodes(stage: &Stage<'_>, share: u64) -> Result<String, Stop> {
    let image = Image::new(("h25", 64), &["mkfs.ext4", "-q", "-N", INODES], "rw")?;
    let folder = image.point().join("files");
    std::fs::create_dir(&folder).map_err(failed("make a folder"))?;
    for at in 0..df(&image, "iavail")? * share / 1_000 {
        File::create(folder.join(at.to_string())).map_err(failed("make a file"))?;
    }
    let found = stage.until("it has no inodes", |records| {
        failing(records, &image.target()).is_some_and(|it| it.aspect == Some("inodes"))
    })?;
    let record = failing(&found, &image.target()).ok_or("it is gone again")?;
    let wanted = format!("{} of {} inodes left", df(&image, "iavail")?, df(&image, "itotal")?);
    if !record.observed.starts_with(&wanted) {
        return Err(format!("df says {wanted}; the check says {}", record.observed).into());
    }
    mended(stage, &image, record.observed.clone(), || std::fs::remove_dir_all(&folder))
}

fn mended(
    stage: &Stage<'_>,
    image: &Image,
    seen: String,
    delete: impl FnOnce() -> std::io::Result<()>,
) -> Result<String, Stop> {
    delete().map_err(failed("delete"))?;
    stage.until("there is room again", |records| failing(records, &image.target()).is_none())?;
    Ok(seen)
}

fn df(image: &Image, field: &str) -> Result<u64, Stop> {
    let output = format!("--output={field}");
    let told = lab::run("df", &["-B1", &output, &image.point().to_string_lossy()])?;
    let number = told.lines().nth(1).map(str::trim).and_then(|it| it.parse().ok());
    number.ok_or_else(|| format!("df says {told}").into())
}
