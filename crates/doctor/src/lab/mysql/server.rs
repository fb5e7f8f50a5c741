//! A server of MariaDB for a lab, of the packages of the system.

use std::process::{Child, Command};
use std::time::Duration;

use crate::check::Target;
use crate::lab::{Folder, PATIENCE, Stop, failed, free_port};
use crate::probe::{Ask, Endpoint};

/// How often it is asked whether it is there.
const PAUSE: Duration = Duration::from_millis(20);

/// So often at most: each time takes longer than the pause alone, as a client is started.
const TRIES: u128 = PATIENCE.as_millis() / PAUSE.as_millis();

/// A server, which ends with it.
#[derive(Debug)]
pub(super) struct Server {
    folder: Folder,
    process: Option<Child>,
    options: Vec<String>,
    /// Where it listens, on the loopback interface.
    pub(super) port: u16,
}

impl Server {
    /// One with options of its own, each `--name=value`, that already takes connections.
    pub(super) fn start(name: &str, options: &[&str]) -> Result<Self, Stop> {
        let folder = Folder::new(name)?;
        if rustix::process::getuid().is_root() {
            super::super::run("chown", &["mysql", &folder.path().to_string_lossy()])?;
        }
        let mut server = Self { folder, process: None, options: Vec::new(), port: free_port()? };
        let data = format!("--datadir={}", server.path("data"));
        let mut arguments =
            vec!["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"];
        let temporary = server.temporary();
        arguments.extend([data.as_str(), "--user=mysql", &temporary]);
        super::super::run("mariadb-install-db", &arguments).map_err(|stop| match stop {
            Stop::Missing(_) => Stop::Missing("MariaDB: the package mariadb-server".to_owned()),
            failed @ Stop::Failed(_) => failed,
        })?;
        server.options = options.iter().map(|it| (*it).to_owned()).collect();
        server.start_again()?;
        Ok(server)
    }

    /// Of its own: one that is started takes away what it finds in the folder for temporary tables, also of others.
    fn temporary(&self) -> String {
        format!("--tmpdir={}", self.path(""))
    }

    /// Starts what was stopped, with the options that it had.
    pub(super) fn start_again(&mut self) -> Result<(), Stop> {
        self.start_with(&[])
    }

    /// The same, with these in its environment.
    pub(super) fn start_with(&mut self, environment: &[(&str, &str)]) -> Result<(), Stop> {
        let mut command = Command::new("mariadbd");
        command.args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--innodb-buffer-pool-size=32M",
        ]);
        command.args([
            format!("--datadir={}", self.path("data")),
            format!("--socket={}", self.path("socket")),
            format!("--pid-file={}", self.path("pid")),
            format!("--port={}", self.port),
            self.temporary(),
        ]);
        if rustix::process::getuid().is_root() {
            command.arg("--user=mysql");
        }
        let log = std::fs::File::create(self.path("log")).map_err(failed("make a file"))?;
        let also = log.try_clone().map_err(failed("share a file"))?;
        command.args(&self.options).envs(environment.iter().copied()).stdout(log).stderr(also);
        self.process = Some(command.spawn().map_err(failed("run mariadbd"))?);
        for _ in 0..TRIES {
            if self.sql("SELECT 1").is_ok() {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        Err(format!("mariadbd does not answer: {log}").into())
    }

    /// Ends it at once, and starts it with other options.
    pub(super) fn restart(&mut self, options: &[&str]) -> Result<(), Stop> {
        self.end();
        self.options = options.iter().map(|it| (*it).to_owned()).collect();
        self.start_again()
    }

    /// What the client answers, as the superuser: a row on each line, its columns with tabs between.
    pub(super) fn sql(&self, statement: &str) -> Result<String, Stop> {
        self.client(&["-N", "-B", "-e", statement])
    }

    /// The same, with the names of the columns before.
    pub(super) fn table(&self, statement: &str) -> Result<String, Stop> {
        self.client(&["-B", "-e", statement])
    }

    /// Waits until a statement answers this.
    pub(super) fn awaits(&self, statement: &str, wanted: &str) -> Result<(), Stop> {
        let mut told = String::new();
        for _ in 0..TRIES {
            told = self.sql(statement).unwrap_or_default();
            if told == wanted {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        Err(format!("{statement}: {told}, not {wanted}").into())
    }

    fn client(&self, more: &[&str]) -> Result<String, Stop> {
        let port = self.port.to_string();
        let mut arguments = vec!["--no-defaults", "-h127.0.0.1", "-uroot", "-P", &port];
        arguments.extend(more);
        Ok(super::super::run("mariadb", &arguments)?.trim_end().to_owned())
    }

    /// What to look at to see it: as this account.
    pub(super) fn seen_by(&self, user: &str) -> Ask {
        let url = format!("mysql://{user}@127.0.0.1:{}", self.port);
        let servers = vec![Endpoint { kind: Target::Mysql, url, named: true }];
        Ask { servers, ..Ask::default() }
    }

    /// As the superuser.
    pub(super) fn seen(&self) -> Ask {
        self.seen_by("root")
    }

    /// The end of the target of its records, such as `mysql :3306`.
    pub(super) fn target(&self) -> String {
        format!("mysql :{}", self.port)
    }

    /// The path of something in its folder.
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Ends it at once.
    pub(super) fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            // What it leaves goes with its folder.
            let _ended = process.kill();
            let _status = process.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
