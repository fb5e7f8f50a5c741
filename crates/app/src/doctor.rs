//! `groundsill doctor`: what silently goes wrong on this machine, what it will break, and what to do.

use std::fs::{self, File};
use std::io::{IsTerminal, Read, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base::Clock;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use doctor::check::Check;
use doctor::checks;
use doctor::lab::{self, Stop};
use doctor::probe::{Ask, Moment, Probe};
use doctor::record::Severity;
use doctor::report::{Cost, Report, write_text};
use doctor::snapshot::{Provenance, Recording};

use crate::machine::MachineClock;

/// Time between the two looks: counters are judged by what they grow in it.
const WINDOW: Duration = Duration::from_secs(1);

/// More of a snapshot is not read.
const FROM_BYTES_MAX: u64 = 64 << 20;

/// Exit status where the command line is wrong (`EX_USAGE`): 1 and 2 tell what was found.
pub(crate) const EXIT_USAGE: u8 = 64;

/// Exit status where the doctor itself fails (`EX_SOFTWARE`).
const EXIT_INTERNAL: u8 = 70;

const AFTER_HELP: &str = "\
Examples:
  groundsill doctor                                 looks at this machine for a second
  groundsill doctor --explain H14                   what a check is about, and exactly what it reads
  groundsill doctor --output json --only H14        for programs
  groundsill doctor --save host.json                keeps what was seen; --from host.json judges it elsewhere

It reads, and changes nothing. Exits with 0 if nothing that could be looked at is worse than information, 1 if there is a warning, 2 if \
something is critical, 3 if a check that --require names could not look and nothing is critical, 64 if the command line is wrong, 70 if it fails itself.";

pub(crate) fn command() -> Command {
    Command::new("doctor")
        .about("Find what silently goes wrong on this machine, and say what to do")
        .after_help(AFTER_HELP)
        .args_conflicts_with_subcommands(true)
        .args([
            ids("only", "Only these checks"),
            ids("skip", "All but these checks"),
            ids("require", "Exit with 3 if one of these could not look, and nothing is critical"),
            Arg::new("min-severity")
                .long("min-severity")
                .value_parser(["info", "warning", "critical"])
                .default_value("info")
                .help("Show only what is at least so bad"),
            Arg::new("output")
                .long("output")
                .value_parser(["text", "json"])
                .default_value("text")
                .help("For people, or an array of records"),
            file("from", "Judge what was saved, instead of this machine"),
            file("save", "Keep what was seen in this file, too"),
            Arg::new("explain").long("explain").value_name("ID").help("Say what a check is about"),
            Arg::new("list")
                .long("list")
                .action(ArgAction::SetTrue)
                .help("List the checks: id, severity, how it is proved, title"),
        ])
        .subcommand(
            Command::new("lab")
                .about(
                    "Make faults for real, and see that they are found and, mended, found no more",
                )
                .after_help(
                    "Exits with 0 if all passed, 1 if one failed, 64 if the command line is wrong.",
                )
                .arg(Arg::new("id").value_name("ID").num_args(0..).help("Of these checks"))
                .arg(flag("all", "Of all checks that have a lab").conflicts_with("id"))
                .arg(flag(
                    "this-machine-is-disposable",
                    "Labs change the machine: say that it may be",
                )),
        )
}

fn ids(name: &'static str, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).value_name("ID").value_delimiter(',');
    arg.action(ArgAction::Append).help(format!("{help}; a list with commas"))
}

fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// What was asked for cannot be.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Usage {}

/// Never fails by an error: its exit status tells what was found, and 1 would be a warning.
pub(crate) fn run(matches: &ArgMatches) -> ExitCode {
    doctor(matches).unwrap_or_else(|error| {
        let code = if error.is::<Usage>() { EXIT_USAGE } else { EXIT_INTERNAL };
        let _closed = writeln!(std::io::stderr(), "groundsill doctor: {error:#}");
        ExitCode::from(code)
    })
}

fn doctor(matches: &ArgMatches) -> Result<ExitCode> {
    if let Some(("lab", matches)) = matches.subcommand() {
        return run_labs(matches);
    }
    if matches.get_flag("list") {
        return list();
    }
    if let Some(id) = matches.get_one::<String>("explain") {
        return explain(check(id)?);
    }
    let chosen = chosen(matches)?;
    let required: Vec<&str> = named(matches, "require")?.iter().map(|check| check.id).collect();
    if let Some(left_out) = required.iter().find(|id| !chosen.iter().any(|it| it.id == **id)) {
        bail!(Usage(format!("{left_out} is required, and left out by --only or --skip")));
    }
    let began = MachineClock.monotonic();
    let recording = match matches.get_one::<PathBuf>("from") {
        Some(path) => read(path)?,
        None => record()?,
    };
    if let Some(path) = matches.get_one::<PathBuf>("save") {
        let text = serde_json::to_string_pretty(&recording)?;
        fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
    }
    let mut report = Report::of(chosen, &recording.window());
    let code = report.exit_code(&required);
    let least = least(matches);
    report.records.retain(|record| record.severity >= least);
    let cost = Cost {
        seconds: MachineClock.monotonic().saturating_sub(began).as_secs_f64(),
        cpu_seconds: cpu_seconds(),
    };
    show(matches, &report, &recording, cost)?;
    Ok(ExitCode::from(code))
}

fn show(matches: &ArgMatches, report: &Report, recording: &Recording, cost: Cost) -> Result<()> {
    let mut text = String::new();
    if matches.get_one::<String>("output").is_some_and(|output| output == "json") {
        text = report.json()? + "\n";
    } else {
        let paint = if stdout().is_terminal() { painted } else { plain };
        write_text(&mut text, (report, &recording.after.host, cost), paint)?;
    }
    stdout().write_all(text.as_bytes()).context("write the report")
}

fn plain(_: Severity, word: &str) -> String {
    word.to_owned()
}

fn painted(severity: Severity, word: &str) -> String {
    let colour = match severity {
        Severity::Critical => 31,
        Severity::Warning => 33,
        Severity::Info => 36,
    };
    format!("\x1b[{colour}m{word}\x1b[0m")
}

fn least(matches: &ArgMatches) -> Severity {
    match matches.get_one::<String>("min-severity").map(String::as_str) {
        Some("critical") => Severity::Critical,
        Some("warning") => Severity::Warning,
        _ => Severity::Info,
    }
}

fn check(id: &str) -> Result<&'static Check> {
    let found = checks::find(id);
    found.ok_or_else(|| Usage(format!("there is no check {id}; --list has all of them")).into())
}

