//! `groundsill restore`: a data directory from a copy that `groundsill backup` made, verified before and after.

use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Arg, ArgMatches, Command};

use crate::backup::conclude;
use crate::config::cli;
use crate::copy::{Target, copy};
use crate::data_dir::DataDir;

pub(crate) fn command() -> Command {
    let from = Arg::new("from").long("from").value_name("DIR").required(true);
    let command = Command::new("restore")
        .about("Make a data directory from a backup, verified before and after")
        .arg(from.help("The backup; it is kept"))
        .after_help(AFTER_HELP);
    cli::with_data(command, "The data directory to make; it must not be there yet, or be empty")
}

const AFTER_HELP: &str = "\
Example:
  groundsill restore --from /backup/groundsill-2026-11-22 --data /var/lib/groundsill

The backup is read and checked first; what is damaged is not restored. The data directory stands in DIR.partial until \
it is synced, read again and found to be the same, and then gets its name. If it is interrupted, DIR.partial is left: \
remove it and try again. It belongs to whoever restores it: do that as the user that the server runs as.

The backup's file `lock` is written to meanwhile; nothing else of it is.

Exits with 0 if the data directory is there; with 3 if it is there but for history that is damaged; with 65 if the backup is damaged, or if what was written is not what is \
read; with 1 if it could not be made.";

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let to = cli::data(matches)?;
    let from = matches.get_one::<String>("from").map(PathBuf::from).unwrap_or_default();
    let target = Target::new(&to, true)?;
    let source = DataDir::existing(&from)?;
    conclude(&copy(&source, &target, &mut stdout())?, &to)
}
