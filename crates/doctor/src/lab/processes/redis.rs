//! A server of Redis, without a port.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::lab::{Stop, failed};

/// A server, which ends with it.
#[derive(Debug)]
pub(in crate::lab) struct Redis(Child);

impl Redis {
    /// One that works in this folder. It is known by its name as soon as it runs.
    pub(in crate::lab) fn start(folder: &Path, arguments: &[&str]) -> Result<Self, Stop> {
        Self::start_by("redis-server", &[], folder, arguments)
    }

    /// The same, started by a program that becomes it.
    pub(in crate::lab) fn start_by(
        program: &str,
        first: &[&str],
        folder: &Path,
        arguments: &[&str],
    ) -> Result<Self, Stop> {
        let socket = folder.join("socket");
        let mut command = Command::new(program);
        command.args(first).args(["--port", "0", "--save", "", "--dir"]).arg(folder);
        command.arg("--unixsocket").arg(&socket).args(arguments);
        let log = File::create(folder.join("log")).map_err(failed("make a file"))?;
        let started = command.stdin(Stdio::null()).stdout(log).stderr(Stdio::null()).spawn();
        started.map(Self).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Stop::Missing("Redis: the package redis-server".to_owned())
            }
            _ => Stop::Failed(format!("run {program}: {error}")),
        })
    }

    /// Its number.
    pub(in crate::lab) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}
