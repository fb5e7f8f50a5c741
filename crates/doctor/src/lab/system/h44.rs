//! A file of `sysctl.d` that nobody applied.

use std::fs;
use std::path::Path;

use crate::lab::{self, PREFIX, Stage, Stop, failed, failing};

const FOLDER: &str = "/run/sysctl.d";
const NAME: &str = "vm.max_map_count";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let running = running()?;
    let file = Configured::new()?;
    let configured = running + stage.draw(1, 100_000);
    file.write(configured)?;
    let found = stage.until("the file differs", |records| failing(records, NAME).is_some())?;
    let record = failing(&found, NAME).ok_or("it is gone again")?;
    let told = format!("{NAME} is {running}, and {} sets it to {configured}", file.path);
    if record.observed != told {
        return Err(format!("{told}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    file.write(running)?;
    stage.until("the file is as the kernel", |records| failing(records, NAME).is_none())?;
    Ok(seen)
}

/// As sysctl tells it.
fn running() -> Result<u64, Stop> {
    let told = lab::run("sysctl", &["-n", NAME])?;
    told.trim().parse().map_err(|error| format!("sysctl says {told}: {error}").into())
}

/// A file, which goes with it, and so does the folder if nothing else was in it. Its name puts it behind those that begin with a number.
struct Configured {
    path: String,
}

impl Configured {
    fn new() -> Result<Self, Stop> {
        fs::create_dir_all(FOLDER).map_err(failed("make /run/sysctl.d"))?;
        Ok(Self { path: format!("{FOLDER}/{PREFIX}h44.conf") })
    }

    fn write(&self, value: u64) -> Result<(), Stop> {
        fs::write(&self.path, format!("{NAME} = {value}\n")).map_err(failed("write the file"))
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        let _left = fs::remove_file(&self.path);
        // It stays if others have files in it.
        let _kept = fs::remove_dir(Path::new(FOLDER));
    }
}
