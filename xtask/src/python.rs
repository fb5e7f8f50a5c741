//! The black box's own surroundings under `target/`: a Python environment and Node's packages, made
//! when first needed and again when their pinned versions change.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{is_installed, must, program, root};

/// Tests that run at one time: what the machine of CI has processors for. Most wait for a server most of the time.
pub(crate) const AT_ONCE: [&str; 2] = ["-n", "2"];

/// `pytest` on the black box with `args`, in an environment that holds exactly the pinned packages.
pub(crate) fn pytest(args: &[&str]) -> Result<Command> {
    let venv = environment()?;
    let modules = node_modules()?;
    let mut command = program(venv.join("bin/python"), ["-m", "pytest", "blackbox"]);
    command.args(args).env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(modules) = modules {
        command.env("NODE_PATH", modules);
    }
    Ok(command)
}

fn environment() -> Result<PathBuf> {
    let venv = root().join("target/venv");
    let pinned = pinned(&["blackbox/requirements.txt", "blackbox/constraints.txt"])?;
    let stamp = venv.join("pinned");
    if !is_current(&stamp, &pinned) {
        must(&mut program("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]))
            .context(
            "the black box needs Python 3.11 or later as `python3`: install it and run this again",
        )?;
        remove(&venv)?;
        must(program("python3", ["-m", "venv"]).arg(&venv)).context(
            "the black box needs Python 3.11 or later with its venv module: \
             install it (Debian: apt-get install python3-venv) and run this again",
        )?;
        let args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        let files = ["-r", "blackbox/requirements.txt", "-c", "blackbox/constraints.txt"];
        must(program(venv.join("bin/python"), args).args(files)).context(
            "the packages in blackbox/requirements.txt cannot be installed: \
             see pip's message above; a package index must be reachable once",
        )?;
        fs::write(&stamp, pinned).with_context(|| format!("writing {}", stamp.display()))?;
    }
    Ok(venv)
}

/// Where the Node clients are, or none if there is no Node: their tests then skip, and say so.
fn node_modules() -> Result<Option<PathBuf>> {
    if !(is_installed("node") && is_installed("npm")) {
        println!("SKIPPED: no Node.js here, so the tests with Node clients will be skipped");
        return Ok(None);
    }
    let folder = root().join("target/node");
    let pinned = pinned(&["blackbox/node/package.json"])?;
    let stamp = folder.join("pinned");
    if !is_current(&stamp, &pinned) {
        remove(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let manifest = folder.join("package.json");
        fs::write(&manifest, &pinned).with_context(|| format!("writing {}", manifest.display()))?;
        let args = ["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"];
        must(program("npm", args).arg("--prefix").arg(&folder)).context(
            "the packages in blackbox/node/package.json cannot be installed: \
             see npm's message above; a package registry must be reachable once",
        )?;
        fs::write(&stamp, pinned).with_context(|| format!("writing {}", stamp.display()))?;
    }
    Ok(Some(folder.join("node_modules")))
}

fn pinned(files: &[&str]) -> Result<String> {
    let mut all = String::new();
    for file in files {
        all += &fs::read_to_string(root().join(file)).with_context(|| format!("reading {file}"))?;
    }
    Ok(all)
}

fn is_current(stamp: &Path, pinned: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|installed| installed == pinned)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}
