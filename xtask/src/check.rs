//! `cargo x check`: everything about the code that needs no running of it.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{cargo, must};

/// Check the code without running it: format, shape, tidiness, lints, documentation.
///
/// Runs all five even if one fails, and names those that failed at the end:
///
/// * format: `cargo fmt --check`. To repair: `cargo fmt`.
///
/// * shape: the crates depend on each other, and on others' crates, as ARCHITECTURE.md draws it, and
///   its tour names code that exists.
///
/// * tidiness: what STYLE.md asks and no lint knows; each message says what to do instead.
///
/// * lints: clippy on all targets, no warning allowed.
///
/// * documentation: it builds, and no link in it is broken.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<()> {
    let checks = [
        ("format", cargo(["fmt", "--all", "--check"])),
        ("shape", cargo(["test", "--quiet", "-p", "xtask", "--test", "architecture"])),
        ("tidiness", cargo(["test", "--quiet", "-p", "xtask", "--test", "tidy"])),
        ("lints", cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("documentation", documentation()),
    ];
    let mut failed = Vec::new();
    for (name, mut command) in checks {
        if let Err(error) = must(&mut command) {
            println!("{error}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("these checks failed, see above: {}", failed.join(", "));
    }
    println!("\nall checks hold");
    Ok(())
}

fn documentation() -> Command {
    let mut command = cargo(["doc", "--workspace", "--no-deps", "--document-private-items"]);
    // Private items are in it, for those who work here: a link to one resolves.
    command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links");
    command
}
