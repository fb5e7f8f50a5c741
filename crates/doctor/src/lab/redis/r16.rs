//! A server whose flushes take three seconds each, as strace holds them up; mended by starting it without.

use super::server::{Server, mended, says};
use crate::lab::{Stage, Stop, failing, run as program};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    program("strace", &["--version"])?;
    let wanted = stage.draw(1, 2);
    let slow = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fdatasync",
        "-e",
        "inject=fdatasync:delay_enter=3000000",
    ];
    let settings = ["appendonly yes", "appendfsync everysec", "save \"\""];
    let mut server = Server::start_by("r16", &settings, &slow)?;
    let asked = stage.asking(server.seen());
    let late = |it: &Server| -> Result<u64, Stop> {
        Ok(it.field("aof_delayed_fsync")?.parse().unwrap_or(0))
    };
    let (mut first, mut last) = (0, 0);
    let records = asked.between(|| {
        first = late(&server)?;
        server.until("flushes are late", |it| {
            it.cli(&["INCR", "orders"])?;
            last = late(it)?;
            Ok(last - first >= wanted)
        })
    })?;
    let seen = failing(&records, &server.target()).ok_or("no flush was late")?.observed.clone();
    says(&seen, &[format!("{} writes of the append-only file", last - first)])?;
    server.stop();
    server.start_again(&[])?;
    mended(&asked, "flushes are not late", &server)?;
    Ok(seen)
}
