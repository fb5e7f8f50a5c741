//! `groundsill log dump`: what was committed, by whom, and when, a line for each change.

use std::fmt;
use std::io::{BufWriter, Write, stderr, stdout};
use std::ops::Bound;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use base::Sequence;
use clap::{Arg, ArgAction, ArgMatches, Command};
use front::resp::numbers;
use front::{Name, Names};
use log::record::{Change, Record};
use log::verify::{SessionNames, Sessions, dump};
use log::{Frame, Medium};

use crate::config::cli;
use crate::data_dir::DataDir;
use crate::verify::{EXIT_DAMAGED, log_medium};

pub(crate) fn command() -> Command {
    let flag = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let dump = Command::new("dump")
        .about("Show what was committed: sequence, time, who, with which command, and what changed")
        .arg(flag("key", "KEY", "Only changes of this key, of all keys of a database, or of the lock, request or topic of this name"))
        .arg(flag("from", "SEQUENCE", "Only commits from this one on"))
        .arg(flag("since", "MILLISECONDS", "Only commits from this time on, in milliseconds since the Unix epoch"))
        .arg(flag("until", "MILLISECONDS", "Only commits up to this time"))
        .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).help("Also the rows that the store keeps for itself"))
        .after_help(
            "Examples:\n  \
             groundsill log dump --data /var/lib/groundsill --key account:7\n  \
             groundsill log dump --from 8127 --all\n  \
             groundsill log dump --since $(date -d '1 hour ago' +%s000)\n\n\
             Reads the log and its history; the first line says from which commit on the answer is complete. \
             Values are shown by their length only. What is removed, and was not written in the log as far as it is \
             kept, may be shown by its number instead of its name. What is damaged is named in a line with #, and the rest is shown; then it exits with 65.",
        );
    let dump = cli::with_data(dump, "The data directory; no server may be using it");
    Command::new("log")
        .about("Look into the log of a data directory")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(dump)
}

/// Which commits and changes are shown.
#[derive(Debug)]
struct Filter {
    key: Option<Vec<u8>>,
    /// Whether the store's own rows are shown, too.
    all: bool,
    from: u64,
    since: u64,
    until: u64,
}

impl Filter {
    fn new(matches: &ArgMatches) -> Result<Self> {
        let number = |name: &str, default: u64| match matches.get_one::<String>(name) {
            None => Ok(default),
            Some(text) => {
                text.parse().with_context(|| format!("`--{name}` takes a number, not `{text}`"))
            }
        };
        Ok(Self {
            key: matches.get_one::<String>("key").map(|key| key.clone().into_bytes()),
            all: matches.get_flag("all"),
            from: number("from", 0)?,
            since: number("since", 0)?,
            until: number("until", u64::MAX)?,
        })
    }

    fn admits(&self, sequence: Sequence, time: u64) -> bool {
        sequence.0 >= self.from && (self.since..=self.until).contains(&time)
    }

    fn admits_row(&self, name: &Name) -> bool {
        match &self.key {
            // All keys of a database may be that one, too.
            Some(_) => name.of == self.key || name.is_all,
            None => self.all || !name.is_internal,
        }
    }
}

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let Some(("dump", matches)) = matches.subcommand() else { return Ok(ExitCode::from(2)) };
    let filter = Filter::new(matches)?;
    let dir = DataDir::existing(&cli::data(matches)?)?;
    match show(&dir, &filter, &mut BufWriter::new(stdout().lock())) {
        // Whoever reads on has seen enough: `head`, say.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Ok(0) => Ok(ExitCode::SUCCESS),
        Ok(_) => {
            // If nobody reads stderr, the exit code has to do.
            let _closed = writeln!(
                stderr(),
                "groundsill: the log is damaged where lines with # say so, and what is there is not shown: \
                 `groundsill verify` tells whether a start needs it"
            );
            Ok(ExitCode::from(EXIT_DAMAGED))
        }
        Err(error) => Err(error),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Shows what can be read; how many places cannot.
fn show(dir: &DataDir, filter: &Filter, out: &mut impl Write) -> Result<u64> {
    let medium = log_medium(dir)?;
    let mut teller = Teller::new(&dir.identity.hash_key);
    teller.learn_places(dir, &*medium)?;
    let (mut is_first, mut damaged) = (true, 0);
    for frame in dump(&*medium, &dir.identity.store).context("read the log")? {
        let frame = match frame {
            Ok(frame) => frame,
            Err(log::Error::Corrupt { file, offset, first, last, reason }) => {
                damaged += 1;
                write!(out, "# not complete: {file} is damaged at {offset} ({reason})")?;
                if first <= last {
                    write!(out, ": commits {first} to {last} cannot be read")?;
                }
                writeln!(out)?;
                continue;
            }
            Err(error) => return Err(error).context("read the log"),
        };
        if std::mem::take(&mut is_first) {
            writeln!(out, "# complete from commit {} on", frame.first())?;
        }
        teller.frame(&frame, &mut |told| {
            if filter.admits(told.sequence, told.time) && filter.admits_row(&told.row) {
                writeln!(out, "{told}")?;
            }
            Ok(())
        })?;
    }
    out.flush()?;
    Ok(damaged)
}

/// Tells what is in frames, in the order in which it is given them.
pub(crate) struct Teller {
    names: Names,
    sessions: Sessions,
}

/// One change of one commit, as a line.
pub(crate) struct Told<'a> {
    pub(crate) sequence: Sequence,
    time: u64,
    /// What the row is called.
    pub(crate) row: Name,
    who: &'a str,
    command: &'static str,
    /// The session, and how many commands it had sent.
    at: (u64, u64),
    what: String,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, time, row, who, command, at: (session, count), what } = self;
        write!(f, "{sequence} {time} {who} {command} ({session}.{count})")?;
        if let Some(place) = row.place {
            write!(f, " in {place}")?;
        }
        write!(f, ": {} {what}", row.text)
    }
}

