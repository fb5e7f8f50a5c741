//! What all checks came to, and how it is told.

use std::collections::BTreeSet;

use crate::check::Check;
use crate::record::{Record, Severity, Status};
use crate::snapshot::{Recording, Window};
use crate::suppress::{Suppressed, Suppression, Suppressions};

mod changes;
mod clean;
mod html;
mod junit;
mod markdown;
mod page;
mod prometheus;
mod sarif;
mod scene;
mod script;
mod text;

pub use changes::Changes;
pub use page::page;
pub use scene::Scene;
pub use text::Paint;

/// In which form a report is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Text,
    /// An array of records.
    Json,
    /// For what shows results of tests.
    Junit,
    /// For the textfile collector of `node_exporter`.
    Prometheus,
    /// For what shows findings in code, version 2.1.0.
    Sarif,
    /// For a ticket.
    Markdown,
    /// A page of its own.
    Html,
}

impl Format {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 7] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("junit", Self::Junit),
        ("prometheus", Self::Prometheus),
        ("sarif", Self::Sarif),
        ("markdown", Self::Markdown),
        ("html", Self::Html),
    ];
}

/// What a run cost, and whoever it looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Seconds that it took.
    pub seconds: f64,
    /// Seconds of processor time.
    pub cpu_seconds: f64,
    /// Memory that it had at most.
    pub peak_bytes: u64,
    /// Statements and commands that servers were sent.
    pub queries: u64,
    /// Bytes that they answered, about.
    pub bytes: u64,
}

/// The records of a run, the worst first.
#[derive(Clone, Debug)]
pub struct Report {
    /// In order of how bad they are, then of their ids.
    pub records: Vec<Record>,
    /// Findings that are let be.
    pub suppressed: Vec<Suppressed>,
    /// What was let be, and is over.
    pub over: Vec<Suppression>,
    /// What is let be, and was looked for and not found.
    pub idle: Vec<Suppression>,
    /// What was looked at, and from where.
    pub scene: Scene,
    /// What is different from an earlier look, if one is known.
    pub changes: Option<Changes>,
}

impl Report {
    /// Judges checks in a window.
    pub fn of<'c>(
        checks: impl IntoIterator<Item = &'c Check>,
        window: &Window<'_>,
        suppressions: &Suppressions,
    ) -> Self {
        let mut records: Vec<Record> =
            checks.into_iter().flat_map(|check| check.judge(window)).collect();
        records.sort_by_key(order);
        let at_ms = window.after.at_ms;
        let suppressed = suppressions.take_from(&mut records, at_ms);
        Self {
            idle: suppressions.idle(&suppressed, &records, at_ms).cloned().collect(),
            suppressed,
            over: suppressions.over(at_ms).cloned().collect(),
            records,
            scene: Scene::of(window),
            changes: None,
        }
    }

    /// Says what is different from an earlier recording, judged by the same checks.
    pub fn compare<'c>(
        &mut self,
        checks: impl IntoIterator<Item = &'c Check>,
        earlier: &Recording,
    ) {
        let before = Self::of(checks, &earlier.window(), &Suppressions::default());
        let is_let_be = self.suppressed.iter().map(|it| &it.record);
        let now: Vec<&Record> = self.with(Status::Fail).chain(is_let_be).collect();
        let looked = |record: &Record| self.looked_at(record, &now);
        let at_ms = earlier.after.at_ms;
        self.changes = Some(Changes::between(&before.records, &now, looked, at_ms));
    }

    /// Whether the check of a record was looked at now, on the same machine or server. `now` is everything that is wrong.
    fn looked_at(&self, record: &Record, now: &[&Record]) -> bool {
        let same = |it: &&Record| it.id == record.id && place(it) == place(record);
        let others: Vec<&Record> = now.iter().copied().chain(&self.records).filter(same).collect();
        let is_blind = |it: &&Record| matches!(it.status, Status::Skip | Status::Error);
        !others.is_empty() && !others.iter().any(is_blind)
    }

    /// Adds what is found in a longer window and not in the own one: it was so some time in between, which is worth knowing.
    pub fn widen(&mut self, longer: Self) {
        let known: BTreeSet<_> =
            self.with(Status::Fail).map(|it| (it.name(), it.target.clone())).collect();
        let is_new = |it: &Record| {
            it.status == Status::Fail && !known.contains(&(it.name(), it.target.clone()))
        };
        let found = longer.records.into_iter().filter(is_new);
        let told = found.map(|it| Record {
            severity: Severity::Info,
            observed: format!("since the earlier look: {}", it.observed),
            ..it
        });
        self.records.extend(told);
        self.records.sort_by_key(order);
        self.scene.longer_seconds = Some(longer.scene.window_seconds);
    }

    /// Those of a status.
    pub fn with(&self, status: Status) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.status == status)
    }

    /// The worst that is wrong.
    pub fn worst(&self) -> Option<Severity> {
        self.with(Status::Fail).map(|record| record.severity).max()
    }

    /// 2 if something critical is wrong; 3 if one of the required checks could not look, or a server that the user named could
    /// not be reached; 1 if there is a warning; else 0.
    pub fn exit_code(&self, required: &[&str]) -> u8 {
        let is_blind = |record: &Record| {
            matches!(record.status, Status::Skip | Status::Error) && required.contains(&record.id)
        };
        match self.worst() {
            Some(Severity::Critical) => 2,
            _ if self.records.iter().any(is_blind) || self.scene.missed().next().is_some() => 3,
            Some(Severity::Warning) => 1,
            Some(Severity::Info) | None => 0,
        }
    }

    /// The report in a form. `paint` puts colours around a word, where the reader has some.
    pub fn tell(&self, format: Format, cost: Cost, paint: Paint) -> String {
        match format {
            Format::Text => text::text(self, cost, paint),
            Format::Json => json(&self.records),
            Format::Junit => junit::junit(self, cost),
            Format::Prometheus => prometheus::prometheus(self, cost),
            Format::Sarif => sarif::sarif(self),
            Format::Markdown => markdown::markdown(self, cost),
            Format::Html => html::html(self, cost),
        }
    }

    /// A line for each check: the look of a minute.
    pub fn lines(&self, cost: Cost, paint: Paint) -> String {
        text::lines(self, cost, paint)
    }

    /// A script of what to do about what is wrong, each step with its undo.
    pub fn script(&self) -> String {
        script::script(self)
    }
}

/// What a record says, in a line.
pub fn line(record: &Record) -> String {
    clean::clean(&format!("{}: {}", record.target, record.observed))
}

/// Which machine or server a record is of, whatever on it.
pub(crate) fn place(record: &Record) -> &str {
    let is_one = record.target.starts_with("host") || record.target.starts_with("boundary");
    let words = if is_one { 1 } else { 2 };
    let end = record.target.match_indices(' ').nth(words - 1).map(|(at, _)| at);
    &record.target[..end.unwrap_or(record.target.len())]
}

/// Those of one check stay as it told them: it knows what is wanted first.
fn order(record: &Record) -> impl Ord + use<> {
    (record.status != Status::Fail, std::cmp::Reverse(record.severity), record.id)
}

fn json(records: &[Record]) -> String {
    // A record is text and numbers: that cannot fail.
    let text = serde_json::to_string_pretty(records).unwrap_or_default() + "\n";
    // Within JSON these are only in strings, where they may as well be escaped.
    clean::turns(&text)
}

#[cfg(test)]
mod tests;
