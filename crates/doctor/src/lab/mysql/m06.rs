//! A binary log that is kept for less than a day, and a client that is sent it; mended by keeping it for a week.

use std::process::{Child, Command, Stdio};

use super::server::Server;
use crate::lab::{Stage, Stop, failed, failing};

/// Reads the log until it is dropped.
struct Reader(Child);

impl Reader {
    fn start(server: &Server) -> Result<Self, Stop> {
        let mut command = Command::new("mariadb-binlog");
        command.args(["--no-defaults", "--read-from-remote-server", "--stop-never", "-uroot"]);
        command.args(["-h127.0.0.1", &format!("-P{}", server.port), "log.000001"]);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(command.spawn().map_err(failed("run mariadb-binlog"))?))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let kept = stage.draw(600, 6_000);
    let option = format!("--binlog-expire-logs-seconds={kept}");
    let server = Server::start("m06", &["--log-bin=log", "--server-id=1", &option])?;
    let _reader = Reader::start(&server)?;
    let stage = stage.asking(server.seen());
    let found =
        stage.until("it goes too soon", |records| failing(records, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let shown = server.sql("SELECT @@global.binlog_expire_logs_seconds")?;
    let wanted = format!("binary logs are kept for {shown} s, and 1 sessions read them");
    if record.observed != wanted {
        return Err(format!("{wanted}; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SET GLOBAL binlog_expire_logs_seconds = 604800")?;
    stage.until("it is kept", |records| failing(records, &server.target()).is_none())?;
    Ok(seen)
}
