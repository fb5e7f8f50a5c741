//! What all checks came to, and how it is told.

use crate::check::Check;
use crate::record::{Record, Severity, Status};
use crate::snapshot::Window;

mod page;
mod text;

pub use page::page;
pub use text::write_text;

/// What a run cost whoever it looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Seconds that it took.
    pub seconds: f64,
    /// Seconds of processor time.
    pub cpu_seconds: f64,
}

/// The records of a run, the worst first.
#[derive(Clone, Debug)]
pub struct Report {
    /// In order of how bad they are, then of their ids.
    pub records: Vec<Record>,
}

impl Report {
    /// Judges checks in a window.
    pub fn of<'c>(checks: impl IntoIterator<Item = &'c Check>, window: &Window<'_>) -> Self {
        let mut records: Vec<Record> =
            checks.into_iter().flat_map(|check| check.judge(window)).collect();
        records.sort_by_key(|record| {
            (record.status != Status::Fail, std::cmp::Reverse(record.severity), record.id)
        });
        Self { records }
    }

    /// Those of a status.
    pub fn with(&self, status: Status) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.status == status)
    }

    /// The worst that is wrong.
    pub fn worst(&self) -> Option<Severity> {
        self.with(Status::Fail).map(|record| record.severity).max()
    }

    /// 2 if something critical is wrong, 3 if one of the required checks could not look, 1 if there is a warning, else 0.
    pub fn exit_code(&self, required: &[&str]) -> u8 {
        let is_blind = |record: &Record| {
            matches!(record.status, Status::Skip | Status::Error) && required.contains(&record.id)
        };
        match self.worst() {
            Some(Severity::Critical) => 2,
            _ if self.records.iter().any(is_blind) => 3,
            Some(Severity::Warning) => 1,
            Some(Severity::Info) | None => 0,
        }
    }

    /// An array of records.
    ///
    /// # Errors
    /// None that is known: a record is text and numbers.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&self.records)
    }
}

#[cfg(test)]
mod tests;
