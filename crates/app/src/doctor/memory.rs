//! What an earlier run has seen.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ArgMatches;
use doctor::snapshot::Recording;

use super::{Usage, read, write};

/// What was remembered is compared with for so long: a day.
const REMEMBERED_MS: u64 = 86_400_000;

/// The file that --since names, or what --remember kept within a day; none if there is neither.
pub(super) fn earlier(matches: &ArgMatches, now: &Recording) -> Result<Option<Recording>> {
    if let Some(path) = matches.get_one::<PathBuf>("since") {
        let earlier = read(path)?;
        if earlier.after.age_at(&now.before).unwrap_or(0) == 0 {
            bail!(Usage(format!("{}: it is not earlier than this look", path.display())));
        }
        return Ok(Some(earlier));
    }
    if matches.contains_id("from") {
        return Ok(None);
    }
    let Some(path) = place().filter(|path| path.exists()) else { return Ok(None) };
    let remembered = read(&path).ok();
    // One that cannot be read is of another version, and is replaced by the next.
    Ok(remembered.filter(|it| {
        let age = it.after.age_at(&now.after);
        it.after.host.name == now.after.host.name && age.is_some_and(|age| age <= REMEMBERED_MS)
    }))
}

/// Keeps it for the next run, whole or not at all.
pub(super) fn keep(recording: &Recording) -> Result<()> {
    let Some(path) = place() else {
        bail!(Usage("--remember: neither XDG_STATE_HOME nor HOME says where".into()));
    };
    let folder = path.parent().context("the path has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    // Of this process alone: two that run at once do not write into one.
    let new = path.with_extension(format!("{}.new", std::process::id()));
    // One that is left of an earlier process of this number; nothing else may stand there, a link least of all.
    let _gone = fs::remove_file(&new);
    let written = write(&new, &serde_json::to_string(recording)?).and_then(|()| {
        fs::rename(&new, &path).with_context(|| format!("write {}", path.display()))
    });
    if written.is_err() {
        let _gone = fs::remove_file(&new);
    }
    written
}

fn place() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|it| it.is_absolute());
    let usual = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state"));
    Some(named.or_else(usual)?.join("groundsill/doctor/last.json"))
}
