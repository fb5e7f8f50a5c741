//! A PgBouncer for a lab, before a server of PostgreSQL.

use std::process::{Child, Command, Stdio};

use crate::check::Target;
use crate::lab::postgres::server::Server;
use crate::lab::{Folder, Stage, Stop, failed, free_port, run};
use crate::probe::{Ask, Endpoint};

/// A pooler does not run as root.
const NOBODY: &str = "65534";

/// A pooler, which ends with it.
#[derive(Debug)]
pub(super) struct Pooler {
    child: Child,
    _folder: Folder,
    port: u16,
}

impl Pooler {
    /// One with more settings, each a line, that already answers. Its database `shop` is `postgres` of the server.
    pub(super) fn start(stage: &Stage<'_>, server: &Server, settings: &str) -> Result<Self, Stop> {
        let (folder, port) = (Folder::new("pgbouncer")?, free_port()?);
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\nshop = host=127.0.0.1 port={} dbname=postgres user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\nadmin_users = pgbouncer\n{settings}\n",
            server.port
        );
        std::fs::write(&file, text).map_err(failed("write its settings"))?;
        let mut command = Command::new("pgbouncer");
        if rustix::process::getuid().is_root() {
            run("chown", &["-R", NOBODY, &folder.path().to_string_lossy()])?;
            command = Command::new("setpriv");
            command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}"));
            command.args(["--clear-groups", "pgbouncer"]);
        }
        run("pgbouncer", &["--version"])?;
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(failed("start pgbouncer"))?;
        let pooler = Self { child, _folder: folder, port };
        stage.wait("pgbouncer answers", || Ok(pooler.psql("SELECT 1").is_ok()))?;
        Ok(pooler)
    }

    /// Where its database is, for clients.
    pub(super) fn address(&self) -> String {
        format!("host=127.0.0.1 port={} user=postgres dbname=shop connect_timeout=5", self.port)
    }

    /// What `psql` is answered through it.
    pub(super) fn psql(&self, statement: &str) -> Result<String, Stop> {
        run("psql", &["-XAtq", &self.address(), "-c", statement])
    }

    /// A client that says this, and stays as long as nobody ends it.
    pub(super) fn client(&self, statements: &str) -> Result<Client, Stop> {
        let mut command = Command::new("psql");
        command.args(["-XAtq", &self.address()]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed("run psql"))?;
        let said = child.stdin.as_mut().map(|input| {
            use std::io::Write;
            writeln!(input, "{statements}").and_then(|()| input.flush())
        });
        let client = Client(child);
        said.ok_or("psql has no input")?.map_err(failed("speak to psql"))?;
        Ok(client)
    }

    /// What to look at to see it.
    pub(super) fn seen(&self) -> Ask {
        let url = format!("postgres://pgbouncer@127.0.0.1:{}/pgbouncer", self.port);
        let servers = vec![Endpoint { kind: Target::Pgbouncer, url, named: true }];
        Ask { servers, ..Ask::default() }
    }

    /// The end of the target of records about the pooler as a whole.
    pub(super) fn console(&self) -> String {
        format!("pgbouncer :{}", self.port)
    }

    /// The end of the target of the records of its pool.
    pub(super) fn target(&self) -> String {
        format!("pgbouncer :{} shop/postgres", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A client, which ends with it.
#[derive(Debug)]
pub(super) struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}
