//! For people: the worst first, what could not be looked at, and how many are fine.

use std::fmt::{self, Write};

use super::{Cost, Report};
use crate::record::{Record, Severity, Status};
use crate::snapshot::Host;

/// Writes the report. `paint` puts colours around a word, where the reader has some.
///
/// # Errors
/// Those of `out`.
pub fn write_text(
    out: &mut impl Write,
    (report, host, cost): (&Report, &Host, Cost),
    paint: fn(Severity, &str) -> String,
) -> fmt::Result {
    let Host { name, kernel, cpus, memory_bytes, .. } = host;
    let (name, kernel) = (clean(name), clean(kernel));
    let gib = memory_bytes.div_ceil(1 << 30);
    writeln!(
        out,
        "groundsill doctor  {name}  Linux {kernel}  {cpus} CPU {gib} GiB     {:.1} s",
        cost.seconds
    )?;
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        let mut failed = report.with(Status::Fail).filter(|it| it.severity == severity).peekable();
        if failed.peek().is_some() {
            writeln!(out, "\n{}", paint(severity, word(severity)))?;
        }
        for record in failed {
            write_fault(out, record)?;
        }
    }
    let blind = |status| report.with(status);
    let mut unseen = blind(Status::Skip).chain(blind(Status::Error)).peekable();
    if unseen.peek().is_some() {
        writeln!(out, "\nCOULD NOT LOOK")?;
    }
    for Record { id, target, observed, .. } in unseen {
        writeln!(out, " {id:<4} {:<16} {}", clean(target), clean(observed))?;
    }
    let count = |status| report.with(status).count();
    writeln!(
        out,
        "\n{} fine, {} do not apply. Cost: {:.1} s of processor time.",
        count(Status::Pass),
        count(Status::NotApplicable),
        cost.cpu_seconds
    )?;
    if let Some(first) = report.with(Status::Fail).next() {
        writeln!(out, "next: groundsill doctor --explain {}    --output json", first.id)?;
    }
    Ok(())
}

/// Without what a terminal would obey: a process calls itself what it likes.
fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for one in text.chars() {
        if one.is_control() {
            clean.extend(one.escape_default());
        } else {
            clean.push(one);
        }
    }
    clean
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    }
}

fn write_fault(out: &mut impl Write, record: &Record) -> fmt::Result {
    let Record { id, target, observed, impact, fix, risk, reversible, guardrail, evidence, .. } =
        record;
    writeln!(out, " {id:<4} {:<16} {}", clean(target), clean(observed))?;
    let proof: Vec<String> =
        evidence.iter().map(|seen| format!("{}: {}", seen.probe, seen.value)).collect();
    let undo = if *reversible { "can be undone" } else { "cannot be undone" };
    let lines = [
        ("breaks", impact.clone()),
        ("proof", proof.join("; ")),
        ("fix", fix.clone()),
        ("cost", format!("{risk}; {undo}")),
        ("guard", (*guardrail).to_owned()),
    ];
    for (name, text) in lines {
        writeln!(out, "      {name:<8} {}", clean(&text))?;
    }
    Ok(())
}
