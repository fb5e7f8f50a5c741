//! `groundsill repair`: a new data directory with what of a damaged one can be trusted.
//!
//! Knows nothing of what the commits mean: the log says which can be taken ([`log::salvage`]).
//!
//! Invariants:
//! 1. Not a byte of the damaged directory is changed, its `lock` included.
//! 2. What is made holds a prefix of what was committed. Nothing is left out that was not told before, and
//!    without `--accept-loss` nothing that was durable.
//! 3. Tables are taken whole or not at all: rows of a table that lacks some may be older than the log tells.
//! 4. What is made is a store of its own, so that no file of one is taken for a file of the other. It stands in
//!    `TARGET.partial` until it was read again; the identity is written last.

use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use base::Sequence;
use clap::{Arg, ArgAction, ArgMatches, Command};
use log::Salvage;
use log::salvage::{Lost, Taken};
use tables::{Existing, LsmTables};

use crate::config::cli;
use crate::copy::{Listing, Progress, Target, copy_file, make_directory, say_line};
use crate::data_dir::{
    DIRECTORIES, DataDir, log_in, new_identity, sync, tables_in, write_identity,
};
use crate::losses;
use crate::machine::MachineClock;
use crate::observer::Journal;
use crate::verify::{self, EXIT_DAMAGED, Findings, log_medium};

/// Where the tables are, in a data directory.
const TABLES: &str = "shards/0/tables/main";

pub(crate) fn command() -> Command {
    let to = Arg::new("to").long("to").value_name("DIR").required(true);
    let accept = Arg::new("accept-loss").long("accept-loss").action(ArgAction::SetTrue);
    let losses = Arg::new("losses").long("losses").value_name("FILE");
    let command = Command::new("repair")
        .about("Make a new data directory of what can be trusted of a damaged one")
        .arg(to.help("The new data directory; it must not be there yet, or be empty"))
        .arg(accept.help("Go on although commits are lost, as it tells before"))
        .arg(losses.help(
            "Write each change of the lost commits that can be read to this new file, as `groundsill log dump` does",
        ))
        .after_help(AFTER_HELP);
    cli::with_data(
        command,
        "The damaged data directory; nothing in it is changed, and no server may be using it",
    )
}

const AFTER_HELP: &str = "\
Examples:
  groundsill repair --data /var/lib/groundsill --to /var/lib/groundsill-new
  groundsill repair --data /var/lib/groundsill --to /var/lib/groundsill-new --losses lost.txt --accept-loss

For a data directory that `groundsill verify` finds damaged. Restore a backup instead if there is one that is recent enough: \
this keeps what was committed up to the first commit that is missing or cannot be read, and none behind it.

What is lost is told first, by key as far as it can be read, and all of that written to the FILE of --losses. If anything is, it goes \
no further without --accept-loss. Damaged tables are made anew from the \
log where that reaches back to the first commit; where it does not, they cannot be repaired.

The new directory stands in DIR.partial until it is synced and read again, and then gets its name. If it is interrupted, \
DIR.partial is left: remove it and try again. It has an identity of its own, and no commit in it will have a number that a \
lost one had. Its history begins with the commits that were not in the tables: keep the damaged directory.

Exits with 0 if the new directory is there; with 65 if commits are lost and --accept-loss was not given, if it cannot be \
repaired, or if what was written is not what is read; with 1 if it could not be made, or if nothing is damaged.";

/// How a repair ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The new directory is there, with commits up to this one.
    Made(Sequence),
    /// What was durable is lost, and that is not accepted: nothing was made.
    Loss,
    /// Damaged tables, and a log that begins after the first commit: nothing was made. Names a damaged file.
    TablesLost(String),
    /// What was written is not what is read: `TARGET.partial` is left.
    Differs,
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let to = matches.get_one::<String>("to").map(PathBuf::from).unwrap_or_default();
    let data = cli::data(matches)?;
    let target = Target::new(&to, true)?;
    let source = DataDir::untouched(&data)?;
    let accepts = matches.get_flag("accept-loss");
    let losses = matches.get_one::<String>("losses").map(PathBuf::from);
    let why = match repair(&source, &target, accepts, losses.as_deref(), &mut stdout())? {
        Outcome::Made(last) => {
            writeln!(stdout(), "made    {}, with commits up to {last}", to.display())
                .context("write to standard output: the directory is there")?;
            return Ok(ExitCode::SUCCESS);
        }
        Outcome::Loss => {
            "commits are lost, as told above, and nothing was written: restore a backup, or go on \
             without them with --accept-loss"
                .to_owned()
        }
        Outcome::TablesLost(file) => format!(
            "{file} is damaged, and the log does not reach back to the first commit, so tables cannot be made \
             anew from it; nothing was written: restore a backup"
        ),
        Outcome::Differs => format!(
            "what was made is not what was written: suspect the disk of {0}, and remove {0}.partial",
            to.display()
        ),
    };
    // If nobody reads stderr, the exit code has to do.
    let _closed = writeln!(stderr(), "groundsill: {why}");
    Ok(ExitCode::from(EXIT_DAMAGED))
}

