//! What the disk costs.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::server::root;

/// Writes that are timed.
const SAMPLES: usize = 200;

/// Prints and returns what a sync costs where the servers keep their data.
pub(crate) fn print_sync_time() -> Result<Duration> {
    let sync = sync_time(root()?)?;
    let ms = sync.as_secs_f64() * 1e3;
    println!("sync: {ms:.3} ms (median of {SAMPLES} writes of 512 bytes)");
    Ok(sync)
}

/// The median time of a 512-byte write with a sync, in a file that has its length already.
fn sync_time(dir: &Path) -> Result<Duration> {
    let path = dir.join("sync-probe");
    let file = File::create(&path).with_context(|| format!("make {}", path.display()))?;
    file.write_all_at(&vec![0; 512 * SAMPLES], 0)
        .and_then(|()| file.sync_all())
        .context("fill the probe")?;
    let mut times = Vec::with_capacity(SAMPLES);
    for sample in 0..SAMPLES {
        let began = Instant::now();
        file.write_all_at(&[1; 512], 512 * sample as u64)
            .and_then(|()| file.sync_data())
            .context("sync the probe")?;
        times.push(began.elapsed());
    }
    fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
    times.sort_unstable();
    Ok(times[SAMPLES / 2])
}
