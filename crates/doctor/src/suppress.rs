//! What somebody has looked at and lets be, for a while: `.doctor.toml`.
//!
//! ```toml
//! [[suppress]]
//! check = "P16"               # or one face of it: "H32/journal"
//! target = "postgres :5432"   # of this alone; without it, wherever it is found
//! reason = "checksums come with the move to 18"
//! until = 2027-01-31          # the last day of it
//! ```
//!
//! Nothing is let be without a reason and without an end. What is over is told, and its check counts again.

use serde::Deserialize;

use crate::checks;
use crate::record::{Record, Status};
use crate::report::place;
use crate::words::day_of;

/// Entries of a file.
#[derive(Clone, Debug, Default)]
pub struct Suppressions(Vec<Suppression>);

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Id of a check, with `/` and an aspect if it is of one alone.
    pub check: String,
    /// Of this alone; none if of all.
    pub target: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day, as `2027-01-31`.
    pub until: String,
    /// That, in days since 1970.
    last_day: i64,
}

/// A finding that is let be.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// What was found.
    pub record: Record,
    /// By what it is let be.
    pub by: Suppression,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    suppress: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    check: String,
    target: Option<String>,
    reason: String,
    until: toml::value::Datetime,
}

impl Suppressions {
    /// Reads a file.
    ///
    /// # Errors
    /// In a sentence: what is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        file.suppress.into_iter().map(Suppression::of).collect::<Result<_, _>>().map(Self)
    }

    /// Takes out of what was found what is let be on a day, which is in milliseconds since 1970.
    pub fn take_from(&self, records: &mut Vec<Record>, at_ms: u64) -> Vec<Suppressed> {
        let today = i64::try_from(at_ms / 86_400_000).unwrap_or(i64::MAX);
        let mut taken = Vec::new();
        records.retain(|record| {
            let is_meant = |it: &&Suppression| it.last_day >= today && it.covers(record);
            let by = self.0.iter().find(is_meant);
            taken.extend(by.map(|by| Suppressed { record: record.clone(), by: by.clone() }));
            by.is_none()
        });
        taken
    }

    /// Those that took nothing, although their check was looked at: what they let be is gone, or they name it wrongly. `records` are
    /// those that are left.
    pub fn idle<'a>(
        &'a self,
        taken: &'a [Suppressed],
        records: &'a [Record],
        at_ms: u64,
    ) -> impl Iterator<Item = &'a Suppression> {
        let today = i64::try_from(at_ms / 86_400_000).unwrap_or(i64::MAX);
        let was_looked_at = |it: &Suppression| {
            let statuses: Vec<Status> =
                records.iter().filter(|record| it.is_of(record)).map(|it| it.status).collect();
            let is_seen = |status: &Status| matches!(status, Status::Pass | Status::Fail);
            !statuses.is_empty() && statuses.iter().all(is_seen)
        };
        self.0.iter().filter(move |it| {
            let has_taken = taken.iter().any(|one| it.covers(&one.record));
            it.last_day >= today && !has_taken && was_looked_at(it)
        })
    }

    /// Those that are over on a day, which is in milliseconds since 1970.
    pub fn over(&self, at_ms: u64) -> impl Iterator<Item = &Suppression> {
        let today = i64::try_from(at_ms / 86_400_000).unwrap_or(i64::MAX);
        self.0.iter().filter(move |it| it.last_day < today)
    }
}

impl Suppression {
    fn of(entry: Entry) -> Result<Self, String> {
        let Entry { check, target, reason, until } = entry;
        let id = check.split('/').next().unwrap_or_default();
        if checks::find(id).is_none() {
            return Err(format!(
                "check = \"{check}\": there is no such check; --list has all of them"
            ));
        }
        if reason.trim().is_empty() {
            return Err(format!("{check}: reason is empty; say why it is let be"));
        }
        let date = until.date.filter(|_| until.time.is_none());
        let date = date.ok_or_else(|| format!("{check}: until is a day, such as 2027-01-31"))?;
        let last_day = day_of(date.year.into(), date.month.into(), date.day.into());
        Ok(Self { check, target, reason, until: date.to_string(), last_day })
    }

    /// Whether a record is of the same check, and of the machine or server that this names.
    fn is_of(&self, record: &Record) -> bool {
        let id = self.check.split('/').next().unwrap_or_default();
        let place = place(record);
        let is_there = self.target.as_ref().is_none_or(|target| {
            target.strip_prefix(place).is_some_and(|on| on.is_empty() || on.starts_with(' '))
        });
        id.eq_ignore_ascii_case(record.id) && is_there
    }

    fn covers(&self, record: &Record) -> bool {
        let own = match record.aspect {
            Some(aspect) if self.check.contains('/') => format!("{}/{aspect}", record.id),
            _ => record.id.to_owned(),
        };
        let is_there = self.target.as_ref().is_none_or(|target| *target == record.target);
        record.status == Status::Fail && self.check.eq_ignore_ascii_case(&own) && is_there
    }
}

#[cfg(test)]
mod tests;
