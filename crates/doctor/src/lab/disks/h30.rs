//! A file system that is mounted so that it does not wait for its disk, or not for what is in files.

use super::image::Image;
use crate::lab::{self, Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let option = ["nobarrier", "data=writeback"][usize::from(stage.draw(0, 2) == 1)];
    let image = Image::new(("h30", 64), &["mkfs.ext4", "-q"], option)?;
    let found =
        stage.until("it is mounted so", |records| failing(records, &image.target()).is_some())?;
    let record = failing(&found, &image.target()).ok_or("it is gone again")?;
    let shown = lab::run("findmnt", &["-n", "-o", "OPTIONS", &image.point().to_string_lossy()])?;
    let is_shown = |it: &str| shown.trim().split(',').any(|one| one == it);
    let told = record.observed.rsplit(' ').next().unwrap_or_default();
    if told != option || !is_shown(told) {
        return Err(format!("findmnt says {shown}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    image.unmount()?;
    image.mount("rw")?;
    stage.until("it is mounted well", |records| failing(records, &image.target()).is_none())?;
    Ok(seen)
}
