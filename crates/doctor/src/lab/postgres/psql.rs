//! A session of a lab that goes on beside it.

use std::process::{Child, Command, Stdio};

use super::server::Server;
use crate::lab::{Stop, failed};

/// A session, which ends with it.
#[derive(Debug)]
pub(super) struct Psql(Child);

impl Psql {
    /// Begins to say these, one after the other, to database `postgres`.
    pub(super) fn begin(server: &Server, statements: &[&str]) -> Result<Self, Stop> {
        let mut command = Command::new("psql");
        command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"]);
        command.args(["-p", &server.port.to_string()]);
        for statement in statements {
            command.args(["-c", statement]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().map(Self).map_err(failed("run psql"))
    }

    /// Waits for its end, and returns what it was told by then that went wrong.
    pub(super) fn end(mut self) -> Result<String, Stop> {
        let mut said = String::new();
        if let Some(errors) = self.0.stderr.as_mut() {
            std::io::Read::read_to_string(errors, &mut said)
                .map_err(failed("read what it said"))?;
        }
        self.0.wait().map_err(failed("wait for psql"))?;
        Ok(said)
    }
}

impl Drop for Psql {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _gone = self.0.wait();
    }
}
