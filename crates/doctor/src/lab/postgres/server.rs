//! A server of PostgreSQL for a lab, of the packages of the system or of a folder that `GROUNDSILL_LAB_POSTGRES` names.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::checkpoint;
use crate::check::Target;
use crate::lab::{Folder, PREFIX, Stop, failed, free_port};
use crate::probe::{Ask, Endpoint};

/// When older versions have surely told what they counted.
const COUNTED_AFTER: Duration = Duration::from_secs(1);

/// A server, which ends with it.
#[derive(Debug)]
pub(in crate::lab) struct Server {
    folder: Folder,
    programs: PathBuf,
    /// The libraries that these programs bring with them.
    libraries: Option<PathBuf>,
    /// Where it listens, on the loopback interface.
    pub(in crate::lab) port: u16,
}

impl Server {
    /// One with settings of its own, each `name=value`, that already takes connections.
    pub(in crate::lab) fn start(settings: &[&str]) -> Result<Self, Stop> {
        Self::made(&[], settings)
    }

    /// One that was made with more options of `initdb`.
    pub(in crate::lab) fn made(options: &[&str], settings: &[&str]) -> Result<Self, Stop> {
        let server = Self::empty("postgres")?;
        server.make(options)?;
        server.start_again(&server.options(settings))?;
        Ok(server)
    }

    /// A folder for one, in which nothing is yet.
    pub(in crate::lab) fn empty(name: &str) -> Result<Self, Stop> {
        let programs = programs()?;
        let libraries = programs.join("../lib");
        let libraries = libraries.join("libpq.so.5").exists().then_some(libraries);
        let server = Self { folder: Folder::new(name)?, programs, libraries, port: free_port()? };
        give_away(&server.path(""))?;
        Ok(server)
    }

    /// Makes its cluster, with more options of `initdb`.
    pub(in crate::lab) fn make(&self, options: &[&str]) -> Result<(), Stop> {
        let data = self.path("data");
        let mut arguments =
            vec!["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D", &data];
        arguments.extend(options);
        self.run("initdb", &arguments).map(drop)
    }

    /// A standby of it, with settings of its own, that already takes connections. It calls itself by its `cluster_name`.
    ///
    /// Not by `pg_basebackup`, which takes no copy of a server that is newer than it.
    pub(in crate::lab) fn standby(&self, settings: &[&str]) -> Result<Self, Stop> {
        let standby = Self::empty("postgres-standby")?;
        let data = standby.path("data");
        let (begin, end) = if self.version()? < 150_000 {
            (
                "SELECT pg_start_backup('groundsill', true, false)",
                "SELECT labelfile FROM pg_stop_backup(false)",
            )
        } else {
            ("SELECT pg_backup_start('groundsill', true)", "SELECT labelfile FROM pg_backup_stop()")
        };
        // One session begins the copy and ends it; what is in `pg_wal` by then is all that the standby needs to begin with.
        let copy = format!("\\! cp -a '{}' '{data}'", self.path("data"));
        let quiet = "SET client_min_messages = warning";
        let label = self.psql(&[quiet, begin, &copy, end])?;
        let label = label.split_once("START WAL").map(|(_, rest)| format!("START WAL{rest}\n"));
        let label = label.ok_or("the server gives no label for a copy")?;
        let write = |name: &str, text: &str| {
            let path = standby.path(&format!("data/{name}"));
            std::fs::write(&path, text).map_err(failed("write a file of the standby"))?;
            give_away(&path)
        };
        write("backup_label", &label)?;
        write("standby.signal", "")?;
        let from =
            format!("primary_conninfo = 'host=127.0.0.1 port={} user=postgres'\n", self.port);
        let settings_of_it = std::fs::read_to_string(standby.path("data/postgresql.auto.conf"))
            .map_err(failed("read its settings"))?;
        write("postgresql.auto.conf", &(settings_of_it + &from))?;
        std::fs::remove_file(standby.path("data/postmaster.pid"))
            .map_err(failed("take the mark of the running server away"))?;
        standby.start_again(&standby.options(settings))?;
        Ok(standby)
    }

    /// Such as 150019.
    pub(in crate::lab) fn version(&self) -> Result<u32, Stop> {
        let text = self.sql("SHOW server_version_num")?;
        text.parse().map_err(|error| format!("version {text}: {error}").into())
    }

    /// Ends the lab, as one that has not what it takes, if this is an older version: such as `14`, and what that brought.
    pub(in crate::lab) fn must_be(&self, version: u32, which: &str) -> Result<(), Stop> {
        if self.version()? / 10_000 >= version {
            return Ok(());
        }
        Err(Stop::Missing(format!("PostgreSQL {version} or later, {which},")))
    }

    /// Waits until what sessions did is counted. Up to 14 a process of its own counts, and tells of it at most every half a second
    /// (`PGSTAT_STAT_INTERVAL` in `pgstat.c`); later it is counted when a session ends.
    pub(in crate::lab) fn settle(&self) -> Result<(), Stop> {
        if self.version()? < 150_000 {
            std::thread::sleep(COUNTED_AFTER);
        }
        Ok(())
    }

