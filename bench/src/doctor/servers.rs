//! The servers that the doctor looks at, as their packages bring them: started on ports of their own, ended with their files.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, geteuid, kill_process_group};

use crate::server::free_port;
use crate::stop;

/// How long each may take until it answers.
const START: Duration = Duration::from_mins(1);

/// How often it is asked meanwhile.
const ASK: Duration = Duration::from_millis(20);

/// All of them.
#[derive(Debug)]
pub(super) struct Servers {
    running: Vec<Child>,
    targets: Vec<String>,
    dir: PathBuf,
}

impl Servers {
    pub(super) fn start() -> Result<Self> {
        // Databases run as users of their own, who can hardly reach a folder of ours.
        let dir = std::env::temp_dir().join(format!("groundsill-bench-{}", std::process::id()));
        fs::create_dir(&dir).with_context(|| format!("make {}", dir.display()))?;
        let mut servers = Self { running: Vec::new(), targets: vec!["host".to_owned()], dir };
        let postgres = servers.postgres()?;
        servers.pgbouncer(postgres)?;
        servers.mariadb()?;
        servers.redis()?;
        servers.etcd()?;
        Ok(servers)
    }

    /// As arguments of the doctor.
    pub(super) fn targets(&self) -> Vec<String> {
        self.targets.clone()
    }

    fn postgres(&mut self) -> Result<u16> {
        let (data, port) = (self.folder("postgres", "postgres")?, free_port()?);
        let programs = newest_postgres()?;
        let mut make = as_user("postgres", &programs.join("initdb"));
        make.args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"]).arg(data.join("data"));
        finish(make)?;
        let mut command = as_user("postgres", &programs.join("postgres"));
        command.arg("-D").arg(data.join("data"));
        let sockets = format!("unix_socket_directories={}", data.display());
        for setting in [&sockets, "listen_addresses=127.0.0.1", &format!("port={port}")] {
            command.args(["-c", setting]);
        }
        self.run(command, port)?;
        self.target("postgres", format!("postgres://postgres@127.0.0.1:{port}/postgres"));
        Ok(port)
    }

    fn pgbouncer(&mut self, postgres: u16) -> Result<()> {
        let (data, port) = (self.folder("pgbouncer", "postgres")?, free_port()?);
        let settings = data.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={postgres} user=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\nunix_socket_dir =\n\
             admin_users = postgres\n"
        );
        fs::write(&settings, text).context("write its settings")?;
        let mut command = as_user("postgres", Path::new("pgbouncer"));
        command.arg(&settings);
        self.run(command, port)?;
        self.target("pgbouncer", format!("postgres://postgres@127.0.0.1:{port}/pgbouncer"));
        Ok(())
    }

    fn mariadb(&mut self) -> Result<()> {
        let (data, port) = (self.folder("mariadb", "mysql")?, free_port()?);
        let datadir = format!("--datadir={}/data", data.display());
        let temporary = format!("--tmpdir={}", data.display());
        let mut make = as_user("mysql", Path::new("mariadb-install-db"));
        make.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
        make.args([&datadir, &temporary]);
        finish(make)?;
        let mut command = as_user("mysql", Path::new("mariadbd"));
        command.args(["--no-defaults", "--bind-address=127.0.0.1", &datadir, &temporary]);
        command.arg(format!("--port={port}")).arg(format!("--socket={}/socket", data.display()));
        self.run(command, port)?;
        self.target("mysql", format!("mysql://root@127.0.0.1:{port}"));
        Ok(())
    }

    fn redis(&mut self) -> Result<()> {
        let (data, port) = (self.folder("redis", "root")?, free_port()?);
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir"]).arg(data);
        self.run(command, port)?;
        self.target("redis", format!("redis://127.0.0.1:{port}"));
        Ok(())
    }

    fn etcd(&mut self) -> Result<()> {
        let (data, port, peer) = (self.folder("etcd", "root")?, free_port()?, free_port()?);
        let (client, peers) =
            (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer}"));
        let mut command = Command::new("etcd");
        command.arg("--data-dir").arg(data);
        for (name, value) in [
            ("--listen-client-urls", &client),
            ("--advertise-client-urls", &client),
            ("--listen-peer-urls", &peers),
            ("--initial-advertise-peer-urls", &peers),
            ("--initial-cluster", &format!("default={peers}")),
        ] {
            command.args([name, value]);
        }
        self.run(command, port)?;
        self.target("etcd", client);
        Ok(())
    }

    fn target(&mut self, kind: &str, address: String) {
        self.targets.extend([format!("--{kind}"), address]);
    }

    /// A folder of that user.
    fn folder(&self, name: &str, user: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        fs::create_dir(&path).with_context(|| format!("make {}", path.display()))?;
        if geteuid().is_root() && user != "root" {
            fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o755))?;
            chown(&path, Some(id_of(user)?), None).with_context(|| format!("give to {user}"))?;
        }
        Ok(path)
    }

    /// Starts it, and waits until it listens.
    fn run(&mut self, mut command: Command, port: u16) -> Result<()> {
        let name = format!("{command:?}");
        let log = fs::File::create(self.dir.join(format!("{port}.log"))).context("make a log")?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let child = command.spawn().with_context(|| format!("{name}; is it installed?"))?;
        self.running.push(child);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.running.last_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || began.elapsed() > START {
                let said = fs::read_to_string(self.dir.join(format!("{port}.log")));
                bail!("{name} does not listen: {}", said.unwrap_or_default().trim_end());
            }
            stop::sleep(ASK)?;
        }
        Ok(())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // They were started here and hold nothing of value. PgBouncer before its server, and so on.
        for mut child in self.running.drain(..).rev() {
            let _gone = kill_process_group(Pid::from_child(&child), Signal::KILL);
            let _status = child.wait();
        }
        let _left = fs::remove_dir_all(&self.dir);
    }
}

/// A program as that user, if we are root: databases refuse to run as root.
fn as_user(user: &str, program: &Path) -> Command {
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={user}")]);
    command.arg("--init-groups").arg(program).current_dir("/");
    command
}

fn finish(mut command: Command) -> Result<()> {
    let name = format!("{command:?}");
    let done = command.output().with_context(|| format!("{name}; is it installed?"))?;
    if !done.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&done.stderr).trim_end());
    }
    Ok(())
}

/// Where Debian has the programs of its newest PostgreSQL.
fn newest_postgres() -> Result<PathBuf> {
    let all =
        fs::read_dir("/usr/lib/postgresql").context("is the package postgresql installed?")?;
    let versions = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max().context("is the package postgresql installed?")?;
    Ok(PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin")))
}

fn id_of(user: &str) -> Result<u32> {
    let all = fs::read_to_string("/etc/passwd").context("read the users")?;
    let line = all.lines().find_map(|line| line.strip_prefix(user)?.strip_prefix(':'));
    let id = line.and_then(|rest| rest.split(':').nth(1)?.parse().ok());
    id.with_context(|| format!("there is no user {user}; is its package installed?"))
}
