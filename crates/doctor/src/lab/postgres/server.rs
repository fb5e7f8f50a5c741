//! A server of PostgreSQL for a lab, of the packages of the system or of a folder that `GROUNDSILL_LAB_POSTGRES` names.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::check::Target;
use crate::lab::{Folder, PREFIX, Stop, failed, free_port};
use crate::probe::{Ask, Endpoint};

/// A server, which ends with it.
#[derive(Debug)]
pub(super) struct Server {
    folder: Folder,
    programs: PathBuf,
    /// Where it listens, on the loopback interface.
    pub(super) port: u16,
}

impl Server {
    /// One with settings of its own, each `name=value`, that already takes connections.
    pub(super) fn start(settings: &[&str]) -> Result<Self, Stop> {
        let programs = programs()?;
        let server = Self { folder: Folder::new("postgres")?, programs, port: free_port()? };
        if rustix::process::getuid().is_root() {
            super::super::run("chown", &["postgres", &server.path("")])?;
        }
        server.run(
            "initdb",
            &["-A", "trust", "-U", "postgres", "--no-sync", "-D", &server.path("data")],
        )?;
        let mut options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c cluster_name={PREFIX}postgres",
            server.port,
            server.path("")
        );
        for setting in settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        server.start_again(&options)?;
        Ok(server)
    }

    /// Starts what was stopped, with the options of the program `postgres`.
    pub(super) fn start_again(&self, options: &str) -> Result<(), Stop> {
        let (data, log) = (self.path("data"), self.path("log"));
        self.run("pg_ctl", &["-w", "-D", &data, "-l", &log, "-o", options, "start"]).map(drop)
    }

    /// Ends it, quickly and cleanly.
    pub(super) fn stop(&self) -> Result<(), Stop> {
        self.run("pg_ctl", &["-w", "-m", "fast", "-D", &self.path("data"), "stop"]).map(drop)
    }

    /// What `psql` answers, as the superuser: a row on each line, its columns with `|` between.
    pub(super) fn sql(&self, statement: &str) -> Result<String, Stop> {
        let port = self.port.to_string();
        let arguments = [
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            "postgres",
            "-c",
            statement,
        ];
        Ok(self.run("psql", &arguments)?.trim_end().to_owned())
    }

    /// What to look at to see it: as this role, on this database.
    pub(super) fn seen_by(&self, role: &str) -> Ask {
        let url = format!("postgres://{role}@127.0.0.1:{}/postgres", self.port);
        let servers = vec![Endpoint { kind: Target::Postgres, url, named: true }];
        Ask { servers, ..Ask::default() }
    }

    /// As the superuser.
    pub(super) fn seen(&self) -> Ask {
        self.seen_by("postgres")
    }

    /// The end of the target of its records, such as `postgres :5432`.
    pub(super) fn target(&self) -> String {
        format!("postgres :{}", self.port)
    }

    /// The path of something in its folder.
    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Runs a program of this version as the user that may: the server does not run as root.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Result<String, Stop> {
        let path = self.programs.join(program);
        let mut command = if rustix::process::getuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.args(arguments).current_dir("/").env("LC_ALL", "C");
        // `pg_ctl` leaves the server with its output: it must not be a pipe that is read to its end.
        let out = self.folder.path().join("out");
        let file = std::fs::File::create(&out).map_err(failed("make a file"))?;
        let also = file.try_clone().map_err(failed("share a file"))?;
        let status = command.stdout(file).stderr(also).status().map_err(failed("run setpriv"))?;
        let said = std::fs::read_to_string(&out).map_err(failed("read what it said"))?;
        if status.success() { Ok(said) } else { Err(format!("{program}: {status} {said}").into()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended =
            self.run("pg_ctl", &["-w", "-m", "immediate", "-D", &self.path("data"), "stop"]);
    }
}

/// The folder with `initdb` and the others: of the newest version that is there.
fn programs() -> Result<PathBuf, Stop> {
    if let Some(named) = std::env::var_os("GROUNDSILL_LAB_POSTGRES") {
        return Ok(named.into());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|it| it.path().join("bin"))
        .filter(|bin| Path::new(bin).join("initdb").exists())
        .max();
    newest.ok_or_else(|| Stop::Missing("PostgreSQL: the package postgresql".to_owned()))
}
