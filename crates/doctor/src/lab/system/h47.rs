//! The stamp of a job that has not succeeded for longer than it may.

use std::collections::BTreeMap;

use crate::lab::{self, Folder, Stage, Stop, failed, failing};
use crate::probe::Ask;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let folder = Folder::new("h47")?;
    let file = folder.path().join("done");
    let path = file.to_string_lossy().into_owned();
    let (hours, most) = (stage.draw(30, 18), 26);
    std::fs::write(&file, "").map_err(failed("write the stamp"))?;
    lab::run("touch", &["-d", &format!("{hours} hours ago"), &path])?;
    let facts = BTreeMap::from([("stamp.lab".to_owned(), format!("{path},{most}h"))]);
    let stage = stage.asking(Ask { facts, ..Ask::default() });
    let found = stage.until("it is too old", |records| failing(records, "job lab").is_some())?;
    let record = failing(&found, "job lab").ok_or("it is gone again")?;
    let told = format!("was written {} h ago, and {most} h are allowed", age_hours(&path)?);
    if !record.observed.ends_with(&told) {
        return Err(format!("it {told}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    lab::run("touch", &[&path])?;
    stage.until("it succeeded", |records| failing(records, "job lab").is_none())?;
    Ok(seen)
}

/// As date and stat tell it.
fn age_hours(path: &str) -> Result<u64, Stop> {
    let number = |text: String| -> Result<u64, Stop> {
        text.trim().parse().map_err(|error| format!("{text} is no number: {error}").into())
    };
    let now = number(lab::run("date", &["+%s"])?)?;
    let written = number(lab::run("stat", &["-c", "%Y", path])?)?;
    Ok(now.saturating_sub(written) / 3_600)
}
