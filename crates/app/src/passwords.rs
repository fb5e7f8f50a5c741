//! The file of passwords, and `groundsill password`, which makes a line of it.
//!
//! What passwords are and how they are checked is the fronts' (`front::Access`); here they are read.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches, Command};
use front::{Access, PASSWORD_BYTES_MAX, Users, hash_line};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Bytes of the file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Bits of a file's mode that let others than its owner at it.
const OTHERS: u32 = 0o077;

/// Reads the users from a file that only its owner can read.
pub(crate) fn read(path: &Path) -> Result<Users> {
    let what = || format!("read the password file {}", path.display());
    let file = File::open(path).with_context(what)?;
    let metadata = file.metadata().with_context(what)?;
    if !metadata.is_file() {
        bail!("the password file {} is not a file", path.display());
    }
    if metadata.permissions().mode() & OTHERS != 0 {
        bail!(
            "the password file {path} is open to others than its owner: chmod 600 {path}",
            path = path.display()
        );
    }
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).with_context(what)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        bail!("the password file {} is longer than 1 MiB", path.display());
    }
    Users::parse(&text).with_context(|| format!("the password file {}", path.display()))
}

/// What checks passwords against the users.
pub(crate) fn access(users: Users) -> Result<Access> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::from).context("draw a key")?;
    Ok(Access::new(users, key))
}

/// Reads the file again. If it cannot be used, the users stay who they are.
pub(crate) fn read_again(path: &Path, access: &Access) {
    match read(path) {
        Ok(users) => {
            tracing::info!(users = users.count(), "the password file has been read again");
            access.set_users(users);
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(%error, "the new password file is not used: the users stay as they were");
        }
    }
}

pub(crate) fn command() -> Command {
    Command::new("password")
        .about("Print a line for the password file")
        .long_about(LONG_ABOUT)
        .arg(
            Arg::new("user")
                .value_name("USER")
                .default_value("default")
                .help("Whose password it is"),
        )
        .after_help(AFTER_HELP)
}

const LONG_ABOUT: &str = "\
Print a line for the password file: the user's name and a hash of the password, which is read from the \
terminal, twice and without being shown, or else from the first line of standard input.

The user `default` is the one whom clients of Redis mean that give a password and no name.";

const AFTER_HELP: &str = "\
Examples:
  (umask 077 && groundsill password billing >> passwords)
  printf '%s' \"$SECRET\" | groundsill password billing
  groundsill serve --password-file passwords

A running server reads the file again at SIGHUP.";

pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let user = matches.get_one::<String>("user").map_or("default", String::as_str);
    let password = if io::stdin().is_terminal() { ask_twice(user)? } else { read_line()? };
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(io::Error::from).context("draw a salt")?;
    let line = hash_line(user, password.as_bytes(), salt).with_context(|| {
        format!(
            "a user's name is 1 to 64 printable characters of ASCII without blanks and colons and does not \
             begin with #; a password has 1 to {PASSWORD_BYTES_MAX} bytes"
        )
    })?;
    writeln!(io::stdout(), "{line}").context("print the line")?;
    Ok(ExitCode::SUCCESS)
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    let most = PASSWORD_BYTES_MAX as u64 + 3;
    io::stdin().lock().take(most).read_line(&mut line).context("read the password")?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn ask_twice(user: &str) -> Result<String> {
    let shown = tcgetattr(io::stdin()).context("ask the terminal how it is set")?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(io::stdin(), OptionalActions::Flush, &hidden).context("turn the echo off")?;
    let _echo = Echo(shown);
    let ask = |prompt: &str| {
        // If nobody reads stderr, it is asked all the same.
        let _closed = write!(io::stderr(), "{prompt}: ");
        let answer = read_line();
        let _closed = writeln!(io::stderr());
        answer
    };
    let password = ask(&format!("Password of {user}"))?;
    if ask("Again")? != password {
        bail!("the two are not the same: try again");
    }
    Ok(password)
}

/// How the terminal was set, and is again when dropped.
struct Echo(Termios);

impl Drop for Echo {
    fn drop(&mut self) {
        // The terminal may be gone.
        let _gone = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

#[cfg(test)]
mod tests;
