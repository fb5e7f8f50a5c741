//! Starting other programs from the root of the repository, and saying what is started.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::tally::{Runner, Tally};

/// The root of the repository, where everything is started.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// `cargo`, the one that started us.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    program(env!("CARGO"), args)
}

/// `name` with `args`, in the root, with no standard input.
pub(crate) fn program<S: AsRef<OsStr>>(
    name: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs `command` to its end; it prints as it goes. An error if it does not exit with 0.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a test runner to its end, passing its output through, also to `see`, and counting what its
/// closing lines say. A runner that fails without counting a failure (it did not build, it broke off) counts as
/// one failure.
pub(crate) fn watched(
    command: &mut Command,
    runner: Runner,
    mut see: impl FnMut(&str),
) -> Result<Tally> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", line(command)))?;
    let mut tally = Tally::default();
    if let Some(output) = child.stdout.take() {
        for text in BufReader::new(output).split(b'\n') {
            let text = text.with_context(|| format!("reading from {}", line(command)))?;
            let text = String::from_utf8_lossy(&text);
            println!("{text}");
            see(&text);
            tally += runner.closing_line(&text).unwrap_or_default();
        }
    }
    let status = child.wait().with_context(|| format!("waiting for {}", line(command)))?;
    let nothing_selected = runner == Runner::Pytest && status.code() == Some(5);
    if !status.success() && !nothing_selected && tally.failed == 0 {
        println!("`{}` ended with {status}: counted as one failure", line(command));
        tally.failed += 1;
    }
    Ok(tally)
}

/// [`watched`] by nobody.
pub(crate) fn counted(command: &mut Command, runner: Runner) -> Result<Tally> {
    watched(command, runner, |_line| ())
}

/// Whether `name` is a program on the search path.
pub(crate) fn is_installed(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

/// Says what is started.
pub(crate) fn announce(command: &Command) {
    println!("\n$ {}", line(command));
}

/// The command as one would type it, without the folder that its program lies in.
fn line(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(name).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
