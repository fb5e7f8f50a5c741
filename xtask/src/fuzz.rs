//! `cargo x fuzz`: random bytes to every decoder, guided by coverage.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::run::{cargo, must, program, root};

/// The version that `fuzz/` is known to build with.
const CARGO_FUZZ: &str = "0.13.2";

/// Give random bytes to the decoders and see that none panics, hangs or reads out of bounds.
///
/// Each target is a file in `fuzz/fuzz_targets/`. What was learnt is kept in target/fuzz-corpus/ and
/// speeds up the next run. cargo-fuzz is installed into target/tools at the first run; it works with
/// the pinned stable compiler.
///
/// When an input fails, it is kept in target/fuzz-failures/TARGET-*: turn it into a unit test of the
/// decoder, beside the repair.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// One target; all of them if absent
    target: Option<String>,
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = Args::DEFAULT.seconds)]
    seconds: u32,
}

impl Args {
    /// Every target, briefly.
    pub(crate) const DEFAULT: Self = Self { target: None, seconds: 30 };
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut targets = targets()?;
    if let Some(wanted) = &args.target {
        ensure!(targets.contains(wanted), "no target {wanted}; there are: {}", targets.join(", "));
        targets = vec![wanted.clone()];
    }
    let cargo_fuzz = cargo_fuzz()?;
    let target_folder = root().join("target");
    let failures = target_folder.join("fuzz-failures");
    fs::create_dir_all(&failures).with_context(|| format!("creating {}", failures.display()))?;
    for target in &targets {
        let corpus = target_folder.join("fuzz-corpus").join(target);
        fs::create_dir_all(&corpus).with_context(|| format!("creating {}", corpus.display()))?;
        let mut command = program(&cargo_fuzz, ["fuzz", "run", "--target-dir"]);
        command.arg(target_folder.join("fuzz")).arg(target).arg(corpus).args([
            "--".to_owned(),
            format!("-max_total_time={}", args.seconds),
            "-print_final_stats=1".to_owned(),
            format!("-artifact_prefix={}/{target}-", failures.display()),
        ]);
        must(command.env("RUSTC_BOOTSTRAP", "1")).with_context(|| {
            format!("target {target} failed, or did not build; an input that fails is in target/fuzz-failures/")
        })?;
    }
    println!("\nno failure in {} targets, {} s each", targets.len(), args.seconds);
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    if names.is_empty() {
        bail!("fuzz/fuzz_targets holds no target");
    }
    Ok(names)
}

fn cargo_fuzz() -> Result<PathBuf> {
    let tools = root().join("target/tools");
    let binary = tools.join("bin/cargo-fuzz");
    if !binary.is_file() {
        let args = ["install", "--quiet", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ];
        must(cargo(args).arg("--root").arg(&tools)).context("cargo-fuzz cannot be installed")?;
    }
    Ok(binary)
}
