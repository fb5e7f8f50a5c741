//! A program, this one, that takes most of the instances of inotify that its user may have.

use rustix::fs::inotify;

use crate::lab::{self, Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let path = "/proc/sys/fs/inotify/max_user_instances";
    let most: u64 = std::fs::read_to_string(path)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Stop::Missing("inotify in the kernel".to_owned()))?;
    let uid = rustix::process::getuid().as_raw();
    let target = format!("host user {uid} instances");
    // Some are taken already.
    let wanted = most * stage.draw(72, 20) / 100;
    let mut held = Vec::new();
    while taken(uid)? < wanted {
        let one = inotify::init(inotify::CreateFlags::CLOEXEC);
        held.push(one.map_err(|error| format!("make one: {error}"))?);
    }
    let found = stage.until("most are taken", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let told = format!(" has {} of {most} instances of inotify", taken(uid)?);
    if !record.observed.contains(&told) {
        return Err(format!("the user{told}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    drop(held);
    stage.until("they are closed", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

/// As find counts them.
fn taken(uid: u32) -> Result<u64, Stop> {
    let script = format!(
        "find /proc/[0-9]*/fd -maxdepth 1 -lname anon_inode:inotify -uid {uid} 2>/dev/null | wc -l"
    );
    let told = lab::run("sh", &["-c", &script])?;
    told.trim().parse().map_err(|error| format!("find says {told}: {error}").into())
}
