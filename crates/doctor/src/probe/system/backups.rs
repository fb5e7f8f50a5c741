//! When a database was last backed up, by the file that facts name: `backup.PORT=FILE,AGE`, where the file is what
//! `pgbackrest info --output=json` wrote of one stanza.
//!
//! Source: the documentation of pgBackRest, command `info`, and its `info.c` (codes of a stanza: 1 and 2 if it is not in the repository, or
//! has no backup); and what 2.45 writes. Of it only the times and kinds of backups are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::probe;
use crate::snapshot::{Backup, Probed};

/// More are not looked at.
const BACKUPS_MAX: usize = 64;

/// There are no backups: their stanza is missing, or is empty.
const NONE: [u64; 2] = [1, 2];

#[derive(Deserialize)]
struct Stanza {
    backup: Vec<Made>,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    code: u64,
}

#[derive(Deserialize)]
struct Made {
    /// Whether pages were found broken; older versions do not say.
    error: Option<bool>,
    label: String,
    /// The one that it was made after, and all from which it takes files; none of a full one.
    prior: Option<String>,
    reference: Option<Vec<String>>,
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
    let code = stanza.status.code;
    if code != 0 && !NONE.contains(&code) {
        return Probed::Failed(format!(
            "{file} tells of a stanza that is not well (status.code {code}): see pgbackrest info and pgbackrest check"
        ));
    }
    let made = if code == 0 { stanza.backup.as_slice() } else { &[] };
    let last = whole(made).into_iter().max_by_key(|it| it.timestamp.stop);
    let kinds = ["full", "diff", "incr"];
    Probed::Seen(Backup {
        ended_s: last.map(|it| it.timestamp.stop),
        kind: last.map(|it| it.kind.clone()).filter(|it| kinds.contains(&it.as_str())),
    })
}

/// Those that can be restored: without an error, and so is each on which they stand.
fn whole(made: &[Made]) -> Vec<&Made> {
    let (mut whole, mut labels) = (Vec::new(), BTreeSet::new());
    let mut left: Vec<_> = made.iter().filter(|it| it.error != Some(true)).collect();
    loop {
        let stands = |it: &&Made| {
            let mut needs = it.prior.iter().chain(it.reference.iter().flatten());
            (it.kind == "full" || it.prior.is_some()) && needs.all(|need| labels.contains(need))
        };
        let (found, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(stands);
        if found.is_empty() {
            return whole;
        }
        labels.extend(found.iter().map(|it| it.label.clone()));
        whole.extend(found);
        left = rest;
    }
}

#[cfg(test)]
mod tests;