fn repair(
    source: &DataDir,
    target: &Target,
    accepts_loss: bool,
    losses: Option<&Path>,
    say: &mut dyn Write,
) -> Result<Outcome> {
    target.require_outside(&source.path)?;
    losses.map_or(Ok(()), |file| losses::check(file, &source.path))?;
    if source.is_unfinished {
        bail!(
            "the first start in {} has not come to its end, and no commit is in it: use another directory",
            source.path.display()
        );
    }
    say_line(say, &format!("reading {}", source.path.display()))?;
    let before = verify::check(source)?;
    before.show(say)?;
    if before.is_sound() && before.log.gap.is_some() {
        bail!(
            "only history is missing in {}, and no state with it, so nothing was written: `groundsill backup` makes a copy \
             that begins behind it",
            source.path.display()
        );
    }
    if before.is_sound() {
        bail!(
            "nothing in {} is damaged, so nothing was written: `groundsill backup` copies it",
            source.path.display()
        );
    }
    let damaged = before.tables.problems.first();
    let applied = if damaged.is_none() { before.tables.applied } else { Sequence::ZERO };
    let medium = log_medium(source)?;
    let salvage =
        Salvage::examine(&*medium, &source.identity.store, applied).context("read the log")?;
    if let Some(problem) = damaged {
        if !salvage.taken().reaches_back {
            return Ok(Outcome::TablesLost(problem.file.clone()));
        }
        say_line(
            say,
            "tables  are made anew from the log, which reaches back to the first commit",
        )?;
    }
    tell(&salvage, say)?;
    if salvage.lost().is_some() {
        losses::tell(&salvage, &source.identity.hash_key, losses, say)?;
    }
    if salvage.lost().is_some() && !accepts_loss {
        return Ok(Outcome::Loss);
    }
    target.explain(write(source, target, &before, &salvage, say))
}

fn tell(salvage: &Salvage, say: &mut dyn Write) -> Result<()> {
    let Taken { base, last, commits, time, .. } = salvage.taken();
    let at = if time.0 > 0 { format!(", the last made at {}", time.0) } else { String::new() };
    say_line(
        say,
        &format!("kept    commits up to {last}: {commits} from the log behind {base}{at}"),
    )?;
    let Some(Lost { first, last, durable, sound, until, place }) = salvage.lost() else {
        return say_line(say, "lost    nothing that is known to have been synced");
    };
    let synced = match durable {
        durable if durable >= last => "all of them",
        durable if durable >= first => "some of them",
        _ => "none of them",
    };
    let line = match sound {
        0 => format!("LOST    commits {first} to {last}: none of them can be read"),
        _ => format!(
            "LOST    commits {first} to {last}: {sound} of them can be read, the last made at {}, but stand \
             behind others that cannot",
            until.0
        ),
    };
    say_line(say, &line)?;
    say_line(say, &format!("        {synced} known to have been synced"))?;
    let Some((file, offset, reason)) = place else { return Ok(()) };
    say_line(say, &format!("        not trusted from {file} at {offset} on: {reason}"))
}

fn write(
    source: &DataDir,
    target: &Target,
    before: &Findings,
    salvage: &Salvage,
    say: &mut dyn Write,
) -> Result<Outcome> {
    let partial = target.partial();
    say_line(say, &format!("writing to {}", partial.display()))?;
    make_directory(partial)?;
    for directory in DIRECTORIES {
        make_directory(&partial.join(directory))?;
    }
    let taken = salvage.taken();
    let keeps_tables = before.tables.problems.is_empty();
    let mut progress;
    if keeps_tables {
        let listing = Listing::below(&source.path, Path::new(TABLES))?;
        progress = Progress::new("copied", listing.bytes + taken.bytes);
        copy_tables(source, partial, &listing, &mut progress)?;
    } else {
        progress = Progress::new("copied", taken.bytes);
        let (path, settings) = (tables_in(partial), tables::Settings::default());
        LsmTables::open(&path, &settings, Existing::Possible, Arc::new(Journal::default()))
            .context("make the tables")?;
    }
    let identity = new_identity(source.identity.hash_key, &MachineClock)?;
    let medium = log::Directory::new(log_in(partial)).context("open the new log")?;
    salvage
        .write(&medium, &identity.store, &mut |bytes| progress.add(bytes))
        .context("write the new log")?;
    for directory in DIRECTORIES.iter().rev() {
        sync(&partial.join(directory))?;
    }
    sync(partial)?;
    write_identity(partial, &identity)?;
    progress.end();

    say_line(say, &format!("reading {}", partial.display()))?;
    // Held until it has its name, so that nobody starts on it meanwhile.
    let made = DataDir::existing(partial)?;
    let after = verify::check(&made)?;
    let applied = if keeps_tables { before.tables.applied } else { Sequence::ZERO };
    let again = Salvage::examine(&medium, &identity.store, applied).context("read the new log")?;
    let is_same = again.lost().is_none() && again.taken().holds_the_same(&taken);
    let has_tables = !keeps_tables || after.tables == before.tables;
    if !after.is_sound() || !is_same || !has_tables || made.identity != identity {
        after.show(say)?;
        return Ok(Outcome::Differs);
    }
    target.finish()?;
    Ok(Outcome::Made(taken.last))
}

fn copy_tables(
    source: &DataDir,
    partial: &Path,
    listing: &Listing,
    progress: &mut Progress,
) -> Result<()> {
    for directory in &listing.directories {
        make_directory(&partial.join(directory))?;
    }
    for file in &listing.files {
        copy_file(&source.path, partial, file, progress)?;
    }
    for directory in listing.directories.iter().rev() {
        sync(&partial.join(directory))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
