//! Files that jobs touch when they succeed, as facts name them: `stamp.NAME=FILE,AGE`.

use std::collections::BTreeMap;
use std::fs;
use std::os::linux::fs::MetadataExt;

use crate::probe::unseen;
use crate::snapshot::{Probed, Stamp};

/// More are not looked at.
const STAMPS_MAX: usize = 256;

pub(super) fn look(facts: &BTreeMap<String, String>) -> BTreeMap<String, Probed<Stamp>> {
    let stamps = facts.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("stamp.")?;
        let (file, _) = value.rsplit_once(',')?;
        Some((name.to_owned(), of(file.trim())))
    });
    stamps.take(STAMPS_MAX).collect()
}

fn of(file: &str) -> Probed<Stamp> {
    match fs::metadata(file) {
        Ok(about) => {
            let seconds = u64::try_from(about.st_mtime()).unwrap_or(0);
            Probed::Seen(Stamp { modified_ms: Some(seconds * 1_000) })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Probed::Seen(Stamp { modified_ms: None })
        }
        Err(error) => unseen(&error, file),
    }
}
