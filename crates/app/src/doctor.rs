//! `groundsill doctor`: what silently goes wrong on this machine and its servers, what it will break, and what to do.

use std::fs::{self, File};
use std::io::{IsTerminal, Read, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base::Clock;
use clap::ArgMatches;
use doctor::bundle::bundle;
use doctor::check::{Check, Target};
use doctor::checks;
use doctor::probe::{Ask, Endpoint, Load, Moment, Probe, enter_network_of};
use doctor::record::Severity;
use doctor::report::{Cost, Format, Report};
use doctor::snapshot::{Provenance, Recording, Snapshot};
use doctor::suppress::Suppressions;

use crate::machine::MachineClock;

mod aim;
mod command;
mod labs;
mod memory;
mod watch;

pub(crate) use command::command;

/// Time between the two looks: counters are judged by what they grow in it.
const WINDOW: Duration = Duration::from_secs(2);
const WINDOW_QUICK: Duration = Duration::from_secs(1);
const WINDOW_DEEP: Duration = Duration::from_secs(5);

/// More of a snapshot is not read.
const FROM_BYTES_MAX: u64 = 64 << 20;

/// Exit status where the command line is wrong (`EX_USAGE`): 1 and 2 tell what was found.
pub(crate) const EXIT_USAGE: u8 = 64;

/// Exit status where what was named could not be reached.
const EXIT_MISSED: u8 = 3;

/// Exit status where the doctor itself fails (`EX_SOFTWARE`).
const EXIT_INTERNAL: u8 = 70;

/// What was asked for cannot be.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Usage {}

/// A kind of server that was asked for is not there.
#[derive(Debug)]
struct Missed(String);

impl std::fmt::Display for Missed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Missed {}

/// Never fails by an error: its exit status tells what was found, and 1 would be a warning.
pub(crate) fn run(matches: &ArgMatches) -> ExitCode {
    doctor(matches).unwrap_or_else(|error| {
        let code = match () {
            () if error.is::<Usage>() => EXIT_USAGE,
            () if error.is::<Missed>() => EXIT_MISSED,
            () => EXIT_INTERNAL,
        };
        let _closed = writeln!(std::io::stderr(), "groundsill doctor: {error:#}");
        ExitCode::from(code)
    })
}

fn doctor(matches: &ArgMatches) -> Result<ExitCode> {
    if let Some(("lab", matches)) = matches.subcommand() {
        return labs::run(matches);
    }
    if matches.get_flag("list") {
        return list();
    }
    if matches.contains_id("explain") {
        let texts: Vec<String> = named(matches, "explain")?.into_iter().map(explain).collect();
        return say(&texts.join("\n")).map(|()| ExitCode::SUCCESS);
    }
    let plan = Plan::of(matches)?;
    if let Some(pid) = matches.get_one::<u32>("netns") {
        let entered = enter_network_of(*pid);
        entered.map_err(|error| Usage(format!("--netns {pid}: {error}")))?;
    }
    if let Some(pause) = matches.get_one::<u64>("watch") {
        return watch::run(&plan, Duration::from_secs(*pause));
    }
    once(matches, &plan)
}

/// What is looked at, and by which checks.
struct Plan {
    checks: Vec<&'static Check>,
    required: Vec<&'static str>,
    suppressions: Suppressions,
    least: Severity,
    ask: Ask,
    /// Time between the two looks.
    window: Duration,
}

impl Plan {
    fn of(matches: &ArgMatches) -> Result<Self> {
        let from = matches.contains_id("from");
        let aim = aim::Aim::of(matches, from)?;
        let (only, skip) = (named(matches, "only")?, named(matches, "skip")?);
        let among = |list: &[&Check], check: &Check| list.iter().any(|other| other.id == check.id);
        let is_chosen = |check: &&Check| {
            let is_meant =
                if only.is_empty() { aim.covers(check.target()) } else { among(&only, check) };
            is_meant && !among(&skip, check)
        };
        let checks: Vec<_> = checks::all().into_iter().filter(is_chosen).collect();
        if checks.is_empty() {
            bail!(Usage("no check is left of what was asked for".into()));
        }
        let required: Vec<&str> = named(matches, "require")?.iter().map(|check| check.id).collect();
        if let Some(left_out) = required.iter().find(|id| !checks.iter().any(|it| it.id == **id)) {
            bail!(Usage(format!("{left_out} is required, and left out by what was asked for")));
        }
        let ask = Ask { deep: matches.get_flag("deep"), servers: aim.servers, facts: aim.facts };
        let suppressions = suppressions(matches)?;
        let window = match (matches.get_flag("quick"), ask.deep) {
            (true, _) => WINDOW_QUICK,
            (false, true) => WINDOW_DEEP,
            (false, false) => WINDOW,
        };
        Ok(Self { checks, required, suppressions, least: least(matches), ask, window })
    }

    /// Judges what was seen.
    fn judge(&self, recording: &Recording) -> Report {
        Report::of(self.checks.iter().copied(), &recording.window(), &self.suppressions)
    }
}

/// A file that is named must be there; the usual one need not.
fn suppressions(matches: &ArgMatches) -> Result<Suppressions> {
    let named = matches.get_one::<PathBuf>("suppressions");
    let path = named.map_or(Path::new(".doctor.toml"), PathBuf::as_path);
    let wrong = |error: String| Usage(format!("{}: {error}", path.display()));
    // One that just lies there may have been put there by anybody.
    if named.is_none() && fs::metadata(path).is_ok_and(|it| !is_own(&it)) {
        let whose = "it belongs to another user, or everybody may write it; name it with --suppressions if it shall count";
        bail!(wrong(whose.to_owned()));
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(Suppressions::parse(&text).map_err(wrong)?),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Suppressions::default())
        }
        Err(error) => bail!(wrong(error.to_string())),
    }
}

