//! The disk that the WAL of a server on this machine is on.
//!
//! A server may call a folder its own that is another one here, as one in a container does: so the file that it keeps there has to
//! have been written when it started.

use std::path::Path;

use serde::Deserialize;
use tokio::time::timeout_at;

use super::Postgres;
use crate::probe;
use crate::snapshot::{PostgresDisk, Probed};

/// The file is written a moment before the server remembers when it started.
const START_S: u64 = 10;

const FOLDER: &str = "SELECT current_setting('data_directory') AS path, current_setting('port')::int AS port, \
     floor(extract(epoch FROM pg_postmaster_start_time()))::bigint AS started_s";

/// Where a server says that its data are.
#[derive(Clone, Deserialize)]
pub(super) struct Folder {
    pub(super) path: String,
    port: u16,
    pub(super) started_s: u64,
}

/// Of a server on this machine.
pub(super) async fn look(session: &mut Postgres, folder: Probed<Folder>) -> Probed<PostgresDisk> {
    if !session.place.is_local() {
        return Probed::Absent("disk of it here: it is on another machine".to_owned());
    }
    let Probed::Seen(folder) = folder else { return folder.and_then(|_| Probed::default()) };
    // A dead disk never answers.
    let task = tokio::task::spawn_blocking(move || disk(&folder));
    match timeout_at(session.until, task).await {
        Ok(Ok(seen)) => seen,
        _ => Probed::Failed("the disk of its WAL did not answer in time".to_owned()),
    }
}

/// Asks for it.
pub(super) async fn folder(session: &mut Postgres) -> Probed<Folder> {
    session.row(FOLDER).await
}

/// The first process of the server, if that runs here.
pub(super) fn main_process(of: &Folder) -> Probed<u32> {
    own(of).and_then(|text| {
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
        // In a container it has another number than here.
        let is_server = |pid: &u32| {
            let name = probe::line(&format!("/proc/{pid}/comm"));
            name.starts_with("postgres") || name == "postmaster"
        };
        pid.filter(is_server).map_or_else(
            || Probed::Absent("process of this server here: it runs elsewhere".to_owned()),
            Probed::Seen,
        )
    })
}

fn disk(of: &Folder) -> Probed<PostgresDisk> {
    own(of).and_then(|_| {
        let folder = Path::new(&of.path).join("pg_wal").to_string_lossy().into_owned();
        match rustix::fs::statvfs(folder.as_str()) {
            Ok(seen) => Probed::Seen(PostgresDisk {
                free_bytes: seen.f_bavail.saturating_mul(seen.f_frsize),
                total_bytes: seen.f_blocks.saturating_mul(seen.f_frsize),
                folder,
            }),
            Err(error) => probe::unseen(&error.into(), &folder),
        }
    })
}

/// Its `postmaster.pid`, if that is of this server.
fn own(of: &Folder) -> Probed<String> {
    let Folder { path, port, started_s } = of;
    probe::text(&format!("{path}/postmaster.pid")).and_then(|text| {
        if is_of(&text, *port, *started_s) {
            Probed::Seen(text)
        } else {
            Probed::Absent(format!("{path} of this server here: it runs elsewhere"))
        }
    })
}

/// Whether `postmaster.pid` is of the server with this port that started then: its third line is when, its fourth the port.
fn is_of(text: &str, port: u16, started_s: u64) -> bool {
    let mut lines = text.lines().skip(2);
    let started = lines.next().and_then(|line| line.trim().parse::<u64>().ok());
    let at = lines.next().and_then(|line| line.trim().parse::<u16>().ok());
    started.is_some_and(|it| it.abs_diff(started_s) <= START_S) && at == Some(port)
}

#[cfg(test)]
mod tests;
