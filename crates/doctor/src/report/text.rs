//! For people: the worst first and with what proves it, then what could not be looked at, and how many are fine.

use std::fmt::{self, Write};
use std::time::Duration;

use super::clean::clean;
use super::{Changes, Cost, Report};
use crate::record::{Record, Severity, Status};
use crate::suppress::Suppressed;
use crate::words::{moment, span};

/// Puts colours around a word, by how bad it is.
pub type Paint = fn(Severity, &str) -> String;

/// So many are told with everything; of the others there is a line.
const DETAILED: usize = 5;

pub(super) fn text(report: &Report, cost: Cost, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _endless = write_text(&mut out, report, cost, paint);
    out
}

/// A line for each record that is not out of place.
pub(super) fn lines(report: &Report, cost: Cost, paint: Paint) -> String {
    let mut out = String::new();
    let _endless = write_lines(&mut out, report, cost, paint);
    out
}

fn write_text(out: &mut String, report: &Report, cost: Cost, paint: Paint) -> fmt::Result {
    write_head(out, report, cost)?;
    let (mut left, mut others) = (DETAILED, 0);
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        let mut failed = report.with(Status::Fail).filter(|it| it.severity == severity).peekable();
        if failed.peek().is_some() {
            writeln!(out, "\n{}", paint(severity, severity.title()))?;
        }
        for record in failed {
            write_line(out, record)?;
            if left > 0 && severity > Severity::Info {
                left -= 1;
                write_details(out, record)?;
            } else if severity > Severity::Info {
                others += 1;
            }
        }
    }
    if others > 0 {
        let what = "what the others break and how they are mended";
        writeln!(out, "\n{what} ({others}): --output markdown")?;
    }
    write_blind(out, report)?;
    if let Some(changes) = &report.changes {
        write_changes(out, changes)?;
    }
    writeln!(out, "\n{}", tally(report, cost))?;
    for over in &report.over {
        let (check, until) = (clean(&over.check), &over.until);
        writeln!(out, "{check} is no longer let be: that ended on {until}.")?;
    }
    for idle in &report.idle {
        let (check, until) = (clean(&idle.check), &idle.until);
        let at = idle.target.as_deref().map(|it| format!(" at \"{}\"", clean(it)));
        let at = at.unwrap_or_default();
        writeln!(out, "{check}{at} is let be until {until}, and was not found.")?;
    }
    if let Some(first) = report.with(Status::Fail).next() {
        writeln!(
            out,
            "next: groundsill doctor --explain {}    --fix-script    --output json",
            first.id
        )?;
    }
    Ok(())
}

fn write_head(out: &mut String, report: &Report, cost: Cost) -> fmt::Result {
    let scene = &report.scene;
    let gib = scene.memory_bytes.div_ceil(1 << 30);
    let mut systems = vec!["host".to_owned()];
    systems.extend(scene.servers.iter().map(|it| clean(&it.title())));
    writeln!(
        out,
        "groundsill doctor  {}  Linux {}  {} CPU {gib} GiB     {}     {:.1} s",
        clean(&scene.host),
        clean(&scene.kernel),
        scene.cpus,
        systems.join(", "),
        cost.seconds,
    )?;
    let view = &scene.view;
    if let Some(container) = &view.container {
        writeln!(
            out,
            "seen from inside a container ({}), network {}, group {}: --netns PID looks from where a process is",
            clean(container),
            clean(&view.network),
            clean(&view.cgroup),
        )?;
    }
    if scene.is_saved {
        writeln!(out, "as it was seen at {}", moment(scene.at_ms))?;
    }
    if let Some(seconds) = scene.longer_seconds {
        writeln!(
            out,
            "what counters grew by in the {} since the earlier look is told, too",
            span(Duration::from_secs_f64(seconds))
        )?;
    }
    Ok(())
}

