//! `groundsill config`: shows and checks the configuration without starting anything.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Arg, ArgMatches, Command};

use super::{Config, PREFIX, Resolved, SETTINGS, value};
use crate::passwords;

/// Adds a flag for each setting, and `--config`.
pub(crate) fn with_settings(command: Command) -> Command {
    SETTINGS.iter().fold(command.arg(config_flag()), |command, setting| {
        let least = setting.least.map_or(String::new(), |least| format!(" [least: {least}]"));
        let (variable, default) = (setting.variable(), setting.default);
        let help = format!("{} [env: {variable}] [default: {default}]{least}", setting.help);
        command.arg(Arg::new(setting.key).long(setting.key).value_name(setting.shape).help(help))
    })
}

fn config_flag() -> Arg {
    Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("A TOML file with settings, by the names of their flags [env: GROUNDSILL_CONFIG]")
}

/// Adds `--data`, which `help` explains, and `--config`: of a command that is about a data directory alone.
pub(crate) fn with_data(command: Command, help: &'static str) -> Command {
    let help = format!("{help} [env: GROUNDSILL_DATA] [default: ./data]");
    command.arg(Arg::new("data").long("data").value_name("DIR").help(help)).arg(config_flag())
}

/// The data directory that such a command is about.
pub(crate) fn data(matches: &ArgMatches) -> Result<PathBuf> {
    value::data(&gather(matches)?)
}

/// The configuration that the command line, the environment and the file make.
pub(crate) fn gather(matches: &ArgMatches) -> Result<Resolved> {
    let mut environment = BTreeMap::new();
    for (name, text) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let Some(text) = text.to_str() else { bail!("the environment's `{name}` is not text") };
        environment.insert(name.to_owned(), text.to_owned());
    }
    Resolved::gather(matches, &environment)
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

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let mut lines = Vec::new();
    match matches.subcommand() {
        Some(("show", matches)) => {
            let resolved = gather(matches)?;
            // What it shows is what a server would take: an error says which setting is not.
            Config::new(&resolved)?;
            for (setting, text, origin) in resolved.iter() {
                lines.push(format!("{:<16} {:<24} # {origin}\n", setting.key, text));
            }
        }
        Some((_, matches)) => {
            let config = Config::new(&gather(matches)?)?;
            if let Some(path) = &config.password_file {
                passwords::read(path)?;
            }
            lines.push("the configuration is valid\n".to_owned());
        }
        None => return Ok(ExitCode::from(2)),
    }
    // A reader that has seen enough, such as `head`, closes its end.
    let _closed = std::io::stdout().write_all(lines.concat().as_bytes());
    Ok(ExitCode::SUCCESS)
}
