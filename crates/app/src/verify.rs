//! `groundsill verify`: reads everything in a data directory that is not in use, changes nothing, and
//! says what is not as it was written, and which rows do not fit the others.

use std::cell::RefCell;
use std::io::{self, Write, stdout};
use std::ops::Bound;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use base::Generation;
use clap::{ArgMatches, Command};
use kv::{Audit, AuditBounds, Fault, Scanned};
use log::{Directory, Medium};
use tables::AtRest;

use crate::config::cli;
use crate::copy::Progress;
use crate::data_dir::DataDir;
use crate::identity;

/// Exit status where something is damaged (`EX_DATAERR`).
pub(crate) const EXIT_DAMAGED: u8 = 65;

pub(crate) fn command() -> Command {
    let command = Command::new("verify")
        .about("Read everything in a data directory and say what is damaged")
        .after_help(
            "Example:\n  groundsill verify --data /var/lib/groundsill\n\n\
             Changes nothing. Bytes are held against their checksums, rows against one another. Exits with 0 if all is well, and with 65 if anything is damaged.",
        );
    cli::with_data(command, "The data directory; no server may be using it")
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let dir = DataDir::existing(&cli::data(matches)?).inspect_err(name_damage)?;
    let findings = check_telling(&dir)?;
    findings.show(&mut stdout())?;
    let rows = findings.audit(&dir)?;
    show(&mut stdout(), |out| write_rows(out, rows.as_ref()))?;
    let is_whole = findings.is_sound() && findings.log.gap.is_none();
    let is_sound = is_whole && rows.is_some_and(|rows| rows.is_sound());
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(EXIT_DAMAGED) })
}

/// A damaged identity is named as other damage is, although nothing can be read without it.
fn name_damage(error: &anyhow::Error) {
    if let Some(damaged) = error.downcast_ref::<identity::Damaged>() {
        // If nobody reads it, the exit code says it, too.
        let _closed = writeln!(stdout(), "DAMAGED identity: {damaged}");
    }
}

/// The directory that the log is in.
pub(crate) fn log_medium(dir: &DataDir) -> Result<Arc<dyn Medium>> {
    let path = dir.log();
    Ok(Arc::new(Directory::new(&path).with_context(|| format!("open {}", path.display()))?))
}

/// What a data directory holds and what is wrong with it. Two that are equal hold the same commits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) log: log::verify::Report,
    pub(crate) tables: tables::Report,
}

/// Reads all of it.
pub(crate) fn check(dir: &DataDir) -> Result<Findings> {
    check_with(dir, &mut |_| {})
}

/// Reads the log as if it began with segment `from`.
pub(crate) fn check_log(
    dir: &DataDir,
    from: u64,
    told: &mut dyn FnMut(u64),
) -> Result<log::verify::Report> {
    log::verify::verify_from(&*log_medium(dir)?, &dir.identity.store, from, told)
        .context("read the log")
}

/// The same, showing how far it is.
fn check_telling(dir: &DataDir) -> Result<Findings> {
    let files = |path: &Path| -> Result<u64> {
        let read = || -> io::Result<u64> {
            path.read_dir()?.map(|entry| Ok(entry?.metadata()?.len())).sum()
        };
        read().with_context(|| format!("read {}", path.display()))
    };
    let tables = dir.tables().join("tables");
    // Where there are none, it is said by name later.
    let tables = if tables.is_dir() { files(&tables)? } else { 0 };
    let log = files(&dir.log())? * log::verify::PASSES;
    let mut progress = Progress::new("read", log + tables);
    let findings = check_with(dir, &mut |bytes| progress.add(bytes));
    progress.end();
    findings
}

fn check_with(dir: &DataDir, told: &mut dyn FnMut(u64)) -> Result<Findings> {
    let log = check_log(dir, 0, told)?;
    let tables = tables::verify_telling(&dir.tables(), told).context("read the tables")?;
    Ok(Findings { log, tables })
}

impl Findings {
    pub(crate) fn is_sound(&self) -> bool {
        self.log.damage.is_empty()
            && self.tables.problems.is_empty()
            && self.disagreement().is_none()
    }

