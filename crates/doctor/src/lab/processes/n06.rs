//! Children that nobody asks after; or a write to a file system that is frozen.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::lab::disks::image::Image;
use crate::lab::{self, Stage, Stop, failed, failing};

/// Looks are so far apart where a wait is to be told of.
const APART: Duration = Duration::from_millis(1_200);

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    if stage.draw(0, 2) == 0 { ended(stage) } else { blocked(stage) }
}

fn ended(stage: &Stage<'_>) -> Result<String, Stop> {
    let count = stage.draw(110, 200);
    // What it becomes knows nothing of its children. A shell would ask after those that end before.
    let script = format!(
        "import os\nfor _ in range({count}):\n    os.fork() or os._exit(0)\nos.execvp('sleep', ['sleep', '60'])"
    );
    let parent = Command::new("python3").args(["-c", &script]).spawn();
    let parent = parent.map_err(failed("run python3"))?;
    let mut parent = Ending(parent);
    let target = format!("host pid {}", parent.0.id());
    let found = stage.until("all have ended", |records| {
        failing(records, &target).is_some_and(|it| it.observed.contains("\"sleep\""))
    })?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let pid = parent.0.id().to_string();
    let told = lab::run("ps", &["-o", "stat=", "--ppid", &pid])?;
    let zombies = told.lines().filter(|line| line.starts_with('Z')).count();
    if !record.observed.starts_with(&format!("{zombies} children of ")) {
        return Err(format!("ps says {zombies}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    parent.end()?;
    stage.until("their parent has ended", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

fn blocked(stage: &Stage<'_>) -> Result<String, Stop> {
    let image = Image::new(("n06", 64), &["mkfs.ext4", "-q"], "rw")?;
    let frozen = Frozen::new(&image)?;
    let path = image.point().join("new");
    let writer = Command::new("touch").arg(&path).stderr(Stdio::null()).spawn();
    let mut writer = Ending(writer.map_err(failed("run touch"))?);
    let pid = writer.0.id();
    let target = format!("host pid {pid} thread {pid}");
    stage.until("it waits", |_| state(pid) == Some('D'))?;
    // The time between both looks is what is measured here, not waited for.
    let found = stage.between(|| {
        std::thread::sleep(APART);
        Ok(())
    })?;
    let record =
        failing(&found, &target).ok_or_else(|| format!("it waits; the check says {found:?}"))?;
    let place = std::fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
    if state(pid) != Some('D')
        || !record.observed.contains(&format!(" in {} for all of 1.", place.trim()))
    {
        return Err(format!("it waits in {place}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    drop(frozen);
    writer.0.wait().map_err(failed("wait for touch"))?;
    stage.until("it was thawed", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

fn state(pid: u32) -> Option<char> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(") ")?.1.chars().next()
}

/// A process that ends with it.
struct Ending(Child);

impl Ending {
    fn end(&mut self) -> Result<(), Stop> {
        let _gone = self.0.kill();
        self.0.wait().map(drop).map_err(failed("wait for its end"))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let _ended = self.end();
    }
}

/// A file system that takes no writes until it is gone.
struct Frozen(String);

impl Frozen {
    fn new(image: &Image) -> Result<Self, Stop> {
        let point = image.point().to_string_lossy().into_owned();
        lab::run("fsfreeze", &["-f", &point])?;
        Ok(Self(point))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _thawed = lab::run("fsfreeze", &["-u", &self.0]);
    }
}
