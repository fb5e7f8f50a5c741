//! A setting of the machine that a lab changes, and sets back.

use std::fs;

use crate::lab::Stop;

/// One that is set back with it.
#[derive(Debug)]
pub(in crate::lab) struct Setting {
    path: &'static str,
    old: String,
}

impl Setting {
    /// Sets it. Of those with a list of words, the one in brackets is the old one.
    pub(in crate::lab) fn set(path: &'static str, value: &str) -> Result<Self, Stop> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Stop::Missing(path.to_owned()),
            _ => Stop::Failed(format!("read {path}: {error}")),
        })?;
        let chosen = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        let old = chosen.map_or(text.as_str(), |(chosen, _)| chosen).trim().to_owned();
        let own = Self { path, old };
        own.change(value)?;
        Ok(own)
    }

    /// Sets it once more.
    pub(in crate::lab) fn change(&self, value: &str) -> Result<(), Stop> {
        let written = fs::write(self.path, value);
        written.map_err(|error| Stop::Failed(format!("write {value} to {}: {error}", self.path)))
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        let _left = fs::write(self.path, &self.old);
    }
}