/// Before anything is looked at: whether the files that shall be written can be.
fn can_write(matches: &ArgMatches) -> Result<()> {
    for path in ["save", "bundle"].into_iter().filter_map(|name| matches.get_one::<PathBuf>(name)) {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        if folder.is_some_and(|it| !it.is_dir()) || path.is_dir() {
            bail!(Usage(format!("{}: no file can be made there", path.display())));
        }
    }
    Ok(())
}

/// Whether nobody but this user, or root, has written it.
fn is_own(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let is_ours = file.uid() == 0 || file.uid() == rustix::process::getuid().as_raw();
    is_ours && file.mode() & 0o002 == 0
}

fn once(matches: &ArgMatches, plan: &Plan) -> Result<ExitCode> {
    can_write(matches)?;
    let began = MachineClock.monotonic();
    let (recording, load) = match matches.get_one::<PathBuf>("from") {
        Some(path) => (told(read(path)?, plan), Load::default()),
        None => record(&plan.ask, plan.window)?,
    };
    if let Some(path) = matches.get_one::<PathBuf>("save") {
        write(path, &serde_json::to_string_pretty(&recording)?)?;
    }
    let earlier = memory::earlier(matches, &recording)?;
    if matches.get_flag("remember") {
        memory::keep(&recording)?;
    }
    let mut report = plan.judge(&recording);
    report.scene.is_saved = matches.contains_id("from");
    // Judged as well, and not instead: what is wrong now is seen in the short window.
    if let Some(earlier) = earlier.as_ref().filter(|it| is_comparable(&it.after, &recording.after))
    {
        let longer = Recording { before: earlier.after.clone(), ..recording.clone() };
        report.widen(plan.judge(&longer));
    }
    if let Some(earlier) = &earlier {
        report.compare(plan.checks.iter().copied(), earlier);
    }
    let code = report.exit_code(&plan.required);
    report.records.retain(|record| record.severity >= plan.least);
    let cost = Cost {
        seconds: MachineClock.monotonic().saturating_sub(began).as_secs_f64(),
        cpu_seconds: cpu_seconds(),
        peak_bytes: peak_bytes(),
        queries: load.queries,
        bytes: load.bytes,
    };
    if let Some(path) = matches.get_one::<PathBuf>("bundle") {
        let key = std::hash::RandomState::new();
        let hash = |name: &str| std::hash::BuildHasher::hash_one(&key, name);
        let anonymous = matches.get_flag("anonymize").then_some(&hash as &dyn Fn(&str) -> u64);
        write(path, &bundle(&report, &recording, anonymous))?;
    }
    show(matches, &report, cost)?;
    Ok(ExitCode::from(code))
}

