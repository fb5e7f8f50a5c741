//! A shell that has a large file open that is deleted.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::lab::disks::image::Image;
use crate::lab::{Stage, Stop, failed, failing};

/// Of the file system.
const SIZE: u64 = 256;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let mib = stage.draw(24, 100);
    let image = Image::new(("h26", SIZE), &["mkfs.ext4", "-q"], "rw")?;
    let path = image.point().join("log");
    let mut file = std::fs::File::create(&path).map_err(failed("make a file"))?;
    for _ in 0..mib {
        file.write_all(&vec![0xff; 1 << 20]).map_err(failed("fill it"))?;
    }
    file.sync_all().map_err(failed("wait for the disk"))?;
    drop(file);
    let free =
        |image: &Image| rustix::fs::statvfs(image.point()).map_or(0, |it| it.f_bfree * it.f_frsize);
    // It keeps the file open, and reads a line that never comes.
    let mut shell = Command::new("bash")
        .args(["-c", "exec 9<\"$0\"; echo open; read line"])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed("run bash"))?;
    let is_open = shell.stdout.take().map(|mut out| {
        let mut said = [0; 5];
        std::io::Read::read_exact(&mut out, &mut said)
    });
    let target = format!("{} pid {}", image.point().to_string_lossy(), shell.id());
    let held = free(&image);
    let outcome = std::fs::remove_file(&path).map_err(failed("delete")).and_then(|()| {
        let found = stage.until("it is held", |records| failing(records, &target).is_some())?;
        Ok(failing(&found, &target).cloned().ok_or("it is gone again")?)
    });
    let _gone = shell.kill();
    let ended = shell.wait();
    let record = outcome?;
    is_open.transpose().map_err(failed("hear from bash"))?;
    ended.map_err(failed("wait for bash"))?;
    stage.until("it is closed", |records| failing(records, &target).is_none())?;
    // What came free is what was held.
    let freed = free(&image).saturating_sub(held);
    let wanted = format!("{freed} bytes in 1 files");
    if !record.evidence.iter().any(|it| it.value.starts_with(&wanted)) {
        return Err(format!("{freed} bytes came free; the check says {record:?}").into());
    }
    Ok(record.observed)
}
