//! When a database was last backed up, by the file that facts name: `backup.PORT=FILE,AGE`, where the file is what
//! `pgbackrest info --output=json` wrote of one stanza.
//!
//! Source: the documentation of pgBackRest, command `info`; and what 2.45 writes. Of it only the times and kinds of backups are kept.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::probe;
use crate::snapshot::{Backup, Probed};

/// More are not looked at.
const BACKUPS_MAX: usize = 64;

#[derive(Deserialize)]
struct Stanza {
    backup: Vec<Made>,
}

#[derive(Deserialize)]
struct Made {
    /// Whether pages were found broken; older versions do not say.
    error: Option<bool>,
    timestamp: Times,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Times {
    stop: u64,
}

pub(super) fn look(facts: &BTreeMap<String, String>) -> BTreeMap<String, Probed<Backup>> {
    let backups = facts.iter().filter_map(|(name, value)| {
        let port = name.strip_prefix("backup.")?;
        let (file, _) = value.rsplit_once(',')?;
        let file = file.trim();
        let seen = || probe::text(file).and_then(|text| last(&text, file));
        file.starts_with('/').then(|| (port.to_owned(), seen()))
    });
    backups.take(BACKUPS_MAX).collect()
}

/// The last backup that is whole.
fn last(text: &str, file: &str) -> Probed<Backup> {
    let stanzas: Vec<Stanza> = match serde_json::from_str(text) {
        Ok(stanzas) => stanzas,
        Err(error) => {
            let form = "what pgbackrest info --output=json writes";
            return Probed::Failed(format!("{file} is not {form}: {error}"));
        }
    };
    let [stanza] = stanzas.as_slice() else {
        let count = stanzas.len();
        return Probed::Failed(format!("{file} is of {count} stanzas: name one with --stanza"));
    };
    let whole = stanza.backup.iter().filter(|it| it.error != Some(true));
    let last = whole.max_by_key(|it| it.timestamp.stop);
    let kinds = ["full", "diff", "incr"];
    Probed::Seen(Backup {
        ended_s: last.map(|it| it.timestamp.stop),
        kind: last.map(|it| it.kind.clone()).filter(|it| kinds.contains(&it.as_str())),
    })
}

#[cfg(test)]
mod tests;