/// What the user says now counts beside what was said when it was saved.
fn told(mut recording: Recording, plan: &Plan) -> Recording {
    for look in [&mut recording.before, &mut recording.after] {
        look.facts.extend(plan.ask.facts.clone());
    }
    recording
}

/// Whether counters of both may be compared: of one run of the machine, seen from the same place by the same user.
fn is_comparable(then: &Snapshot, now: &Snapshot) -> bool {
    let (then, now) = (&then.host, &now.host);
    !now.boot.is_empty()
        && then.boot == now.boot
        && then.view.network == now.view.network
        && then.view.uid == now.view.uid
}

/// Readable by its owner alone: a snapshot tells much about a machine.
fn write(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        // One that was there before may be open to others; a device stays as it is.
        if file.metadata()?.is_file() {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        file.write_all(text.as_bytes())
    });
    written.with_context(|| format!("write {}", path.display()))
}

fn show(matches: &ArgMatches, report: &Report, cost: Cost) -> Result<()> {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty())
        || std::env::var_os("TERM").is_some_and(|it| it == "dumb");
    let paint = if stdout().is_terminal() && !is_plain { painted } else { plain };
    let format = matches.get_one::<String>("output").map_or("text", String::as_str);
    let format = Format::ALL.into_iter().find(|(name, _)| *name == format);
    let format = format.map_or(Format::Text, |(_, format)| format);
    let text = if matches.get_flag("fix-script") {
        report.script()
    } else if matches.get_flag("quick") && format == Format::Text {
        report.lines(cost, paint)
    } else {
        report.tell(format, cost, paint)
    };
    say(&text)
}

fn say(text: &str) -> Result<()> {
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

/// By its id; an aspect behind it, as a report has it, is one of the same check.
fn check(id: &str) -> Result<&'static Check> {
    let found = checks::find(id.split('/').next().unwrap_or_default());
    found.ok_or_else(|| Usage(format!("there is no check {id}; --list has all of them")).into())
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
fn record(ask: &Ask, window: Duration) -> Result<(Recording, Load)> {
    let mut probe = Probe::open(ask.clone()).context("wait for sockets")?;
    let before = probe.look(now());
    std::thread::sleep(window);
    let after = probe.look(now());
    Ok((recording(before, after), probe.load()))
}

fn recording(before: Snapshot, after: Snapshot) -> Recording {
    let by = format!(
        "Linux {}, groundsill {} doctor --save",
        after.host.kernel,
        env!("CARGO_PKG_VERSION")
    );
    Recording { provenance: Provenance::Recorded(by), before, after }
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

/// Memory that this process had at most; 0 if it is not told.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = most.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn list() -> Result<ExitCode> {
    for check in checks::all() {
        let Check { id, severity, proof, title, needs, .. } = check;
        let target = match check.target() {
            Target::Host => "",
            other => other.name(),
        };
        let (severity, proof) = (severity.name(), proof.name());
        say(&format!("{id:<5} {severity:<9} {proof:<9} {target:<10} {title} [needs {needs}]\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(check: &Check) -> String {
    let Check { id, title, needs, expected, guardrail, probes, proof, catalogue, page, .. } = check;
    format!(
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
    )
}
