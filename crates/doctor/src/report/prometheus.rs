//! For the textfile collector of `node_exporter`: one series for each finding and for each check that could not look.

use std::fmt::{Display, Write};

use super::clean::clean;
use super::{Cost, Report};
use crate::record::{Record, Severity, Status};

pub(super) fn prometheus(report: &Report, cost: Cost) -> String {
    let mut out = String::new();
    head(&mut out, "findings", "Findings of the last run, by severity.");
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        let count = report.with(Status::Fail).filter(|it| it.severity == severity).count();
        line(&mut out, "findings", &[("severity", severity.name())], &count);
    }
    head(&mut out, "finding", "What is wrong: 1 for each finding of the last run.");
    series(&mut out, "finding", report.with(Status::Fail));
    head(
        &mut out,
        "blind",
        "What could not be looked at: 1 for each check and target of the last run.",
    );
    series(&mut out, "blind", report.with(Status::Skip).chain(report.with(Status::Error)));
    let gauges: [(_, _, &dyn Display); 6] = [
        ("passed", "Checks that found nothing wrong.", &report.with(Status::Pass).count()),
        ("suppressed", "Findings that are let be.", &report.suppressed.len()),
        ("run_timestamp_seconds", "When the last run was.", &(report.scene.at_ms / 1_000)),
        ("run_seconds", "How long it took.", &cost.seconds),
        ("run_cpu_seconds", "Processor time that it took.", &cost.cpu_seconds),
        ("run_queries", "Statements that servers were sent.", &cost.queries),
    ];
    for (name, help, value) in gauges {
        head(&mut out, name, help);
        line(&mut out, name, &[], value);
    }
    out
}

fn head(out: &mut String, name: &str, help: &str) {
    let _endless = write!(
        out,
        "# HELP groundsill_doctor_{name} {help}\n# TYPE groundsill_doctor_{name} gauge\n"
    );
}

/// A label set may be there once: findings that differ in nothing else are one.
fn series<'r>(out: &mut String, name: &str, records: impl Iterator<Item = &'r Record>) {
    let mut known = std::collections::BTreeSet::new();
    for record in records {
        let aspect = record.aspect.unwrap_or_default();
        if known.insert((record.id, &record.target, aspect)) {
            let labels = [
                ("id", record.id),
                ("aspect", aspect),
                ("target", &record.target),
                ("severity", record.severity.name()),
            ];
            line(out, name, &labels, &1);
        }
    }
}

fn line(out: &mut String, name: &str, labels: &[(&str, &str)], value: &dyn Display) {
    let escaped = |text: &str| clean(text).replace('\\', "\\\\").replace('"', "\\\"");
    let labels: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    let labels =
        if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _endless = writeln!(out, "groundsill_doctor_{name}{labels} {value}");
}
