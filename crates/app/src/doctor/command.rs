//! Its command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};
use doctor::report::Format;

const AFTER_HELP: &str = "\
Examples:
  groundsill doctor                                 looks at this machine, and at the servers that it finds on it
  groundsill doctor --quick                         a line for each check of this machine
  groundsill doctor host                            this machine alone
  groundsill doctor --postgres postgres://me@db/app a server elsewhere, and not this machine
  groundsill doctor --explain H14                   what a check is about, and exactly what it reads
  groundsill doctor --output json --only H14        for programs
  groundsill doctor --remember                      keeps what was seen; the next run says what is different
  groundsill doctor --save host.json                keeps it in a file; --from host.json judges it elsewhere
  groundsill doctor --fix-script                    prints what to do, as a script to read; nothing is run

Passwords may stand in the environment, as the servers' own clients take them: PGPASSWORD, MYSQL_PWD, REDISCLI_AUTH.
In the file .doctor.toml stands what is let be, each with a reason and a last day:
  [[suppress]]
  check = \"H14\"
  reason = \"the old gateway, gone in January\"
  until = 2027-01-31

It reads, and changes nothing. Exits with 0 if nothing that could be looked at is worse than information, 1 if there is a warning, 2 if \
something is critical, 3 if nothing is critical, but a server that was named could not be reached or a check that --require names could not \
look, 64 if the command line is wrong, 70 if it fails itself.";

pub(crate) fn command() -> Command {
    Command::new("doctor")
        .about("Find what silently goes wrong on this machine and its servers, and say what to do")
        .after_help(AFTER_HELP)
        .args_conflicts_with_subcommands(true)
        .args(what())
        .args(which())
        .args(how())
        .subcommand(lab())
}

/// What is looked at.
fn what() -> Vec<Arg> {
    let kinds = ["host", "postgres", "mysql", "redis", "pgbouncer", "etcd", "boundary"];
    vec![
        Arg::new("target")
            .value_name("TARGET")
            .num_args(0..)
            .value_parser(kinds)
            .help("Only these; else this machine, and the servers on its usual ports"),
        url("postgres", "postgres://USER@HOST:PORT/DATABASE"),
        url("mysql", "mysql://USER@HOST:PORT"),
        url("redis", "redis://HOST:PORT"),
        url("pgbouncer", "postgres://USER@HOST:PORT/pgbouncer"),
        url("etcd", "http://HOST:PORT"),
        Arg::new("fact").long("fact").value_name("NAME=VALUE").action(ArgAction::Append).help(
            "Say what cannot be seen from here; --explain of a check names the facts that it takes",
        ),
        Arg::new("netns")
            .long("netns")
            .value_name("PID")
            .value_parser(value_parser!(u32).range(1..))
            .help("Look at the network from where this process is"),
        flag("quick", "This machine alone, and a line for each check"),
        flag("deep", "Look longer, and at what costs more: see --explain").conflicts_with("quick"),
        file("from", "Judge what was saved, instead of looking")
            .conflicts_with_all(["netns", "watch", "remember"]),
        file(
            "since",
            "Say what is different from this earlier look, and what counters grew by since then",
        ),
        flag("remember", "Keep what was seen, for the next run to compare with"),
        Arg::new("watch")
            .long("watch")
            .value_name("SECONDS")
            .num_args(0..=1)
            .default_missing_value("10")
            .value_parser(value_parser!(u64).range(1..=86_400))
            .conflicts_with_all(["output", "save", "bundle", "since", "remember", "fix-script"])
            .help("Look again and again, and say in lines what comes and goes, until it is ended"),
    ]
}

/// Which checks, and what counts.
fn which() -> Vec<Arg> {
    vec![
        ids("only", "Only these checks"),
        ids("skip", "All but these checks"),
        ids("require", "Exit with 3 if one of these could not look, and nothing is critical"),
        Arg::new("min-severity")
            .long("min-severity")
            .value_parser(["info", "warning", "critical"])
            .default_value("info")
            .help("Show only what is at least so bad"),
        file("suppressions", "Take what is let be from this file instead of .doctor.toml"),
    ]
}

/// How it is told.
fn how() -> Vec<Arg> {
    vec![
        Arg::new("output")
            .long("output")
            .value_parser(Format::ALL.map(|(name, _)| name))
            .default_value("text")
            .help("In which form"),
        file("save", "Keep what was seen in this file, too"),
        file("bundle", "Keep everything of the run in this file, for somebody who helps"),
        flag("anonymize", "Replace names and addresses of machines in the bundle")
            .requires("bundle"),
        flag(
            "fix-script",
            "Print what to do as a script; it is not run, and what is done by hand is a comment in it",
        ),
        ids("explain", "Say what these checks are about"),
        flag(
            "list",
            "List the checks: id, severity, how it is proved, target, title, what it needs",
        ),
    ]
}

fn lab() -> Command {
    Command::new("lab")
        .about("Make faults for real, and see that they are found and, mended, found no more")
        .after_help("Exits with 0 if none failed, 1 if one did, 64 if the command line is wrong.")
        .arg(Arg::new("id").value_name("ID").num_args(0..).help("Of these checks"))
        .arg(flag("all", "Of all checks that have a lab").conflicts_with("id"))
        .arg(flag("clean", "Take away what labs left that were cut off"))
        .arg(flag("this-machine-is-disposable", "Labs change the machine: say that it may be"))
}

fn url(name: &'static str, form: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).value_name("URL").action(ArgAction::Append);
    arg.help(format!("A server to look at: {form}"))
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
