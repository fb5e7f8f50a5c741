//! A session that stays, as one of an application does.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::server::Server;
use crate::lab::{Stop, failed};

/// A session of `psql`, which ends with it.
#[derive(Debug)]
pub(super) struct Client {
    process: Child,
    input: ChildStdin,
}

impl Client {
    /// Connects as a role; what is said to it is run one after the other, and nothing is heard of it.
    pub(super) fn open(server: &Server, role: &str, application: &str) -> Result<Self, Stop> {
        let address = format!(
            "host=127.0.0.1 port={} dbname=postgres user={role} application_name={application}",
            server.port
        );
        let mut process = Command::new("psql")
            .args(["-XAtq", &address])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed("run psql"))?;
        let input = process.stdin.take().ok_or("psql has no input")?;
        Ok(Self { process, input })
    }

    /// Has it run a statement.
    pub(super) fn say(&mut self, statement: &str) -> Result<(), Stop> {
        let mut said = || {
            writeln!(self.input, "{statement};")?;
            self.input.flush()
        };
        said().map_err(failed("speak to psql"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The server ends the session when its client is gone, at the latest when it would answer.
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// Asks until it is answered so: what a server does by itself takes a moment.
pub(super) fn wait_for(server: &Server, question: &str, answer: &str) -> Result<(), Stop> {
    let mut last = String::new();
    for _ in 0..200 {
        last = server.sql(question)?;
        if last == answer {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{question}: {last}, and not {answer}, for 10 s").into())
}