/// Those that are asked for.
fn chosen(matches: &ArgMatches) -> Result<Vec<&'static Check>> {
    let (only, skip) = (named(matches, "only")?, named(matches, "skip")?);
    let among = |list: &[&Check], check: &Check| list.iter().any(|other| other.id == check.id);
    let is_chosen =
        |check: &&Check| (only.is_empty() || among(&only, check)) && !among(&skip, check);
    let chosen: Vec<_> = checks::all().into_iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        bail!(Usage("no check is left of --only without --skip".into()));
    }
    Ok(chosen)
}

fn named(matches: &ArgMatches, name: &str) -> Result<Vec<&'static Check>> {
    matches.get_many::<String>(name).into_iter().flatten().map(|id| check(id)).collect()
}

fn now() -> Moment {
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let up = Duration::try_from(up).unwrap_or_default().as_millis();
    Moment { at_ms: MachineClock.wall_ms(), up_ms: u64::try_from(up).unwrap_or(0) }
}

/// Looks twice.
fn record() -> Result<Recording> {
    let mut probe = Probe::open(Ask::default()).context("wait for sockets")?;
    let before = probe.look(now());
    thread::sleep(WINDOW);
    let after = probe.look(now());
    let by = format!(
        "Linux {}, groundsill {} doctor --save",
        after.host.kernel,
        env!("CARGO_PKG_VERSION")
    );
    Ok(Recording { provenance: Provenance::Recorded(by), before, after })
}

