//! `cargo x fuzz`: random bytes to every decoder, guided by coverage.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs, process};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{announce, cargo, must, program, root};

/// What the compiler is told so that libFuzzer sees what an input reaches. The code has no unsafe
/// block, so no sanitizer is needed.
const FLAGS: &str = "--cfg fuzzing -Cdebug-assertions -Coverflow-checks -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Targets that run at one time: what the machine of CI has processors for.
const AT_ONCE: usize = 2;

/// Give random bytes to the decoders and see that none panics, hangs or takes more than 1 GiB.
///
/// Each target is a file in `fuzz/fuzz_targets/`; two run at a time. What was learnt is kept in
/// target/fuzz-corpus/ and speeds up the next run. It works with the pinned stable compiler and needs a
/// C++ compiler for libFuzzer.
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
    /// Every target, as long as CI takes.
    pub(crate) const DEFAULT: Self = Self { target: None, seconds: 60 };
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut targets = targets()?;
    if let Some(wanted) = &args.target {
        ensure!(targets.contains(wanted), "no target {wanted}; there are: {}", targets.join(", "));
        targets = vec![wanted.clone()];
    }
    let binaries = build(&targets)?;
    let mut failed = Vec::new();
    for (pair, names) in binaries.chunks(AT_ONCE).zip(targets.chunks(AT_ONCE)) {
        let started: Vec<Running> = pair
            .iter()
            .zip(names)
            .map(|(binary, name)| Running::start(binary, name, args.seconds))
            .collect::<Result<_>>()?;
        for running in started {
            if let Err(error) = running.end() {
                println!("{error:#}");
                failed.push(error.to_string());
            }
        }
    }
    if !failed.is_empty() {
        bail!("{}; the inputs that fail are in target/fuzz-failures/", failed.join("; "));
    }
    println!("\nno failure in {} targets, {} s each", targets.len(), args.seconds);
    Ok(())
}

/// Builds the targets, the dependencies once for all, and returns their binaries.
fn build(targets: &[String]) -> Result<Vec<PathBuf>> {
    let host = host()?;
    let folder = root().join("target/fuzz");
    let mut command = cargo(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    // A target platform is named so that the flags are not for build scripts.
    command.args(["--target", &host]).arg("--target-dir").arg(&folder).env("RUSTFLAGS", FLAGS);
    for target in targets {
        command.args(["--bin", target]);
    }
    must(&mut command).context("the fuzz targets cannot be built")?;
    let release = folder.join(host).join("release");
    Ok(targets.iter().map(|target| release.join(target)).collect())
}

/// The platform that the compiler runs on.
fn host() -> Result<String> {
    let output = program("rustc", ["-vV"]).output().context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

/// A target that runs, its output in a file.
struct Running {
    name: String,
    child: Child,
    log: PathBuf,
    /// For the files of targets that need some: in memory, where there is such a folder.
    scratch: PathBuf,
}

impl Running {
    fn start(binary: &Path, name: &str, seconds: u32) -> Result<Self> {
        let made = |folder: &str| {
            let path = root().join("target").join(folder);
            fs::create_dir_all(&path).with_context(|| format!("creating {}", path.display()))?;
            anyhow::Ok(path)
        };
        let corpus = made(&format!("fuzz-corpus/{name}"))?;
        let failures = made("fuzz-failures")?;
        let log = failures.join(format!("{name}.log"));
        let file = fs::File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
        let scratch = place.join(format!("groundsill-fuzz-{}-{name}", process::id()));
        fs::create_dir_all(&scratch).with_context(|| format!("creating {}", scratch.display()))?;
        let mut command: Command = program(
            binary,
            [
                format!("-max_total_time={seconds}"),
                "-timeout=10".to_owned(),
                "-rss_limit_mb=1024".to_owned(),
                "-print_final_stats=1".to_owned(),
                format!("-artifact_prefix={}/{name}-", failures.display()),
            ],
        );
        command.arg(corpus).env("TMPDIR", &scratch).stdout(Stdio::null()).stderr(file);
        announce(&command);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, log, scratch })
    }

    /// Waits for its end. An error if an input failed, or if none was tried.
    fn end(mut self) -> Result<()> {
        let status = self.child.wait().with_context(|| format!("waiting for {}", self.name))?;
        fs::remove_dir_all(&self.scratch)
            .with_context(|| format!("removing {}", self.scratch.display()))?;
        let text =
            fs::read(&self.log).with_context(|| format!("reading {}", self.log.display()))?;
        let text = String::from_utf8_lossy(&text);
        if !status.success() {
            println!("{text}");
            bail!("target {} ended with {status}", self.name);
        }
        let executed = number_of_runs(&text).unwrap_or(0);
        println!("{}: {executed} inputs, none failed", self.name);
        ensure!(executed > 0, "target {} tried no input", self.name);
        Ok(())
    }
}

/// How many inputs were tried, by the closing lines of libFuzzer.
fn number_of_runs(text: &str) -> Option<u64> {
    let line =
        text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
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
