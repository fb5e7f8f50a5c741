//! `groundsill backup`: a copy of a data directory, whether its server runs or not, verified before and after.

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command};

use crate::config::cli;
use crate::copy::{Outcome, Target, copy};
use crate::data_dir::{DataDir, InUse};
use crate::door;
use crate::verify::EXIT_DAMAGED;

/// Exit status where the copy is there and history was left out of it.
const EXIT_WITHOUT_HISTORY: u8 = 3;

pub(crate) fn command() -> Command {
    let command = Command::new("backup")
        .about("Copy a data directory, whether its server runs or not, verified before and after")
        .arg(
            Arg::new("to").long("to").value_name("DIR").required(true).help(
                "The copy; it must not be there yet, and the directory that it is in must be",
            ),
        )
        .after_help(AFTER_HELP);
    cli::with_data(command, "The data directory; its server may be running")
}

const AFTER_HELP: &str = "\
Example:
  groundsill backup --data /var/lib/groundsill --to /backup/groundsill-$(date +%F)

A server that runs is asked, over a socket in its data directory, to hold what is on its disk still: DIR/backup-staging \
keeps the files of that moment until the backup has ended, and their space with them. The copy holds every commit that was \
acknowledged before the command was given, and no half of one. Run it as the user that the server runs as.

Everything is read and checked first; what is damaged is not copied. Where that is history alone, which only `groundsill log dump` \
reads, the copy is made without it. The copy stands in DIR.partial until it is synced, read \
again and found to be the same, and then gets its name. If it is interrupted, DIR.partial is left: remove it and try again.

Exits with 0 if the copy is there; with 3 if it is there but for history that is damaged; with 65 if the data directory is damaged, or if the copy is not what was written; \
with 1 if it could not be made.

The copy is a data directory: `groundsill verify --data DIR` reads it, `groundsill restore` brings it back.";

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let to = matches.get_one::<String>("to").map(PathBuf::from).unwrap_or_default();
    let data = cli::data(matches)?;
    let target = Target::new(&to, false)?;
    match DataDir::existing(&data) {
        Err(error) if error.is::<InUse>() => {
            target.require_outside(&data)?;
            let staged = door::ask(&data)
                .with_context(|| format!("ask its server for a backup of {}", data.display()))?;
            let source = DataDir::existing(staged.path())?;
            conclude(&copy(&source, &target, &mut stdout())?, &to)
        }
        source => conclude(&copy(&source?, &target, &mut stdout())?, &to),
    }
}

/// Says how it ended, with the exit status for it.
pub(crate) fn conclude(outcome: &Outcome, to: &std::path::Path) -> Result<ExitCode> {
    let why = match outcome {
        Outcome::Copied(copied) => {
            let (files, mib) = (copied.files, copied.bytes.div_ceil(1 << 20));
            let (last, to) = (copied.last, to.display());
            writeln!(stdout(), "copied  commits up to {last}, {files} files, {mib} MiB, to {to}")
                .context("write to standard output: the copy is there")?;
            let Some(oldest) = copied.history else { return Ok(ExitCode::SUCCESS) };
            // If nobody reads stderr, the exit code has to do.
            let _closed = writeln!(
                stderr(),
                "groundsill: the copy is there with all state, but without history before commit {oldest}: files \
                 of it are damaged or missing, as told above; suspect the disk"
            );
            return Ok(ExitCode::from(EXIT_WITHOUT_HISTORY));
        }
        Outcome::SourceDamaged => {
            "what was to be copied is damaged, as told above: nothing was copied".to_owned()
        }
        Outcome::CopyDiffers => format!(
            "the copy is not what was written: suspect the disk of {0}, and remove {0}.partial",
            to.display()
        ),
    };
    // If nobody reads stderr, the exit code has to do.
    let _closed = writeln!(stderr(), "groundsill: {why}");
    Ok(ExitCode::from(EXIT_DAMAGED))
}