    /// The options with which it is started.
    pub(in crate::lab) fn options(&self, settings: &[&str]) -> String {
        let own = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c cluster_name={PREFIX}postgres",
            self.port,
            self.path("")
        );
        let settings = settings.iter().map(|setting| format!(" -c \"{setting}\""));
        std::iter::once(own).chain(settings).collect()
    }

    /// Moves its numbers of transactions on, as if so many had been: it is stopped for that.
    pub(in crate::lab) fn move_on(&self, to: u64, settings: &[&str]) -> Result<(), Stop> {
        // Of a transaction there are two bits: 32 pages in a file.
        const IN_FILE: u64 = 32 * 8_192 * 4;
        // The record of the end is then one of the first of its file, and on one page.
        self.sql("SELECT pg_switch_wal()")?;
        self.stop()?;
        let first = to / IN_FILE * IN_FILE;
        checkpoint::set_next_transaction(Path::new(&self.path("data")), first + 3)?;
        let file = self.path(&format!("data/pg_xact/{:04X}", first / IN_FILE));
        self.run_in("truncate", &["-s", "262144", &file])?;
        self.start_again(&self.options(settings))
    }

    /// Starts what was stopped, with the options of the program `postgres`.
    pub(in crate::lab) fn start_again(&self, options: &str) -> Result<(), Stop> {
        let (data, log) = (self.path("data"), self.path("log"));
        let started = self.run("pg_ctl", &["-w", "-D", &data, "-l", &log, "-o", options, "start"]);
        started.map(drop).map_err(|stop| match stop {
            Stop::Failed(why) => {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                Stop::Failed(format!("{why} Its log: {log}"))
            }
            missing @ Stop::Missing(_) => missing,
        })
    }

    /// Ends it, quickly and cleanly.
    pub(in crate::lab) fn stop(&self) -> Result<(), Stop> {
        self.run("pg_ctl", &["-w", "-m", "fast", "-D", &self.path("data"), "stop"]).map(drop)
    }

    /// What `psql` answers, as the superuser: a row on each line, its columns with `|` between.
    pub(in crate::lab) fn sql(&self, statement: &str) -> Result<String, Stop> {
        self.psql(&[statement])
    }

    /// What it answers to these, one after the other in one session.
    fn psql(&self, statements: &[&str]) -> Result<String, Stop> {
        let port = self.port.to_string();
        let mut arguments = vec!["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"];
        arguments.extend(["-p", &port, "-U", "postgres"]);
        arguments.extend(statements.iter().flat_map(|it| ["-c", it]));
        Ok(self.run("psql", &arguments)?.trim_end().to_owned())
    }

    /// What to look at to see it: as this role, on this database.
    pub(in crate::lab) fn seen_by(&self, role: &str) -> Ask {
        let url = format!("postgres://{role}@127.0.0.1:{}/postgres", self.port);
        let servers = vec![Endpoint { kind: Target::Postgres, url, named: true }];
        Ask { servers, ..Ask::default() }
    }

    /// As the superuser.
    pub(in crate::lab) fn seen(&self) -> Ask {
        self.seen_by("postgres")
    }

    /// The end of the target of its records, such as `postgres :5432`.
    pub(in crate::lab) fn target(&self) -> String {
        format!("postgres :{}", self.port)
    }

    /// The path of something in its folder.
    pub(in crate::lab) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Runs a program of this version as the user that may: the server does not run as root.
    pub(in crate::lab) fn run(&self, program: &str, arguments: &[&str]) -> Result<String, Stop> {
        let own = self.programs.join(program);
        // Some distributions of the server come without its clients.
        if own.exists() { self.run_as(&own, arguments) } else { self.run_in(program, arguments) }
    }

    /// Runs a program of the system as that user.
    pub(in crate::lab) fn run_in(&self, program: &str, arguments: &[&str]) -> Result<String, Stop> {
        self.run_as(Path::new(program), arguments)
    }

    fn run_as(&self, path: &Path, arguments: &[&str]) -> Result<String, Stop> {
        let mut command = if rustix::process::getuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.args(arguments).current_dir("/").env("LC_ALL", "C");
        if let (true, Some(libraries)) = (path.is_absolute(), &self.libraries) {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        // `pg_ctl` leaves the server with its output: it must not be a pipe that is read to its end.
        let out = self.folder.path().join("out");
        let file = std::fs::File::create(&out).map_err(failed("make a file"))?;
        let also = file.try_clone().map_err(failed("share a file"))?;
        let status = command.stdout(file).stderr(also).status().map_err(failed("run setpriv"))?;
        let said = std::fs::read_to_string(&out).map_err(failed("read what it said"))?;
        if status.success() {
            Ok(said)
        } else {
            Err(format!("{}: {status} {said}", path.display()).into())
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended =
            self.run("pg_ctl", &["-w", "-m", "immediate", "-D", &self.path("data"), "stop"]);
    }
}

/// Lets the server have it, which does not run as root.
fn give_away(path: &str) -> Result<(), Stop> {
    if rustix::process::getuid().is_root() {
        super::super::run("chown", &["postgres", path])?;
    }
    Ok(())
}

/// The folder with `initdb` and the others: of the newest version that is there.
fn programs() -> Result<PathBuf, Stop> {
    if let Some(named) = std::env::var_os("GROUNDSILL_LAB_POSTGRES").map(PathBuf::from) {
        let missing = || Stop::Missing(format!("initdb in {}", named.display()));
        return if named.join("initdb").exists() { Ok(named) } else { Err(missing()) };
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|it| it.path().join("bin"))
        .filter(|bin| Path::new(bin).join("initdb").exists())
        .max();
    newest.ok_or_else(|| Stop::Missing("PostgreSQL: the package postgresql".to_owned()))
}
