//! Redis in the group of a service whose unit says more descriptors than it runs with.

use std::path::PathBuf;

use super::redis::Redis;
use crate::lab::{self, Folder, PREFIX, Stage, Stop, failed, failing};

/// What the unit says.
const SAID: u64 = 20_000;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let service = Service::new()?;
    let folder = Folder::new("h11")?;
    let limit = stage.draw(300, 600);
    let start = |limit: u64| {
        // Into the group first, and then with so many, both soft and hard, as it raises its own.
        let script = format!("echo $$ > \"$0\" && ulimit -n {limit} && exec redis-server \"$@\"");
        let procs = service.group.join("cgroup.procs");
        Redis::start_by("bash", &["-c", &script, &procs.to_string_lossy()], folder.path(), &[])
    };
    let redis = start(limit)?;
    let target = format!("host pid {}", redis.pid());
    let found = stage.until("it has fewer", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let told =
        lab::run("prlimit", &["-n", "-o", "SOFT", "--noheadings", "-p", &redis.pid().to_string()])?;
    let wanted = format!(
        "pid {} \"redis-server\" may have {} descriptors; its unit {} says {SAID}",
        redis.pid(),
        told.trim(),
        service.name
    );
    if record.observed != wanted {
        return Err(format!("{wanted}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    drop(redis);
    let redis = start(SAID)?;
    let target = format!("host pid {}", redis.pid());
    let exe = || std::fs::read_link(format!("/proc/{}/exe", redis.pid())).unwrap_or_default();
    stage.until("it has as many", |records| {
        exe().to_string_lossy().contains("redis") && failing(records, &target).is_none()
    })?;
    Ok(seen)
}

/// A unit and its group, which go with it; systemd itself need not run.
struct Service {
    name: String,
    unit: PathBuf,
    group: PathBuf,
}

impl Service {
    fn new() -> Result<Self, Stop> {
        let name = format!("{PREFIX}h11.service");
        let units = PathBuf::from("/run/systemd/system");
        let roots = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"].map(PathBuf::from);
        let root = roots.into_iter().find(|root| root.join("cgroup.procs").exists());
        let root =
            root.ok_or_else(|| Stop::Missing("control groups below /sys/fs/cgroup".to_owned()))?;
        std::fs::create_dir_all(&units).map_err(failed("make a folder for units"))?;
        let service = Self { unit: units.join(&name), group: root.join(&name), name };
        std::fs::create_dir_all(&service.group).map_err(failed("make a control group"))?;
        let text = format!("[Service]\nExecStart=/bin/true\nLimitNOFILE={SAID}\n");
        std::fs::write(&service.unit, text).map_err(failed("write a unit"))?;
        Ok(service)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _left = std::fs::remove_file(&self.unit);
        // One whose last process is just ending is busy for a moment.
        for _ in 0..100 {
            if std::fs::remove_dir(&self.group).is_ok() {
                return;
            }
            std::thread::sleep(crate::lab::PAUSE);
        }
    }
}
