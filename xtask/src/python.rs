//! The black box's own surroundings under `target/`: a Python environment, Node's packages and servers of
//! PostgreSQL, made when first needed and again when their pinned versions change.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run::{is_installed, must, program, root};

/// Tests that run at one time: what the machine of CI has processors for. Most wait for a server most of the time.
pub(crate) const AT_ONCE: [&str; 2] = ["-n", "2"];

/// `pytest` on the black box with `args`, in an environment that holds exactly the pinned packages.
pub(crate) fn pytest(args: &[&str]) -> Result<Command> {
    let venv = environment()?;
    let modules = node_modules()?;
    let servers = postgres_servers()?;
    let mut command = program(venv.join("bin/python"), ["-m", "pytest", "blackbox"]);
    command.args(args).env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(modules) = modules {
        command.env("NODE_PATH", modules);
    }
    if let Some(servers) = servers {
        // Not a name of ours: those are settings, and the binary refuses one that it does not know.
        command.env("TEST_POSTGRES_SERVERS", servers);
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

/// Where servers of PostgreSQL of other versions than the system's are, or none: their tests then skip, and say so.
fn postgres_servers() -> Result<Option<PathBuf>> {
    if !(is_installed("node") && is_installed("npm") && cfg!(target_arch = "x86_64")) {
        println!(
            "SKIPPED: without Node.js, or not on x86-64, labs run on one version of PostgreSQL"
        );
        return Ok(None);
    }
    let folder = root().join("target/postgres");
    let modules = folder.join("node_modules");
    let files = ["blackbox/postgres/package.json", "blackbox/postgres/package-lock.json"];
    let pinned = pinned(&files)?;
    let stamp = folder.join("pinned");
    if !is_current(&stamp, &pinned) {
        remove(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        for file in files {
            let name = Path::new(file).file_name().unwrap_or_default();
            fs::copy(root().join(file), folder.join(name))
                .with_context(|| format!("copying {file}"))?;
        }
        // `ci` takes what the lock file has the checksum of, and nothing else.
        let args = ["ci", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"];
        must(program("npm", args).arg("--prefix").arg(&folder)).context(
            "the servers in blackbox/postgres/package.json cannot be installed: \
             see npm's message above; a package registry must be reachable once",
        )?;
        for name in ["postgres-12", "postgres-18"] {
            // A package of npm holds no links: this makes those of its libraries.
            let package = modules.join(name);
            must(program("node", ["scripts/hydrate-symlinks.js"]).current_dir(&package))
                .with_context(|| format!("making the links in {}", package.display()))?;
            let library = package.join("native/lib/libpq.so.5");
            ensure!(library.exists(), "{} is missing", library.display());
        }
        fs::write(&stamp, pinned).with_context(|| format!("writing {}", stamp.display()))?;
    }
    Ok(Some(modules))
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
