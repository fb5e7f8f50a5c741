//! A process that crashes while the kernel pipes its memory to a program that does not exist.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use crate::lab::memory::setting::Setting;
use crate::lab::{PREFIX, Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let handler = format!("/usr/lib/{PREFIX}h32-{}", stage.draw(1_000, 9_000));
    let pattern = Setting::set("/proc/sys/kernel/core_pattern", &format!("|{handler} %P %s"))?;
    let found =
        stage.until("the handler is missing", |records| failing(records, "cores").is_some())?;
    let record = failing(&found, "cores").ok_or("it is gone again")?;
    if !record.observed.contains(&format!(" {handler},")) {
        return Err(format!("it is {handler}; the check says {}", record.observed).into());
    }
    if crashes_with_a_core()? {
        return Err("a core was written, though nothing is there to take it".into());
    }
    let seen = record.observed.clone();
    // One that is there takes it, and does nothing with it.
    pattern.change("|/bin/true %P %s")?;
    if !crashes_with_a_core()? {
        return Err("no core was taken, though the program is there".into());
    }
    stage.until("the handler is there", |records| failing(records, "cores").is_none())?;
    Ok(seen)
}

/// What wait(2) tells of a process that crashed.
fn crashes_with_a_core() -> Result<bool, Stop> {
    let status = Command::new("sh").args(["-c", "kill -SEGV $$"]).status();
    let status = status.map_err(failed("run a process that crashes"))?;
    if status.signal().is_none() {
        return Err("the process did not crash".into());
    }
    Ok(status.core_dumped())
}
