//! Redis with an append-only file on a file system that does not keep it.

use std::path::PathBuf;

use crate::lab::processes::redis::Redis;
use crate::lab::{self, Folder, Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let place = Place::new(stage.draw(0, 2) == 0)?;
    let data = place.point();
    let redis = Redis::start(&data, &["--appendonly", "yes"])?;
    let target = format!(" {}", data.to_string_lossy());
    let found = stage.until("it is on no disk", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let kind = lab::run("findmnt", &["-n", "-o", "FSTYPE", "-T", &data.to_string_lossy()])?;
    let wanted = format!("pid {} \"redis-server\" keeps its data on {} ", redis.pid(), kind.trim());
    if !record.observed.starts_with(&wanted) {
        return Err(format!("{wanted}is so; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    drop(redis);
    let disk = Folder::new("h29-disk")?;
    let moved = disk.path().join("data");
    lab::run("cp", &["-a", &data.to_string_lossy(), &moved.to_string_lossy()])?;
    let redis = Redis::start(&moved, &["--appendonly", "yes"])?;
    let pid = format!("pid {} ", redis.pid());
    stage.until("it is on a disk", |records| {
        failing(records, &target).is_none() && !records.iter().any(|it| it.observed.contains(&pid))
    })?;
    Ok(seen)
}

/// A mount, which goes with it.
struct Place(Folder);

impl Place {
    fn new(is_memory: bool) -> Result<Self, Stop> {
        let place = Self(Folder::new("h29")?);
        for name in ["point", "lower", "upper", "work"] {
            std::fs::create_dir_all(place.0.path().join(name)).map_err(failed("make a folder"))?;
        }
        let point = place.0.path().join("point").to_string_lossy().into_owned();
        if is_memory {
            lab::run("mount", &["-t", "tmpfs", "none", &point])?;
        } else {
            let layer = |name: &str| place.0.path().join(name).to_string_lossy().into_owned();
            let options = format!(
                "lowerdir={},upperdir={},workdir={}",
                layer("lower"),
                layer("upper"),
                layer("work")
            );
            lab::run("mount", &["-t", "overlay", "overlay", "-o", &options, &point])?;
        }
        std::fs::create_dir_all(place.point()).map_err(failed("make a folder"))?;
        Ok(place)
    }

    fn point(&self) -> PathBuf {
        self.0.path().join("point/data")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let point = self.0.path().join("point");
        // What is left of it goes with the next `lab --clean`.
        let _left = lab::run("umount", &["-l", &point.to_string_lossy()]);
    }
}
