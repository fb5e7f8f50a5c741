//! `groundsill config`: shows and checks the configuration without starting anything.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Arg, ArgMatches, Command};

use super::{Config, Resolved, SETTINGS};

/// Adds a flag for each setting, and `--config`.
pub(crate) fn with_settings(command: Command) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("A TOML file with settings, by the names of their flags [env: GROUNDSILL_CONFIG]");
    SETTINGS.iter().fold(command.arg(config), |command, setting| {
        let help = format!(
            "{} [env: {}] [default: {}]",
            setting.help,
            setting.variable(),
            setting.default
        );
        command.arg(Arg::new(setting.key).long(setting.key).value_name(setting.shape).help(help))
    })
}

/// The configuration that the command line, the environment and the file make.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub(crate) fn gather(matches: &ArgMatches) -> Result<Resolved> {
    Resolved::gather(matches, &|name| std::env::var(name).ok())
}

pub(crate) fn command() -> Command {
    let check =
        with_settings(Command::new("check").about("Say whether the configuration is valid"));
    let show = with_settings(
        Command::new("show").about("Show every setting, its value and where it comes from"),
    );
    Command::new("config")
        .about("Check or show the configuration")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(check)
        .subcommand(show)
}

#[expect(clippy::print_stdout, reason = "this is the command's result")]
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("show", matches)) => {
            for (setting, text, origin) in gather(matches)?.iter() {
                println!("{:<16} {:<24} # {origin}", setting.key, text);
            }
        }
        Some((_, matches)) => {
            Config::new(&gather(matches)?)?;
            println!("the configuration is valid");
        }
        None => return Ok(ExitCode::from(2)),
    }
    Ok(ExitCode::SUCCESS)
}