fn write_lines(out: &mut String, report: &Report, cost: Cost, paint: Paint) -> fmt::Result {
    write_head(out, report, cost)?;
    writeln!(out)?;
    for record in &report.records {
        let word = match record.status {
            Status::Fail => paint(record.severity, &format!("{:<8}", record.severity.name())),
            Status::Pass => format!("{:<8}", "ok"),
            Status::Skip | Status::Error => format!("{:<8}", "unseen"),
            Status::NotApplicable => continue,
        };
        writeln!(
            out,
            "{word} {:<8} {:<16} {}",
            record.name(),
            clean(&record.target),
            clean(&record.observed)
        )?;
    }
    writeln!(out, "\n{}", tally(report, cost))
}

fn write_line(out: &mut String, record: &Record) -> fmt::Result {
    let Record { target, observed, .. } = record;
    writeln!(out, " {:<4} {:<16} {}", record.name(), clean(target), clean(observed))
}

fn write_details(out: &mut String, record: &Record) -> fmt::Result {
    let Record { impact, fix, risk, reversible, guardrail, evidence, .. } = record;
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

/// What could not be looked at for one reason.
pub(super) struct Blind {
    pub(super) ids: Vec<String>,
    pub(super) target: String,
    pub(super) why: String,
}

/// What could not be looked at, each reason once.
pub(super) fn blind(report: &Report) -> Vec<Blind> {
    let mut reasons: Vec<Blind> = Vec::new();
    for record in report.with(Status::Skip).chain(report.with(Status::Error)) {
        let (target, why) = (&record.target, &record.observed);
        let same = reasons.iter_mut().find(|it| it.target == *target && it.why == *why);
        match same {
            Some(same) => same.ids.push(record.name()),
            None => reasons.push(Blind {
                ids: vec![record.name()],
                target: target.clone(),
                why: why.clone(),
            }),
        }
    }
    reasons
}

fn write_blind(out: &mut String, report: &Report) -> fmt::Result {
    let reasons = blind(report);
    if !reasons.is_empty() {
        writeln!(out, "\nCOULD NOT LOOK")?;
    }
    for Blind { ids, target, why } in reasons {
        let more = ids.len().saturating_sub(6);
        let mut told = ids[..ids.len() - more].join(" ");
        if more > 0 {
            write!(told, " and {more} more")?;
        }
        writeln!(out, " {told:<4} {:<16} {}", clean(&target), clean(&why))?;
    }
    Ok(())
}

fn write_changes(out: &mut String, changes: &Changes) -> fmt::Result {
    let Changes { appeared, gone, same, .. } = changes;
    writeln!(
        out,
        "\nSINCE THE LAST LOOK    {} new, {} gone, {same} as they were",
        appeared.len(),
        gone.len()
    )?;
    for (sign, records) in [('+', appeared), ('-', gone)] {
        for record in records {
            writeln!(
                out,
                " {sign} {:<4} {:<16} {}",
                record.name(),
                clean(&record.target),
                clean(&record.observed)
            )?;
        }
    }
    Ok(())
}

/// How many are fine, and what it cost.
pub(super) fn tally(report: &Report, cost: Cost) -> String {
    let count = |status| report.with(status).count();
    let mut told =
        format!("{} fine, {} do not apply", count(Status::Pass), count(Status::NotApplicable));
    if !report.suppressed.is_empty() {
        let each = |it: &Suppressed| format!("{} until {}", it.record.name(), it.by.until);
        let each: Vec<String> = report.suppressed.iter().map(each).collect();
        let _endless = write!(told, ", {} suppressed ({})", each.len(), each.join(", "));
    }
    let Cost { cpu_seconds, queries, bytes, peak_bytes, .. } = cost;
    let _endless = write!(
        told,
        ". Cost: {cpu_seconds:.1} s CPU, {} MiB, {queries} queries, {} KiB read from servers.",
        peak_bytes >> 20,
        bytes >> 10
    );
    told
}
