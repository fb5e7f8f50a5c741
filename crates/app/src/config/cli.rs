//! `groundsill config`: shows and checks the configuration without starting anything.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Arg, ArgMatches, Command};

use super::{Config, Resolved, SETTINGS};
use crate::passwords;

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

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let mut lines = Vec::new();
    match matches.subcommand() {
        Some(("show", matches)) => {
            for (setting, text, origin) in gather(matches)?.iter() {
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