impl Teller {
    pub(crate) fn new(hash_key: &[u8; 16]) -> Self {
        Self { names: Names::new(hash_key), sessions: Sessions::default() }
    }

    /// Learns of which databases the tables know, since the log may have begun later than they, but for what the log
    /// itself tells of that. Where the tables cannot be read, what the log tells is all; where the log is damaged, what it
    /// tells elsewhere.
    fn learn_places(&mut self, dir: &DataDir, medium: &dyn Medium) -> Result<()> {
        let frames = dump(medium, &dir.identity.store).context("read the log")?;
        for frame in frames.filter_map(Result::ok) {
            for record in frame.records().flatten() {
                let Record::Commit { changes, .. } = record else { continue };
                for change in changes.flatten() {
                    if let Change::Put { key, value } = change {
                        self.names.note_told(key, value);
                    }
                }
            }
        }
        let Ok(tables) = tables::AtRest::read(&dir.tables()) else { return Ok(()) };
        let (from, to) = kv::catalogue_bounds();
        let rows = tables.scan(Bound::Included(&from), Bound::Excluded(&to));
        for (row, value) in rows.map_while(Result::ok) {
            self.names.learn_later_place(&row, &value);
        }
        Ok(())
    }

    /// Tells each change in a frame.
    pub(crate) fn frame(
        &mut self,
        frame: &Frame,
        tell: &mut dyn FnMut(&Told<'_>) -> Result<()>,
    ) -> Result<()> {
        self.sessions.frame(frame);
        for record in frame.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => bail!("a record of the log: {error}"),
            };
            self.sessions.record(&record);
            learn(&mut self.names, &record);
            self.record(&record, tell)?;
        }
        Ok(())
    }

    fn record(
        &self,
        record: &Record<'_>,
        tell: &mut dyn FnMut(&Told<'_>) -> Result<()>,
    ) -> Result<()> {
        let Record::Commit { sequence, time, session, count, command, ref changes } = *record
        else {
            return Ok(());
        };
        let who = match self.sessions.get(session) {
            Some(names) => name(names),
            None if session == 0 => "the store".to_owned(),
            None => "a session that the log does not name".to_owned(),
        };
        let is_of_client = command != 0;
        let command = numbers::name_of(command).unwrap_or("-");
        for change in changes.clone() {
            let change = change.context("a change in the log")?;
            if let Change::Put { key, value } = change
                && is_of_client
                && let Some((row, what)) = self.names.rearranged(key, value)
            {
                let (at, what) = ((session, count), what.to_owned());
                tell(&Told { sequence, time: time.0, row, who: &who, command, at, what })?;
                continue;
            }
            let (row, what) = match change {
                Change::Put { key, value } => (key, format!("set, {} bytes", value.len())),
                Change::Remove { key } => (key, "removed".to_owned()),
                Change::Add { key, delta } => (key, format!("grown by {delta}")),
            };
            let (row, at) = (self.names.name(row), (session, count));
            tell(&Told { sequence, time: time.0, row, who: &who, command, at, what })?;
        }
        Ok(())
    }
}

/// A row may stand before the header that says whose it is, in one commit.
fn learn(names: &mut Names, record: &Record<'_>) {
    let Record::Commit { changes, .. } = record else { return };
    let rows = changes.clone().filter_map(|change| match change {
        Ok(Change::Put { key, .. }) => Some(key),
        _ => None,
    });
    names.begin_commit(rows);
    for change in changes.clone() {
        // What does not decode is told of when it is shown.
        if let Ok(Change::Put { key, value }) = change {
            names.learn(key, value);
        }
    }
}

fn name(session: &SessionNames) -> String {
    let SessionNames { user, client, address, protocol } = session;
    let client =
        if client.is_empty() { String::new() } else { format!(" \"{}\"", client.escape_ascii()) };
    format!(
        "{}@{}{client} by {}",
        user.escape_ascii(),
        address.escape_ascii(),
        protocol.escape_ascii()
    )
}
