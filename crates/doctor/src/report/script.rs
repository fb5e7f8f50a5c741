//! A script of what to do about what is wrong. The doctor prints it and never runs it.

use std::fmt::Write;

use super::Report;
use super::clean::clean;
use crate::record::{Confidence, Record, Severity, Status, Step};

const HEAD: &str = "#!/bin/sh\n\
    # What groundsill doctor would do about what it found. Read it before you run it: each step says what it costs and how it is\n\
    # undone. What cannot be undone, what is a guess and what is for information is commented out; what is to be done by hand stands last.\n\
    # Undo the steps of one finding in the order in which they stand.\n\
    # Clients take users and passwords from where they always do: PGUSER, PGPASSWORD, ~/.my.cnf, REDISCLI_AUTH.\n\
    set -eu\n";

pub(super) fn script(report: &Report) -> String {
    let mut out = HEAD.to_owned();
    for record in report.with(Status::Fail) {
        // Writing to a string does not fail.
        let _endless = write_block(&mut out, record);
    }
    out
}

fn write_block(out: &mut String, record: &Record) -> std::fmt::Result {
    let Record { target, observed, impact, fix, risk, steps, reversible, .. } = record;
    let comment = |text: &str| clean(text);
    writeln!(out, "\n# {} {}: {}", record.name(), comment(target), comment(observed))?;
    writeln!(out, "# breaks: {}\n# cost: {}", comment(impact), comment(risk))?;
    if steps.is_empty() {
        return writeln!(out, "# by hand: {}", comment(fix));
    }
    let is_sure = record.confidence == Confidence::High && record.severity > Severity::Info;
    for Step { run, undo } in steps {
        match undo {
            Some(undo) if !is_sure => {
                let undo = if undo.is_empty() { "nothing" } else { undo };
                writeln!(out, "# perhaps: {}\n# undo that by: {}", comment(run), comment(undo))?;
            }
            Some(undo) if undo.is_empty() => writeln!(out, "{}", clean(run))?,
            Some(undo) if *reversible => {
                writeln!(out, "{}\n# undo: {}", clean(run), comment(undo))?;
            }
            _ => writeln!(out, "# cannot be undone: {}", comment(run))?,
        }
    }
    // What no command does, such as what has to be known first, or what makes it outlast a restart.
    writeln!(out, "# by hand, all of it: {}", comment(fix))
}