fn read(path: &Path) -> Result<Recording> {
    let wrong = |error: String| Usage(format!("{}: {error}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    let read = file.take(FROM_BYTES_MAX + 1).read_to_string(&mut text);
    let read = read.map_err(|error| wrong(error.to_string()))?;
    if read as u64 > FROM_BYTES_MAX {
        bail!(wrong(format!("a snapshot has at most {FROM_BYTES_MAX} bytes, this is more")));
    }
    Ok(Recording::parse(&text).map_err(wrong)?)
}

/// Processor time of this process.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default().as_secs_f64()
}

fn list() -> Result<ExitCode> {
    for Check { id, severity, proof, title, .. } in checks::all() {
        let severity = format!("{severity:?}").to_lowercase();
        writeln!(stdout(), "{id:<5} {severity:<9} {:<9} {title}", proof.name())
            .context("write the list")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(check: &Check) -> Result<ExitCode> {
    let Check { id, title, needs, expected, guardrail, probes, proof, catalogue, page, .. } = check;
    let text = format!(
        "{id}: {title}\n\nsymptom    {}\n\nculprit    {}\n\nproof      {}\n\nexpected   {expected}\n\nfix        {}\n\n\
         cost       {}\n\nguardrail  {guardrail}\n\nlab        {}\n\nreads      {}\nneeds      {needs}\nproved by  {}\nincidents  {}\n",
        page.symptom,
        page.culprit,
        page.proof,
        page.fix,
        page.cost,
        page.lab,
        probes.join("\n           "),
        proof.name(),
        catalogue.join(", "),
    );
    stdout().write_all(text.as_bytes()).context("write the explanation")?;
    Ok(ExitCode::SUCCESS)
}

fn run_labs(matches: &ArgMatches) -> Result<ExitCode> {
    if !matches.get_flag("this-machine-is-disposable") {
        let text = "labs make faults on this machine; if nobody needs it, say --this-machine-is-disposable";
        bail!(Usage(text.into()));
    }
    let ids: Vec<&String> = matches.get_many("id").into_iter().flatten().collect();
    if ids.is_empty() && !matches.get_flag("all") {
        bail!(Usage("say which labs: their ids, or --all".into()));
    }
    for id in &ids {
        let has_lab = |lab: &lab::Lab| lab.id.eq_ignore_ascii_case(id);
        if !lab::all().iter().any(has_lab) {
            bail!(Usage(format!("{id} has no lab")));
        }
    }
    let seed = u64::try_from(MachineClock.wall().as_nanos()).unwrap_or(1);
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for lab in lab::all() {
        if !ids.is_empty() && !ids.iter().any(|id| lab.id.eq_ignore_ascii_case(id)) {
            skipped += 1;
            continue;
        }
        let line = match lab.run(&now, seed).outcome {
            Ok(seen) => {
                passed += 1;
                format!("{:<5} passed  {seen}\n", lab.id)
            }
            Err(Stop::Failed(wrong)) => {
                failed += 1;
                format!("{:<5} FAILED  seed {seed}: {wrong}\n", lab.id)
            }
            Err(Stop::Missing(what)) => {
                skipped += 1;
                format!("{:<5} skipped {what} is not here\n", lab.id)
            }
        };
        stdout().write_all(line.as_bytes()).context("write what a lab came to")?;
    }
    let line = format!("{passed} passed, {failed} failed, {skipped} skipped\n");
    stdout().write_all(line.as_bytes()).context("write what the labs came to")?;
    Ok(ExitCode::from(u8::from(failed > 0)))
}