    /// Why log and tables, both whole, do not belong together.
    fn disagreement(&self) -> Option<String> {
        let Self { log, tables } = self;
        if !log.damage.is_empty() || !tables.problems.is_empty() {
            return None;
        }
        let applied = tables.applied;
        if applied > log.last {
            let last = log.last;
            return Some(format!("they hold commits up to {applied}, but the log ends at {last}"));
        }
        let oldest = log.oldest;
        (applied.next() < oldest)
            .then(|| format!("they end with commit {applied}, but the log begins with {oldest}"))
    }

    /// The last commit of the log.
    pub(crate) fn last(&self) -> u64 {
        self.log.last.0
    }

    /// Whether the rows fit one another, as of the last commit in the tables; none if they cannot be
    /// trusted one by one.
    fn audit(&self, dir: &DataDir) -> Result<Option<Audit>> {
        if !self.tables.problems.is_empty() {
            return Ok(None);
        }
        let tables = AtRest::read(&dir.tables()).context("read the tables")?;
        let progress = RefCell::new(Progress::rows("compared"));
        let scan = |from: Bound<&[u8]>, to: Bound<&[u8]>| -> Scanned<'_> {
            Box::new(tables.scan(from, to).inspect(|_row| progress.borrow_mut().add(1)))
        };
        // What is missing in a damaged log may have said of a higher one.
        let is_whole = self.log.damage.is_empty() && self.disagreement().is_none();
        let ceiling = if is_whole { self.log.generations } else { Generation(u64::MAX) };
        let bounds =
            AuditBounds { applied: self.tables.applied, ceiling, records_of: front::records_of };
        let audit = kv::audit(&scan, &bounds).context("read the rows of the tables");
        progress.borrow_mut().end();
        audit.map(Some)
    }

    /// Writes it as text. That nobody reads it is no error.
    pub(crate) fn show(&self, out: &mut dyn Write) -> Result<()> {
        show(out, |out| self.write(out))
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { log, tables } = self;
        writeln!(
            out,
            "log     {} segments, {} frames, {} commits ({} to {}), {} bytes, durable through {}, {}",
            log.segments,
            log.frames,
            log.commits,
            log.oldest,
            log.last,
            log.bytes,
            log.durable,
            if log.clean { "stopped cleanly" } else { "not stopped cleanly" },
        )?;
        if let Some(tail) = &log.tail {
            writeln!(
                out,
                "        unfinished tail of {} bytes in {} at {}: the next start drops it, and keeps a copy",
                tail.bytes, tail.file, tail.offset
            )?;
        }
        if let Some(gap) = &log.gap {
            writeln!(
                out,
                "DAMAGED history before commit {}: {} is missing, and older ones are there; no state is lost",
                log.oldest, gap
            )?;
        }
        for damage in &log.damage {
            let log::Damage { file, offset, bytes, reason, first, last, .. } = damage;
            write!(out, "DAMAGED {file} at {offset}, {bytes} bytes: {reason}")?;
            if first <= last {
                write!(out, "; commits {first} to {last}")?;
            }
            writeln!(out)?;
        }
        writeln!(
            out,
            "tables  {} tables, {} entries, {} bytes, commits up to {}",
            tables.tables, tables.entries, tables.bytes, tables.applied
        )?;
        for problem in &tables.problems {
            writeln!(out, "DAMAGED {}: {}", problem.file, problem.reason)?;
        }
        if let Some(reason) = self.disagreement() {
            writeln!(out, "DAMAGED the tables and the log are of different times: {reason}")?;
        }
        Ok(())
    }
}

fn show(out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    match write(out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("write to standard output")
        }
        _ => Ok(()),
    }
}

fn write_rows(out: &mut dyn Write, rows: Option<&Audit>) -> io::Result<()> {
    let Some(Audit { objects, rows, faults, more }) = rows else {
        return writeln!(out, "rows    not compared: the tables are damaged");
    };
    writeln!(out, "rows    {objects} objects in the tables, {rows} rows of their own")?;
    for Fault { rule, of } in faults {
        writeln!(out, "DAMAGED {of}: {rule}")?;
    }
    if *more > 0 {
        writeln!(out, "DAMAGED {more} rows more")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
