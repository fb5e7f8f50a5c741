//! A file system that is told that it is broken: ext4 by its own means to test that, XFS by shutting it down.

use std::path::PathBuf;

use super::image::Image;
use crate::lab::{self, Stage, Stop, failed, failing};

/// So many MiB are the least that XFS takes.
const SIZE: u64 = 320;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    if stage.draw(0, 2) == 0 { ext4(stage) } else { xfs(stage) }
}

fn ext4(stage: &Stage<'_>) -> Result<String, Stop> {
    let image = Image::new(("h46", SIZE), &["mkfs.ext4", "-q"], "rw,errors=remount-ro")?;
    let folder = PathBuf::from("/sys/fs/ext4").join(image.device()?);
    // Several errors before it refuses writes are one: after the first it does.
    std::fs::write(folder.join("trigger_fs_error"), "1").map_err(failed("tell it of an error"))?;
    let found =
        stage.until("it refuses writes", |records| failing(records, &image.target()).is_some())?;
    let record = failing(&found, &image.target()).ok_or("it is gone again")?;
    refuses(&image)?;
    let count = std::fs::read_to_string(folder.join("errors_count")).map_err(failed("count"))?;
    if !record.observed.contains(&format!("; {} errors counted", count.trim())) {
        return Err(
            format!("{} were counted; the check says {}", count.trim(), record.observed).into()
        );
    }
    let seen = record.observed.clone();
    image.unmount()?;
    // It ends with 1 where it mended something.
    let file = image.file();
    let _mended = lab::run("fsck.ext4", &["-fy", &file.to_string_lossy()]);
    image.mount("rw,errors=remount-ro")?;
    stage.until("it is checked", |records| failing(records, &image.target()).is_none())?;
    Ok(seen)
}

fn xfs(stage: &Stage<'_>) -> Result<String, Stop> {
    let image = Image::new(("h46", SIZE), &["mkfs.xfs", "-q"], "rw")?;
    let point = image.point();
    lab::run("xfs_io", &["-x", "-c", "shutdown", &point.to_string_lossy()])?;
    let found = stage.until("it is shut down", |records| {
        failing(records, &image.target()).is_some_and(|it| it.aspect == Some("shutdown"))
    })?;
    let record = failing(&found, &image.target()).ok_or("it is gone again")?;
    refuses(&image)?;
    let seen = record.observed.clone();
    image.unmount()?;
    image.mount("rw")?;
    stage.until("it is mounted again", |records| failing(records, &image.target()).is_none())?;
    Ok(seen)
}

/// What the check says is so: nothing can be written.
fn refuses(image: &Image) -> Result<(), Stop> {
    match std::fs::write(image.point().join("new"), "x") {
        Err(error) if matches!(error.raw_os_error(), Some(5 | 30)) => Ok(()),
        other => Err(format!("it was told of an error; a write to it comes to {other:?}").into()),
    }
}
