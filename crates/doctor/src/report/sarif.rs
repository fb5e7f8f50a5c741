//! For what shows findings in code: SARIF 2.1.0, a rule for each check that found something, a result for each finding.

use serde_json::{Value, json};

use super::Report;
use super::clean::clean;
use crate::checks;
use crate::record::{Record, Severity, Status};

pub(super) fn sarif(report: &Report) -> String {
    let mut ids: Vec<&str> = report.with(Status::Fail).map(|record| record.id).collect();
    ids.dedup();
    let rules: Vec<Value> = ids.into_iter().filter_map(checks::find).map(rule).collect();
    let results: Vec<Value> = report.with(Status::Fail).map(result).collect();
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "groundsill doctor", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
        }],
    });
    format!("{whole:#}\n")
}

fn rule(check: &crate::check::Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.page.culprit},
        "help": {"text": check.page.fix},
    })
}

fn result(record: &Record) -> Value {
    let level = match record.severity {
        Severity::Critical => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let text = format!(
        "{}: {} Breaks: {}. Fix: {}",
        record.target, record.observed, record.impact, record.fix
    );
    json!({
        "ruleId": record.id,
        "level": level,
        "message": {"text": clean(&text)},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": clean(&record.target)}]}],
    })
}
