//! `groundsill verify`: reads everything in a data directory that is not in use, changes nothing, and
//! says what is not as it was written.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command};
use log::{Directory, Medium};

use crate::data_dir::DataDir;

/// Exit status where something is damaged (`EX_DATAERR`).
const EXIT_DAMAGED: u8 = 65;

/// The flag that names the data directory of an offline command.
pub(crate) fn data_flag() -> Arg {
    Arg::new("data")
        .long("data")
        .value_name("DIR")
        .default_value("./data")
        .help("The data directory; no server may be using it")
}

pub(crate) fn data_path(matches: &ArgMatches) -> PathBuf {
    matches.get_one::<String>("data").map_or_else(|| PathBuf::from("./data"), PathBuf::from)
}

pub(crate) fn command() -> Command {
    Command::new("verify")
        .about("Read everything in a data directory and say what is damaged")
        .arg(data_flag())
        .after_help(
            "Changes nothing. Exits with 0 if all is well, and with 65 if anything is damaged.",
        )
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let dir = DataDir::existing(&data_path(matches))?;
    let healthy = verify_log(&dir)? & verify_tables(&dir.tables())?;
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::from(EXIT_DAMAGED) })
}

/// The directory that the log is in.
pub(crate) fn log_medium(dir: &DataDir) -> Result<Arc<dyn Medium>> {
    let path = dir.log();
    Ok(Arc::new(Directory::new(&path).with_context(|| format!("open {}", path.display()))?))
}

#[expect(clippy::print_stdout, reason = "this is the command's result")]
fn verify_log(dir: &DataDir) -> Result<bool> {
    let report =
        log::verify::verify(&*log_medium(dir)?, &dir.identity.store).context("read the log")?;
    println!(
        "log     {} segments, {} frames, {} commits ({} to {}), {} bytes, durable through {}, {}",
        report.segments,
        report.frames,
        report.commits,
        report.oldest,
        report.last,
        report.bytes,
        report.durable,
        if report.clean { "stopped cleanly" } else { "not stopped cleanly" },
    );
    if let Some(tail) = &report.tail {
        println!(
            "        unfinished tail of {} bytes in {} at {}: the next start drops it, and keeps a copy",
            tail.bytes, tail.file, tail.offset
        );
    }
    for damage in &report.damage {
        println!(
            "DAMAGED {} at {}, {} bytes: {}; commits {} to {}",
            damage.file, damage.offset, damage.bytes, damage.reason, damage.first, damage.last
        );
    }
    Ok(report.damage.is_empty())
}

#[expect(clippy::print_stdout, reason = "this is the command's result")]
fn verify_tables(path: &Path) -> Result<bool> {
    let report = tables::verify(path).context("read the tables")?;
    println!(
        "tables  {} tables, {} entries, {} bytes",
        report.tables, report.entries, report.bytes
    );
    for problem in &report.problems {
        println!("DAMAGED {}: {}", problem.file, problem.reason);
    }
    Ok(report.problems.is_empty())
}
