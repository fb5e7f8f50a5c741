//! How much of its disk the journal takes: journald.conf(5).

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use crate::probe::unseen;
use crate::snapshot::{Journal, Probed};

const FOLDER: &str = "/var/log/journal";

/// More files are not counted.
const FILES_MAX: usize = 20_000;

/// Of a block as stat(2) counts them.
const BLOCK: u64 = 512;

pub(super) fn look() -> Probed<Journal> {
    measure().map_or_else(|error| unseen(&error, FOLDER), Probed::Seen)
}

fn measure() -> io::Result<Journal> {
    let disk = rustix::fs::statvfs(FOLDER)?;
    let disk_bytes = disk.f_blocks.saturating_mul(disk.f_frsize);
    let mut journal = Journal { disk_bytes, ..Journal::default() };
    let mut files = 0;
    // One folder for each machine, with files and, of namespaces, none deeper.
    for entry in fs::read_dir(FOLDER)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        for file in fs::read_dir(&path)? {
            // One that is removed meanwhile takes nothing.
            let Ok(about) = file?.metadata() else { continue };
            files += 1;
            journal.cut = files > FILES_MAX;
            if journal.cut {
                return Ok(journal);
            }
            journal.used_bytes += about.blocks() * BLOCK;
        }
    }
    Ok(journal)
}
