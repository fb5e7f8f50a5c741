//! What a check comes to: one record for each thing that is wrong, or one that says that nothing is.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing breaks of it.
    Info,
    /// It will break, or breaks now and then.
    Warning,
    /// It breaks now, or data is at stake.
    Critical,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Something is wrong.
    Fail,
    /// It was looked at, and nothing is.
    Pass,
    /// It applies, and could not be looked at.
    Skip,
    /// It does not apply here.
    #[serde(rename = "n/a")]
    NotApplicable,
    /// Looking failed: our defect, or it took too long.
    Error,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess from what can be seen outside.
    Low,
    /// What was seen says so.
    High,
}

/// Something that was seen, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where: a file, a statement, a call.
    pub probe: String,
    /// What stood there.
    pub value: String,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Of the check, such as `H14`.
    pub id: &'static str,
    /// Which face of it, if it has several.
    pub aspect: Option<&'static str>,
    /// How bad it is, or could have been.
    pub severity: Severity,
    /// What became of it.
    pub status: Status,
    /// What it is about: the host, or an address, a file, a table.
    pub target: String,
    /// What was seen, in a line; where nothing could be, why.
    pub observed: String,
    /// What should have been.
    pub expected: &'static str,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// What breaks, and when; empty where nothing does.
    pub impact: String,
    /// What to do: commands and settings.
    pub fix: String,
    /// What that costs, and what may go wrong.
    pub risk: String,
    /// Whether it can be undone.
    pub reversible: bool,
    /// What would have prevented it, or told of it.
    pub guardrail: &'static str,
    /// Incidents that it is known from.
    pub catalogue: &'static [&'static str],
    /// How sure it is.
    pub confidence: Confidence,
}
