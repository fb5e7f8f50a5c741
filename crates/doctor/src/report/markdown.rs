//! For a ticket: tables, and the worst with what proves them.

use std::fmt::Write;

use super::clean::clean;
use super::text::{Blind, blind};
use super::{Cost, Report};
use crate::record::{Record, Severity, Status};

pub(super) fn markdown(report: &Report, cost: Cost) -> String {
    let mut out = String::new();
    let _endless = write_all(&mut out, report, cost);
    out
}

fn write_all(out: &mut String, report: &Report, cost: Cost) -> std::fmt::Result {
    let scene = &report.scene;
    let systems: Vec<String> = scene.servers.iter().map(|it| cell(&it.title())).collect();
    writeln!(out, "# {}: groundsill doctor\n", cell(&scene.host))?;
    writeln!(out, "Linux {}, {} CPU; {}\n", cell(&scene.kernel), scene.cpus, systems.join(", "))?;
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        let found: Vec<&Record> =
            report.with(Status::Fail).filter(|it| it.severity == severity).collect();
        if found.is_empty() {
            continue;
        }
        writeln!(out, "## {}\n", severity.title())?;
        writeln!(
            out,
            "| check | target | what | breaks | fix | cost |\n|---|---|---|---|---|---|"
        )?;
        for record in found {
            let Record { target, observed, impact, fix, risk, .. } = record;
            let cells = [target, observed, impact, fix, risk].map(|text| cell(text));
            writeln!(out, "| {} | {} |", record.name(), cells.join(" | "))?;
        }
        writeln!(out)?;
    }
    let unseen = blind(report);
    if !unseen.is_empty() {
        writeln!(out, "## Could not look\n\n| checks | target | why |\n|---|---|---|")?;
        for Blind { ids, target, why } in unseen {
            writeln!(out, "| {} | {} | {} |", ids.join(" "), cell(&target), cell(&why))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", super::text::tally(report, cost))
}

/// Text within a table.
fn cell(text: &str) -> String {
    clean(text).replace('|', "\\|").replace('<', "&lt;")
}
