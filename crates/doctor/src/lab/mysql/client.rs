//! A session of a lab that stays.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::server::Server;
use crate::lab::{Stop, failed};

/// A session, which ends with it.
#[derive(Debug)]
pub(super) struct Client {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Its id, which the server tells.
    pub(super) id: String,
}

impl Client {
    /// One of this account.
    pub(super) fn open(server: &Server, user: &str) -> Result<Self, Stop> {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--force", "--unbuffered", "-h127.0.0.1", "-N", "-B"]);
        command.args([format!("-P{}", server.port), format!("-u{user}")]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(failed("run mariadb"))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("mariadb has no input or output".into());
        };
        let output = BufReader::new(output);
        let mut client = Self { process, input, output, id: String::new() };
        client.id = client.ask("SELECT CONNECTION_ID()")?;
        Ok(client)
    }

    /// Has it run a statement, and waits for nothing.
    pub(super) fn send(&mut self, statement: &str) -> Result<(), Stop> {
        let line = format!("{statement};\n");
        self.input
            .write_all(line.as_bytes())
            .and_then(|()| self.input.flush())
            .map_err(failed("write to mariadb"))
    }

    /// Has it run a statement, and waits for the one line that it answers.
    pub(super) fn ask(&mut self, statement: &str) -> Result<String, Stop> {
        self.send(statement)?;
        self.answer()
    }

    /// Has it run statements, and waits until it has.
    pub(super) fn run(&mut self, statements: &str) -> Result<(), Stop> {
        self.send(statements)?;
        self.ask("SELECT 'done'").map(drop)
    }

    /// The next line that it answers.
    pub(super) fn answer(&mut self) -> Result<String, Stop> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).map_err(failed("read of mariadb"))?;
        if read == 0 {
            return Err("the session of the lab has ended".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may be in a statement that never ends.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}
